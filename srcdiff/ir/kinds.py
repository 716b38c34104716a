"""Kinds: what is known of a value before the program runs.

A kind is an exact type, and for arrays the dtype and the dimensions. Dimensions are symbolic, so
that it is known where two shapes must agree and no broadcasting can happen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Dim:
    """A dimension of unknown size: `max(size(name) - minus, 0)`.

    `name` names one size for the whole run, or one in each trip of the loop that made it.
    `not_one` says that the size is known to differ from 1, which is what broadcasting turns on.
    `terms` are the sizes that `name` is the sum of, where it is one.
    """

    name: str
    minus: int = 0
    not_one: bool = False
    terms: tuple[Dim, ...] = field(default=(), compare=False, repr=False)


Dims = tuple["int | Dim", ...]


@dataclass(frozen=True)
class Kind:
    """What is known of a value."""


@dataclass(frozen=True)
class Number(Kind):
    """A Python number of exactly this type; `size` is an int's value where it is known. A float
    that is `mixed` may also be an int, as arithmetic does not tell them apart.
    """

    type: type
    size: int | Dim | None = None
    mixed: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Scalar(Kind):
    """A NumPy scalar of this dtype."""

    dtype: np.dtype[Any]


@dataclass(frozen=True)
class Array(Kind):
    """An ndarray: dtype and dimensions; no dimensions make a 0-d array."""

    dtype: np.dtype[Any]
    dims: Dims

    @property
    def ndim(self) -> int:
        return len(self.dims)


@dataclass(frozen=True)
class TupleOf(Kind):
    items: tuple[Kind, ...]


@dataclass(frozen=True)
class Maybe(Kind):
    """A value of a kind, or None: what `best = None` becomes in a loop that finds something."""

    item: Kind


@dataclass(frozen=True)
class ListOf(Kind):
    """A list whose items are all of one kind (Unknown where they are not)."""

    item: Kind


@dataclass(frozen=True)
class ItemsOf(Kind):
    """A list of known length, with a kind for each item."""

    items: tuple[Kind, ...]


@dataclass(frozen=True)
class DictOf(Kind):
    """A dict with these strings as keys, in this order."""

    keys: tuple[str, ...]
    items: tuple[Kind, ...]


@dataclass(frozen=True)
class RecordOf(Kind):
    """An object of exactly this class, with these attributes: an argument that is differentiated,
    or is part of one.
    """

    cls: type
    keys: tuple[str, ...]
    items: tuple[Kind, ...]


class Attribute(str):
    """A key that is taken as an attribute."""

    __slots__ = ()


@dataclass(frozen=True)
class RangeOf(Kind):
    """A `range`."""


@dataclass(frozen=True)
class SliceOf(Kind):
    """A slice; `bounds` are its start, stop and step, where these are literals."""

    bounds: tuple[int | None, int | None, int | None] | None = None


@dataclass(frozen=True)
class IteratorOf(Kind):
    """What can only be iterated, such as `zip(xs, ys)`: it gives items of this kind."""

    item: Kind


@dataclass(frozen=True)
class Known(Kind):
    """A value known when the text is made: None, a string, a bool, a type, a dtype, a callable,
    a module, a slice structure. Identity and type count, as 1 == True.
    """

    value: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Known) or type(self.value) is not type(other.value):
            return False
        return self.value is other.value or (
            isinstance(self.value, str | bytes | bool | np.dtype) and self.value == other.value
        )

    def __hash__(self) -> int:
        if isinstance(self.value, str | bytes | bool | np.dtype):
            return hash((type(self.value), self.value))
        return hash((type(self.value), id(self.value)))


@dataclass(frozen=True)
class FunctionOf(Kind):
    """A function made while the program runs: which one, and the names and kinds of the values
    that it holds. Other names that it captures are variables of the function that is running.
    """

    code: Any
    held: tuple[tuple[str, Kind], ...] = ()


@dataclass(frozen=True)
class PartialOf(Kind):
    """A function with its first arguments, and some by name, given already.

    `given` is the object, where it is one that the program was given: it is then known which.
    """

    function: Kind
    args: tuple[Kind, ...]
    keywords: tuple[tuple[str, Kind], ...] = ()
    given: Any = field(default=None, hash=False)


@dataclass(frozen=True)
class DerivedOf(Kind):
    """A derivative of a function: `step` says which (`ir.callee.Step`)."""

    function: Kind
    step: Any


@dataclass(frozen=True)
class KeywordsOf(Kind):
    """The arguments that a partial gives by name."""

    items: tuple[tuple[str, Kind], ...]


@dataclass(frozen=True, eq=False)
class Object(Kind):
    """Any other object, of exactly this class; `value` is the object, where it is known which one
    this stands for, and `path` tells how it is reached: a variable, then attributes.
    """

    cls: type
    value: Any = None
    path: tuple[Any, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Object):
            return False
        return self.cls is other.cls and self.value is other.value

    def __hash__(self) -> int:
        return hash((self.cls, id(self.value)))


@dataclass(frozen=True)
class MapOf(Kind):
    """A dict of which the keys are not known; its values are of one kind."""

    item: Kind


@dataclass(frozen=True)
class Unknown(Kind):
    """Anything at all."""


@dataclass(frozen=True)
class Nothing(Kind):
    """No value at all: what an empty list holds."""


@dataclass(frozen=True)
class Pending(Kind):
    """Not known yet: what a recursive call returns, while that is being inferred."""


class Unfilled:
    """What stands for None in a list whose items come later."""


UNFILLED = Unfilled()
UNKNOWN = Unknown()
NOTHING = Nothing()
PENDING = Pending()
FLOAT = Number(float)
INT = Number(int)
BOOL = Number(bool)
COMPLEX = Number(complex)
FLOAT64 = Scalar(np.dtype(np.float64))


def arrays_of(
    kind: Kind, path: tuple[int | str, ...] = ()
) -> Iterator[tuple[tuple[int | str, ...], Array]]:
    """The arrays in a value of known structure, and the keys that lead to each."""
    if isinstance(kind, Array):
        yield path, kind
    elif isinstance(kind, TupleOf | ItemsOf | DictOf | RecordOf):
        for i, item in enumerate(kind.items):
            key: int | str = kind.keys[i] if isinstance(kind, DictOf) else i
            key = Attribute(kind.keys[i]) if isinstance(kind, RecordOf) else key
            yield from arrays_of(item, (*path, key))


def map_arrays(kind: Kind, f: Callable[[Array], Array]) -> Kind:
    """The kind with each array in it mapped."""
    if isinstance(kind, Array):
        return f(kind)
    if isinstance(kind, TupleOf | ItemsOf | DictOf | RecordOf):
        return replace(kind, items=tuple(map_arrays(item, f) for item in kind.items))
    return kind


def is_number(kind: Kind) -> bool:
    """Whether the value is a Python number or a NumPy scalar: immutable, without dimensions."""
    return isinstance(kind, Number | Scalar) or (
        isinstance(kind, Known) and type(kind.value) is bool
    )


def dims_of(kind: Kind) -> Dims | None:
    """The dimensions of a number or an array, None for anything else."""
    if isinstance(kind, Array):
        return kind.dims
    return () if is_number(kind) else None


def dtype_of(kind: Kind) -> np.dtype[Any] | None:
    """The dtype that the value has, or would have as an array."""
    if isinstance(kind, Array | Scalar):
        return kind.dtype
    if isinstance(kind, Number):
        return np.dtype(kind.type)
    if isinstance(kind, Known) and type(kind.value) is bool:
        return np.dtype(bool)
    return None


def is_some_array(kind: Kind) -> bool:
    """Whether the value is an array of one dimension or more, or may be one."""
    kind = kind.item if isinstance(kind, Maybe) else kind
    return isinstance(kind, Array) and kind.ndim > 0


def is_float(kind: Kind) -> bool:
    """Whether the value is a real floating-point number or array."""
    dtype = dtype_of(kind)
    return dtype is not None and dtype.kind == "f"


def is_complex(kind: Kind) -> bool:
    """Whether the value is a complex number or array."""
    dtype = dtype_of(kind)
    return dtype is not None and dtype.kind == "c"


def carries(kind: Kind) -> bool:
    """Whether the value can carry a derivative: a number or array, real or complex."""
    return is_float(kind) or is_complex(kind)


def promote(*kinds: Kind) -> np.dtype[Any]:
    """The dtype of arithmetic on these values by NumPy 2's rules: Python numbers are weak."""
    samples: list[Any] = []
    for kind in kinds:
        if isinstance(kind, Number):
            samples.append(kind.type(0))
        else:
            dtype = dtype_of(kind)
            if dtype is None:
                raise TypeError(f"no dtype: {kind}")
            samples.append(dtype)
    return np.result_type(*samples)


