"""Reshaping, transposing, copying, converting: the same numbers in another form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcdiff.ir.kinds import (
    FLOAT,
    UNKNOWN,
    Array,
    Dim,
    Dims,
    Kind,
    ListOf,
    Number,
    Scalar,
    TupleOf,
    broadcast_dims,
    carries,
    is_number,
    multiplied,
    not_one,
    same_dim,
    same_dims,
)
from srcdiff.rules.operands import (
    array_kind,
    array_parts,
    fresh_dims,
    int_value,
    keep_imaginary,
    normalize_axes,
    shape_dims,
)
from srcdiff.rules.registry import NoRule, Pull, Rule, Template, rule
from srcdiff.rules.spelled import spelled
from srcdiff.runtime.broadcast import unbroadcast

# One number that stands for an array of equal entries does so in any form.
SAME = Pull(lambda d: d, scalar=lambda d: d)


def moved(a: Kind, dtype: np.dtype[Any], dims: Dims, template: Template) -> Rule:
    """A view, as a rule, with the entries of `a` in other places; of a number, an array of one."""
    if isinstance(a, Scalar) and not dims:
        return Rule(kind=a, pulls={"a": SAME}, linear=("a",))
    if is_number(a):
        pull = Pull(lambda d: np.sum(d), scalar=lambda d: d) if dims else SAME
        return Rule(kind=Array(dtype, dims), pulls={"a": pull}, linear=("a",))
    pull = Pull(template, scalar=lambda d: d)
    return Rule(kind=Array(dtype, dims), pulls={"a": pull}, shares=("a",), linear=("a",))


# --- other dimensions, the same order -----------------------------------------------------------


@rule(np.ndarray.reshape, np.generic.reshape)
def reshape_method(a: Kind, *shape: Kind, at: str = "") -> Rule:
    return reshape(a, shape[0] if len(shape) == 1 else TupleOf(shape), at)


@rule(np.reshape)
def reshape(a: Kind, shape: Kind, at: str = "") -> Rule:
    dtype, old = array_parts(a)
    items = shape.items if isinstance(shape, TupleOf) else (shape,)
    new = list(shape_dims(shape, at))
    rest = [i for i, item in enumerate(items) if isinstance(item, Number) and item.size == -1]
    if len(rest) == 1:
        known = _rest(old, tuple(dim for i, dim in enumerate(new) if i not in rest))
        new[rest[0]] = new[rest[0]] if known is None else known
    dims = tuple(new)
    if same_dims(old, dims):
        return moved(a, dtype, dims, lambda d: d)
    if not dims:
        return moved(a, dtype, dims, lambda a, d: np.reshape(d, a.shape))
    return moved(a, dtype, dims, lambda a, d: d.reshape(a.shape))


def _rest(old: Dims, others: Dims) -> int | Dim | None:
    """What -1 stands for in a reshape of `old` to a shape with these other entries."""
    sizes = [dim for dim in old if isinstance(dim, int)]
    divisors = [dim for dim in others if isinstance(dim, int)]
    if len(sizes) == len(old) and len(divisors) == len(others) and 0 not in divisors:
        return math.prod(sizes) // math.prod(divisors)
    left = [dim for dim in old if dim != 1]
    for dim in others:
        equal = [i for i, other in enumerate(left) if same_dim(dim, other)]
        if equal:
            del left[equal[0]]
        elif dim != 1:
            return None
    if len(left) > 1:
        return None
    return left[0] if left else 1


@rule(np.ravel)
def ravel(a: Kind) -> Rule:
    dtype, dims = array_parts(a)
    return moved(a, dtype, flat_dims(dims), unflatten(dims))


@rule(np.ndarray.flatten)
def flatten(a: Kind) -> Rule:
    dtype, dims = array_parts(a)
    pull = Pull(unflatten(dims), scalar=lambda d: d)
    return Rule(kind=Array(dtype, flat_dims(dims)), pulls={"a": pull}, linear=("a",))


def flat_dims(dims: Dims) -> Dims:
    """The dimensions of an array of these dimensions as a vector."""
    return (multiplied(*dims),)


def unflatten(dims: Dims) -> Template:
    """The template that gives the adjoint of a vector the operand's dimensions again."""
    return (lambda d: d) if len(dims) == 1 else lambda a, d: d.reshape(a.shape)


@rule(np.expand_dims)
def expand_dims(a: Kind, axis: Any) -> Rule:
    dtype, dims = array_parts(a)
    count = len(axis) if isinstance(axis, tuple | list) else 1
    axes = normalize_axes(axis, len(dims) + count)
    left = iter(dims)
    new = tuple(1 if i in axes else next(left) for i in range(len(dims) + count))
    return moved(a, dtype, new, lambda d: np.squeeze(d, axis))


