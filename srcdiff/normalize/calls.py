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
from srcdiff.ir.walk import base_name, blocks, children, rebuild, subexpressions, with_blocks
from srcdiff.normalize.writes import writes

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
            case n.If() | n.Assert() if writes(s.test):
                return replace(s, test=self._value(s.test))
            case n.For() if writes(s.iter):
                return replace(s, iter=self._value(s.iter))
            case n.Assign() if isinstance(s.target, n.Var | n.Tuple):
                return replace(s, value=self._top(s.value))
            case n.Assign():
                return replace(s, value=self._value(s.value))
            case n.Update() if isinstance(s.target, n.Index) and writes(s.value):
                # What is updated is read before the call.
                old = self._named(s.target, str(base_name(s.target)))
                new = n.Op(s.op, (old, self._value(s.value)), span=s.value.span)
                return n.Assign(s.target, new, span=s.span, note=s.note)
            case n.Update():
                return replace(s, value=self._value(s.value))
            case n.Effect() if isinstance(s.value, n.Call) and is_user_call(s.value, self._ours):
                return replace(s, value=self._top(s.value))
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
        if isinstance(e, n.Index) and not writes(e):
            return n.Index(self._value(e.base), e.key, span=e.span)
        e = self._in_order(e)
        if not is_user_call(e, self._ours):
            return e
        assert isinstance(e, n.Call)
        assert isinstance(e.callee, n.Ref)
        return self._named(e, e.callee.path.rpartition(".")[2])

    def _in_order(self, e: n.Expr) -> n.Expr:
        """The expression with its operands taken care of: those that are evaluated before a call
        that writes are kept under names.
        """
        last = max((k for k, child in enumerate(children(e)) if writes(child)), default=-1)
        at = 0

        def operand(child: n.Expr) -> n.Expr:
            nonlocal at
            at += 1
            value = self._value(child)
            return self._kept(value) if at <= last else value

        return rebuild(e, operand)

    def _kept(self, e: n.Expr) -> n.Expr:
        """A value that what is called next does not change."""
        if isinstance(e, n.Field | n.Starred | n.Slice | n.Tuple):
            return rebuild(e, self._kept)
        if isinstance(e, n.Var | n.Const | n.Ref | n.Global):
            return e
        return self._named(e, base_name(e) or "term")

    def _named(self, e: n.Expr, what: str) -> n.Var:
        name = n.Var(self._names.fresh(f"{what}_value"), span=e.span)
        self._before.append(n.Assign(name, e, span=e.span))
        return name

    def _choose(self, e: n.Choose) -> n.Var:
        """A conditional expression with calls in it becomes an `if`: only one side is called."""
        test = self._value(e.test) if writes(e.test) else e.test
        name = n.Var(self._names.fresh("chosen"), span=e.span)
        outer, sides = self._before, []
        for side in (e.a, e.b):
            self._before = []
            value = self._top(side)
            sides.append((*self._before, n.Assign(name, value, span=side.span)))
        self._before = outer
        self._before.append(n.If(test, *sides, span=e.test.span))
        return name
