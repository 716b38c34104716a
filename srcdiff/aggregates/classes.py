"""What a class is to us: whether its objects can be taken apart, and what its attributes are."""

from __future__ import annotations

import dataclasses
import enum
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

MISSING: Any = object()

_HEAP_TYPE = 1 << 9
_HOOKS = ("__getattr__", "__getattribute__", "__setattr__", "__delattr__")
_LIBRARIES = ("numpy", "scipy", "srcdiff", "builtins")
# Bases that add nothing to an object.
_BARE = ("abc", "typing", "typing_extensions", "collections.abc")


def is_namedtuple(cls: type) -> bool:
    """Whether objects of the class are tuples with names for their items."""
    return issubclass(cls, tuple) and hasattr(cls, "_fields") and cls is not tuple


def is_record(value: Any) -> bool:
    """Whether a value is a class of the user's whose objects are known by their fields."""
    return isinstance(value, type) and _is_record(value)


# What was found of classes, as long as these are there.
_KNOWN: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


def _is_record(cls: type) -> bool:
    if cls not in _KNOWN:
        _KNOWN[cls] = _looks_like_a_record(cls)
    return _KNOWN[cls]


def _looks_like_a_record(cls: type) -> bool:
    if cls is types.SimpleNamespace:
        return True
    if issubclass(cls, enum.Enum) or cls.__module__.partition(".")[0] in _LIBRARIES:
        return False
    top = cls.__module__.partition(".")[0]
    if top in sys.stdlib_module_names and top != "__main__":
        return False
    if is_namedtuple(cls):
        return all(k in (tuple, object) or _is_plain(k) for k in cls.__mro__)
    return all(k is object or _is_plain(k) for k in cls.__mro__)


def _is_plain(cls: type) -> bool:
    return bool(cls.__flags__ & _HEAP_TYPE) or cls.__module__ in _BARE


def trouble(cls: type) -> tuple[str, str] | None:
    """What keeps the objects of a class from being taken apart, and what to write instead."""
    if cls is types.SimpleNamespace:
        return None
    meta = type(cls)
    if meta is not type and meta.__module__ not in _BARE:
        has = f"the metaclass {meta.__name__}, which may change what its objects do."
        return f"the class {cls.__name__} has {has}", "use a plain class."
    for k in cls.__mro__:
        if k is object or k is tuple or k.__module__ in _BARE:
            continue
        for name in _HOOKS:
            if name in vars(k) and not _is_frozen_hook(k, name):
                has = f"{name}, so that its attributes cannot be followed."
                return (
                    f"the class {k.__name__} defines {has}",
                    "write the attributes, or properties for them, out.",
                )
        if "__new__" in vars(k) and not is_namedtuple(k):
            has = "__new__, so that it is not known what its calls make."
            return f"the class {k.__name__} defines {has}", "set the attributes in __init__."
    return None


def _is_frozen_hook(cls: type, name: str) -> bool:
    """Whether a hook is that of a frozen dataclass."""
    params = cls.__dict__.get("__dataclass_params__")
    return params is not None and params.frozen and name in ("__setattr__", "__delattr__")


def is_data(cls: type) -> bool:
    """Whether objects of the class are known to be data, so that they are differentiated where
    nobody says with respect to what: other objects may be anything.
    """
    whole = dataclasses.is_dataclass(cls) or is_namedtuple(cls) or cls is types.SimpleNamespace
    return whole and _is_record(cls)


def attributes_of(value: Any) -> dict[str, Any]:
    """The attributes that an object has by itself, by name."""
    if is_namedtuple(type(value)):
        return dict(zip(value._fields, value, strict=True))
    out: dict[str, Any] = {}
    for k in reversed(type(value).__mro__):
        slots = vars(k).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                out[name] = getattr(value, name)
    return out | getattr(value, "__dict__", {})


def is_frozen(cls: type) -> bool:
    """Whether the fields of an object cannot be assigned to."""
    if is_namedtuple(cls):
        return True
    params = getattr(cls, "__dataclass_params__", None)
    return params is not None and bool(params.frozen)


@dataclass(frozen=True)
class Found:
    """An attribute of a class: what it is, and the class that defines it."""

    value: Any
    owner: type


def find(cls: type, name: str, after: type | None = None) -> Found | None:
    """The attribute that objects of the class have by their class; for `super()`, the one that
    comes after a class.
    """
    mro = list(cls.__mro__)
    if after is not None:
        mro = mro[mro.index(after) + 1 :]
    for k in mro:
        if name in vars(k):
            return Found(vars(k)[name], k)
    return None


def method(cls: type, name: str) -> FunctionType | None:
    """A method in Python of a class, which its objects have."""
    found = find(cls, name)
    return found.value if found is not None and isinstance(found.value, FunctionType) else None


@dataclass(frozen=True)
class FieldSpec:
    """One field that a constructor binds without code of the user's."""

    name: str
    default: Any = MISSING
    factory: Callable[[], Any] | None = None
    in_init: bool = True
    only_keyword: bool = False
    # A parameter that `__post_init__` is given, and no field.
    only_init: bool = False


def fields_of(cls: type) -> tuple[FieldSpec, ...] | None:
    """The fields that the constructor binds by itself; None where `__init__` is the user's."""
    if is_namedtuple(cls):
        defaults = cls._field_defaults  # type: ignore[attr-defined]
        names = cls._fields  # type: ignore[attr-defined]
        return tuple(FieldSpec(name, defaults.get(name, MISSING)) for name in names)
    init = find(cls, "__init__")
    if init is None or not is_made(init.value):
        return None
    if "__dataclass_fields__" not in vars(init.owner):
        return None
    out = []
    for f in vars(init.owner)["__dataclass_fields__"].values():
        if f._field_type.name == "_FIELD_CLASSVAR":
            continue
        default = MISSING if f.default is dataclasses.MISSING else f.default
        factory = None if f.default_factory is dataclasses.MISSING else f.default_factory
        only_init = f._field_type.name == "_FIELD_INITVAR"
        out.append(FieldSpec(f.name, default, factory, f.init, f.kw_only is True, only_init))
    return tuple(out)


def is_made(function: Any) -> bool:
    """Whether a function was written by `dataclass` or `namedtuple`, and not by the user."""
    return isinstance(function, FunctionType) and function.__code__.co_filename.startswith("<")


def snake(name: str) -> str:
    """A class's name as that of a variable."""
    out = ""
    for i, c in enumerate(name):
        if c.isupper() and i and not name[i - 1].isupper():
            out += "_"
        out += c.lower()
    return out.strip("_") or "made"
