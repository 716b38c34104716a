"""From values to kinds, and to the keys by which compiled derivatives are found again.

Three views of one value, from what the compiler sees to what a call can afford:

| function            | gives                                         | used                       |
|---------------------|-----------------------------------------------|----------------------------|
| `kind_of`           | the kind, with a name for each dimension      | when a derivative is made  |
| `frozen.frozen_key` | a key that keeps no object of the user alive  | by the cache of all texts  |
| `key_of`            | a key that takes some 100 ns                  | at each call               |

Two values have equal keys exactly when their kinds are equal, names of dimensions aside. Numbers
are keyed by type; what a program branches on (strings, None, booleans, types, dtypes, callables)
is keyed by value.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from types import EllipsisType, FunctionType, MethodType, ModuleType, NoneType
from typing import Any

import numpy as np

from srcdiff.aggregates.classes import attributes_of, is_record
from srcdiff.errors import UnsupportedError
from srcdiff.ir import kinds as k
from srcdiff.ir.names import PRIMAL

# Any stands for a hashable object: mypy does not take a type for one.
Keyer = Callable[[Any], Any]


# --- kinds --------------------------------------------------------------------------------------


def kind_of(value: Any, name: str) -> k.Kind:
    """The kind of a value, by its exact type.

    Args:
        value: any object.
        name: what the value is called; its dimensions are named `"{name}.{axis}"`. The items of
            a list share the name `"{name}[]"`, whatever their sizes: who takes an item out must
            give its dimensions new names.

    Raises:
        UnsupportedError: it is, or contains, an array of a subclass of ndarray (`matrix`, a
            masked array), or of objects or records.

    Example:
        >>> kind_of(np.ones((3, 1)), "x").dims
        (Dim(name='x.0', minus=0, not_one=True), 1)
    """
    cls = type(value)
    if cls in (int, float, complex):
        return k.Number(cls)
    if cls is np.ndarray:
        return _array_kind(value, name)
    if cls is tuple:
        return k.TupleOf(tuple(kind_of(item, f"{name}.{i}") for i, item in enumerate(value)))
    if cls is list:
        return k.ListOf(_item_kind(value, f"{name}[]"))
    if cls is dict and _is_record(value):
        items = (kind_of(item, f"{name}.{key}") for key, item in value.items())
        return k.DictOf(tuple(value), tuple(items))
    if cls is range:
        return k.RangeOf()
    if cls is slice:
        return k.Known(_slice_structure(value))
    if isinstance(value, np.ndarray):
        raise _refused_subclass(cls, name)
    if isinstance(value, np.generic) and value.dtype.type is cls:
        _check_dtype(value.dtype, name)
        return k.Scalar(value.dtype)
    return k.Known(value) if _is_by_value(cls) else k.Object(cls)


def tree_kind(value: Any, name: str) -> k.Kind:
    """The kind of an argument that is differentiated: of each item of its tuples, lists and dicts.

    A list of numbers, or of arrays of one number of dimensions, stays a list of any length.
    """
    cls = type(value)
    if cls is tuple:
        return k.TupleOf(tuple(tree_kind(item, f"{name}.{i}") for i, item in enumerate(value)))
    if cls is list and not _is_plain(value):
        return k.ItemsOf(tuple(tree_kind(item, f"{name}.{i}") for i, item in enumerate(value)))
    if cls is dict and all(type(key) is str for key in value):
        items = tuple(tree_kind(item, f"{name}.{key}") for key, item in value.items())
        return k.DictOf(tuple(value), items)
    if is_record(cls):
        fields = attributes_of(value)
        items = tuple(tree_kind(item, f"{name}.{key}") for key, item in fields.items())
        return k.RecordOf(cls, tuple(fields), items)
    return kind_of(value, name)


def holds_records(value: Any) -> bool:
    """Whether a container holds objects of the user's classes."""
    cls = type(value)
    if cls in (tuple, list):
        return any(is_record(type(item)) or holds_records(item) for item in value)
    if cls is dict:
        return holds_records(list(value.values())) and all(type(key) is str for key in value)
    return False


def data_kind(value: Any, name: str) -> k.Kind:
    """The kind of a value that is not differentiated: the objects in a container are known one by
    one.
    """
    return tree_kind(value, name) if holds_records(value) else kind_of(value, name)


def data_key(value: Any) -> Any:
    """A cheap key of the kind that `data_kind` gives."""
    return tree_key(value) if holds_records(value) else key_of(value)


def is_tree(cls: type) -> bool:
    """Whether values of a type are known item by item where they are differentiated."""
    return cls in (tuple, list, dict) or is_record(cls)


def _is_plain(items: list[Any]) -> bool:
    """Whether a list's items have one kind, so that its length need not be known."""
    if not items or any(is_tree(type(item)) for item in items):
        return False
    return k.is_float(_item_kind(items, ""))


