"""Functions of Python and its library that take objects, or tell something about them."""

from __future__ import annotations

import collections
import copy
import dataclasses
import functools
import itertools
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from srcdiff.aggregates import classes, containers, inlined, operators
from srcdiff.aggregates.attributes import (
    attribute,
    class_ref,
    external,
    special,
    store,
    store_field,
)
from srcdiff.aggregates.machine import Machine
from srcdiff.aggregates.paths import choice
from srcdiff.aggregates.values import Cell, Items, Made, Plain, Value
from srcdiff.analysis.kinds import exact_type
from srcdiff.errors import Span
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Known

Args = list[Value]


@dataclass(frozen=True)
class Super(Value):
    """`super()`: what comes after a class."""

    owner: type
    self: Value


@dataclass(frozen=True)
class MadeInit(Value):
    """The `__init__` that `dataclass` made for a base class, bound to an object."""

    cls: type
    self: Value


@dataclass(frozen=True)
class Nothing(Value):
    """What does nothing when it is called: `object.__init__`."""


NOTHING = Nothing()


def call(
    m: Machine,
    function: Any,
    args: Args,
    keywords: Mapping[str, Value],
    span: Span | None,
    wish: str | None,
) -> Value | None:
    """The value of a call of one of these functions; None for all others."""
    if function is object.__setattr__ and len(args) == 3:
        return _set_anyway(m, args, span)
    if function is object.__init__:
        return Plain(n.Const(None))
    handler = _HANDLERS.get(function) if _is_hashable(function) else None
    if handler is None:
        return None
    given = [*args, *keywords.values()]
    makes = m.world.containers and function in (dict, collections.OrderedDict)
    if makes or function in _ALWAYS or any(not isinstance(v, Plain) for v in given):
        with m.holding(given):
            return handler(m, args, keywords, span, wish)
    return None


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _object(m: Machine, v: Value) -> Cell | None:
    cell = m.cell(v)
    return None if cell is None or cell.cls in (list, dict) else cell


def _seen(m: Machine, v: Value) -> Value:
    """An object from outside as an object."""
    return (external(m, v.expr) or v) if isinstance(v, Plain) else v


# --- about objects ------------------------------------------------------------------------------


