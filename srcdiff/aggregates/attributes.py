"""Attributes: fields, methods, properties, and what a class holds for all of its objects."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from types import FunctionType, MemberDescriptorType
from typing import Any

from srcdiff.aggregates import classes
from srcdiff.aggregates.machine import Machine
from srcdiff.aggregates.values import Cell, Items, Made, Method, Plain, Value
from srcdiff.errors import Span
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import (
    DictOf,
    ItemsOf,
    Known,
    Object,
    PartialOf,
    RecordOf,
    TupleOf,
)
from srcdiff.ir.show import show
from srcdiff.normalize.trees import has_records


def attribute(m: Machine, base: Value, name: str, span: Span | None) -> Value:
    """`base.name`."""
    if isinstance(base, Plain):
        outside = external(m, base.expr)
        if outside is not None:
            return attribute(m, outside, name, span)
        cls = class_of(base.expr)
        if cls is not None:
            return of_class(m, cls, base.expr, name, span)
        return Plain(n.Field(base.expr, name, span=span))
    cell = m.cell(base)
    if cell is None or cell.cls in (list, dict):
        raise m.refuse(f"the attribute {name!r} is taken here, which is not followed.", span)
    if name == "__class__":
        return Plain(class_ref(cell.cls))
    if name == "__dict__":
        raise m.refuse("__dict__ reads the attributes unseen.", span, "name the attributes.")
    found = classes.find(cell.cls, name)
    if found is not None and isinstance(found.value, property | functools.cached_property):
        return _computed(m, base, cell, name, found.value, span)
    if name in cell.fields:
        return m.known(cell.fields[name], span)
    if cell.outside is not None and (found is None or isinstance(found.value, _SLOT)):
        return _read_outside(m, cell, name, span)
    if found is None or isinstance(found.value, MemberDescriptorType):
        raise m.refuse(
            f"{cell.cls.__name__} has no attribute {name!r} here, as far as can be followed.",
            span,
            "set the attribute in __init__.",
        )
    if cell.outside is not None and name in getattr(_outside_object(m, base), "__dict__", {}):
        return _read_outside(m, cell, name, span)
    return bound(m, base, found, name, span)


_SLOT = MemberDescriptorType


def _outside_object(m: Machine, base: Value) -> Any:
    assert isinstance(base, Made)
    return next((obj for obj, number in m.outside.values() if number == base.id), None)


def bound(m: Machine, owner: Value, found: classes.Found, name: str, span: Span | None) -> Value:
    """An attribute that an object has by its class."""
    cell = m.cell(owner)
    cls = found.owner if cell is None else cell.cls
    value = found.value
    m.world.rely_on(found.owner, name, value)
    if isinstance(value, FunctionType):
        return Method(value, owner)
    if isinstance(value, staticmethod):
        return _function(value.__func__, name, found.owner)
    if isinstance(value, classmethod):
        return Method(value.__func__, Plain(class_ref(cls)))
    if isinstance(value, property):
        return _computed_with(m, value, owner, span)
    if isinstance(value, functools.partialmethod) or hasattr(type(value), "__get__"):
        raise m.refuse(
            f"the attribute {name!r} of {found.owner.__name__} is a descriptor "
            f"({type(value).__name__}), whose code decides what it is.",
            span,
            "write a property or a method.",
        )
    return _data(m, found, name, span)


def _function(function: Any, name: str, owner: type) -> Value:
    ref = class_ref(owner)
    return Plain(n.Ref(f"{ref.path}.{name}", function, ref.root))


def _data(m: Machine, found: classes.Found, name: str, span: Span | None) -> Value:
    """A constant of the class, read at each call."""
    value = found.value
    if value is None or isinstance(value, bool | str | type) or callable(value):
        ref = class_ref(found.owner)
        if value is None or isinstance(value, bool | str):
            return Plain(n.Const(value, span=span))
        return Plain(n.Ref(f"{ref.path}.{name}", value, ref.root, span=span))
    return Plain(n.Field(class_ref(found.owner), name, span=span))


def class_ref(cls: type) -> n.Ref:
    """How the text names a class."""
    return n.Ref(cls.__name__, cls, cls)


def class_of(e: n.Expr) -> type | None:
    """The class of the user's that an expression names."""
    return e.value if isinstance(e, n.Ref) and classes.is_record(e.value) else None


