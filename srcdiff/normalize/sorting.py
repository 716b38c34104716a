"""`sorted` of values that are differentiated, as a list made of a sorted array.

ys = sorted(x)      →      ys_sorted = np.sort(x)
ys = []
for v in ys_sorted:
ys.append(v)
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array
from srcdiff.ir.lists import append
from srcdiff.ir.walk import (
    blocks,
    expressions,
    map_expressions,
    rebuild,
    subexpressions,
    with_blocks,
)
from srcdiff.normalize.iteration import Iterated


def sorted_to_lists(function: n.Function, names: Names, facts: Iterated) -> n.Function:
    """The function with such calls as lists; itself where there are none."""
    body = _Lists(names, facts).block(function.body)
    return function if body is function.body else replace(function, body=body)


def is_sorted(e: n.Expr) -> bool:
    """Whether the expression is a call of `sorted` without a key."""
    named = isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is sorted
    if not isinstance(e, n.Call) or not named or len(e.args) != 1:
        return False
    return all(name == "reverse" and isinstance(v, n.Const) for name, v in e.keywords)


_EVALUATED_ONCE = n.Assign | n.Update | n.Return | n.Effect | n.If | n.For | n.Assert


@dataclass
class _Lists:
    names: Names
    facts: Iterated
    _before: list[n.Stmt] = field(default_factory=list)

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            self._before = []
            new = s
            found = any(is_sorted(x) for e in expressions(s) for x in subexpressions(e))
            if found and isinstance(s, _EVALUATED_ONCE) and self.facts.reached(s):
                new = map_expressions(s, lambda e, s=s: self._expr(s, e))  # type: ignore[misc]
            new = new if self._before else s
            out += self._before
            out.append(with_blocks(new, tuple(self.block(b) for b in blocks(new))))
        same = len(out) == len(block) and all(a is b for a, b in zip(out, block, strict=True))
        return block if same else tuple(out)

    def _expr(self, s: n.Stmt, e: n.Expr) -> n.Expr:
        if isinstance(e, n.Choose) or (isinstance(e, n.Op) and e.op in ("and", "or")):
            return e  # not all of it is evaluated: nothing is taken out of it
        if not is_sorted(e) or not self.facts.active(s, e.args[0]):  # type: ignore[attr-defined]
            return rebuild(e, lambda child: self._expr(s, child))
        assert isinstance(e, n.Call)
        return self._list(s, e)

    def _list(self, s: n.Stmt, e: n.Call) -> n.Expr:
        array = self._expr(s, e.args[0])
        if not isinstance(self.facts.infer(s)(e.args[0]), Array):
            array = np_call("array", array)
        value: n.Expr = np_call("sort", array)
        if dict(e.keywords).get("reverse", n.Const(False)) != n.Const(False):
            value = n.Index(value, n.Slice(None, None, n.Const(-1)))
        items, out, item = (n.Var(self.names.fresh(w)) for w in ("ordered", "in_order", "item"))
        self._before += [
            n.Assign(items, value, span=e.span),
            n.Assign(out, n.List(()), span=e.span),
            n.For(item, items, (append(out, item),), span=e.span),
        ]
        return out