def _len(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    if _object(m, args[0]) is not None and not _is_namedtuple(m, args[0]):
        found = special(m, args[0], "__len__", (), span)
        if found is not None:
            return found
    items = containers.iterated(m, args[0], span)
    return Plain(n.Const(len(items), span=span))


def _is_namedtuple(m: Machine, v: Value) -> bool:
    cell = m.cell(v)
    return cell is not None and classes.is_namedtuple(cell.cls)


def _type_of(m: Machine, v: Value) -> type | None:
    cell = m.cell(v)
    if cell is not None:
        return cell.cls
    if isinstance(v, Plain):
        outside = external(m, v.expr)
        return _type_of(m, outside) if outside is not None else exact_type(m.kind(v.expr))
    return tuple if isinstance(v, Items) else None


def _isinstance(
    m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None
) -> Value | None:
    cls = _type_of(m, args[0])
    wanted = _classes(m, args[1])
    if cls is None or wanted is None:
        if isinstance(args[0], Plain) and isinstance(args[1], Plain):
            return None
        raise m.undecided("the class of this is not known.", span, "test something else.")
    return Plain(n.Const(issubclass(cls, wanted), span=span))


def _classes(m: Machine, v: Value) -> tuple[type, ...] | None:
    items = v.expr.items if isinstance(v, Plain) and isinstance(v.expr, n.Tuple) else None
    if isinstance(v, Items) and all(isinstance(x, Plain) for x in v.items):
        items = tuple(x.expr for x in v.items if isinstance(x, Plain))
    if items is None and isinstance(v, Plain):
        items = (v.expr,)
    found = [m.kind(e) for e in items or ()]
    values = [k.value for k in found if isinstance(k, Known)]
    if len(values) != len(found) or not all(isinstance(x, type | types.UnionType) for x in values):
        return None
    return tuple(values)


def _type(
    m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None
) -> Value | None:
    cell = m.cell(_seen(m, args[0]))
    if cell is None or len(args) != 1:
        return None
    return Plain(class_ref(cell.cls))


def _getattr(
    m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None
) -> Value | None:
    base = _seen(m, args[0])
    name = _name(m, args[1])
    if isinstance(base, Plain):
        return None
    if name is None:
        raise _computed_name(m, "getattr", span)
    if len(args) == 3 and not _has(m, base, name):
        return args[2]
    return attribute(m, base, name, span)


def _hasattr(
    m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None
) -> Value | None:
    base = _seen(m, args[0])
    name = _name(m, args[1])
    if isinstance(base, Plain):
        return None
    if name is None:
        raise _computed_name(m, "hasattr", span)
    return Plain(n.Const(_has(m, base, name), span=span))


def _has(m: Machine, base: Value, name: str) -> bool:
    cell = m.cell(base)
    assert cell is not None
    if cell.outside is not None:
        made = next(obj for obj, number in m.outside.values() if base == Made(number))
        return name in cell.fields or hasattr(made, name)
    return name in cell.fields or classes.find(cell.cls, name) is not None


def _setattr(
    m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None
) -> Value | None:
    base = _seen(m, args[0])
    name = _name(m, args[1])
    if isinstance(base, Plain):
        return None
    if name is None:
        raise _computed_name(m, "setattr", span)
    store(m, base, name, args[2], span)
    return Plain(n.Const(None, span=span))


def _set_anyway(m: Machine, args: Args, span: Span | None) -> Value:
    """`object.__setattr__(self, "x", v)`, as frozen classes use it."""
    name = _name(m, args[1])
    if name is None or _object(m, args[0]) is None:
        raise _computed_name(m, "object.__setattr__", span)
    store_field(m, args[0], name, args[2], span)
    return Plain(n.Const(None, span=span))


def _name(m: Machine, v: Value) -> str | None:
    found = m.constant(v.expr) if isinstance(v, Plain) else None
    return found if isinstance(found, str) else None


def _computed_name(m: Machine, what: str, span: Span | None) -> Exception:
    return m.undecided(
        f"{what} is given a name that is known only when the program runs.",
        span,
        "write the attributes out.",
    )


def _truth(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    decided = m.truth(args[0], span)
    return Plain(n.Const(decided, span=span) if isinstance(decided, bool) else decided)


def _by_method(name: str) -> Callable[..., Value | None]:
    def handler(
        m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None
    ) -> Value | None:
        found = special(m, args[0], name, args[1:], span, None, wish)
        if found is None and _object(m, args[0]) is not None:
            raise m.refuse(f"the class of this object does not define {name}.", span)
        return found

    return handler


# --- copies -------------------------------------------------------------------------------------


def _replace(
    m: Machine, args: Args, keywords: Mapping[str, Value], span: Span | None, wish: str | None
) -> Value:
    base = _seen(m, args[0])
    cell = _object(m, base)
    specs = classes.fields_of(cell.cls) if cell is not None else None
    if cell is None or specs is None:
        raise m.refuse("this is no dataclass that can be followed.", span)
    given = dict(keywords)
    for spec in specs:
        if spec.in_init and spec.name not in given and not spec.only_init:
            given[spec.name] = attribute(m, base, spec.name, span)
    return inlined.construct(m, cell.cls, [], given, span, wish)


def _copy(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    cell = m.cell(args[0])
    if cell is None or cell.outside is not None:
        raise m.refuse("this object is copied, which is not followed.", span)
    made, _ = m.make(cell.cls, wish or cell.prefix, span)
    for key, v in dict(cell.fields).items():
        store_field(m, made, key, v, span)
    return made


def _deepcopy(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    return _deep(m, args[0], {}, span, wish)


def _deep(
    m: Machine, v: Value, seen: dict[Value, Value], span: Span | None, wish: str | None
) -> Value:
    if isinstance(v, Plain):
        cls = exact_type(m.kind(v.expr))
        if cls is np.ndarray:
            return Plain(n.Call(n.Field(v.expr, "copy"), (), span=span))
        if cls is None or issubclass(cls, list | tuple):
            raise m.refuse("what this object holds is copied, which is not followed.", span)
        return v
    if isinstance(v, Items):
        return Items(tuple(_deep(m, item, seen, span, wish) for item in v.items))
    if v in seen:
        return seen[v]
    cell = m.cell(v)
    if cell is None or cell.outside is not None:
        raise m.refuse("this object is copied, which is not followed.", span)
    made, _ = m.make(cell.cls, wish or cell.prefix, span)
    seen[v] = made
    for key, field in dict(cell.fields).items():
        store_field(m, made, key, _deep(m, field, seen, span, None), span)
    return made


def _fields(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    """`dataclasses.astuple`, of one level."""
    cell = _object(m, args[0])
    if cell is None:
        raise m.refuse("this object is not followed here.", span)
    return containers.tuple_of(m, tuple(cell.fields.values()), span)


def _as_dict(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    cell = _object(m, args[0])
    if cell is None:
        raise m.refuse("this object is not followed here.", span)
    items = tuple(cell.fields.values())
    exprs = tuple(v.expr for v in items if isinstance(v, Plain))
    if len(exprs) == len(items):
        return Plain(n.Dict(tuple(cell.fields), exprs, span=span))
    return containers.container(m, dict, dict(cell.fields), wish, span)


# --- iteration ----------------------------------------------------------------------------------


def _iterators(m: Machine, args: Args, span: Span | None) -> list[list[Value]]:
    """The items of several values side by side; those of the text are indexed."""
    found = [containers.known_items(m, v) for v in args]
    count = min((len(items) for items in found if items is not None), default=None)
    if count is None:
        raise m.undecided("it is not known how many items there are.", span, "write them out.")
    out = []
    for v, items in zip(args, found, strict=True):
        if items is None:
            assert isinstance(v, Plain)
            whole = m.named(v.expr, "items") if not isinstance(v.expr, n.Var) else v.expr
            items = [Plain(n.Index(whole, n.Const(i), span=span)) for i in range(count)]
        out.append(items)
    return out


def _zip(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    rows = zip(*_iterators(m, args, span), strict=False)
    return containers.tuple_of(m, tuple(containers.tuple_of(m, row, span) for row in rows), span)


def _enumerate(
    m: Machine, args: Args, keywords: Mapping[str, Value], span: Span | None, wish: str | None
) -> Value:
    start = [*args[1:], *keywords.values()]
    first = m.constant(start[0].expr) if start and isinstance(start[0], Plain) else 0
    if type(first) is not int:
        raise m.undecided("where this starts to count is not known.", span, "start at 0.")
    items = containers.iterated(m, args[0], span)
    pairs = ((Plain(n.Const(i + first)), v) for i, v in enumerate(items))
    return containers.tuple_of(m, tuple(containers.tuple_of(m, pair, span) for pair in pairs), span)


def _reversed(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    return containers.tuple_of(m, tuple(reversed(containers.iterated(m, args[0], span))), span)


def _is_of_the_text(v: Value) -> bool:
    """Whether only the text knows the items of a value."""
    return isinstance(v, Plain) and not isinstance(v.expr, n.Tuple | n.List)


def _list(
    m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None
) -> Value | None:
    if not args or _is_of_the_text(args[0]):
        return None
    items = containers.iterated(m, args[0], span)
    if all(isinstance(v, Plain) for v in items):
        return Plain(n.List(tuple(v.expr for v in items if isinstance(v, Plain)), span=span))
    return containers.container(m, list, dict(enumerate(items)), wish, span)


def _tuple(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    return containers.tuple_of(m, tuple(containers.iterated(m, args[0], span)), span)


def _dict(
    m: Machine, args: Args, keywords: Mapping[str, Value], span: Span | None, wish: str | None
) -> Value:
    fields: dict[Any, Value] = {}
    for part in args:
        more = containers.fields_of(m, part)
        if more is None:
            raise m.undecided(
                "it is not known which keys this dict has.", span, "write its items out."
            )
        fields |= more
    return containers.container(m, dict, {**fields, **keywords}, wish, span)


def _sorted(
    m: Machine, args: Args, keywords: Mapping[str, Value], span: Span | None, wish: str | None
) -> Value | None:
    """Constants, such as keys, in order."""
    items = containers.known_items(m, args[0])
    keys = None if items is None else [containers.key_of(m, v) for v in items]
    if keys is None or containers.NO_KEY in keys or keywords:
        return None
    ordered = sorted(keys)
    return containers.tuple_of(m, tuple(Plain(containers.constant(k)) for k in ordered), span)


def _sum(
    m: Machine, args: Args, keywords: Mapping[str, Value], span: Span | None, wish: str | None
) -> Value:
    items = containers.iterated(m, args[0], span)
    start = [*args[1:], *keywords.values()]
    total = start[0] if start else Plain(n.Const(0))
    if not start and all(isinstance(v, Plain) for v in items):
        exprs = tuple(v.expr for v in items if isinstance(v, Plain))
        return Plain(n.Call(n.Ref("sum", sum, sum), (n.List(exprs, span=span),), span=span))
    for v in items:
        total = operators.operation(m, "add", [total, v], span, wish)
    return total


def _extreme(
    m: Machine, args: Args, keywords: Mapping[str, Value], span: Span | None, op: str
) -> Value:
    if set(keywords) - {"key"}:
        raise m.refuse("this keyword is not followed here.", span)
    items = containers.iterated(m, args[0], span) if len(args) == 1 else list(args)
    key = keywords.get("key")
    best, *others = items
    if not others:
        return best

    def measure(v: Value) -> Value:
        return v if key is None else m.applied(key, [v], {}, span)

    with m.holding(items):
        return _best(m, best, others, measure, op, span)


def _best(
    m: Machine,
    best: Value,
    others: list[Value],
    measure: Callable[[Value], Value],
    op: str,
    span: Span | None,
) -> Value:
    for v in others:
        better = operators.comparison(m, (op,), [measure(v), measure(best)], span)
        best = choice(m, better, v, best, span)
    return best


def _by_comparison(op: str) -> Callable[..., Value]:
    def handler(
        m: Machine, args: Args, keywords: Mapping[str, Value], span: Span | None, wish: str | None
    ) -> Value:
        return _extreme(m, args, keywords, span, op)

    return handler


def _reduce(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    items = containers.iterated(m, args[1], span)
    total, *rest = (args[2], *items) if len(args) == 3 else items
    for v in rest:
        total = m.applied(args[0], [total, v], {}, span, wish)
    return total


def _map(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    rows = zip(*_iterators(m, args[1:], span), strict=False)
    found = m.in_order(partial(m.applied, args[0], list(row), {}, span) for row in rows)
    return containers.tuple_of(m, tuple(found), span)


def _chain(m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None) -> Value:
    items = [v for part in args for v in containers.iterated(m, part, span)]
    return containers.tuple_of(m, tuple(items), span)


def _every(op: str) -> Callable[..., Value]:
    def handler(
        m: Machine, args: Args, keywords: Any, span: Span | None, wish: str | None
    ) -> Value:
        out: n.Expr | None = None
        for v in containers.iterated(m, args[0], span):
            decided = m.truth(v, span)
            if isinstance(decided, bool):
                if decided == (op == "or"):
                    return Plain(n.Const(decided, span=span))
                continue
            out = decided if out is None else n.Op(op, (out, decided), span=span)
        return Plain(n.Const(op == "and", span=span) if out is None else out)

    return handler


_HANDLERS: dict[Any, Callable[..., Value | None]] = {
    len: _len,
    isinstance: _isinstance,
    type: _type,
    getattr: _getattr,
    hasattr: _hasattr,
    setattr: _setattr,
    bool: _truth,
    abs: _by_method("__abs__"),
    float: _by_method("__float__"),
    round: _by_method("__round__"),
    next: _by_method("__next__"),
    dataclasses.replace: _replace,
    dataclasses.astuple: _fields,
    dataclasses.asdict: _as_dict,
    vars: _as_dict,
    copy.copy: _copy,
    copy.deepcopy: _deepcopy,
    zip: _zip,
    enumerate: _enumerate,
    reversed: _reversed,
    list: _list,
    dict: _dict,
    tuple: _tuple,
    iter: _tuple,
    sum: _sum,
    collections.OrderedDict: _dict,
    sorted: _sorted,
    max: _by_comparison("gt"),
    min: _by_comparison("lt"),
    functools.reduce: _reduce,
    map: _map,
    itertools.chain: _chain,
    any: _every("or"),
    all: _every("and"),
}
# These may be asked about objects from outside, which are expressions of the text.
_ALWAYS = frozenset((isinstance, type, getattr, hasattr, setattr, dataclasses.replace, dict, list))
