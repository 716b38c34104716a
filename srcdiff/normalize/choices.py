"""Conditional expressions that carry a derivative, as `if` statements.

y = 2.0 * (a if t else b)      →      if t:
chosen = a
else:
chosen = b
y = 2.0 * chosen
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import blocks, rebuild, subexpressions, with_blocks

Wanted = Callable[[n.Stmt, n.Choose], bool]


def choices_to_ifs(function: n.Function, names: Names, wanted: Wanted) -> n.Function:
    """The function with the wanted conditional expressions as statements."""
    return replace(function, body=_Choices(names, wanted).block(function.body))


class _Choices:
    def __init__(self, names: Names, wanted: Wanted) -> None:
        self._names = names
        self._wanted = wanted
        self._before: list[n.Stmt] = []

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for original in block:
            s = with_blocks(original, tuple(self.block(b) for b in blocks(original)))
            self._before = []
            out += self._statement(s, original)
        return tuple(out)

    def _statement(self, s: n.Stmt, original: n.Stmt) -> list[n.Stmt]:
        if not isinstance(s, n.Assign | n.Update | n.Return) or s.value is None:
            return [s]
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var):
            if isinstance(s.value, n.Choose) and self._wanted(original, s.value):
                return self._branches(s.value, s.target, original)
        new = replace(s, value=self._value(s.value, original))
        return [*self._before, new]

    def _branches(self, e: n.Choose, target: n.Var, original: n.Stmt) -> list[n.Stmt]:
        outer, sides = self._before, []
        for side in (e.a, e.b):
            self._before = []
            if isinstance(side, n.Choose):
                sides.append(tuple(self._branches(side, target, original)))
                continue
            value = self._value(side, original)
            sides.append((*self._before, n.Assign(target, value, span=side.span)))
        self._before = outer
        return [n.If(e.test, *sides, span=e.test.span)]

    def _value(self, e: n.Expr, original: n.Stmt) -> n.Expr:
        if not any(isinstance(x, n.Choose) for x in subexpressions(e)):
            return e
        if isinstance(e, n.Choose):
            if not self._wanted(original, e):
                return e
            name = n.Var(self._names.fresh("chosen"), span=e.span)
            self._before += self._branches(e, name, original)
            return name
        if isinstance(e, n.Op) and e.op in ("and", "or"):
            return e
        return rebuild(e, lambda child: self._value(child, original))