def of_class(m: Machine, cls: type, e: n.Expr, name: str, span: Span | None) -> Value:
    """`Class.name`."""
    if name in ("__name__", "__qualname__"):
        return Plain(n.Const(getattr(cls, name), span=span))
    found = classes.find(cls, name)
    if found is None:
        return Plain(n.Field(e, name, span=span))
    if isinstance(found.value, FunctionType):
        m.world.rely_on(found.owner, name, found.value)
        return _function(found.value, name, found.owner)
    if isinstance(found.value, classmethod):
        m.world.rely_on(found.owner, name, found.value)
        return Method(found.value.__func__, Plain(e))
    if hasattr(type(found.value), "__get__") and not isinstance(found.value, staticmethod):
        return Plain(n.Field(e, name, span=span))
    return bound(m, Plain(e), found, name, span)


def _computed(
    m: Machine, base: Value, cell: Cell, name: str, found: Any, span: Span | None
) -> Value:
    if isinstance(found, property):
        return _computed_with(m, found, base, span)
    if name not in cell.fields:
        store_field(m, base, name, m.invoke(found.func, [base], span), span)
    return m.known(m.state.heap[_id(base)].fields[name], span)


def _computed_with(m: Machine, found: property, base: Value, span: Span | None) -> Value:
    if not isinstance(found.fget, FunctionType):
        raise m.refuse("this property is not computed by a function in Python.", span)
    return m.invoke(found.fget, [base], span)


def _id(base: Value) -> int:
    assert isinstance(base, Made)
    return base.id


def special(
    m: Machine,
    owner: Value,
    name: str,
    args: Sequence[Value],
    span: Span | None,
    keywords: Any = None,
    wish: str | None = None,
) -> Value | None:
    """What a special method of an object gives; None where its class has none in Python."""
    cell = m.cell(owner)
    if cell is None or cell.cls in (list, dict):
        return None
    found = classes.find(cell.cls, name)
    function = None if found is None else classes.method(cell.cls, name)
    if found is None or function is None or classes.is_made(function):
        return None
    m.world.rely_on(found.owner, name, function)
    return m.invoke(function, [owner, *args], span, keywords, wish)


# --- assignment ---------------------------------------------------------------------------------


def store(m: Machine, base: Value, name: str, value: Value, span: Span | None) -> None:
    """`base.name = value`, or the setter of a property."""
    cell = m.cell(base)
    if cell is None or cell.cls in (list, dict):
        raise m.refuse("this attribute is assigned to, which is not followed.", span)
    found = classes.find(cell.cls, name)
    if found is not None and isinstance(found.value, property):
        if not isinstance(found.value.fset, FunctionType):
            raise m.refuse(f"the property {name!r} has no setter.", span)
        m.world.rely_on(found.owner, name, found.value)
        m.invoke(found.value.fset, [base, value], span)
        return
    if found is not None and _is_data_descriptor(found.value):
        raise m.refuse(
            f"the attribute {name!r} of {found.owner.__name__} is a descriptor "
            f"({type(found.value).__name__}), whose code decides what assigning does.",
            span,
            "write a property.",
        )
    if classes.is_frozen(cell.cls):
        raise m.refuse(
            f"{cell.cls.__name__} is frozen: its field {name!r} cannot be assigned to.",
            span,
            "make a new object (dataclasses.replace).",
        )
    store_field(m, base, name, value, span)


def _is_data_descriptor(value: Any) -> bool:
    own = isinstance(value, MemberDescriptorType | functools.cached_property | FunctionType)
    return hasattr(type(value), "__set__") and not own


def store_field(m: Machine, base: Value, key: Any, value: Value, span: Span | None) -> None:
    """A field of an object, or an item of a container, becomes a value."""
    cell = changing(m, base, key, span)
    if isinstance(value, Plain):
        e = value.expr
        if isinstance(e, n.Starred):
            raise m.refuse("a starred expression is not followed here.", span)
        if key not in cell.slots:
            cell.slots[key] = m.fresh(f"{cell.prefix}_{_word(key)}")
        m.assign(cell.slots[key], e, span)
        cell.fields[key] = Plain(n.Var(cell.slots[key], span=span))
    else:
        cell.fields[key] = m.settled(value, f"{cell.prefix}_{_word(key)}")