def same_dim(a: int | Dim, b: int | Dim) -> bool:
    """Whether the two sizes are equal in every run."""
    if isinstance(a, Dim) and isinstance(b, Dim):
        return a.name == b.name and a.minus == b.minus
    return a == b


def same_dims(a: Dims, b: Dims) -> bool:
    return len(a) == len(b) and all(same_dim(x, y) for x, y in zip(a, b, strict=True))


def added(*sizes: int | Dim) -> int | Dim:
    """The sum of some sizes."""
    terms, known = _terms(*sizes)
    if not terms:
        return known
    if len(terms) == 1 and (terms[0].minus == 0 or known == 0):
        only = terms[0]
        keeps = only.not_one and known == 0
        return replace(only, minus=only.minus - known, not_one=keeps or known > 1)
    in_order = tuple(sorted(terms, key=_label))
    # What occurs twice or more, or is more than one, is not one.
    twice = any(count > 1 for count in Counter(terms).values())
    name = "+".join(map(_label, in_order))
    alone = known == 0 and len(set(terms)) == 1 and twice
    return Dim(name, -known, not_one=known > 1 or alone, terms=in_order)


def subtracted(whole: int | Dim, part: int | Dim) -> int | Dim | None:
    """The difference of two sizes, where the second is known to be a part of the first."""
    terms, known = _terms(whole)
    less, known_less = _terms(part)
    left = Counter(terms)
    left.subtract(less)
    if known_less > known or any(count < 0 for count in left.values()):
        return None
    return added(known - known_less, *left.elements())


