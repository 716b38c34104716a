"""Results by name: what a function returns stands in a variable, which has a tangent.

return a * b      →      value = a * b
                         return value
"""

from __future__ import annotations

from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import blocks, with_blocks


def named_results(function: n.Function, names: Names) -> n.Function:
    """The function with a name for each result, and for each item of a tuple returned."""
    return replace(function, body=_Naming(names).block(function.body))


class _Naming:
    def __init__(self, names: Names) -> None:
        self._names = names
        # The same name for the same result of each `return`.
        self._known: dict[tuple[int, ...], n.Var] = {}

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if isinstance(s, n.Return) and s.value is not None:
                before: list[n.Stmt] = []
                value = self._named(s.value, (), before)
                out += [*before, replace(s, value=value)]
            else:
                out.append(with_blocks(s, tuple(self.block(b) for b in blocks(s))))
        return tuple(out)

    def _named(self, e: n.Expr, at: tuple[int, ...], before: list[n.Stmt]) -> n.Expr:
        if isinstance(e, n.Var | n.Const | n.Ref):
            return e
        if isinstance(e, n.Tuple):
            items = (self._named(item, (*at, i), before) for i, item in enumerate(e.items))
            return replace(e, items=tuple(items))
        if at not in self._known:
            self._known[at] = n.Var(self._names.fresh("value"))
        name = self._known[at]
        before.append(n.Assign(name, e, span=e.span))
        return replace(name, span=e.span)