@rule(np.squeeze)
def squeeze(a: Kind, axis: Any = None) -> Rule:
    dtype, dims = array_parts(a)
    if axis is not None:
        axes = normalize_axes(axis, len(dims))
    elif all(isinstance(dim, int) or not_one(dim) for dim in dims):
        axes = tuple(i for i, dim in enumerate(dims) if dim == 1)
    else:
        pull = Pull(lambda a, d: np.reshape(d, a.shape), scalar=lambda d: d)
        return Rule(kind=UNKNOWN, pulls={"a": pull}, shares=("a",), linear=("a",))
    kept = tuple(dim for i, dim in enumerate(dims) if i not in axes)
    back = axes[0] if len(axes) == 1 else axes
    return moved(a, dtype, kept, lambda d: np.expand_dims(d, back))


# --- other order --------------------------------------------------------------------------------


@rule(np.transpose)
def transpose(a: Kind, axes: Any = None) -> Rule:
    dtype, dims = array_parts(a)
    if axes is None:
        template: Template = (lambda d: d) if len(dims) < 2 else lambda d: d.T
        return moved(a, dtype, dims[::-1], template)
    if len(axes) != len(dims):
        raise NoRule(f"axes {axes!r} of a value with {len(dims)} dimensions")
    order = tuple(i % len(dims) for i in axes)
    back = tuple(order.index(i) for i in range(len(order)))
    return moved(a, dtype, tuple(dims[i] for i in order), lambda d: np.transpose(d, back))


@rule(np.ndarray.transpose, np.generic.transpose)
def transpose_method(a: Kind, *axes: Kind) -> Rule:
    items = axes[0].items if len(axes) == 1 and isinstance(axes[0], TupleOf) else axes
    order = [i for i in map(int_value, items) if isinstance(i, int)]
    if len(order) != len(items):
        raise NoRule("the axes are not known here", "write them as numbers")
    return transpose(a, order or None)


@rule(np.swapaxes)
def swapaxes(a: Kind, axis1: Any, axis2: Any) -> Rule:
    dtype, dims = array_parts(a)
    (i,), (j,) = normalize_axes(axis1, len(dims)), normalize_axes(axis2, len(dims))
    new = list(dims)
    new[i], new[j] = dims[j], dims[i]
    return moved(a, dtype, tuple(new), lambda d: np.swapaxes(d, axis1, axis2))


@rule(np.moveaxis)
def moveaxis(a: Kind, source: Any, destination: Any) -> Rule:
    dtype, dims = array_parts(a)
    new = tuple(dims[i] for i in _order(len(dims), source, destination))
    return moved(a, dtype, new, lambda d: np.moveaxis(d, destination, source))


def _order(ndim: int, source: Any, destination: Any) -> tuple[int, ...]:
    """Which axis of the operand each axis of the result is: NumPy is asked, by distinct sizes."""
    probe = np.broadcast_to(0, tuple(range(1, ndim + 1)))
    return tuple(size - 1 for size in np.moveaxis(probe, source, destination).shape)


# --- broadcasting and copies --------------------------------------------------------------------


@rule(np.broadcast_to)
def broadcast_to(array: Kind, shape: Kind, at: str = "") -> Rule:
    dtype, old = array_parts(array)
    dims = shape_dims(shape, at)
    if same_dims(old, dims):
        pull = SAME
    elif is_number(array):
        pull = Pull(lambda d: np.sum(d), scalar=lambda y, d: d * y.size)
    else:
        pull = Pull(lambda array, d: unbroadcast(d, array.shape))
    kind = Array(dtype, dims)
    return Rule(kind=kind, pulls={"array": pull}, shares=("array",), linear=("array",))


@rule(np.copy)
def copy(a: Kind, order: Any = "K") -> Rule:
    dtype, dims = array_parts(a)
    return Rule(kind=Array(dtype, dims), pulls={"a": SAME}, linear=("a",))


@rule(np.generic.copy, np.ndarray.copy)
def copy_of_same_kind(a: Kind, order: Any = "C") -> Rule:
    """The methods: of a NumPy scalar they give a scalar, where `np.copy` gives a 0-d array."""
    array_parts(a)
    return Rule(kind=a, pulls={"a": SAME}, linear=("a",))