def multiplied(*sizes: int | Dim) -> int | Dim:
    """The product of some sizes."""
    known = math.prod(size for size in sizes if isinstance(size, int))
    unknown = sorted((size for size in sizes if isinstance(size, Dim)), key=_label)
    if not unknown or known == 0:
        return known
    if len(unknown) == 1 and known < 5:
        return added(*unknown * known)
    labels = [str(known)] * (known != 1) + [_label(size) for size in unknown]
    not_one = known != 1 or any(size.not_one for size in unknown)
    return Dim(" by ".join(labels), not_one=not_one)


def _terms(*sizes: int | Dim) -> tuple[list[Dim], int]:
    """Sizes as the sum of names and of a number."""
    terms: list[Dim] = []
    known = 0
    for size in sizes:
        if isinstance(size, int):
            known += size
        elif size.minus > 0:  # cut off at zero: a size of its own
            terms.append(size)
        else:
            known -= size.minus
            terms += size.terms or (replace(size, minus=0),)
    return terms, known


def not_one(dim: int | Dim) -> bool:
    """Whether the size is known to differ from 1."""
    return dim.not_one if isinstance(dim, Dim) else dim != 1


def broadcast_dim(a: int | Dim, b: int | Dim) -> int | Dim:
    """The size of the two broadcast against each other (an unknown one where it can be either)."""
    if same_dim(a, b) or b == 1:
        return a
    if a == 1:
        return b
    # Two sizes that are not 1 are equal, or the primal raises.
    if not_one(a) and not_one(b):
        return a if isinstance(a, int) or not isinstance(b, int) else b
    if not_one(a):
        return a
    if not_one(b):
        return b
    return Dim(f"{_label(a)}*{_label(b)}")


def _label(dim: int | Dim) -> str:
    if isinstance(dim, int):
        return str(dim)
    return f"{dim.name}-{dim.minus}" if dim.minus else dim.name


def broadcast_dims(*shapes: Dims) -> Dims:
    """The dimensions of values broadcast against each other."""
    out: Dims = ()
    for shape in shapes:
        n = max(len(out), len(shape))
        left = (1,) * (n - len(out)) + out
        right = (1,) * (n - len(shape)) + shape
        out = tuple(broadcast_dim(a, b) for a, b in zip(left, right, strict=True))
    return out


