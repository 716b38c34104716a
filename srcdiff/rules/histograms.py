"""Histograms.

The counts are constant. The sum of weights in a bin is linear in the weights: each gets the adjoint
of its bin, or nothing where it lies in none. Edges that are made of what is counted follow its
least and its greatest value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Dim, Kind, Known, TupleOf, carries, is_number
from srcdiff.rules.operands import array_parts, int_value
from srcdiff.rules.registry import NoRule, Pull, Rule, rule
from srcdiff.rules.spelled import spelled

_INT = np.dtype(np.intp)


@rule(np.histogram)
def histogram(
    a: Kind,
    bins: Kind | None = None,
    range: Any = None,  # noqa: A002
    density: Any = None,
    weights: Kind | None = None,
    at: str = "",
) -> Rule:
    array_parts(a)
    if density:
        raise NoRule("densities are not differentiated", "divide by the sum and the widths")
    if isinstance(bins, Array) and bins.ndim == 1:
        edges = Rule(
            bins, pulls={"bins": Pull(lambda d: d)}, pushes={"bins": lambda t: t}, shares=("bins",)
        )
        size = bins.dims[0]
        places = _places("a", "bins")
    elif bins is None or is_number(bins):
        count = 10 if bins is None else int_value(bins)
        size = count + 1 if isinstance(count, int) else Dim(f"{at}.edges")
        edges = _equal_bins(a, size, range)
        number = "10" if bins is None else "bins"
        given = "" if range is None else f", {range!r}"
        places = _places("a", f"np.histogram_bin_edges(a, {number}{given})")
        if range is None:
            places = f"d[np.minimum({_right_of('a', number)}, len(d)) - 1]"
    else:
        raise NoRule("the bins are not known here", "give their number, or an array of their edges")
    counts = Rule(Array(_INT, (_one_less(size),)))
    if weights is not None and weights != Known(None):
        dtype, _ = array_parts(weights)
        counts = Rule(Array(dtype, (_one_less(size),)))
        if carries(weights):
            operands = "a, bins, d" if bins is not None else "a, d"
            pull = Pull(spelled(f"lambda {operands}: {places}"))
            counts = Rule(counts.kind, pulls={"weights": pull}, linear=("weights",))
    items = (counts, edges)
    shares = ("bins",) if isinstance(bins, Array) else ()
    return Rule(TupleOf((counts.kind, edges.kind)), items=items, shares=shares)


def _right_of(values: str, bins: str) -> str:
    """The number of edges that lie at or left of each value."""
    return f'np.searchsorted(np.histogram_bin_edges({values}, {bins}), {values}, side="right")'


def _places(values: str, edges: str) -> str:
    """The adjoint of each value's bin, zero for values in none. The last bin has its right edge."""
    right = f'np.searchsorted({edges}, {values}, side="right")'
    return f"np.concatenate(([0.0], d, [0.0]))[{right} - ({values} == {edges}[-1])]"


def _equal_bins(a: Kind, size: int | Dim, range: Any) -> Rule:  # noqa: A002
    """Edges at equal distances, between given ends or the least and the greatest value."""
    dtype, _ = array_parts(a)
    kind = Array(np.result_type(dtype, float) if dtype.kind != "f" else dtype, (size,))
    if range is not None or not carries(a):
        return Rule(kind)
    ends = (("np.min(a)", "1.0, 0.0"), ("np.max(a)", "0.0, 1.0"))
    parts = [
        f"d @ np.linspace({part}, len(d)) * (a == {end}) / np.sum(a == {end})" for end, part in ends
    ]
    first, last = (f"np.sum((a == {end}) * t) / np.sum(a == {end})" for end, _ in ends)
    return Rule(
        kind,
        pulls={"a": Pull(spelled(f"lambda a, d: {' + '.join(parts)}"))},
        pushes={"a": spelled(f"lambda a, y, t: np.linspace({first}, {last}, len(y))")},
    )


def _one_less(size: int | Dim) -> int | Dim:
    return Dim(size.name, size.minus + 1) if isinstance(size, Dim) else max(size - 1, 0)


@rule(np.histogram_bin_edges)
def histogram_bin_edges(
    a: Kind,
    bins: Kind | None = None,
    range: Any = None,  # noqa: A002
    at: str = "",
) -> Rule:
    return histogram(a, bins, range, at=at).items[1]
