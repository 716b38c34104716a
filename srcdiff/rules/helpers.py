"""Our own functions that generated code calls, so that it can be differentiated in its turn."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import INT, Array, Kind, is_number
from srcdiff.rules.operands import array_parts, shape_dims
from srcdiff.rules.registry import Pull, Rule, Template, rule
from srcdiff.rules.shaping import SAME
from srcdiff.rules.spelled import spelled
from srcdiff.runtime import diagonal_array, keep_last, scatter, scatter_along, undo_diff
from srcdiff.runtime.broadcast import unbroadcast
from srcdiff.runtime.copies import strided_copy
from srcdiff.runtime.extents import extent
from srcdiff.runtime.products import product_of_others, product_of_others_along


@rule(unbroadcast)
def unbroadcast_(x: Kind, shape: Kind, at: str = "") -> Rule:
    dtype, _ = array_parts(x)
    dims = shape_dims(shape, at)
    if is_number(x):
        pull = Pull(lambda d: np.sum(d), scalar=lambda d: d)
        kind = Array(dtype, dims) if dims else x
        return Rule(kind=kind, pulls={"x": pull}, linear=("x",))
    pull = Pull(lambda x, d: np.broadcast_to(d, x.shape), scalar=lambda d: d)
    return Rule(kind=Array(dtype, dims), pulls={"x": pull}, shares=("x",), linear=("x",))


@rule(strided_copy)
def strided_copy_(array: Kind) -> Rule:
    dtype, dims = array_parts(array)
    return Rule(kind=Array(dtype, dims), pulls={"array": SAME}, linear=("array",))


@rule(product_of_others)
def product_of_others_(a: Kind, axis: Any = None) -> Rule:
    dtype, dims = array_parts(a)
    text = f"product_of_others_along(a, {{}}{_axis(axis)})"
    pull = Pull(spelled("lambda a, d: " + text.format("d")))
    push = spelled("lambda a, t: " + text.format("t"))
    return Rule(kind=Array(dtype, dims), pulls={"a": pull}, pushes={"a": push})


@rule(product_of_others_along)
def product_of_others_along_(a: Kind, *directions: Kind, axis: Any = None) -> Rule:
    """One more direction is one more derivative; it is symmetric in the directions and `d`."""
    dtype, dims = array_parts(a)
    names = [f"directions[{i}]" for i in range(len(directions))]

    def call(*others: str) -> str:
        return f"product_of_others_along(a, {', '.join(others)}{_axis(axis)})"

    pulls = {"a": Pull(spelled(f"lambda a, directions, d: {call(*names, 'd')}"))}
    for name in names:
        others = [other for other in names if other != name]
        pulls[name] = Pull(spelled(f"lambda a, directions, d: {call(*others, 'd')}"))
    push = spelled(f"lambda a, directions, t: {call(*names, 't')}")
    return Rule(kind=Array(dtype, dims), pulls=pulls, linear=tuple(names), pushes={"a": push})


def _axis(axis: Any) -> str:
    return "" if axis is None else f", axis={axis!r}"


@rule(scatter)
def scatter_(d: Kind, indices: Kind, shape: Kind, axis: Any = None, at: str = "") -> Rule:
    dtype, _ = array_parts(d)
    template: Template
    if axis is None:
        template = lambda indices, d: np.take(d, indices)  # noqa: E731
    else:
        template = lambda indices, d: np.take(d, indices, axis)  # noqa: E731
    kind = Array(dtype, shape_dims(shape, at))
    return Rule(kind=kind, pulls={"d": Pull(template)}, linear=("d",))


@rule(scatter_along)
def scatter_along_(d: Kind, indices: Kind, shape: Kind, axis: Any, at: str = "") -> Rule:
    dtype, _ = array_parts(d)
    pull = Pull(lambda indices, d: np.take_along_axis(d, indices, axis))
    return Rule(kind=Array(dtype, shape_dims(shape, at)), pulls={"d": pull}, linear=("d",))


@rule(keep_last)
def keep_last_(d: Kind, key: Kind, shape: Kind) -> Rule:
    dtype, dims = array_parts(d)
    pull = Pull(lambda d, key, shape: keep_last(d, key, shape))
    return Rule(kind=Array(dtype, dims), pulls={"d": pull}, linear=("d",))


@rule(diagonal_array)
def diagonal_array_(
    d: Kind, shape: Kind, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, at: str = ""
) -> Rule:
    dtype, _ = array_parts(d)
    pull = Pull(lambda d: np.diagonal(d, offset, axis1, axis2))
    return Rule(kind=Array(dtype, shape_dims(shape, at)), pulls={"d": pull}, linear=("d",))


@rule(undo_diff)
def undo_diff_(d: Kind, shape: Kind, n: Any = 1, axis: Any = -1, at: str = "") -> Rule:
    dtype, _ = array_parts(d)
    pull = Pull(lambda d: np.diff(d, n, axis))
    return Rule(kind=Array(dtype, shape_dims(shape, at)), pulls={"d": pull}, linear=("d",))


@rule(extent)
def extent_(a: Kind, axis: Any) -> Rule:
    return Rule(kind=INT)
