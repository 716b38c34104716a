"""Comprehensions that call functions which assign to variables around them, as loops.

    def add(v):                             def add(v):
        nonlocal total                          nonlocal total
        total += v                              total += v
        return total                            return total
    return [add(v) for v in x]      →       items = []
                                            for v in x:
                                                items.append(add(v))
                                            return items

What such a call assigns to is one of its results, so that it must stand in a statement.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.lists import append
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    map_expressions,
    names_of,
    rebuild,
    subexpressions,
    substitute,
    target_names,
    with_blocks,
)


def calling_comprehensions(
    function: n.Function, names: Names, called: frozenset[str]
) -> n.Function:
    """The function with loops for comprehensions that call these, where a loop may stand before."""
    run = _Loops(called, names, names_of(function) | bound_names(function.body))
    return replace(function, body=run.block(function.body))


@dataclass
class _Loops:
    local: frozenset[str]
    names: Names
    taken: frozenset[str]
    _before: list[n.Stmt] = field(default_factory=list)

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            self._before = []
            new = s if isinstance(s, n.While) else map_expressions(s, self._expr)
            out += self._before
            out.append(with_blocks(new, tuple(self.block(b) for b in blocks(new))))
        return tuple(out)

    def _expr(self, e: n.Expr) -> n.Expr:
        if isinstance(e, n.Choose) or (isinstance(e, n.Op) and e.op in ("and", "or")):
            return e
        if isinstance(e, n.OpaqueExpr) and e.inner is not None and self._concerns(e.inner):
            return self._loop(e, e.inner)
        return rebuild(e, self._expr)

    def _concerns(self, e: n.Comprehension) -> bool:
        parts = [e.element, *(x for c in e.clauses for x in (*c.tests, c.iter))]
        below = [x for part in parts for x in subexpressions(part)]
        deeper = (x.inner for x in below if isinstance(x, n.OpaqueExpr) and x.inner is not None)
        calls = (x.callee for x in below if isinstance(x, n.Call))
        named = any(isinstance(c, n.Var) and c.name in self.local for c in calls)
        return named or any(map(self._concerns, deeper))

    def _loop(self, e: n.OpaqueExpr, inner: n.Comprehension) -> n.Expr:
        items = n.Var(self.names.fresh("items"), span=e.span)
        new: dict[str, n.Expr] = {}
        clauses = []
        for clause in inner.clauses:
            over = self._expr(substitute(clause.iter, new))
            for name in target_names(clause.target):
                if name in self.taken:
                    new[name] = n.Var(self.names.fresh(name))
            target = substitute(clause.target, new)
            assert isinstance(target, n.Var | n.Tuple)
            tests = tuple(substitute(test, new) for test in clause.tests)
            clauses.append(n.Clause(target, over, tests))
        body: n.Block = (append(items, substitute(inner.element, new)),)
        body = tuple(replace(s, span=e.span) for s in body)
        for clause in reversed(clauses):
            for test in reversed(clause.tests):
                body = (n.If(test, body, span=test.span),)
            body = (n.For(clause.target, clause.iter, body, span=clause.iter.span),)
        self._before += [n.Assign(items, n.List(()), span=e.span), *self._inside(body)]
        return items

    def _inside(self, body: n.Block) -> n.Block:
        """The loop, with what is to be a loop inside of it."""
        return _Loops(self.local, self.names, self.taken).block(body)
