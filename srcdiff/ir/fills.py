"""Calls of NumPy functions, and arrays filled with one number."""

from __future__ import annotations

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.build import ONE, ZERO, call


def np_call(name: str, *args: n.Expr, **keywords: n.Expr) -> n.Call:
    """A call of a function in NumPy's namespace."""
    return call(f"np.{name}", getattr(np, name), np, *args, **keywords)


def fill(place: n.Expr, value: n.Expr) -> n.Expr:
    """An array like `place`, filled with a value that broadcasts to it."""
    if value == ZERO:
        return np_call("zeros_like", place)
    if value == ONE:
        return np_call("ones_like", place)
    return np_call("full_like", place, value)


def filled(e: n.Expr) -> tuple[n.Expr, n.Expr] | None:
    """The place and the value of an expression that `full_like` made, else None."""
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref):
        if e.callee.value is np.zeros_like and len(e.args) == 1:
            return e.args[0], ZERO
        if e.callee.value is np.ones_like and len(e.args) == 1:
            return e.args[0], ONE
        if e.callee.value is np.full_like and len(e.args) == 2:
            return e.args[0], e.args[1]
    return None