def changing(m: Machine, base: Value, key: Any, span: Span | None) -> Cell:
    """The object that a value is, one of whose fields is about to change.

    Raises:
        UnsupportedError: it is not known under which names it is known.
    """
    cell = m.cell(base)
    assert cell is not None
    if cell.copied:
        raise m.undecided(
            f"an object of the class {cell.cls.__name__} is changed here, of which it is not known "
            "whether another name stands for it as well.",
            span,
            "make a new object instead of changing one that has two names.",
        )
    if cell.outside is not None:
        cell.changed.setdefault(key, span)
        m.changed.add(cell.cls)
        _check_apart(m, cell.cls, span)
    return cell


def _check_apart(m: Machine, cls: type, span: Span | None) -> None:
    """An object that changes must not be one that a container is read for."""
    if cls in m.changed and cls in m.read:
        raise m.refuse(
            f"an object of the class {cls.__name__} is changed here, and others are read from a "
            "container: whether it is among them is not known.",
            span,
            "reach the object in one way only.",
        )


def _word(key: Any) -> str:
    """A key as a part of a name."""
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in str(key)).strip("_") or "item"


# --- objects from outside -----------------------------------------------------------------------


def external(m: Machine, e: n.Expr) -> Value | None:
    """An object that was there before the function ran, of which it is known which one it is."""
    if not isinstance(e, n.Var | n.Global | n.Field | n.Ref | n.Index):
        return None
    kind = m.kind(e)
    if isinstance(kind, RecordOf):
        return _in_container(m, e, kind)
    if not isinstance(kind, Object) or kind.value is None or not kind.path:
        return None
    if not classes.is_record(kind.cls) or classes.is_namedtuple(kind.cls):
        return None
    problem = classes.trouble(kind.cls)
    if problem is not None:
        raise m.refuse(problem[0], e.span, problem[1])
    known = m.outside.get(id(kind.value))
    number = m.number() if known is None else known[1]
    m.outside[id(kind.value)] = kind.value, number
    if number not in m.state.heap:
        cell = Cell(kind.cls, _named_after(e), outside=_canonical(m, number, e))
        m.state.heap[number] = cell
        m.state.env[f"<{number}>"] = Made(number)
    return Made(number)


def _in_container(m: Machine, e: n.Expr, kind: RecordOf) -> Value:
    """An object that a list, tuple or dict from outside holds: it is only read."""
    problem = classes.trouble(kind.cls)
    if problem is not None:
        raise m.refuse(problem[0], e.span, problem[1])
    key = f"<{show(e)}>"
    m.read.add(kind.cls)
    _check_apart(m, kind.cls, e.span)
    if key not in m.state.env:
        number = m.number()
        m.state.heap[number] = Cell(kind.cls, "item", outside=e, copied=True)
        m.homes[number] = e
        m.state.env[key] = Made(number)
    return m.state.env[key]


def opened(m: Machine, v: Value) -> Value:
    """A container from outside that holds objects, as one whose items are known; anything else as
    it is.
    """
    if not isinstance(v, Plain) or not isinstance(v.expr, n.Var | n.Global | n.Field | n.Index):
        return v
    kind = m.kind(v.expr)
    if isinstance(kind, RecordOf):
        return external(m, v.expr) or v
    if not isinstance(kind, TupleOf | ItemsOf | DictOf) or not has_records(kind):
        return v
    keys: Sequence[Any] = kind.keys if isinstance(kind, DictOf) else range(len(kind.items))
    items = {key: opened(m, Plain(n.Index(v.expr, n.Const(key)))) for key in keys}
    if isinstance(kind, TupleOf):
        return Items(tuple(items.values()))
    made, cell = m.make(dict if isinstance(kind, DictOf) else list, "items", v.expr.span)
    cell.fields.update(items)
    cell.copied = True
    return made


def _canonical(m: Machine, number: int, e: n.Expr) -> n.Expr:
    return m.homes.setdefault(number, e)


def _named_after(e: n.Expr) -> str:
    return e.name if isinstance(e, n.Var | n.Global | n.Field) else "outer"


def _read_outside(m: Machine, cell: Cell, name: str, span: Span | None) -> Value:
    assert cell.outside is not None
    e = n.Field(cell.outside, name, span=span)
    kind = m.kind(e)
    if isinstance(kind, PartialOf):
        return Plain(e)
    if isinstance(kind, Known) and (kind.value is None or isinstance(kind.value, bool | str)):
        return Plain(e)
    return external(m, e) or opened(m, Plain(e))
