"""Calls: of methods, of classes, of functions that are given objects or make them, of builtins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from srcdiff.aggregates import builtin, classes, comprehended, containers, inlined
from srcdiff.aggregates.attributes import (
    attribute,
    bound,
    class_of,
    class_ref,
    external,
    special,
)
from srcdiff.aggregates.machine import Machine
from srcdiff.aggregates.values import Items, Made, Method, Nested, Plain, Value
from srcdiff.errors import Span
from srcdiff.ir import nodes as n
from srcdiff.ir.functional import part
from srcdiff.ir.kinds import DictOf, FunctionOf, Kind, Known, ListOf, Object, PartialOf, TupleOf
from srcdiff.rules.registry import lookup

Keywords = Mapping[str, Value]


def call(m: Machine, e: n.Call, wish: str | None) -> Value:
    """The value of a call."""
    if isinstance(e.callee, n.Ref) and e.callee.value is super:
        return _super(m, e)
    steps: list[Callable[[], Value]] = [partial(_callee, m, e.callee)]
    steps += [partial(_argument, m, a) for a in e.args]
    steps += [partial(_argument, m, v) for _, v in e.keywords]
    callee, *found = m.in_order(steps)
    count = len(e.args)
    args, keywords = _spread(m, e, found[:count], found[count:])
    if args is None or keywords is None:
        exprs = [_plain(m, v, e.span, callee) for v in found]
        names = (name for name, _ in e.keywords)
        function = _plain(m, callee, e.span, callee)
        pairs = tuple(zip(names, exprs[count:], strict=True))
        return Plain(n.Call(function, tuple(exprs[:count]), pairs, span=e.span))
    return applied(m, callee, args, keywords, e.span, wish)


def _callee(m: Machine, e: n.Expr) -> Value:
    if isinstance(e, n.Field):
        base = m.value(e.base)
        cell = m.cell(base)
        if (
            cell is not None
            and e.name in ("_replace", "_asdict")
            and classes.is_namedtuple(cell.cls)
        ):
            return containers.Operation(e.name, base)
        if isinstance(base, Items) or (cell is not None and cell.cls in (list, dict)):
            return containers.Operation(e.name, base)
        if isinstance(base, builtin.Super):
            return of_super(m, base, e.name, e.span)
        return attribute(m, base, e.name, e.span)
    return m.value(e)


def _argument(m: Machine, e: n.Expr) -> Value:
    if isinstance(e, n.Starred) and isinstance(e.value, n.OpaqueExpr):
        found = comprehended.written_out(m, e.value)
        if found is not None:
            return found
    return m.value(e.value if isinstance(e, n.Starred) else e)


def _spread(
    m: Machine, e: n.Call, args: list[Value], values: list[Value]
) -> tuple[list[Value] | None, dict[str, Value] | None]:
    """The arguments one by one; None where the text alone can tell."""
    out: list[Value] = []
    for x, v in zip(e.args, args, strict=True):
        if not isinstance(x, n.Starred):
            out.append(v)
            continue
        items = containers.known_items(m, v)
        if items is None:
            return None, None
        out += items
    named: dict[str, Value] = {}
    for (name, _), v in zip(e.keywords, values, strict=True):
        if name != "**":
            named[name] = v
            continue
        cell = m.cell(v)
        if cell is None or cell.cls is not dict:
            found = containers.known_keys(m, v)
            if found is None:
                return None, None
            named |= found
        else:
            named |= cell.fields
    return out, named


def _plain(m: Machine, v: Value, span: Span | None, callee: Value) -> n.Expr:
    name = "this call"
    if isinstance(callee, Plain) and isinstance(callee.expr, n.Ref):
        name = callee.expr.path
    elif isinstance(callee, Plain) and isinstance(callee.expr, n.Field):
        name = f".{callee.expr.name}"
    marks = {i: m.state.heap[i].copied for i in sorted(m.state.reached(v))}
    changing = [i for i in marks if m.state.heap[i].cls in (list, dict)]
    if m.world.containers and changing and not _only_reads(m, callee):
        raise m.undecided(
            f"a list or dict is handed to {name}, which may change it.", span, "write a loop."
        )
    e = m.plain(v, span, f"handed to {name}")
    if not _keeps(callee):
        for i, mark in marks.items():
            m.state.heap[i].copied = mark
    return e


# Builtins that leave what they are given as it is, and keep none of it.
_READERS: tuple[Any, ...] = (
    *(print, repr, str, format, len, sum, sorted, any, all, max, min, isinstance, set, frozenset),
    *(zip, enumerate, map, filter, reversed, iter, list, tuple, dict, float, int, bool),
)


def _keeps(callee: Value) -> bool:
    """Whether a call puts what it is given somewhere."""
    return isinstance(callee, Plain) and isinstance(callee.expr, n.Field)


def _only_reads(m: Machine, callee: Value) -> bool:
    """Whether a call leaves the lists that it is given as they are."""
    if not isinstance(callee, Plain):
        return False
    e = callee.expr
    if isinstance(e, n.Field):
        return isinstance(m.kind(e.base), ListOf) or e.name in ("join", "format", "info", "debug")
    if not isinstance(e, n.Ref):
        return False
    try:
        if lookup(e.value) is not None or e.value in _READERS:
            return True
    except TypeError:
        return False
    return isinstance(e.value, type) and issubclass(e.value, BaseException)


def applied(
    m: Machine,
    callee: Value,
    args: Sequence[Value],
    keywords: Keywords,
    span: Span | None,
    wish: str | None = None,
) -> Value:
    """The value of calling a value."""
    match callee:
        case Method():
            return inlined.invoke(m, callee.function, [callee.owner, *args], keywords, span, wish)
        case Nested():
            return inlined.invoke_nested(m, callee, args, keywords, span, wish)
        case containers.Operation() if callee.name in ("_replace", "_asdict"):
            return _of_namedtuple(m, callee, keywords, span, wish)
        case containers.Operation():
            return containers.operate(m, callee, list(args), keywords, span, wish)
        case Made():
            found = special(m, callee, "__call__", args, span, keywords, wish)
            if found is None:
                raise m.refuse("an object is called whose class has no __call__.", span)
            return found
        case builtin.MadeInit():
            return inlined.initialise(m, callee.self, callee.cls, args, keywords, span)
        case builtin.Nothing():
            return Plain(n.Const(None, span=span))
        case Plain():
            return _plain_callee(m, callee.expr, args, keywords, span, wish)
    raise m.refuse("this is called, which is not followed.", span)


def _plain_callee(
    m: Machine,
    callee: n.Expr,
    args: Sequence[Value],
    keywords: Keywords,
    span: Span | None,
    wish: str | None,
) -> Value:
    cls = class_of(callee)
    if cls is not None:
        return inlined.construct(m, cls, args, keywords, span, wish)
    if isinstance(callee, n.Field) and any(not isinstance(v, Plain) for v in args):
        emptied = containers.of_objects(m, callee.base)
        if emptied is not None:
            operation = containers.Operation(callee.name, emptied)
            return containers.operate(m, operation, list(args), keywords, span, wish)
    value = callee.value if isinstance(callee, n.Ref) else _known(m, callee)
    outside = external(m, callee)
    if outside is not None:
        return applied(m, outside, args, keywords, span, wish)
    if isinstance(value, MethodType) and classes.is_record(value.__self__):
        owner_class: Any = value.__self__
        m.world.rely_on(owner_class, value.__name__, value.__func__)
        owner = Plain(class_ref(owner_class))
        return inlined.invoke(m, value.__func__, [owner, *args], keywords, span, wish)
    given = (*args, *keywords.values())
    lists = any(not isinstance(v, Plain) or _is_list(m, v) for v in given)
    if lists or _gives_list(m, callee, args, keywords):
        nested = _nested(m, callee)
        if nested is not None:
            return inlined.invoke_nested(m, nested, args, keywords, span, wish)
    if isinstance(callee, n.Field):
        method = _method_of_outside(m, callee, span)
        if method is not None:
            return applied(m, method, args, keywords, span, wish)
    if value is not None:
        found = builtin.call(m, value, list(args), keywords, span, wish)
        if found is not None:
            return found
        if _is_written_out(m, value, args, keywords):
            return inlined.invoke(m, value, args, keywords, span, wish)
    exprs = tuple(_plain(m, v, span, Plain(callee)) for v in args)
    pairs = tuple((name, _plain(m, v, span, Plain(callee))) for name, v in keywords.items())
    return Plain(n.Call(callee, exprs, pairs, span=span))


def _nested(m: Machine, callee: n.Expr) -> Nested | None:
    """A function defined inside that the text has by a name."""
    kind = m.kind(callee)
    if not isinstance(kind, FunctionOf):
        return None
    defaults = dict(callee.defaults) if isinstance(callee, n.Closure) else {}
    held = ((name, defaults.get(name, part(callee, name))) for name, _ in kind.held)
    return Nested(kind.code, tuple((name, Plain(e)) for name, e in held))


def _known(m: Machine, callee: n.Expr) -> Any:
    kind = m.kind(callee)
    return kind.value if isinstance(kind, Known) and callable(kind.value) else None


def _method_of_outside(m: Machine, callee: n.Field, span: Span | None) -> Value | None:
    """The method of an object that the text reads, which the object has by its class."""
    kind = m.kind(callee)
    if not isinstance(kind, PartialOf) or kind.given is not None or len(kind.args) != 1:
        return None
    owner = kind.args[0]
    base = external(m, callee.base)
    if not isinstance(owner, Object) or base is None:
        return None
    found = classes.find(owner.cls, callee.name)
    return None if found is None else bound(m, base, found, callee.name, span)


def _is_written_out(m: Machine, value: Any, args: Sequence[Value], keywords: Keywords) -> bool:
    """Whether a function has to be followed: it is given objects, or it makes some."""
    if not isinstance(value, FunctionType) or not m.world.is_user_function(value):
        return False
    if lookup(value) is not None:
        return False
    given = (*args, *keywords.values())
    if any(_is_list(m, v) for v in given) or _gives_list(
        m, n.Ref(value.__name__, value, value), args, keywords
    ):
        return True
    return any(not isinstance(v, Plain) for v in given) or m.world.makes_objects(value)


def _is_list(m: Machine, v: Value) -> bool:
    if not m.world.containers or not isinstance(v, Plain):
        return False
    return isinstance(m.kind(v.expr), ListOf | TupleOf)


def _gives_list(m: Machine, callee: n.Expr, args: Sequence[Value], keywords: Keywords) -> bool:
    """Whether a call gives a list or dict, or a tuple with one in it."""
    given = (*args, *keywords.values())
    if not m.world.containers or not all(isinstance(v, Plain) for v in given):
        return False
    exprs = tuple(v.expr for v in args if isinstance(v, Plain))
    pairs = tuple((name, v.expr) for name, v in keywords.items() if isinstance(v, Plain))
    return _holds_list(m.kind(n.Call(callee, exprs, pairs)))


def _holds_list(kind: Kind) -> bool:
    if isinstance(kind, TupleOf):
        return any(map(_holds_list, kind.items))
    return isinstance(kind, ListOf | DictOf)


# --- super --------------------------------------------------------------------------------------


def _super(m: Machine, e: n.Call) -> Value:
    frame = next((f for f in reversed(m.frames) if f.owner is not None), None)
    if e.args or frame is None or frame.owner is None or not frame.first:
        raise m.refuse("super() is used here in a way that is not followed.", e.span, "super()")
    first = frame.names.get(frame.first, n.Var(frame.first))
    owner: Value = Plain(first)
    if isinstance(first, n.Var):
        owner = m.state.env.get(first.name, owner)
    if isinstance(owner, Plain):
        owner = external(m, owner.expr) or owner
    return builtin.Super(frame.owner, owner)


def of_super(m: Machine, base: builtin.Super, name: str, span: Span | None) -> Value:
    cell = m.cell(base.self)
    cls = cell.cls if cell is not None else None
    if cls is None and isinstance(base.self, Plain):
        cls = class_of(base.self.expr)
    assert cls is not None
    found = classes.find(cls, name, after=base.owner)
    if name == "__init__" and (found is None or found.owner is object):
        return builtin.NOTHING
    if found is None or found.owner is object:
        raise m.refuse(f"no base class of {base.owner.__name__} has {name!r}.", span)
    if classes.is_made(found.value) and name == "__init__":
        return builtin.MadeInit(found.owner, base.self)
    if cell is None and isinstance(found.value, classmethod):
        return Method(found.value.__func__, base.self)
    return bound(m, base.self, found, name, span)


def _of_namedtuple(
    m: Machine,
    callee: containers.Operation,
    keywords: Keywords,
    span: Span | None,
    wish: str | None,
) -> Value:
    cell = m.cell(callee.owner)
    assert cell is not None
    fields = {**cell.fields, **keywords}
    if callee.name == "_asdict":
        return containers.container(m, dict, fields, wish, span)
    return inlined.construct(m, cell.cls, [], fields, span, wish)
