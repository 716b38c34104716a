"""`with` in the reverse sweep: what NumPy is told not to warn of holds for the adjoints too.

    with np.errstate(divide="raise"):            with np.errstate(divide="ignore"):
        y = 1.0 / x                      →           dx = -dy * y * y

No other context manager is entered twice.
"""

from __future__ import annotations

from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.walk import quiet


def mirrored(s: n.Open | n.Finally | n.Close, opened: list[n.Open]) -> n.Block:
    """What stands in the reverse sweep for where a `with` begins or ends; `opened` are those in
    which the statement stands.
    """
    if isinstance(s, n.Finally):
        return ()
    if isinstance(s, n.Open):
        opened.append(s)
        return (n.Close(),) if quiet(s) else ()
    start = opened.pop()
    return (_again(start),) if quiet(start) else ()


def _again(s: n.Open) -> n.Open:
    return replace(s, items=tuple((_without_raise(e), None) for e, _ in s.items))


def _without_raise(e: n.Expr) -> n.Expr:
    assert isinstance(e, n.Call)
    if e.args or not all(isinstance(value, n.Const) for _, value in e.keywords):
        return replace(e, args=(), keywords=(("all", n.Const("ignore")),))
    ignore = n.Const("ignore")
    keywords = tuple((k, ignore if v == n.Const("raise") else v) for k, v in e.keywords)
    return replace(e, keywords=keywords)
