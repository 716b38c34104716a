"""The values of expressions: objects where there are objects, expressions of the text elsewhere."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from srcdiff.aggregates import builtin, calls, comprehended, containers, operators
from srcdiff.aggregates.attributes import attribute, opened, special
from srcdiff.aggregates.machine import Machine
from srcdiff.aggregates.paths import alternatives
from srcdiff.aggregates.values import Items, Lost, Method, Nested, Plain, Value
from srcdiff.errors import Span
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array, Known, ListOf, TupleOf, is_number, join_all
from srcdiff.ir.stars import is_starred
from srcdiff.ir.walk import children, rebuild


def value(m: Machine, e: n.Expr, wish: str | None = None) -> Value:
    """What the expression gives. An object that it makes is named after the wish."""
    match e:
        case n.Var():
            return variable(m, e)
        case n.Const() | n.Ref():
            return Plain(e)
        case n.Global():
            return opened(m, Plain(e))
        case n.Field():
            base = m.value(e.base)
            if isinstance(base, builtin.Super):
                return calls.of_super(m, base, e.name, e.span)
            return attribute(m, base, e.name, e.span)
        case n.Index():
            return _index(m, e)
        case n.Op() if e.op in ("and", "or"):
            return _boolean(m, e)
        case n.Op():
            return operators.operation(m, e.op, many(m, e.args), e.span, wish)
        case n.Compare():
            return operators.comparison(m, e.ops, many(m, e.args), e.span)
        case n.Choose():
            return _choose(m, e, wish)
        case n.Call():
            return calls.call(m, e, wish)
        case n.Tuple() | n.List() | n.Dict():
            return _display(m, e, wish)
        case n.Starred():
            return Plain(n.Starred(m.plain(m.value(e.value), e.span), span=e.span))
        case n.OpaqueExpr():
            return comprehended.opaque(m, e, wish)
        case n.Closure():
            return _closure(m, e)
        case n.Slice():
            return Plain(_rebuilt(m, e))
    return Plain(_rebuilt(m, e))


def variable(m: Machine, e: n.Var) -> Value:
    """What a variable of the function at hand holds."""
    new = m.frames[-1].names.get(e.name, e)
    if isinstance(new, n.Var):
        found = m.state.env.get(new.name) or opened(m, Plain(replace(new, span=e.span)))
        return m.known(found, e.span)
    return opened(m, Plain(new))


def many(m: Machine, es: tuple[n.Expr, ...]) -> list[Value]:
    """The values of several expressions, in order."""
    if len(es) == 1:
        return [m.value(es[0])]
    return m.in_order(partial(m.value, e) for e in es)


def _rebuilt(m: Machine, e: n.Expr) -> n.Expr:
    found = iter(many(m, children(e)))
    return rebuild(e, lambda child: m.plain(next(found), child.span))


def plain(m: Machine, v: Value, span: Span | None, what: str = "used as a whole") -> n.Expr:
    """A value as an expression of the text.

    Raises:
        UnsupportedError: it is an object.
    """
    match v:
        case Plain():
            return v.expr
        case Items():
            return n.Tuple(tuple(m.plain(item, span, what) for item in v.items), span=span)
        case Lost():
            m.known(v, span)
        case Nested():
            raise m.refuse(
                f"the function {v.code.function.name} reads variables that stand for objects, and "
                "is used here otherwise than by calling it.",
                span,
                "pass it the objects' fields, or call it here.",
            )
        case Method():
            return n.Field(m.plain(v.owner, span, what), v.function.__name__, span=span)
    cell = m.cell(v)
    assert cell is not None
    if cell.cls in (list, dict) and m.world.containers:
        # The text has another list or dict from here on: this one must not change any more.
        cell.copied = True
    if cell.cls is list:
        return n.List(tuple(m.plain(item, span, what) for item in cell.fields.values()), span=span)
    if cell.cls is dict and all(type(key) is str for key in cell.fields):
        items = tuple(m.plain(item, span, what) for item in cell.fields.values())
        return n.Dict(tuple(cell.fields), items, span=span)
    if cell.outside is not None and not cell.changed:
        return cell.outside
    raise m.refuse(
        f"an object of the class {cell.cls.__name__} is {what}, where its fields are not followed.",
        span,
        "pass the fields that are needed.",
    )


def truth(m: Machine, v: Value, span: Span | None) -> bool | n.Expr:
    """Whether a value counts as true: known, or a test of the text."""
    if isinstance(v, Plain):
        known = m.kind(v.expr)
        if isinstance(known, Known) and (
            known.value is None or isinstance(known.value, bool | str)
        ):
            return bool(known.value)
        if isinstance(v.expr, n.Const):
            return bool(v.expr.value)
        return v.expr
    if isinstance(v, Items):
        return bool(v.items)
    cell = m.cell(v)
    if cell is not None and cell.cls in (list, dict):
        return bool(cell.fields)
    if cell is not None:
        for name in ("__bool__", "__len__"):
            found = special(m, v, name, (), span)
            if found is not None:
                return m.truth(found, span)
    return True


# --- parts --------------------------------------------------------------------------------------


def _index(m: Machine, e: n.Index) -> Value:
    base, *rest = m.in_order([partial(m.value, e.base), partial(m.value, e.key)])
    if isinstance(base, Plain):
        at = m.constant(rest[0].expr) if isinstance(rest[0], Plain) else None
        if isinstance(base.expr, n.Tuple) and type(at) is int:
            return containers.item(m, base, rest[0], e.span)
        if type(at) is int and isinstance(m.kind(base.expr), TupleOf):
            return Plain(n.Index(base.expr, n.Const(at), span=e.span))
        return Plain(n.Index(base.expr, m.plain(rest[0], e.span), span=e.span))
    return containers.item(m, base, rest[0], e.span)


def _display(m: Machine, e: n.Tuple | n.List | n.Dict, wish: str | None) -> Value:
    items: list[Value] = []
    found = m.in_order(
        partial(m.value, x.value if isinstance(x, n.Starred) else x, wish and f"{wish}_{i}")
        for i, x in enumerate(e.items)
    )
    for x, v in zip(e.items, found, strict=True):
        if not isinstance(x, n.Starred):
            items.append(v)
        elif isinstance(v, Plain):
            items.append(Plain(n.Starred(v.expr, span=x.span)))
        else:
            items += containers.iterated(m, v, x.span)
    if m.world.containers and not any(_is_star(item) for item in items):
        if isinstance(e, n.Tuple):
            return Items(tuple(items))
        if isinstance(e, n.Dict) or not _is_sequence(m, items):
            keys = e.keys if isinstance(e, n.Dict) else range(len(items))
            cls = dict if isinstance(e, n.Dict) else list
            return containers.container(m, cls, dict(zip(keys, items, strict=True)), wish, e.span)
    if isinstance(e, n.Dict):
        fields = dict(zip(e.keys, items, strict=True))
        return containers.container(m, dict, fields, wish, e.span)
    if all(isinstance(item, Plain) for item in items) and not is_starred(e):
        exprs = tuple(m.plain(item, e.span) for item in items)
        return Plain(replace(e, items=exprs))
    if all(isinstance(item, Plain) for item in items):
        return Plain(replace(e, items=tuple(m.plain(item, e.span) for item in items)))
    if any(_is_star(v) for v in items):
        raise m.undecided(
            "objects stand here among items of which it is not known how many there are.",
            e.span,
            "write the items one by one.",
        )
    if isinstance(e, n.Tuple):
        return Items(tuple(items))
    return containers.container(m, list, dict(enumerate(items)), wish, e.span)


def _is_star(v: Value) -> bool:
    return isinstance(v, Plain) and isinstance(v.expr, n.Starred)


def _is_sequence(m: Machine, items: list[Value]) -> bool:
    """Whether these are items of a list of numbers, or of arrays of one number of dimensions."""
    if not all(isinstance(v, Plain) for v in items):
        return False
    kind = join_all((m.kind(v.expr) for v in items if isinstance(v, Plain)), "items")
    while isinstance(kind, ListOf) and m.world.containers and not m.world.containers.nested:
        kind = kind.item
    return is_number(kind) or isinstance(kind, Array) or not items


def _choose(m: Machine, e: n.Choose, wish: str | None) -> Value:
    decided = m.test(e.test)
    if isinstance(decided, bool):
        return m.value(e.a if decided else e.b, wish)
    sides = [partial(m.value, side, wish) for side in (e.a, e.b)]
    return alternatives(m, decided, sides[0], sides[1], e, wish)


def _boolean(m: Machine, e: n.Op) -> Value:
    """`a and b`: the second is evaluated only where the first does not decide."""
    first, *rest = e.args
    found = m.value(first)
    for i, other in enumerate(rest):
        decided = m.truth(found, e.span)
        if isinstance(decided, bool):
            if decided == (e.op == "or"):
                return found
            found = m.value(other)
            continue
        kept = found
        if not isinstance(kept, Plain):
            raise m.undecided(
                "an object is an operand of a test that is not known.", e.span, "write an if."
            )
        later = partial(m.value, other)

        def same(kept: Value = kept) -> Value:
            return kept

        written, tried = m.trial(later)
        if not written and isinstance(tried, Plain):
            args = (kept.expr, m.plain(m.value(other), e.span))
            found = Plain(_joined(e, args, i))
        else:
            yes, no = (later, same) if e.op == "and" else (same, later)
            found = alternatives(m, kept.expr, yes, no, n.Choose(first, other, first))
    return found


def _joined(e: n.Op, args: tuple[n.Expr, ...], i: int) -> n.Expr:
    """`a and b and c` as one operation, as it stands in the text."""
    first = args[0]
    if i > 0 and isinstance(first, n.Op) and first.op == e.op:
        return n.Op(e.op, (*first.args, *args[1:]), span=e.span)
    return n.Op(e.op, args, span=e.span)


def _closure(m: Machine, e: n.Closure) -> Value:
    found = many(m, tuple(v for _, v in e.defaults))
    defaults = tuple(zip((name for name, _ in e.defaults), found, strict=True))
    names = m.frames[-1].names
    own = all(names.get(name, n.Var(name)) == n.Var(name) for name in e.code.captured)
    objects = any(name in m.state.env for name in e.code.captured)
    if objects or not own or not all(isinstance(v, Plain) for v in found):
        return Nested(e.code, defaults, names)
    exprs = tuple((name, m.plain(v, e.span)) for name, v in defaults)
    return Plain(replace(e, defaults=exprs))
