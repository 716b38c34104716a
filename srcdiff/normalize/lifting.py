"""Nested functions that call themselves become functions of their own.

    def total(x, n):                        def best(i, n, x): ... best(i + 1, n=n, x=x)
        def best(i):
            ... best(i + 1) ... x[i]  →     def total(x, n):
        return best(0)                          return best(0, n=n, x=x)

What such a function captures becomes a parameter, which is read at the call as a captured variable
is. A function that is used other than by calls of its name, or captured by others, stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.walk import (
    blocks,
    comprehended,
    expressions,
    map_block,
    rebuild,
    statements,
    target_names,
    with_blocks,
)


def recursive_closures_lifted(function: n.Function) -> n.Function:
    """The function with its recursive nested functions called as functions of their own."""
    for s in function.body:
        code = _code(s)
        if code is None or not _may_be_lifted(s, code, function):
            continue
        assert isinstance(s, n.Assign)
        assert isinstance(s.target, n.Var)
        lifted = _Lifted(s.target.name, code, _callee(code))
        # The body calls the very function that it is of.
        made = _function(code, lifted)
        object.__setattr__(lifted.callee, "function", made)
        body = _without(function.body, s)
        return recursive_closures_lifted(replace(function, body=lifted.block(body)))
    return function


def _code(s: n.Stmt) -> n.Code | None:
    """The nested function that a statement makes, if it captures its own name."""
    if not isinstance(s, n.Assign) or not isinstance(s.value, n.Closure):
        return None
    if not isinstance(s.target, n.Var) or s.target.name not in s.value.code.captured:
        return None
    code = s.value.code
    plain = code.failure is None and not code.nonlocals and not s.value.defaults
    fixed = all(p.passing in (0, 1, 3) and not p.has_default for p in code.function.params)
    return code if plain and fixed else None


def _may_be_lifted(made: n.Stmt, code: n.Code, function: n.Function) -> bool:
    assert isinstance(made, n.Assign)
    assert isinstance(made.target, n.Var)
    name = made.target.name
    for block in (function.body, code.function.body):
        for s in statements(block):
            if s is made:
                continue
            if isinstance(s, n.Opaque | n.Define) and name in _words(s):
                return False
            if name in target_names(getattr(s, "target", n.Const(None))):
                return False
            if not all(_only_called(e, name, set(code.captured)) for e in expressions(s)):
                return False
    return True


def _words(s: n.Stmt) -> tuple[str, ...]:
    return (*s.reads, *s.writes) if isinstance(s, n.Opaque) else ()


def _only_called(e: n.Expr, name: str, captured: set[str]) -> bool:
    """Whether an expression uses the function by calls of its name alone."""
    if isinstance(e, n.Var):
        return e.name != name
    if isinstance(e, n.Closure) and name in e.code.captured:
        return False
    if isinstance(e, n.OpaqueExpr):
        if name not in e.reads:
            return True
        if e.inner is None or e.entries is not None or e.pairs is not None:
            return False
        own = {x for clause in e.inner.clauses for x in target_names(clause.target)}
        parts = _parts(e.inner)
        return not own & captured and all(_only_called(x, name, captured) for x in parts)
    below: Iterator[n.Expr] = (x for x in _children(e))
    if isinstance(e, n.Call) and e.callee == n.Var(name):
        below = iter((*e.args, *(v for _, v in e.keywords)))
        if any(isinstance(x, n.Starred) for x in e.args) or any(not k for k, _ in e.keywords):
            return False
    return all(_only_called(x, name, captured) for x in below)


def _children(e: n.Expr) -> list[n.Expr]:
    found: list[n.Expr] = []

    def kept(x: n.Expr) -> n.Expr:
        found.append(x)
        return x

    rebuild(e, kept)
    return found


def _parts(inner: n.Comprehension) -> list[n.Expr]:
    return [inner.element, *(x for c in inner.clauses for x in (c.iter, *c.tests))]


def _callee(code: n.Code) -> Callee:
    return Callee(("lifted", code), code.function)


@dataclass
class _Lifted:
    """Rewrites calls of the function."""

    name: str
    code: n.Code
    callee: Callee

    @property
    def captured(self) -> tuple[str, ...]:
        """What becomes a parameter."""
        return tuple(x for x in self.code.captured if x != self.name)

    def block(self, block: n.Block) -> n.Block:
        """A block with its calls of the function."""
        return map_block(block, self.expr)

    def expr(self, e: n.Expr) -> n.Expr:
        """An expression with its calls of the function."""
        if isinstance(e, n.OpaqueExpr):
            if e.inner is None or self.name not in e.reads:
                return e
            clauses = tuple(
                replace(c, iter=self.expr(c.iter), tests=tuple(map(self.expr, c.tests)))
                for c in e.inner.clauses
            )
            inner = replace(e.inner, element=self.expr(e.inner.element), clauses=clauses)
            return comprehended(e, inner)
        e = rebuild(e, self.expr)
        if isinstance(e, n.Call) and e.callee == n.Var(self.name):
            ref = n.Ref(self.name, self.callee, self.callee)
            given = tuple((x, n.Var(x)) for x in self.captured)
            return replace(e, callee=ref, keywords=(*e.keywords, *given))
        return e


def _function(code: n.Code, lifted: _Lifted) -> n.Function:
    params = (*code.function.params, *(n.Param(x, 3) for x in lifted.captured))
    return replace(code.function, params=params, body=lifted.block(code.function.body), origin=None)


def _without(block: n.Block, made: n.Stmt) -> n.Block:
    return tuple(
        with_blocks(s, tuple(_without(b, made) for b in blocks(s))) for s in block if s is not made
    )