def join(a: Kind, b: Kind, label: str) -> Kind:
    """The kind of a value that is one or the other, where two paths meet.

    `label` names the meeting point and the variable: sizes that differ become a new size named
    after it, since equal names must mean equal sizes.
    """
    if a == b or b in (NOTHING, PENDING):
        return b if isinstance(b, Number) and b.mixed else a
    if a in (NOTHING, PENDING):
        return b
    if isinstance(a, Number) and isinstance(b, Number) and a.type is b.type:
        return Number(a.type)
    if _is_none(a) or _is_none(b) or isinstance(a, Maybe) or isinstance(b, Maybe):
        return _join_maybe(a, b, label)
    if _is_bool(a) and _is_bool(b):
        return BOOL
    if isinstance(a, TupleOf) and isinstance(b, TupleOf) and len(a.items) == len(b.items):
        pairs = enumerate(zip(a.items, b.items, strict=True))
        return TupleOf(tuple(join(x, y, f"{label}.{i}") for i, (x, y) in pairs))
    if isinstance(a, DictOf) and isinstance(b, DictOf) and a.keys == b.keys:
        triples = zip(a.keys, a.items, b.items, strict=True)
        return DictOf(a.keys, tuple(join(x, y, f"{label}.{key}") for key, x, y in triples))
    if isinstance(a, ListOf) and isinstance(b, ListOf):
        return ListOf(join(a.item, b.item, label))
    if isinstance(a, MapOf) and isinstance(b, MapOf):
        return MapOf(join(a.item, b.item, label))
    if isinstance(a, IteratorOf) and isinstance(b, IteratorOf):
        return IteratorOf(join(a.item, b.item, label))
    if isinstance(a, Array) and isinstance(b, Array) and a.ndim == b.ndim and a.dtype == b.dtype:
        dims = enumerate(zip(a.dims, b.dims, strict=True))
        return Array(a.dtype, tuple(_join_dim(x, y, f"{label}.{i}") for i, (x, y) in dims))
    if isinstance(a, SliceOf) and isinstance(b, SliceOf):
        return SliceOf()
    if is_number(a) and is_number(b):
        return _join_numbers(a, b)
    if isinstance(a, Object) and isinstance(b, Object) and a.cls is b.cls:
        return Object(a.cls)
    if isinstance(a, FunctionOf) and isinstance(b, FunctionOf) and a.code is b.code:
        if [name for name, _ in a.held] == [name for name, _ in b.held]:
            both = zip(a.held, b.held, strict=True)
            held = tuple((name, join(x, y, f"{label}.{name}")) for (name, x), (_, y) in both)
            return FunctionOf(a.code, held)
    return UNKNOWN


def join_all(kinds: Iterable[Kind], label: str) -> Kind:
    """The kind of a value that is one of several."""
    out: Kind = NOTHING
    for kind in kinds:
        out = join(out, kind, label)
    return out


def _is_none(kind: Kind) -> bool:
    return isinstance(kind, Known) and kind.value is None


def _join_maybe(a: Kind, b: Kind, label: str) -> Kind:
    """What is None on one path at least; other strings and flags beside None stay unknown."""
    parts = [k.item if isinstance(k, Maybe) else k for k in (a, b) if not _is_none(k)]
    kind = join(parts[0], parts[1], label) if len(parts) == 2 else parts[0]
    data = is_number(kind) or isinstance(kind, Array | ListOf | TupleOf | DictOf)
    return Maybe(kind) if data else UNKNOWN


def _is_bool(kind: Kind) -> bool:
    return kind == BOOL or (isinstance(kind, Known) and type(kind.value) is bool)


def _join_dim(a: int | Dim, b: int | Dim, name: str) -> int | Dim:
    return a if same_dim(a, b) else Dim(name, not_one=not_one(a) and not_one(b))


def _join_numbers(a: Kind, b: Kind) -> Kind:
    """Numbers of two types: the wider one. A NumPy scalar absorbs a Python number, for what
    matters to the rules is that arithmetic on it does not raise where Python's would.
    """
    dtype = promote(a, b)
    if isinstance(a, Scalar) or isinstance(b, Scalar):
        return Scalar(dtype)
    return Number(type(dtype.type(0).item()), mixed=True)
