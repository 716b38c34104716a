"""One of two values, where it is known only when the program runs which."""

from __future__ import annotations

from collections.abc import Callable

from srcdiff.aggregates.machine import Machine
from srcdiff.aggregates.values import Plain, Value
from srcdiff.errors import Span
from srcdiff.ir import nodes as n


def alternatives(
    m: Machine,
    decided: n.Expr,
    a: Callable[[], Value],
    b: Callable[[], Value],
    e: n.Expr,
    wish: str | None = None,
) -> Value:
    """One of two values; an expression where neither writes anything."""
    tried = [m.trial(run) for run in (a, b)]
    if not any(written for written, _ in tried):
        x, y = (m.plain(v, e.span) if isinstance(v, Plain) else None for _, v in tried)
    else:
        x = y = None
    if x is not None and y is not None:
        return Plain(n.Choose(decided, x, y, span=e.span))
    name = m.fresh(wish or "chosen")

    def bound(run: Callable[[], Value]) -> Callable[[], None]:
        return lambda: m.bind(name, run(), e.span)

    m.either(decided, bound(a), bound(b), e.span)
    return m.state.env.pop(name, None) or Plain(n.Var(name, span=e.span))


def choice(m: Machine, test: Value, a: Value, b: Value, span: Span | None) -> Value:
    """`a if test else b`, of values at hand."""
    decided = m.truth(test, span)
    if isinstance(decided, bool):
        return a if decided else b
    e = n.Const(None, span=span)
    return alternatives(m, decided, lambda: a, lambda: b, e)