def tree_key(value: Any) -> Any:
    """A cheap key of the kind that `tree_kind` gives."""
    cls = type(value)
    if cls is tuple or (cls is list and not _is_plain(value)):
        return cls, *map(tree_key, value)
    if cls is dict and all(type(key) is str for key in value):
        return dict, tuple(value), *map(tree_key, value.values())
    if is_record(cls):
        fields = attributes_of(value)
        return cls, tuple(fields), *map(tree_key, fields.values())
    return key_of(value)


def _array_kind(array: np.ndarray[Any, Any], name: str) -> k.Array:
    _check_dtype(array.dtype, name)
    dims = (
        1 if size == 1 else k.Dim(f"{name}.{axis}", not_one=True)
        for axis, size in enumerate(array.shape)
    )
    return k.Array(array.dtype, tuple(dims))


def _item_kind(items: list[Any], name: str) -> k.Kind:
    """The kind that all items have; arrays may differ in which of their sizes are 1."""
    if not items:
        return k.UNKNOWN
    first, *others = {key_of(item): kind_of(item, name) for item in items}.values()
    for other in others:
        if type(first) is not type(other) or k.is_number(first):
            return k.UNKNOWN
        first = k.join(first, other, name)
    return first


# The largest dict that is known by its keys.
_MAX_KEYS = 32


def _is_record(value: dict[Any, Any]) -> bool:
    """Whether a dict is known by its keys: there are few, and they are names."""
    return len(value) <= _MAX_KEYS and all(type(key) is str for key in value)


# One slice object for each structure, as two kinds are equal only for the same slice object.
_STRUCTURES: dict[tuple[Any, ...], slice] = {}


def _slice_structure(value: slice) -> slice:
    """A slice that tells which bounds there are and of what types, but not their values."""
    key = _slice_key(value)
    bounds = (None if cls is NoneType else cls for cls in key[1:])
    return _STRUCTURES.setdefault(key, slice(*bounds))


def _slice_key(value: slice) -> tuple[Any, ...]:
    return slice, type(value.start), type(value.stop), type(value.step)


def _is_by_value(cls: type) -> bool:
    """Whether values of this type are known by value: what a program may branch on or call."""
    if cls in (bool, str, bytes, NoneType, EllipsisType):
        return True
    if issubclass(cls, type | np.dtype | ModuleType):
        return True
    # Not hasattr, which would find the metaclass's `__call__` on every class.
    call = next((vars(base)["__call__"] for base in cls.__mro__ if "__call__" in vars(base)), None)
    # What an object of a Python class does when called, its class says: one text serves them all.
    return call is not None and (type(call) is not FunctionType or hasattr(cls, PRIMAL))


def _check_dtype(dtype: np.dtype[Any], name: str) -> None:
    if dtype.hasobject or dtype.names is not None or dtype.subdtype is not None:
        what = "records" if dtype.names is not None else "Python objects"
        raise UnsupportedError(
            f"{_argument(name)} an array of {what} (dtype {dtype}).",
            remedy="pass arrays of numbers.",
        )


def _argument(name: str) -> str:
    """The beginning of a sentence on an argument, or on an item of one."""
    parameter = name.partition("[")[0].partition(".")[0]
    return f"the argument {parameter!r} {'is' if parameter == name else 'contains'}"


def _refused_subclass(cls: type, name: str) -> UnsupportedError:
    full = f"{cls.__module__}.{cls.__qualname__}"
    remedy = "pass np.asarray of it."
    if issubclass(cls, np.ma.MaskedArray):
        remedy = "pass its data and its mask as two arrays."
    return UnsupportedError(
        f"{_argument(name)} a {full}, whose arithmetic is not that of NumPy arrays.",
        remedy=remedy,
    )


# --- keys for each call -------------------------------------------------------------------------


def key_of(value: Any) -> Any:
    """A cheap key of the value's kind.

    Objects that are known by identity are in it by their `id`: a key means something only while
    `anchors(value)` are alive.

    Example:
        >>> key_of(2.0), key_of(np.ones(3)) == key_of(np.ones(4))
        (<class 'float'>, True)
    """
    cls = type(value)
    keyer = keyer_for(cls)
    return cls if keyer is None else keyer(value)


def keyer_for(cls: type) -> Keyer | None:
    """What makes the keys of values of this type; None where the type itself is the key."""
    try:
        return _KEYERS[cls]
    except KeyError:
        return _keyer_for_other(cls)


def _keyer_for_other(cls: type) -> Keyer | None:
    if issubclass(cls, type | ModuleType):
        return _identity_key
    if issubclass(cls, np.dtype):
        return _dtype_key
    if issubclass(cls, np.generic) and not issubclass(cls, np.ndarray):
        return _scalar_key
    return _identity_key if _is_by_value(cls) else None


