"""Variances and standard deviations."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import Kind
from srcdiff.rules.operands import array_parts, normalize_axes
from srcdiff.rules.reductions import reduced_along, reduced_kind
from srcdiff.rules.registry import NoRule, Pull, Rule, Template, rule
from srcdiff.rules.spelled import spelled
from srcdiff.runtime.extents import extent


@rule(np.var)
def var(a: Kind, axis: Any = None, *, ddof: Any = 0, keepdims: Any = False) -> Rule:
    """The derivative with respect to the mean is zero: the deviations sum to zero."""
    axes, axis = _axes(a, axis)
    pull = Pull(_var(axis, ddof, keepdims))
    push = _mean_product(axis, ddof, keepdims, before="2.0 * ")
    kind = reduced_kind(np.var, a, axes, keepdims)
    return Rule(kind=kind, pulls={"a": pull}, pushes={"a": push})


def _var(axis: Any, ddof: Any, keepdims: bool) -> Template:
    if axis is None and ddof == 0:
        return lambda a, d: 2.0 * d * (a - np.mean(a)) / a.size
    if axis is None:
        return lambda a, d: 2.0 * d * (a - np.mean(a)) / (a.size - ddof)
    if keepdims:
        return lambda a, d: (
            2.0 * d * (a - np.mean(a, axis=axis, keepdims=True)) / (extent(a, axis) - ddof)
        )
    return lambda a, d: (
        2.0
        * np.expand_dims(d, axis)
        * (a - np.mean(a, axis=axis, keepdims=True))
        / (extent(a, axis) - ddof)
    )


@rule(np.std)
def std(a: Kind, axis: Any = None, *, ddof: Any = 0, keepdims: Any = False) -> Rule:
    """At zero, zero, as for a norm."""
    axes, axis = _axes(a, axis)
    pull = Pull(_std(axis, ddof, keepdims))
    push = _mean_product(axis, ddof, keepdims, after=" / (y + (y == 0.0))")
    kind = reduced_kind(np.std, a, axes, keepdims)
    return Rule(kind=kind, pulls={"a": pull}, pushes={"a": push})


def _std(axis: Any, ddof: Any, keepdims: bool) -> Template:
    if axis is None and ddof == 0:
        return lambda a, y, d: d / (y + (y == 0.0)) * (a - np.mean(a)) / a.size
    if axis is None:
        return lambda a, y, d: d / (y + (y == 0.0)) * (a - np.mean(a)) / (a.size - ddof)
    if keepdims:
        return lambda a, y, d: (
            d
            / (y + (y == 0.0))
            * (a - np.mean(a, axis=axis, keepdims=True))
            / (extent(a, axis) - ddof)
        )
    return lambda a, y, d: (
        np.expand_dims(d / (y + (y == 0.0)), axis)
        * (a - np.mean(a, axis=axis, keepdims=True))
        / (extent(a, axis) - ddof)
    )


def _mean_product(
    axis: Any, ddof: Any, keepdims: bool, before: str = "", after: str = ""
) -> Template:
    """The mean of the deviations times the tangent."""
    mean = "np.mean(a)" if axis is None else f"np.mean(a, axis={axis}, keepdims=True)"
    axes = None if axis is None else axis if isinstance(axis, tuple) else (axis,)
    along = reduced_along(axes, keepdims)
    if ddof == 0:
        return spelled(f"lambda a, y, t: {before}np.mean((a - {mean}) * t{along}){after}")
    count = "a.size" if axis is None else f"extent(a, {axis})"
    return spelled(
        f"lambda a, y, t: {before}np.sum((a - {mean}) * t{along}) / ({count} - {ddof!r}){after}"
    )


def _axes(a: Kind, axis: Any) -> tuple[tuple[int, ...], Any]:
    """The axes, and how they are written: None where they are all of an array's."""
    _, dims = array_parts(a)
    if not dims:
        raise NoRule("of a single number it is zero", "leave it out")
    axes = normalize_axes(axis, len(dims))
    if len(axes) == len(dims):
        return axes, None
    return axes, axes[0] if len(axes) == 1 else axes
