"""Dimensions of what indexing gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcdiff.analysis.keys import Entry, advanced_dims, key_entries
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import UNKNOWN, Array, Dim, Kind, Number, Scalar, TupleOf, subtracted
from srcdiff.ir.show import show

Infer = Callable[[n.Expr], Kind]


def index_kind(array: Array, key: n.Expr, infer: Infer, at: str) -> Kind:
    """The kind of `array[key]`: a NumPy scalar where every axis is indexed by an integer."""
    entries = key_entries(key, infer)
    if entries is None:
        return UNKNOWN
    used = sum(_used(e) for e in entries)
    if used > array.ndim:
        return UNKNOWN
    if not any(e.what == "ellipsis" for e in entries):
        entries += (Entry("ellipsis", None),)
        ellipsis = False
    else:
        ellipsis = True
    advanced = any(e.what in ("indices", "mask") for e in entries)
    dims, place = _kept_dims(array, entries, array.ndim - used, infer, key, at)
    if advanced:
        label = f"{at}|indices {show(key)}"
        made = advanced_dims(entries, lambda e: (Dim(_mask_name(e, label, at)),))
        dims = [*dims[:place], *made, *dims[place:]]
    if not dims and not ellipsis:
        return Scalar(array.dtype)
    return Array(array.dtype, tuple(dims))


def _used(e: Entry) -> int:
    """The number of axes that an entry of a key indexes."""
    if e.what == "mask":
        return 1 if e.dims is None else len(e.dims)
    return 0 if e.what in ("axis", "ellipsis") else 1


def _mask_name(e: Entry, label: str, at: str) -> str:
    """A mask that stands twice in one statement picks as many elements each time."""
    return label if e.expr is None else f"{at}|picked by {show(e.expr)}"


def _kept_dims(
    array: Array, entries: tuple[Entry, ...], rest: int, infer: Infer, key: n.Expr, at: str
) -> tuple[list[int | Dim], int]:
    """The dimensions of the axes that are sliced or left alone, and where among them those of
    indices and masks belong: where the first stands, in front if others stand between them.
    """
    dims: list[int | Dim] = []
    axis = 0
    advanced = any(e.what in ("indices", "mask") for e in entries)
    places: list[int] = []
    runs = 0
    inside = False
    for k, e in enumerate(entries):
        joins = e.what in ("indices", "mask") or (e.what == "integer" and advanced)
        if joins and not inside:
            runs += 1
            places.append(len(dims))
        inside = joins
        if e.what == "axis":
            dims.append(1)
        elif e.what == "ellipsis":
            dims += array.dims[axis : axis + rest]
            axis += rest
        elif isinstance(e.expr, n.Slice):
            dims.append(slice_dim(array.dims[axis], e.expr, infer, at))
            axis += 1
        elif e.what == "slice":
            dims.append(_kept_slice(array.dims[axis], e, f"{at}|{show(key)}.{k}"))
            axis += 1
        else:
            axis += _used(e)
    return dims, places[0] if runs == 1 else 0


def _kept_slice(dim: int | Dim, entry: Entry, label: str) -> int | Dim:
    """The length of a slice that is kept in a variable."""
    if entry.bounds is not None:
        lower, upper, step = entry.bounds
        exact = _exact(dim, lower, upper, 1 if step is None else step)
        if exact is not None:
            return exact
    name = dim if isinstance(dim, int) else f"{dim.name}-{dim.minus}"
    return Dim(f"{label}|{name}")


def slice_dim(dim: int | Dim, key: n.Slice, infer: Infer, at: str) -> int | Dim:
    """The length of a slice of a dimension."""
    step = 1 if key.step is None else _literal(key.step)
    lower = 0 if key.lower is None else _literal(key.lower)
    upper = None if key.upper is None else _literal(key.upper)
    known_upper = key.upper is None or upper is not None
    if step is not None and lower is not None and known_upper:
        start = None if key.lower is None else lower
        exact = _exact(dim, start, upper, step)
        if exact is not None:
            return exact
    between = _between(dim, key, infer) if key.step is None else None
    if between is not None:
        return between
    name = dim if isinstance(dim, int) else f"{dim.name}-{dim.minus}"
    return Dim(f"{at}|{name}[{show(key)}]")


def _between(dim: int | Dim, key: n.Slice, infer: Infer) -> int | Dim | None:
    """The length of `x[:len(x)]`, or of a part of what was joined: `d[len(x):len(x) + len(y)]`."""
    lower = 0 if key.lower is None else _size(infer(key.lower))
    upper = dim if key.upper is None else _size(infer(key.upper))
    if lower is None or upper is None or subtracted(dim, upper) is None:
        return None
    return subtracted(upper, lower)


def _size(kind: Kind) -> int | Dim | None:
    """The value of an int that is not negative."""
    size = kind.size if isinstance(kind, Number) and kind.type is int else None
    if isinstance(size, int):
        return size if size >= 0 else None
    # One that may have come from a subtraction could be negative.
    whole = size is not None and size.minus <= 0 and all(t.minus <= 0 for t in size.terms)
    return size if whole else None


def _exact(dim: int | Dim, start: int | None, upper: int | None, step: int) -> int | Dim | None:
    if isinstance(dim, int):
        return len(range(*slice(start, upper, step).indices(dim)))
    if start is None and upper is None and step in (1, -1):
        return dim
    lower = start or 0
    if step != 1 or lower < 0 or (upper is not None and upper >= 0):
        return None
    cut = lower - (upper or 0)
    return dim if cut == 0 else replace(dim, minus=dim.minus + cut, not_one=False)


def _literal(e: n.Expr) -> int | None:
    return e.value if isinstance(e, n.Const) and type(e.value) is int else None


def shape_kind(kind: Array) -> TupleOf:
    """The kind of an array's shape: a tuple of ints whose sizes are known."""
    return TupleOf(tuple(Number(int, size=dim) for dim in kind.dims))
