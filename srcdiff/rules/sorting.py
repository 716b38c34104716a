"""Sorting: the derivative follows the permutation that was made."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Dims, Kind, broadcast_dim, multiplied
from srcdiff.rules.operands import array_parts, normalize_axes
from srcdiff.rules.registry import NoRule, Pull, Rule, rule
from srcdiff.rules.spelled import spelled
from srcdiff.runtime import scatter_along


def _axis(axis: Any, ndim: int) -> int | None:
    """The axis, counted from the front; None where the array is flattened."""
    if axis is None:
        return None
    if type(axis) is not int or ndim == 0:
        raise NoRule("the axis is not one of the array's")
    (found,) = normalize_axes(axis, ndim)
    return found


def _taken(d: str, order: str, axis: int | None, ndim: int) -> str:
    """The text of a permutation applied along an axis."""
    return f"{d}[{order}]" if ndim == 1 or axis is None else _along("take", d, order, axis)


def _along(what: str, d: str, order: str, axis: int) -> str:
    return f"np.{what}_along_axis({d}, {order}, {axis})"


def _order(a: str, axis: int | None, ndim: int) -> str:
    """The text of the permutation that sorts an array."""
    if ndim == 1:
        return f"np.argsort({a})"
    return f"np.argsort(np.ravel({a}))" if axis is None else f"np.argsort({a}, {axis})"


def _ranks(a: str, axis: int | None, ndim: int) -> str:
    """The text of the place that each entry of an array has among all."""
    order = _order(a, axis, ndim)
    return f"np.argsort({order})" if ndim == 1 or axis is None else f"np.argsort({order}, {axis})"


def _sorted_dims(dims: Dims, axis: int | None) -> Dims:
    return (multiplied(*dims),) if axis is None else dims


@rule(np.sort)
def sort(a: Kind, axis: Any = -1, kind: Any = None, stable: Any = None) -> Rule:
    dtype, dims = array_parts(a)
    along, ndim = _axis(axis, len(dims)), len(dims)
    if not dims:
        raise NoRule("np.sort takes arrays")
    back = _taken("d", _ranks("a", along, ndim), along, ndim)
    front = _taken("t", _order("a", along, ndim), along, ndim)
    if along is None and ndim > 1:
        back, front = f"{back}.reshape(a.shape)", front.replace("t[", "np.ravel(t)[", 1)
    return Rule(
        kind=Array(dtype, _sorted_dims(dims, along)),
        pulls={"a": Pull(spelled(f"lambda a, d: {back}"))},
        pushes={"a": spelled(f"lambda a, t: {front}")},
    )


@rule(np.partition)
def partition(a: Kind, kth: Kind, axis: Any = -1, kind: Any = None) -> Rule:
    """Which entry came to stand where is told by their ranks."""
    dtype, dims = array_parts(a)
    along, ndim = _axis(axis, len(dims)), len(dims)
    if along is None:
        raise NoRule("np.partition is differentiated along an axis", "np.partition(a.ravel(), ...)")

    def moved(d: str, source: str, target: str) -> str:
        in_order = _taken(d, _order(source, along, ndim), along, ndim)
        return _taken(in_order, _ranks(target, along, ndim), along, ndim)

    return Rule(
        kind=Array(dtype, dims),
        pulls={"a": Pull(spelled(f"lambda a, y, d: {moved('d', 'y', 'a')}"))},
        pushes={"a": spelled(f"lambda a, y, t: {moved('t', 'a', 'y')}")},
    )


@rule(np.argpartition)
def argpartition(a: Kind, kth: Kind, axis: Any = -1, kind: Any = None) -> Rule:
    _, dims = array_parts(a)
    if _axis(axis, len(dims)) is None and len(dims) != 1:
        raise NoRule("the length of the flattened array is not known")
    return Rule(kind=Array(np.dtype(np.intp), dims))


@rule(np.take_along_axis)
def take_along_axis(arr: Kind, indices: Kind, axis: Any = -1) -> Rule:
    dtype, dims = array_parts(arr)
    index_dtype, places = array_parts(indices)
    along = _axis(axis, len(dims))
    if along is None or index_dtype.kind not in "iu" or len(places) != len(dims):
        raise NoRule("np.take_along_axis takes as many dimensions of indices as of the array")
    kept = tuple(
        p if k == along else broadcast_dim(p, dim)
        for k, (p, dim) in enumerate(zip(places, dims, strict=True))
    )
    pull = Pull(lambda arr, indices, d: scatter_along(d, indices, arr.shape, along))
    return Rule(kind=Array(dtype, kept), pulls={"arr": pull}, linear=("arr",))
