"""Keys that keep nothing of the user's alive, for caches that outlive a call.

What is known by identity (functions, classes, modules) is in them by weak reference: a key of an
object that is gone equals no other key again.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable
from types import EllipsisType, FunctionType, MethodType, NoneType
from typing import Any

import numpy as np

from srcdiff.ir import kinds as k


class Identity:
    """An object, known by identity and held weakly where that is possible.

    Two are equal when they stand for the same object, and it is still alive. What cannot be held
    weakly (objects written in C, as a rule) is held.

    Example:
        >>> Identity(np.sin) == Identity(np.sin)
        True
    """

    __slots__ = ("__weakref__", "_hash", "_held", "_ref")

    def __init__(self, value: Any) -> None:
        self._hash = id(value)
        self._held: Any = None
        self._ref: weakref.ref[Any] | None = None
        try:
            self._ref = weakref.ref(value)
        except TypeError:
            self._held = value

    def get(self) -> Any:
        """The object; None when it is gone."""
        return self._held if self._ref is None else self._ref()

    def is_gone(self) -> bool:
        return self._ref is not None and self._ref() is None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Identity):
            return NotImplemented
        return self is other or (self.get() is other.get() and not self.is_gone())

    def __hash__(self) -> int:
        return self._hash


def frozen_key(kind: k.Kind) -> Any:
    """A key of a kind that keeps alive nothing of the user's.

    Example:
        >>> frozen_key(k.FLOAT) == frozen_key(k.Number(float))
        True
    """
    match kind:
        case k.Number(cls):
            return k.Number, cls
        case k.Scalar(dtype):
            return k.Scalar, dtype
        case k.Array(dtype, dims):
            return k.Array, dtype, *map(_size, dims)
        case k.TupleOf(items):
            return k.TupleOf, *(frozen_key(item) for item in items)
        case k.ItemsOf(items):
            return k.ItemsOf, *(frozen_key(item) for item in items)
        case k.DictOf(keys, items):
            return k.DictOf, keys, *(frozen_key(item) for item in items)
        case k.RecordOf(cls, keys, items):
            return k.RecordOf, Identity(cls), keys, *(frozen_key(item) for item in items)
        case k.ListOf(item):
            return k.ListOf, frozen_key(item)
        case k.Known(value):
            return k.Known, frozen_value(value)
        case k.Object(cls):
            return k.Object, Identity(cls)
    return type(kind)


def _size(dim: int | k.Dim) -> str:
    if dim == 1:
        return "1"
    return "not 1" if k.not_one(dim) else "any"


def frozen_value(value: Any) -> Hashable:
    """A key of a value that is known by value, or by identity where values have no equality.

    Functions written in Python are known together with their code and defaults.
    """
    cls = type(value)
    if cls in (bool, int, str, bytes, NoneType, EllipsisType):
        return cls, value
    if cls in (float, complex):
        # repr tells 0.0 from -0.0, and makes NaN equal to itself.
        return cls, repr(value)
    if cls is tuple:
        return cls, *map(frozen_value, value)
    if isinstance(value, np.dtype):
        return np.dtype, value
    if cls is FunctionType:
        return Identity(value), *frozen_code(value)
    if cls is MethodType:
        return MethodType, Identity(value.__self__), frozen_value(value.__func__)
    return Identity(value)


def frozen_code(function: FunctionType) -> tuple[Hashable, ...]:
    """A key of what a function does: its code and its defaults, but not its cells."""
    named = function.__kwdefaults__ or {}
    defaults = frozen_value(function.__defaults__)
    return Identity(function.__code__), defaults, *((n, frozen_value(v)) for n, v in named.items())


def is_stale(key: Hashable) -> bool:
    """Whether a frozen key stands for an object that is gone, so that nothing equals it again."""
    if isinstance(key, Identity):
        return key.is_gone()
    return isinstance(key, tuple) and any(map(is_stale, key))