@rule(np.ndarray.item, np.generic.item)
def item(a: Kind) -> Rule:
    """The one entry as a Python number."""
    dtype, _ = array_parts(a)
    kind = Number(type(dtype.type(1).item()))
    return Rule(kind=kind, pulls={"a": SAME}, linear=("a",))


# --- conversions --------------------------------------------------------------------------------


@rule(np.array)
def array(object: Kind, dtype: Any = None, at: str = "") -> Rule:  # noqa: A002
    kind = _as_array(object, dtype, at)
    return _of_display("object", object, kind, shares=())


@rule(np.asarray)
def asarray(a: Kind, dtype: Any = None, at: str = "") -> Rule:
    kind = _as_array(a, dtype, at)
    return _of_display("a", a, kind, shares=("a",))


@rule(np.ascontiguousarray)
def ascontiguousarray(a: Kind) -> Rule:
    dtype, dims = array_parts(a)
    if not dims:
        return moved(a, dtype, (1,), lambda a, d: np.reshape(d, a.shape))
    return moved(a, dtype, dims, lambda d: d)


def _of_display(name: str, operand: Kind, kind: Kind, shares: tuple[str, ...]) -> Rule:
    """Each item of a display gets its entry of the adjoint."""
    if not carries(kind):
        return Rule(kind=kind, shares=shares)
    keep_imaginary(operand, kind)
    if isinstance(operand, ListOf):
        # The engine takes the adjoint to the items of a list.
        return Rule(kind=kind)
    if not isinstance(operand, TupleOf):
        return Rule(kind=kind, pulls={name: SAME}, shares=shares, linear=(name,))
    pulls = {
        name + "".join(f"[{i}]" for i in path): Pull(
            spelled(f"lambda d: d[{', '.join(map(str, path))}]"), scalar=lambda d: d
        )
        for path in _paths(operand)
    }
    return Rule(kind=kind, pulls=pulls, linear=(name,), joint=True)


def _paths(display: TupleOf) -> list[tuple[int, ...]]:
    """The way to each item of nested displays."""
    return [
        (i, *path)
        for i, item in enumerate(display.items)
        for path in (_paths(item) if isinstance(item, TupleOf) else [()])
    ]


def _as_array(kind: Kind, dtype: Any, at: str) -> Kind:
    if isinstance(kind, TupleOf):
        item_dtype, dims = display_parts(kind)
    elif isinstance(kind, ListOf):
        item_dtype, item_dims = array_parts(kind.item)
        dims = (*fresh_dims(1, at), *item_dims)
    else:
        item_dtype, dims = array_parts(kind)
    return Array(item_dtype if dtype is None else np.dtype(dtype), dims)


def display_parts(kind: TupleOf) -> tuple[np.dtype[Any], Dims]:
    """The array made of a display of numbers, arrays and displays of one shape."""
    parts = [
        display_parts(item) if isinstance(item, TupleOf) else array_parts(item)
        for item in kind.items
    ]
    dtype = np.result_type(*(part[0] for part in parts)) if parts else np.dtype(float)
    dims = parts[0][1] if parts else ()
    if any(len(part[1]) != len(dims) for part in parts):
        raise NoRule("the items have different numbers of dimensions")
    return dtype, (len(parts), *broadcast_dims(*(part[1] for part in parts)))


@rule(np.ndarray.astype, np.generic.astype)
def astype(a: Kind, dtype: Any) -> Rule:
    _, dims = array_parts(a)
    new = np.dtype(dtype)
    kind = Array(new, dims) if isinstance(a, Array) else Scalar(new)
    if not carries(kind):
        return Rule(kind=kind)
    keep_imaginary(a, kind)
    return Rule(kind=kind, pulls={"a": SAME}, linear=("a",))


def conversion(cls: type[np.generic]) -> None:
    """Registers a NumPy scalar type called as a function."""

    @rule(cls)
    def convert(x: Kind) -> Rule:
        _, dims = array_parts(x)
        kind = array_kind(cls, dims)
        if not carries(kind):
            return Rule(kind=kind, shares=("x",))
        return Rule(kind=kind, pulls={"x": SAME}, shares=("x",), linear=("x",))


SCALAR_TYPES: tuple[type[np.generic], ...] = (
    *(np.float64, np.float32, np.float16, np.complex128, np.complex64),
    *(np.int64, np.int32, np.intp, np.bool_),
)
for cls in SCALAR_TYPES:
    conversion(cls)


@rule(float)
def float_(x: Kind) -> Rule:
    """The number itself, also that of an array of one entry."""
    return Rule(kind=FLOAT, pulls={"x": SAME}, linear=("x",))
