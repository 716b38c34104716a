"""The same entries in another order, repeated, or some of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Dim, Dims, Kind, Scalar, TupleOf, is_number, multiplied
from srcdiff.rules.operands import (
    array_kind,
    array_parts,
    fresh_dims,
    int_value,
    normalize_axes,
)
from srcdiff.rules.registry import NoRule, Pull, Rule, Template, rule
from srcdiff.rules.shaping import SAME, display_parts
from srcdiff.rules.spelled import spelled
from srcdiff.runtime import scatter

# --- turned round -------------------------------------------------------------------------------


@rule(np.roll)
def roll(a: Kind, shift: Kind, axis: Any = None) -> Rule:
    dtype, dims = array_parts(a)
    back = "-shift"
    if isinstance(shift, TupleOf):
        back = f"({', '.join(f'-shift[{i}]' for i in range(len(shift.items)))},)"
    elif not is_number(shift):
        raise NoRule("the shift is not an int")
    along = "" if axis is None else f", axis={axis!r}"
    pull = Pull(spelled(f"lambda shift, d: np.roll(d, {back}{along})"), scalar=SAME.scalar)
    return Rule(kind=Array(dtype, dims), pulls={"a": pull}, linear=("a",))


def _turned(m: Kind, dims: Dims, template: Template, ndim: int) -> Rule:
    """A view with the entries in another order."""
    dtype, own = array_parts(m)
    if len(own) < ndim:
        raise NoRule(f"it takes arrays of at least {ndim} dimensions")
    if not own:
        return Rule(kind=Scalar(dtype), pulls={"m": SAME}, linear=("m",))
    pull = Pull(template, scalar=SAME.scalar)
    return Rule(kind=Array(dtype, dims), pulls={"m": pull}, shares=("m",), linear=("m",))


@rule(np.flip)
def flip(m: Kind, axis: Any = None) -> Rule:
    _, dims = array_parts(m)
    if axis is None:
        return _turned(m, dims, lambda d: np.flip(d), 0)
    normalize_axes(axis, len(dims))
    return _turned(m, dims, lambda d: np.flip(d, axis), 0)


@rule(np.flipud)
def flipud(m: Kind) -> Rule:
    return _turned(m, array_parts(m)[1], lambda d: np.flipud(d), 1)


@rule(np.fliplr)
def fliplr(m: Kind) -> Rule:
    return _turned(m, array_parts(m)[1], lambda d: np.fliplr(d), 2)


@rule(np.rot90)
def rot90(m: Kind, k: Any = 1, axes: Any = (0, 1)) -> Rule:
    _, dims = array_parts(m)
    if len(dims) < 2:
        raise NoRule("it takes arrays of at least 2 dimensions")
    i, j = (int(axis) % len(dims) for axis in axes)
    turned = list(dims)
    if k % 2:
        turned[i], turned[j] = dims[j], dims[i]
    back = -k
    if axes == (0, 1):
        return _turned(m, tuple(turned), lambda d: np.rot90(d, back), 2)
    return _turned(m, tuple(turned), lambda d: np.rot90(d, back, axes), 2)


# --- repeated -----------------------------------------------------------------------------------


@rule(np.repeat)
def repeat(a: Kind, repeats: Kind, axis: Any = None, at: str = "") -> Rule:
    dtype, dims = array_parts(a)
    axes = normalize_axes(axis, len(dims))
    if axis is None:
        size = _product(at, *dims, int_value(repeats))
        kind = Array(dtype, (size,))
    else:
        size = _product(at, dims[axes[0]], int_value(repeats))
        kind = Array(dtype, (*dims[: axes[0]], size, *dims[axes[0] + 1 :]))
    if not dims:
        pull = Pull(lambda d: np.sum(d), scalar=lambda y, d: d * y.size)
    elif is_number(repeats):
        # The repetitions of an entry lie behind each other.
        behind = len(dims) - 1 if axis is None else axes[0]
        shape = [_length("a", i, dim, len(dims)) for i, dim in enumerate(dims)]
        shape.insert(behind + 1, "repeats")
        text = f"np.sum(d.reshape({', '.join(shape)}), axis={behind + 1})"
        pull = Pull(spelled(f"lambda a, repeats, d: {text}"), lambda repeats, d: d * repeats)
    else:
        along = "" if axis is None else f", {axes[0]}"
        count = "a.size" if axis is None else _length("a", axes[0], dims[axes[0]], len(dims))
        where = f"np.repeat(np.arange({count}), repeats)"
        pull = Pull(spelled(f"lambda a, repeats, d: scatter(d, {where}, a.shape{along})"))
    return Rule(kind=kind, pulls={"a": pull}, linear=("a",))


@rule(np.tile)
def tile(A: Kind, reps: Kind, at: str = "") -> Rule:
    dtype, own = array_parts(A)
    counts = _counts(reps)
    ndim = max(len(own), len(counts))
    # Both are lengthened in front to the result's number of dimensions.
    dims: list[Any] = [None] * (ndim - len(own)) + list(enumerate(own))
    times: list[Any] = [None] * (ndim - len(counts)) + list(counts)
    shape: list[str] = []
    summed: list[int] = []
    new: list[int | Dim] = []
    for k, (dim, count) in enumerate(zip(dims, times, strict=True)):
        if count is not None:
            summed.append(len(shape))
            shape.append(count[0])
        if dim is not None:
            shape.append(_length("A", dim[0], dim[1], len(own)))
        size = 1 if dim is None else dim[1]
        new.append(size if count is None else _product(f"{at}.{k}", size, count[1]))
    kind = Array(dtype, tuple(new))
    if not own:
        return Rule(
            kind=kind,
            pulls={"A": Pull(lambda d: np.sum(d), scalar=lambda y, d: d * y.size)},
            linear=("A",),
        )
    axis = summed[0] if len(summed) == 1 else tuple(summed)
    text = f"np.sum(d.reshape({', '.join(shape)}), axis={axis})"
    every = " * ".join(["d", *(count[0] for count in counts)])
    pull = Pull(spelled(f"lambda A, reps, d: {text}"), spelled(f"lambda reps, d: {every}"))
    return Rule(kind=kind, pulls={"A": pull}, linear=("A",))


def _counts(reps: Kind) -> list[tuple[str, int | Dim | None]]:
    """How often along each axis: the text, and the value where it is known."""
    if isinstance(reps, TupleOf):
        return [(f"reps[{i}]", int_value(item)) for i, item in enumerate(reps.items)]
    if not is_number(reps):
        raise NoRule("how often is not an int", "write an int, or a tuple of ints")
    return [("reps", int_value(reps))]


def _length(name: str, axis: int, dim: int | Dim, ndim: int) -> str:
    """The text of an operand's length along an axis."""
    if isinstance(dim, int):
        return str(dim)
    return f"len({name})" if ndim == 1 else f"{name}.shape[{axis}]"