def _array_key(array: np.ndarray[Any, Any]) -> Hashable:
    shape = array.shape
    if 1 in shape:
        return np.ndarray, array.dtype, tuple([size == 1 for size in shape])
    return np.ndarray, array.dtype, len(shape)


def _value_key(value: Any) -> Hashable:
    # With the type: True == 1, and a dtype is equal to the type float.
    return type(value), value


def _dtype_key(value: np.dtype[Any]) -> Hashable:
    return np.dtype, value


def _scalar_key(value: Any) -> Hashable:
    return np.generic, type(value), value.dtype


def _identity_key(value: Any) -> Hashable:
    return k.Known, type(value), id(value)


def _function_key(f: FunctionType) -> Hashable:
    # A dict may change in place.
    named = f.__kwdefaults__ and tuple([(name, id(v)) for name, v in f.__kwdefaults__.items()])
    return k.Known, id(f), id(f.__code__), id(f.__defaults__), named


def _method_key(method: MethodType) -> Hashable:
    return MethodType, id(method.__self__), key_of(method.__func__)


def _tuple_key(items: tuple[Any, ...]) -> Hashable:
    return tuple, *map(key_of, items)


def _dict_key(value: dict[Any, Any]) -> Hashable:
    if not _is_record(value):
        return dict
    return dict, *((name, key_of(item)) for name, item in value.items())


def _list_key(items: list[Any]) -> Hashable:
    keys = set(map(key_of, items))
    if len(keys) == 1:
        return list, keys.pop()
    # Rare, and what differing items have in common is for their kinds to tell.
    try:
        return list, _item_kind(items, "")
    except UnsupportedError:
        # For whoever asks for the kind, and knows the argument's name.
        return list, frozenset(keys)


def _constant(value: Hashable) -> Keyer:
    return lambda _: value


def _scalar_keyers() -> dict[type, Keyer | None]:
    """For NumPy's numbers the type says it all, but some types are two names of one dtype."""
    found: dict[type, Keyer | None] = {}
    first: dict[np.dtype[Any], type] = {}
    for code in np.typecodes["All"]:
        dtype = np.dtype(code)
        if dtype.kind in "biufc":
            same = first.setdefault(dtype, dtype.type)
            found[dtype.type] = None if same is dtype.type else _constant(same)
    return found


_KEYERS: dict[type, Keyer | None] = {
    **dict.fromkeys((int, float, complex, NoneType, EllipsisType, range)),
    **_scalar_keyers(),
    **dict.fromkeys((bool, str, bytes), _value_key),
    np.ndarray: _array_key,
    tuple: _tuple_key,
    list: _list_key,
    dict: _dict_key,
    slice: _slice_key,
    FunctionType: _function_key,
    MethodType: _method_key,
}


def anchors(value: Any) -> Iterator[Any]:
    """The objects that `key_of(value)` knows by `id`.

    Example:
        >>> list(anchors((1.0, np.sin))) == [np.sin]
        True
    """
    cls = type(value)
    if cls is tuple or cls is list:
        for item in value:
            yield from anchors(item)
    elif cls is dict:
        yield from anchors(tuple(value.values()))
    elif is_record(cls):
        yield from anchors(list(attributes_of(value).values()))
    elif cls is FunctionType:
        yield from (value, value.__code__, value.__defaults__)
        yield from (value.__kwdefaults__ or {}).values()
    elif cls is MethodType:
        yield value.__self__
        yield from anchors(value.__func__)
    elif keyer_for(cls) is _identity_key:
        yield value


# --- texts --------------------------------------------------------------------------------------


def describe(kind: k.Kind) -> str:
    """A short text for a kind, as in `Derivative.sources`.

    Example:
        >>> describe(kind_of(np.ones((3, 1)), "x"))
        'float64[:, 1]'
    """
    match kind:
        case k.Number(cls) | k.Object(cls):
            return cls.__name__
        case k.Scalar(dtype):
            return f"np.{dtype.name}"
        case k.Array(dtype, dims):
            return f"{dtype.name}[{', '.join('1' if dim == 1 else ':' for dim in dims)}]"
        case k.TupleOf(items):
            inside = ", ".join(map(describe, items))
            return f"({inside},)" if len(items) == 1 else f"({inside})"
        case k.ItemsOf(items):
            return f"[{', '.join(map(describe, items))}]"
        case k.DictOf(keys, items):
            pairs = zip(keys, items, strict=True)
            return f"{{{', '.join(f'{key!r}: {describe(item)}' for key, item in pairs)}}}"
        case k.RecordOf(cls, keys, items):
            pairs = zip(keys, items, strict=True)
            return f"{cls.__name__}({', '.join(f'{key}={describe(item)}' for key, item in pairs)})"
        case k.ListOf(item):
            return f"list[{describe(item)}]"
        case k.RangeOf():
            return "range"
        case k.Known(value):
            name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
            return name if isinstance(name, str) else repr(value)
    return "?"
