"""Arrays put together from others: each gets its part of the adjoint back.

y = np.concatenate((a, b))      →       da = dy[:len(a)]; db = dy[len(a):]
y = np.stack((a, b))            →       da = dy[0]; db = dy[1]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Dim, Dims, Kind, TupleOf, added, carries
from srcdiff.rules.operands import array_parts, normalize_axes
from srcdiff.rules.registry import NoRule, Pull, Rule, rule
from srcdiff.rules.sampling import sample
from srcdiff.rules.shaping import SAME, display_parts
from srcdiff.rules.spelled import spelled

# For each axis of the result which axis of the item it is; None for one of length 1 that is added.
Pattern = tuple["int | None", ...]


@dataclass(frozen=True)
class _Item:
    """One of the arrays that are joined: a path such as `arrays[0]`, and its kind."""

    name: str
    kind: Kind
    dtype: np.dtype[Any]
    dims: Dims

    def length(self, axis: int) -> str:
        """The text of its length along an axis."""
        dim = self.dims[axis]
        if isinstance(dim, int):
            return str(dim)
        name, kind = self.name, self.kind
        while isinstance(kind, TupleOf):  # the axes of a display come first, and have known lengths
            name, kind, axis = f"{name}[0]", kind.items[0], axis - 1
        return f"len({name})" if axis == 0 else f"{name}.shape[{axis}]"

    def leaves(self) -> Iterator[tuple[tuple[int, ...], str]]:
        """The way to each number or array in it, and its name; of an array that is itself."""

        def walk(path: tuple[int, ...], kind: Kind) -> Iterator[tuple[tuple[int, ...], str]]:
            if isinstance(kind, TupleOf):
                for i, item in enumerate(kind.items):
                    yield from walk((*path, i), item)
            else:
                yield path, self.name + "".join(f"[{i}]" for i in path)

        return walk((), self.kind)


def _items(function: str, name: str, kind: Kind) -> list[_Item]:
    if not isinstance(kind, TupleOf) or not kind.items:
        raise NoRule(
            "which arrays are joined is not known here", f"np.{function}((a, b)) names them"
        )
    return [_item(f"{name}[{i}]", item) for i, item in enumerate(kind.items)]


def _item(name: str, kind: Kind) -> _Item:
    parts = display_parts(kind) if isinstance(kind, TupleOf) else array_parts(kind)
    return _Item(name, kind, *parts)


def _joined(items: list[_Item], patterns: list[Pattern], axis: int, name: str | None) -> Rule:
    """The rule of joining items along an axis of the result.

    Args:
        items: what is joined.
        patterns: how the axes of each become those of the result.
        axis: the axis along which they lie one behind the other.
        name: the operand that holds them; None where they are operands themselves.
    """
    ndim = len(patterns[0])
    if any(len(pattern) != ndim for pattern in patterns):
        raise NoRule("the arrays have different numbers of dimensions")
    parts = list(zip(items, patterns, strict=True))
    shapes = [tuple(1 if k is None else item.dims[k] for k in pattern) for item, pattern in parts]
    dims = tuple(
        added(*(s[i] for s in shapes)) if i == axis else _equal([s[i] for s in shapes])
        for i in range(ndim)
    )
    kind = Array(np.result_type(*(item.dtype for item in items)), dims)
    if not carries(kind):
        return Rule(kind=kind)
    params = ", ".join(dict.fromkeys(item.name.split("[")[0] for item in items))
    pulls: dict[str, Pull] = {}
    before: list[str] = []
    for item, pattern in parts:
        last = item is items[-1]
        for path, leaf in item.leaves():
            key = _key(item, pattern, axis, path, before, last)
            pulls[leaf] = Pull(spelled(f"lambda {params}, d: d{key}"), SAME.scalar)
        own = pattern[axis]
        before = [*before, "1" if own is None else item.length(own)]
    operands = tuple(item.name for item in items) if name is None else (name,)
    met = tuple((shapes[0][i], shape[i]) for shape in shapes[1:] for i in range(ndim) if i != axis)
    return Rule(kind=kind, pulls=pulls, linear=operands, joint=True, equal=met)


def _key(
    item: _Item, pattern: Pattern, axis: int, path: tuple[int, ...], before: list[str], last: bool
) -> str:
    """The key, in brackets, of a leaf's part of the adjoint."""
    keys: list[str] = []
    for i, own in enumerate(pattern):
        index = 0 if own is None else path[own] if own < len(path) else None
        if i != axis:
            keys.append(":" if index is None else str(index))
        elif index is not None:
            keys.append(_sum([*before, str(index)]))
        else:
            assert own is not None
            start = _sum(before)
            stop = "" if last else _sum([*before, item.length(own)])
            keys.append(f"{'' if start == '0' else start}:{stop}")
    while len(keys) > 1 and keys[-1] == ":":
        keys.pop()
    if len(keys) > 2 and set(keys[:-1]) == {":"} and len(keys) == len(pattern):
        keys = ["...", keys[-1]]
    return f"[{', '.join(keys)}]"