def _product(at: str, *sizes: int | Dim | None) -> int | Dim:
    """The product of some sizes; a new one where one of them is not known."""
    known = [size for size in sizes if size is not None]
    return multiplied(*known) if len(known) == len(sizes) else fresh_dims(1, at)[0]


# --- some of them -------------------------------------------------------------------------------


@rule(np.take)
def take(a: Kind, indices: Kind, axis: Any = None) -> Rule:
    dtype, dims = array_parts(a)
    parts = display_parts(indices) if isinstance(indices, TupleOf) else array_parts(indices)
    index_dtype, places = parts
    if index_dtype.kind not in "iu":
        raise NoRule("the indices are not integers")
    if axis is None:
        kind = array_kind(dtype, places)
        template: Template = lambda a, indices, d: scatter(d, indices, a.shape)  # noqa: E731
    else:
        (i,) = normalize_axes(axis, len(dims))
        kind = array_kind(dtype, (*dims[:i], *places, *dims[i + 1 :]))
        template = lambda a, indices, d: scatter(d, indices, a.shape, axis)  # noqa: E731
    if not dims:
        raise NoRule("a number has no entries to take")
    return Rule(kind=kind, pulls={"a": Pull(template)}, linear=("a",))


def triangle(function: Callable[..., Any], template: Callable[[Any], Template]) -> None:
    """Registers a function that sets the entries on one side of a diagonal to zero."""

    @rule(function)
    def part(m: Kind, k: Any = 0) -> Rule:
        dtype, dims = array_parts(m)
        if len(dims) < 2:
            raise NoRule("it takes arrays of at least 2 dimensions")
        return Rule(kind=Array(dtype, dims), pulls={"m": Pull(template(k))}, linear=("m",))


triangle(np.tril, lambda k: (lambda d: np.tril(d, k)) if k else (lambda d: np.tril(d)))
triangle(np.triu, lambda k: (lambda d: np.triu(d, k)) if k else (lambda d: np.triu(d)))
