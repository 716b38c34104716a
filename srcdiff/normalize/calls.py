"""Calls of the user's own functions to statements of their own.

    y = 2.0 * g(x)      →      g_value = g(x)
                               y = 2.0 * g_value

A call that is differentiated becomes a pair, one for each sweep, and a pair needs a statement in
each. Calls in tests, in loop bounds and in index keys carry no derivative and stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.lists import appended
from srcdiff.ir.walk import blocks, rebuild, subexpressions, with_blocks

IsUserFunction = Callable[[Any], bool]


def calls_to_statements(function: n.Function, names: Names, ours: IsUserFunction) -> n.Function:
    """The function with each call of a user's function as the whole right side of a statement."""
    return replace(function, body=_Hoist(names, ours).block(function.body))


def is_user_call(e: n.Expr, ours: IsUserFunction) -> bool:
    """Whether the expression calls one of the user's own functions."""
    return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and ours(e.callee.value)


class _Hoist:
    def __init__(self, names: Names, ours: IsUserFunction) -> None:
        self._names = names
        self._ours = ours
        self._before: list[n.Stmt] = []

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            s = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
            self._before = []
            s = self._statement(s)
            out += [*self._before, s]
        return tuple(out)

    def _statement(self, s: n.Stmt) -> n.Stmt:
        match s:
            case n.Assign() if isinstance(s.target, n.Var | n.Tuple):
                return replace(s, value=self._top(s.value))
            case n.Assign():
                return replace(s, value=self._value(s.value))
            case n.Update():
                return replace(s, value=self._value(s.value))
            case n.Effect() if isinstance(s.value, n.Call) and appended(s) is not None:
                return replace(s, value=rebuild(s.value, self._value))
            case n.Return() if s.value is not None:
                return replace(s, value=self._value(s.value))
        return s

    def _top(self, e: n.Expr) -> n.Expr:
        """The right side of an assignment: a call may stay, its arguments hold none."""
        return rebuild(e, self._value) if is_user_call(e, self._ours) else self._value(e)

    def _value(self, e: n.Expr) -> n.Expr:
        if not any(is_user_call(x, self._ours) for x in subexpressions(e)):
            return e
        if isinstance(e, n.Choose):
            return self._choose(e)
        if isinstance(e, n.Op) and e.op in ("and", "or"):
            return e
        if isinstance(e, n.Index):
            return n.Index(self._value(e.base), e.key, span=e.span)
        e = rebuild(e, self._value)
        if not is_user_call(e, self._ours):
            return e
        assert isinstance(e, n.Call)
        assert isinstance(e.callee, n.Ref)
        return self._named(e, e.callee.path.rpartition(".")[2])

    def _named(self, e: n.Expr, what: str) -> n.Var:
        name = n.Var(self._names.fresh(f"{what}_value"), span=e.span)
        self._before.append(n.Assign(name, e, span=e.span))
        return name

    def _choose(self, e: n.Choose) -> n.Var:
        """A conditional expression with calls in it becomes an `if`: only one side is called."""
        name = n.Var(self._names.fresh("chosen"), span=e.span)
        outer, sides = self._before, []
        for side in (e.a, e.b):
            self._before = []
            value = self._top(side)
            sides.append((*self._before, n.Assign(name, value, span=side.span)))
        self._before = outer
        self._before.append(n.If(e.test, *sides, span=e.test.span))
        return name