def _sum(parts: list[str]) -> str:
    """The text of a sum of lengths."""
    known = sum(int(part) for part in parts if part.isdigit())
    others = [part for part in parts if not part.isdigit()]
    return " + ".join([*others, str(known)] if known or not others else others)


def _equal(sizes: list[int | Dim]) -> int | Dim:
    """One size that all have, or the primal raises; a literal says most."""
    return next((size for size in sizes if isinstance(size, int)), sizes[0])


# --- NumPy's functions --------------------------------------------------------------------------


@rule(np.concatenate)
def concatenate(arrays: Kind, axis: Any = 0) -> Rule:
    items = _items("concatenate", "arrays", arrays)
    if axis is None:
        # Numbers of Python are weak here, in versions of NumPy: it is asked.
        ones = [np.ones(1, x.dtype) if x.dims else sample(x.kind) for x in items]
        dtype = np.concatenate(ones, axis=None).dtype
        return _flattened([replace(item, dtype=dtype) for item in items], "arrays")
    ndim = len(items[0].dims)
    if not ndim:
        raise NoRule("numbers cannot be concatenated", "np.stack((a, b))")
    (i,) = normalize_axes(axis, ndim)
    return _joined(items, [tuple(range(len(item.dims))) for item in items], i, "arrays")


@rule(np.append)
def append(arr: Kind, values: Kind, axis: Any = None) -> Rule:
    items = [_item("arr", arr), _item("values", values)]
    if axis is None:
        return _flattened(items, None)
    (i,) = normalize_axes(axis, len(items[0].dims))
    return _joined(items, [tuple(range(len(item.dims))) for item in items], i, None)


def _flattened(items: list[_Item], name: str | None) -> Rule:
    """Joined as vectors. Only vectors and numbers have a length that is written simply."""
    if any(len(item.dims) > 1 for item in items):
        raise NoRule("arrays of several dimensions are not flattened here", "write a.ravel()")
    return _joined(items, [(0,) if item.dims else (None,) for item in items], 0, name)


@rule(np.stack)
def stack(arrays: Kind, axis: Any = 0) -> Rule:
    items = _items("stack", "arrays", arrays)
    (i,) = normalize_axes(axis, len(items[0].dims) + 1)
    patterns = [(*range(i), None, *range(i, len(item.dims))) for item in items]
    return _joined(items, patterns, i, "arrays")


def stacking(
    function: Callable[..., Any], pattern: Callable[[int], Pattern], axis: Callable[[int], int]
) -> None:
    """Registers a function that gives arrays of few dimensions more, and joins them.

    Args:
        function: the function.
        pattern: an item's number of dimensions → how its axes become those of the result.
        axis: the first item's number of dimensions → the axis along which they are joined.
    """

    @rule(function)
    def stack(tup: Kind) -> Rule:
        items = _items(function.__name__, "tup", tup)
        patterns = [pattern(len(item.dims)) for item in items]
        return _joined(items, patterns, axis(len(items[0].dims)), "tup")


def _own(ndim: int) -> Pattern:
    return tuple(range(ndim))


_AS_ROW: dict[int, Pattern] = {0: (None, None), 1: (None, 0)}
_AS_COLUMN: dict[int, Pattern] = {0: (None, None), 1: (0, None)}
_AS_LAYER: dict[int, Pattern] = {0: (None, None, None), 1: (None, 0, None), 2: (0, 1, None)}

stacking(np.hstack, lambda ndim: _own(ndim) or (None,), lambda ndim: 0 if ndim <= 1 else 1)
stacking(np.vstack, lambda ndim: _AS_ROW.get(ndim, _own(ndim)), lambda ndim: 0)
stacking(np.dstack, lambda ndim: _AS_LAYER.get(ndim, _own(ndim)), lambda ndim: 2)
stacking(np.column_stack, lambda ndim: _AS_COLUMN.get(ndim, _own(ndim)), lambda ndim: 1)
