"""The kinds that functions of the standard library give, of which there are no rules."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable

from srcdiff.ir import nodes as n
from srcdiff.ir.choices import CHOICES, choices
from srcdiff.ir.kinds import (
    INT,
    UNKNOWN,
    IteratorOf,
    Kind,
    Known,
    ListOf,
    Object,
    RangeOf,
    TupleOf,
)

Infer = Callable[[n.Expr], Kind]


def library_kind(e: n.Call, infer: Infer) -> Kind | None:
    """The kind of a call of one of these functions; None for any other call."""
    if isinstance(e.callee, n.Ref):
        if e.callee.value is collections.Counter:
            return Object(collections.Counter)
        return _chosen(e, infer) if e.callee.value in CHOICES else None
    if isinstance(e.callee, n.Field) and e.callee.name in ("index", "count", "find"):
        base = infer(e.callee.base)
        text = isinstance(base, Known) and type(base.value) is str
        return INT if text or isinstance(base, ListOf | TupleOf) else None
    return None


def _chosen(e: n.Call, infer: Infer) -> Kind:
    """Of ranges, choices are tuples of ints."""
    assert isinstance(e.callee, n.Ref)
    over = e.args if e.callee.value is itertools.product else e.args[:1]
    if not over or not all(isinstance(infer(arg), RangeOf) for arg in over):
        return UNKNOWN
    count = choices(e)
    if count is None:
        plain = e.callee.value is itertools.permutations and len(e.args) == 1 and not e.keywords
        return IteratorOf(ListOf(INT)) if plain else UNKNOWN
    return IteratorOf(TupleOf((INT,) * count))
