"""Lists, tuples and dicts that hold objects: which items they have is known item by item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from srcdiff.aggregates import classes
from srcdiff.aggregates.attributes import special, store_field
from srcdiff.aggregates.machine import Machine
from srcdiff.aggregates.values import Cell, Items, Made, Plain, Value
from srcdiff.errors import Span
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import NOTHING, DictOf, ListOf, TupleOf
from srcdiff.ir.walk import constant_slice

# Longer ranges are not written out.
MAX_ITEMS = 64


@dataclass(frozen=True)
class Operation(Value):
    """A method of a container, before it is called."""

    name: str
    owner: Value


def container(
    m: Machine, cls: type, fields: Mapping[Any, Value], wish: str | None, span: Span | None
) -> Made:
    """A new list or dict of these items."""
    made, cell = m.make(cls, wish or "items", span)
    for key, v in fields.items():
        cell.fields[key] = v
        if isinstance(v, Plain) and not isinstance(v.expr, n.Const):
            store_field(m, made, key, v, span)
    return made


def of_objects(m: Machine, e: n.Expr) -> Made | None:
    """An empty list or dict of the text, which is to hold objects from now on."""
    if not isinstance(e, n.Var):
        return None
    kind = m.kind(e)
    if kind not in (ListOf(NOTHING), DictOf((), ())):
        return None
    if e.name in m.aliased:
        raise m.undecided(
            f"{e.name} is to hold objects, and may have another name.", e.span, "use one name."
        )
    made, _ = m.make(dict if isinstance(kind, DictOf) else list, e.name, e.span)
    for cell in m.state.heap.values():
        for key, v in cell.fields.items():
            if v == Plain(e):
                cell.fields[key] = made
                return made
    m.state.env[e.name] = made
    m.state.kinds.pop(e.name, None)
    return made


def tuple_of(m: Machine, items: tuple[Value, ...], span: Span | None) -> Value:
    """A tuple of these items."""
    if m.world.containers:
        return Items(items)
    exprs = tuple(v.expr for v in items if isinstance(v, Plain))
    return Plain(n.Tuple(exprs, span=span)) if len(exprs) == len(items) else Items(items)


def merged(m: Machine, parts: list[Value], span: Span | None, wish: str | None) -> Value | None:
    """A new dict with the items of several, the later ones over the earlier."""
    fields: dict[Any, Value] = {}
    for part in parts:
        more = fields_of(m, part)
        if more is None:
            return None
        fields |= more
    return container(m, dict, fields, wish, span)


def fields_of(m: Machine, v: Value) -> dict[Any, Value] | None:
    """The items of a dict, or of pairs, by their keys."""
    cell = m.cell(v)
    if cell is not None and cell.cls is dict:
        return dict(cell.fields)
    if isinstance(v, Plain):
        found = known_keys(m, v)
        if found is not None:
            return found
    pairs = known_items(m, v)
    if pairs is None:
        return None
    out: dict[Any, Value] = {}
    for pair in pairs:
        items = known_items(m, pair)
        if items is None or len(items) != 2:
            return None
        key = key_of(m, items[0])
        if key is NO_KEY:
            return None
        out[key] = items[1]
    return out


class _NoKey:
    """Stands for a key that is not known."""


NO_KEY = _NoKey()


def key_of(m: Machine, v: Value) -> Any:
    """A key that is known before the program runs."""
    if isinstance(v, Items):
        parts = [key_of(m, item) for item in v.items]
        return NO_KEY if NO_KEY in parts else tuple(parts)
    if not isinstance(v, Plain):
        return NO_KEY
    if isinstance(v.expr, n.Const):
        return v.expr.value
    if isinstance(v.expr, n.Tuple):
        return key_of(m, Items(tuple(map(Plain, v.expr.items))))
    found = m.constant(v.expr)
    return NO_KEY if found is None else found


# --- what is in one -----------------------------------------------------------------------------


def known_items(m: Machine, v: Value) -> list[Value] | None:
    """The items of a value one by one; None where it is not known which there are."""
    if isinstance(v, Items):
        return list(v.items)
    cell = m.cell(v)
    if cell is not None:
        if cell.cls is list or classes.is_namedtuple(cell.cls):
            return list(cell.fields.values())
        if cell.cls is dict:
            return [Plain(constant(key)) for key in cell.fields]
        return _iterated_object(m, v, cell)
    assert isinstance(v, Plain)
    if isinstance(v.expr, n.Tuple | n.List):
        if any(isinstance(item, n.Starred) for item in v.expr.items):
            return None
        return [Plain(item) for item in v.expr.items]
    if isinstance(v.expr, n.Call) and isinstance(v.expr.callee, n.Ref):
        if v.expr.callee.value is range:
            bounds = [m.constant(arg) for arg in v.expr.args]
            if all(type(b) is int for b in bounds) and len(range(*bounds)) <= MAX_ITEMS:
                return [Plain(n.Const(i)) for i in range(*bounds)]
        if v.expr.callee.value in (zip, enumerate) and not v.expr.keywords:
            return _side_by_side(m, v.expr, v.expr.callee.value is enumerate)
        if v.expr.callee.value in (iter, list, tuple, reversed) and len(v.expr.args) == 1:
            inner = known_items(m, Plain(v.expr.args[0]))
            backwards = v.expr.callee.value is reversed and inner is not None
            return list(reversed(inner or [])) if backwards else inner
    kind = m.kind(v.expr)
    if kind == ListOf(NOTHING) and isinstance(v.expr, n.Var) and v.expr.name not in m.aliased:
        return []
    if isinstance(kind, TupleOf) and isinstance(v.expr, n.Var | n.Global | n.Field):
        count = len(kind.items)
        return [Plain(n.Index(v.expr, n.Const(i), span=v.expr.span)) for i in range(count)]
    return None


def _side_by_side(m: Machine, e: n.Call, counted: bool) -> list[Value] | None:
    parts = [known_items(m, Plain(arg)) for arg in e.args]
    if any(part is None for part in parts) or (counted and len(parts) != 1):
        return None
    known = [part for part in parts if part is not None]
    if counted:
        known.insert(0, [Plain(n.Const(i)) for i in range(len(known[0]))])
    return [tuple_of(m, row, e.span) for row in zip(*known, strict=False)]


def known_keys(m: Machine, v: Value) -> dict[str, Value] | None:
    """The items of a dict of the text by their keys, where these are known."""
    if not isinstance(v, Plain):
        return None
    if isinstance(v.expr, n.Dict):
        return dict(zip(v.expr.keys, map(Plain, v.expr.items), strict=True))
    kind = m.kind(v.expr)
    if isinstance(kind, DictOf):
        return {key: Plain(n.Index(v.expr, n.Const(key))) for key in kind.keys}
    return None


def iterated(m: Machine, v: Value, span: Span | None) -> list[Value]:
    """The items that iterating gives.

    Raises:
        UnsupportedError: it is not known which there are.
    """
    found = known_items(m, v)
    if found is None:
        raise m.undecided(
            "it is not known how many items there are here, and objects are among what is done "
            "with them.",
            span,
            "write the items one by one.",
        )
    return found


def _iterated_object(m: Machine, v: Value, cell: Cell) -> list[Value] | None:
    if classes.method(cell.cls, "__iter__") is not None:
        found = special(m, v, "__iter__", (), cell.span)
        return None if found is None else known_items(m, found)
    length = special(m, v, "__len__", (), cell.span)
    count = m.constant(length.expr) if isinstance(length, Plain) else None
    if type(count) is not int or classes.method(cell.cls, "__getitem__") is None:
        return None
    return [item(m, v, Plain(n.Const(i)), cell.span) for i in range(count)]


def item(m: Machine, base: Value, key: Value, span: Span | None) -> Value:
    """`base[key]`."""
    cell = m.cell(base)
    if cell is not None and cell.cls not in (list, dict) and not classes.is_namedtuple(cell.cls):
        found = special(m, base, "__getitem__", (key,), span)
        if found is None:
            raise m.refuse(f"{cell.cls.__name__} has no items.", span)
        return found
    if isinstance(key, Plain) and isinstance(key.expr, n.Slice):
        bounds = constant_slice(_constant_bounds(m, key.expr))
        items = known_items(m, base)
        if bounds is None or items is None:
            raise _undecided_key(m, span)
        if isinstance(base, Items) or (cell is not None and cell.cls is not list):
            return tuple_of(m, tuple(items[bounds]), span)
        return container(m, list, dict(enumerate(items[bounds])), None, span)
    return m.known(_entry(m, base, cell, key, span), span)


def _entry(m: Machine, base: Value, cell: Cell | None, key: Value, span: Span | None) -> Value:
    at = _position(m, base, key, span)
    items: Mapping[Any, Value] = dict(enumerate(known_items(m, base) or []))
    if cell is not None and not classes.is_namedtuple(cell.cls):
        items = cell.fields
    return items[at]


def _position(m: Machine, base: Value, key: Value, span: Span | None) -> Any:
    """The key of an item that is there."""
    at = key_of(m, key)
    cell = m.cell(base)
    if cell is not None and cell.cls is dict:
        if at is NO_KEY:
            raise _undecided_key(m, span)
        if at not in cell.fields:
            raise m.refuse(f"the key {at!r} is not in this dict.", span)
        return at
    items = known_items(m, base) or []
    if type(at) is not int:
        raise _undecided_key(m, span)
    if not -len(items) <= at < len(items):
        raise m.refuse(f"the index {at} is out of range.", span)
    return at % len(items)


def _constant_bounds(m: Machine, e: n.Slice) -> n.Slice:
    def known(x: n.Expr | None) -> n.Expr | None:
        if x is None:
            return None
        value = m.constant(x)
        return x if value is None else n.Const(value)

    return n.Slice(known(e.lower), known(e.upper), known(e.step))


def _undecided_key(m: Machine, span: Span | None) -> Exception:
    return m.undecided(
        "which object this is is known only when the program runs.",
        span,
        "keep the numbers in arrays, one for each field, and index these; or loop over the "
        "objects themselves.",
    )


def store_item(m: Machine, base: Value, key: Value, v: Value, span: Span | None) -> None:
    """`base[key] = v`."""
    cell = m.cell(base)
    if cell is None or classes.is_namedtuple(cell.cls):
        raise m.refuse("an item of a tuple cannot be assigned to.", span)
    if cell.cls not in (list, dict):
        if special(m, base, "__setitem__", (key, v), span) is None:
            raise m.refuse(f"{cell.cls.__name__} has no __setitem__.", span)
        return
    if cell.cls is dict:
        at = key_of(m, key)
        if at is NO_KEY:
            raise _undecided_key(m, span)
    else:
        at = _position(m, base, key, span)
    store_field(m, base, at, v, span)


def contains(m: Machine, v: Value, whole: Value, wanted: bool, span: Span | None) -> Value:
    """`v in whole`."""
    cell = m.cell(whole)
    if cell is not None and cell.cls is dict:
        key = key_of(m, v)
        if key is not NO_KEY:
            return Plain(n.Const((key in cell.fields) == wanted, span=span))
    if cell is not None and cell.cls not in (list, dict):
        found = special(m, whole, "__contains__", (v,), span)
        if found is not None:
            return found if wanted else _negated(m, found, span)
    for x in iterated(m, whole, span):
        if x == v and isinstance(x, Made):
            return Plain(n.Const(wanted, span=span))
    raise m.undecided("whether the object is among these is not known.", span, "use a flag.")


def _negated(m: Machine, v: Value, span: Span | None) -> Value:
    decided = m.truth(v, span)
    if isinstance(decided, bool):
        return Plain(n.Const(not decided, span=span))
    return Plain(n.Op("not", (decided,), span=span))


# --- methods ------------------------------------------------------------------------------------


def operate(
    m: Machine,
    operation: Operation,
    args: list[Value],
    keywords: Mapping[str, Value],
    span: Span | None,
    wish: str | None,
) -> Value:
    """A method of a container."""
    cell = m.cell(operation.owner)
    name = operation.name
    if cell is not None and cell.cls is dict and name == "update":
        return _updated(m, operation.owner, args, keywords, span)
    if keywords or cell is None:
        raise m.refuse(f"the method {name!r} is not followed here.", span)
    if cell.cls is dict:
        return _of_dict(m, operation.owner, cell, name, args, span)
    items = list(cell.fields.values())
    result: Value = Plain(n.Const(None, span=span))
    match name:
        case "append":
            store_field(m, operation.owner, len(items), args[0], span)
            return result
        case "extend":
            for v in iterated(m, args[0], span):
                store_field(m, operation.owner, len(cell.fields), v, span)
            return result
        case "copy":
            return container(m, list, dict(enumerate(items)), wish, span)
        case "pop":
            at = _position(m, operation.owner, _key(args), span)
            result = items.pop(at)
        case "insert":
            at = m.constant(args[0].expr) if isinstance(args[0], Plain) else None
            if type(at) is not int:
                raise _undecided_key(m, span)
            items.insert(at, args[1])
        case "reverse":
            items.reverse()
        case "clear":
            items = []
        case "index" if args[0] in items and isinstance(args[0], Made):
            return Plain(n.Const(items.index(args[0])))
        case "remove" if args[0] in items and isinstance(args[0], Made):
            items.remove(args[0])
        case _:
            raise m.refuse(f"the method {name!r} of a list of objects is not followed.", span)
    return _replaced(m, operation.owner, cell, items, result, span)


def _key(args: list[Value]) -> Plain:
    return args[0] if args and isinstance(args[0], Plain) else Plain(n.Const(-1))


def _replaced(
    m: Machine, owner: Value, cell: Cell, items: list[Value], result: Value, span: Span | None
) -> Value:
    """The list with other items; those that are numbers move to other variables."""
    if cell.copied:
        raise m.refuse("a list that two names may stand for is changed here.", span)
    values = [Plain(m.named(v.expr, "item")) if isinstance(v, Plain) else v for v in items]
    if isinstance(result, Plain):
        result = Plain(m.named(result.expr, "item"))
    cell.fields = {}
    for i, v in enumerate(values):
        store_field(m, owner, i, v, span)
    return result


def _of_dict(
    m: Machine, owner: Value, cell: Cell, name: str, args: list[Value], span: Span | None
) -> Value:
    keys = [Plain(constant(key)) for key in cell.fields]
    if cell.copied and name in ("pop", "setdefault", "clear"):
        raise m.refuse("a dict that two names may stand for is changed here.", span)
    match name:
        case "keys":
            return tuple_of(m, tuple(keys), span)
        case "values":
            return tuple_of(m, tuple(cell.fields.values()), span)
        case "items":
            pairs = zip(keys, cell.fields.values(), strict=True)
            return tuple_of(m, tuple(tuple_of(m, pair, span) for pair in pairs), span)
        case "get" | "pop" | "setdefault":
            key = key_of(m, args[0])
            if key is NO_KEY:
                raise _undecided_key(m, span)
            if name == "setdefault" and key not in cell.fields:
                store_field(m, owner, key, args[1], span)
            if key not in cell.fields:
                return args[1] if len(args) > 1 else Plain(n.Const(None, span=span))
            found = cell.fields[key]
            if name == "pop":
                found = Plain(m.named(found.expr, "item")) if isinstance(found, Plain) else found
                del cell.fields[key]
            return found
        case "clear":
            cell.fields = {}
            return Plain(n.Const(None, span=span))
        case "copy":
            return container(m, dict, dict(cell.fields), None, span)
    raise m.refuse(f"the method {name!r} of a dict of objects is not followed.", span)


def _updated(
    m: Machine, owner: Value, args: list[Value], keywords: Mapping[str, Value], span: Span | None
) -> Value:
    """`d.update(other, k=v)`."""
    for part in args:
        more = fields_of(m, part)
        if more is None:
            raise _undecided_key(m, span)
        for key, v in more.items():
            store_field(m, owner, key, v, span)
    for name, v in keywords.items():
        store_field(m, owner, name, v, span)
    return Plain(n.Const(None, span=span))


def constant(key: Any) -> n.Expr:
    """A key as an expression."""
    return n.Tuple(tuple(map(constant, key))) if isinstance(key, tuple) else n.Const(key)


def removed(m: Machine, base: Value, key: Value, span: Span | None) -> None:
    """`del base[key]`."""
    cell = m.cell(base)
    if cell is None or cell.cls not in (list, dict) or cell.copied:
        raise m.refuse("this is not followed here.", span)
    at = _position(m, base, key, span)
    if cell.cls is dict:
        del cell.fields[at]
        return
    items = list(cell.fields.values())
    del items[at]
    _replaced(m, base, cell, items, Plain(n.Const(None)), span)


def arithmetic(
    m: Machine, op: str, args: list[Value], span: Span | None, wish: str | None
) -> Value | None:
    """`xs + ys` and `xs * 2` of lists and tuples."""
    if op == "bitor":
        if all((cell := m.cell(v)) is not None and cell.cls is dict for v in args):
            return merged(m, args, span, wish)
        return None
    if op == "add":
        parts = [known_items(m, v) for v in args]
        if any(part is None for part in parts):
            return None
        items = [v for part in parts for v in part or ()]
    elif op == "mul":
        whole, times = args if not isinstance(args[0], Plain) else args[::-1]
        count = m.constant(times.expr) if isinstance(times, Plain) else None
        part = known_items(m, whole)
        if type(count) is not int or part is None:
            return None
        items = part * count
    else:
        return None
    if any((cell := m.cell(v)) is not None and cell.cls is list for v in args):
        return container(m, list, dict(enumerate(items)), wish, span)
    return tuple_of(m, tuple(items), span)


def as_tuple(m: Machine, v: Value) -> Value:
    """A namedtuple as a tuple; anything else as it is."""
    cell = m.cell(v)
    return v if cell is None else tuple_of(m, tuple(cell.fields.values()), cell.span)
