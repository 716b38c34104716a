"""Sums, means, products and extrema along axes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.ir.kinds import INT, Kind, TupleOf, is_number
from srcdiff.rules.operands import (
    array_kind,
    array_parts,
    normalize_axes,
    reduce_dims,
    require_values,
)
from srcdiff.rules.registry import NoRule, Pull, Rule, Template, rule
from srcdiff.rules.sampling import elementwise_kind, sample
from srcdiff.rules.spelled import spelled
from srcdiff.runtime.extents import extent
from srcdiff.runtime.products import product_of_others


def reduced_kind(function: Callable[..., Any], a: Kind, axes: tuple[int, ...], keep: bool) -> Kind:
    """The kind of `function(a)` reduced along these axes; NumPy is asked for the dtype."""
    dtype, dims = array_parts(a)
    return array_kind(function(np.ones(1, dtype)).dtype, reduce_dims(dims, axes, keep))


def spread(ndim: int, axes: tuple[int, ...], keepdims: bool) -> str | tuple[int, ...]:
    """How a reduced value is made to broadcast against what was reduced.

    Returns:
        "as is" where it does already, "column" and "last" for `d[:, None]` and `d[..., None]`,
        otherwise the axes for `np.expand_dims`.
    """
    if keepdims or axes == tuple(range(len(axes))):
        return "as is"
    if axes == (ndim - 1,):
        return "column" if ndim == 2 else "last"
    return axes


def spread_adjoint(ndim: int, axes: tuple[int, ...], keepdims: bool) -> Template:
    """The template that spreads `d` to what was reduced."""
    how = spread(ndim, axes, keepdims)
    if how == "as is":
        return lambda d: d
    if how == "column":
        return lambda d: d[:, None]
    if how == "last":
        return lambda d: d[..., None]
    axis = axes[0] if len(axes) == 1 else axes
    return lambda d: np.expand_dims(d, axis)


def reduced_along(axes: tuple[int, ...] | None, keepdims: bool) -> str:
    """The arguments `axis` and `keepdims` of a reduction, as text; None: all axes."""
    axis = "" if axes is None else f", axis={axes[0] if len(axes) == 1 else axes}"
    return axis + (", keepdims=True" if keepdims else "")


def restored(value: str, axes: tuple[int, ...] | None, keepdims: bool) -> str:
    """The text of a reduced value that broadcasts against what was reduced."""
    if axes is None or keepdims or axes == tuple(range(len(axes))):
        return value
    return f"np.expand_dims({value}, {axes[0] if len(axes) == 1 else axes})"


@rule(np.sum)
def sum_(a: Kind, axis: Any = None, keepdims: Any = False) -> Rule:
    _, dims = array_parts(a)
    axes = normalize_axes(axis, len(dims))
    return Rule(
        kind=reduced_kind(np.sum, a, axes, keepdims),
        pulls={"a": Pull(spread_adjoint(len(dims), axes, keepdims), scalar=lambda d: d)},
        linear=("a",),
    )


@rule(np.mean)
def mean(a: Kind, axis: Any = None, keepdims: Any = False) -> Rule:
    _, dims = array_parts(a)
    ndim = len(dims)
    axes = normalize_axes(axis, ndim)
    template = _mean(ndim, axes, spread(ndim, axes, keepdims))
    return Rule(
        kind=reduced_kind(np.mean, a, axes, keepdims),
        pulls={"a": Pull(template, scalar=_mean(ndim, axes, "as is"))},
        linear=("a",),
    )


def _mean(ndim: int, axes: tuple[int, ...], how: str | tuple[int, ...]) -> Template:
    if not axes:
        return lambda d: d
    i = axes[0]
    if len(axes) == ndim:
        return (lambda a, d: d / len(a)) if ndim == 1 else lambda a, d: d / a.size
    if how == "column":
        return lambda a, d: d[:, None] / a.shape[1]
    if how == "last":
        return lambda a, d: d[..., None] / a.shape[-1]
    if len(axes) == 1:
        if how == "as is":
            return (lambda a, d: d / len(a)) if i == 0 else lambda a, d: d / a.shape[i]
        return lambda a, d: np.expand_dims(d, i) / a.shape[i]
    if how == "as is":
        return lambda a, d: d / extent(a, axes)
    return lambda a, d: np.expand_dims(d, axes) / extent(a, axes)


@rule(np.max, np.min)
def extremum(a: Kind, axis: Any = None, keepdims: Any = False) -> Rule:
    _, dims = array_parts(a)
    axes = normalize_axes(axis, len(dims))
    template = _ties(len(dims), axes, spread(len(dims), axes, keepdims), keepdims)
    return Rule(
        kind=reduced_kind(np.max, a, axes, keepdims),
        pulls={"a": Pull(template, scalar=template)},
        pushes={"a": _ties_push(len(dims), axes, keepdims)},
    )


def _ties(ndim: int, axes: tuple[int, ...], how: str | tuple[int, ...], keepdims: bool) -> Template:
    """Ties share evenly. What divides `d` is an array, so that `d` may be a number throughout."""
    if not axes:
        return lambda d: d
    axis = axes[0] if len(axes) == 1 else axes
    if len(axes) == ndim:
        return lambda a, y, d: d * (a == y) / np.sum(a == y)
    if how == "column":
        return lambda a, y, d: (d / np.sum(a == y[:, None], axis=1))[:, None] * (a == y[:, None])
    if how == "last":
        return lambda a, y, d: (
            (d / np.sum(a == y[..., None], axis=-1))[..., None] * (a == y[..., None])
        )
    if keepdims:
        return lambda a, y, d: d / np.sum(a == y, axis=axis, keepdims=True) * (a == y)
    if how == "as is":
        return lambda a, y, d: d / np.sum(a == y, axis=axis) * (a == y)
    return lambda a, y, d: (
        np.expand_dims(d / np.sum(a == np.expand_dims(y, axis), axis=axis), axis)
        * (a == np.expand_dims(y, axis))
    )


def _ties_push(ndim: int, axes: tuple[int, ...], keepdims: bool) -> Template:
    if not axes:
        return lambda t: t
    some = None if len(axes) == ndim else axes
    along, y = reduced_along(some, keepdims), restored("y", some, keepdims)
    return spelled(f"lambda a, y, t: np.sum(t * (a == {y}){along}) / np.sum(a == {y}{along})")


@rule(np.prod)
def prod(a: Kind, axis: Any = None, keepdims: Any = False) -> Rule:
    _, dims = array_parts(a)
    axes = normalize_axes(axis, len(dims))
    ndim = len(dims)
    template = _prod(ndim, axes, spread(ndim, axes, keepdims))
    return Rule(
        kind=reduced_kind(np.prod, a, axes, keepdims),
        pulls={"a": Pull(template, scalar=_prod(ndim, axes, "as is"))},
        pushes={"a": _prod_push(ndim, axes, keepdims)},
    )


def _prod_push(ndim: int, axes: tuple[int, ...], keepdims: bool) -> Template:
    if not axes:
        return lambda t: t
    if len(axes) == ndim:
        return spelled(
            f"lambda a, t: np.sum(t * product_of_others(a){reduced_along(None, keepdims)})"
        )
    along = reduced_along(axes, keepdims)
    axis = axes[0] if len(axes) == 1 else axes
    return spelled(f"lambda a, t: np.sum(t * product_of_others(a, {axis}){along})")


def _prod(ndim: int, axes: tuple[int, ...], how: str | tuple[int, ...]) -> Template:
    if not axes:
        return lambda d: d
    axis = axes[0] if len(axes) == 1 else axes
    if len(axes) == ndim:
        return lambda a, d: d * product_of_others(a)
    if how == "as is":
        return lambda a, d: d * product_of_others(a, axis)
    if how == "column":
        return lambda a, d: d[:, None] * product_of_others(a, 1)
    if how == "last":
        return lambda a, d: d[..., None] * product_of_others(a, -1)
    return lambda a, d: np.expand_dims(d, axis) * product_of_others(a, axis)


@rule(sum)
def builtin_sum(a: Kind, start: Kind | None = None) -> Rule:
    if isinstance(a, TupleOf):
        return _sum_of_items(a, start)
    dtype, dims = array_parts(a)
    if not dims or (start is not None and not is_number(start)):
        raise NoRule("sum is differentiated for arrays", "np.sum(np.array(...))")
    first = sample(start) if start is not None else 0
    dtype = np.asarray(sum(np.ones(1, dtype), first)).dtype
    kind = array_kind(dtype, dims[1:])
    pulls = {"a": Pull(lambda d: d, scalar=lambda d: d)}
    if start is None:
        return Rule(kind=kind, pulls=pulls, linear=("a",))
    pulls["start"] = Pull(lambda d: np.sum(d), scalar=lambda y, d: d * y.size)
    return Rule(kind=kind, pulls=pulls, linear=("a", "start"), joint=True)


def _sum_of_items(a: TupleOf, start: Kind | None) -> Rule:
    """`start + a[0] + a[1]`, term by term."""
    kind = INT if start is None else start
    require_values(kind, *a.items)
    for term in a.items:
        kind = elementwise_kind(operator.add, kind, term)
    names = [f"a[{i}]" for i in range(len(a.items))]
    if start is not None:
        names.append("start")
    return Rule(kind=kind, pulls={name: Pull(lambda d: d) for name in names}, elementwise=True)
