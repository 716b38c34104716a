"""Operators on objects: the methods that their classes define for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from srcdiff.aggregates import classes, containers
from srcdiff.aggregates.attributes import special
from srcdiff.aggregates.machine import Machine
from srcdiff.aggregates.values import Items, Plain, Value
from srcdiff.errors import Span
from srcdiff.ir import nodes as n

# How Python calls the methods for the operators of the IR.
BINARY_NAMES = {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "div": "truediv",
    "floordiv": "floordiv",
    "mod": "mod",
    "pow": "pow",
    "matmul": "matmul",
    "bitand": "and",
    "bitor": "or",
    "bitxor": "xor",
    "lshift": "lshift",
    "rshift": "rshift",
}
_UNARY = {"neg": "__neg__", "pos": "__pos__", "invert": "__invert__"}
_COMPARE = {"eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
_MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


def _is_object(m: Machine, v: Value) -> bool:
    cell = m.cell(v)
    return cell is not None and cell.cls not in (list, dict)


def operation(m: Machine, op: str, args: list[Value], span: Span | None, wish: str | None) -> Value:
    """An operator on values."""
    if op == "not":
        decided = m.truth(args[0], span)
        if isinstance(decided, bool):
            return Plain(n.Const(not decided, span=span))
        return Plain(n.Op("not", (decided,), span=span))
    if all(isinstance(v, Plain) for v in args):
        return Plain(n.Op(op, tuple(m.plain(v, span) for v in args), span=span))
    if len(args) == 1:
        found = special(m, args[0], _UNARY.get(op, op), (), span, None, wish)
        if found is None:
            raise _undefined(m, op, args, span)
        return found
    if not any(_is_object(m, v) for v in args):
        joined = containers.arithmetic(m, op, args, span, wish)
        if joined is not None:
            return joined
        return Plain(n.Op(op, tuple(m.plain(v, span) for v in args), span=span))
    return _binary(m, op, args, span, wish)


def _binary(m: Machine, op: str, args: list[Value], span: Span | None, wish: str | None) -> Value:
    a, b = args
    word = BINARY_NAMES.get(op)
    if word is None:
        raise _undefined(m, op, args, span)
    order = [(a, f"__{word}__", b), (b, f"__r{word}__", a)]
    if _is_later(m, a, b, f"__r{word}__"):
        order.reverse()
    if _class(m, a) is _class(m, b):
        order = order[:1]
    with m.holding(args):
        for owner, name, other in order:
            found = special(m, owner, name, (other,), span, None, wish)
            if found is not None and not _is_not_implemented(found):
                return found
    cells = [m.cell(v) for v in args]
    if all(c is None or classes.is_namedtuple(c.cls) for c in cells):
        whole = [containers.as_tuple(m, v) for v in args]
        joined = containers.arithmetic(m, op, whole, span, wish)
        if joined is not None:
            return joined
    raise _undefined(m, op, args, span)


def _class(m: Machine, v: Value) -> Any:
    cell = m.cell(v)
    return object() if cell is None else cell.cls


def _is_later(m: Machine, a: Value, b: Value, name: str) -> bool:
    """Whether Python asks the right operand first: its class is derived from the left one's."""
    x, y = m.cell(a), m.cell(b)
    if x is None or y is None or x.cls is y.cls or not issubclass(y.cls, x.cls):
        return False
    mine, other = classes.find(y.cls, name), classes.find(x.cls, name)
    return mine is not None and (other is None or mine.value is not other.value)


def _is_not_implemented(v: Value) -> bool:
    e = v.expr if isinstance(v, Plain) else None
    return isinstance(e, n.Global) and e.name == "NotImplemented"


def _undefined(m: Machine, op: str, args: list[Value], span: Span | None) -> Exception:
    cells = [c for c in map(m.cell, args) if c is not None]
    name = cells[0].cls.__name__ if cells else "tuple"
    return m.refuse(
        f"the operator {op!r} is applied to an object of the class {name}, which does not define "
        "it for this operand.",
        span,
        "define the method for it, or compute with the fields.",
    )


def in_place(m: Machine, op: str, a: Value, b: Value, span: Span | None, wish: str | None) -> Value:
    """`a op= b`: what `a` becomes."""
    word = BINARY_NAMES.get(op)
    if word is not None:
        with m.holding((a, b)):
            found = special(m, a, f"__i{word}__", (b,), span, None, wish)
        if found is not None and not _is_not_implemented(found):
            return found
    cell = m.cell(a)
    if cell is not None and cell.cls is list and op == "add":
        containers.operate(m, containers.Operation("extend", a), [b], {}, span, None)
        return a
    return operation(m, op, [a, b], span, wish)


# --- comparisons --------------------------------------------------------------------------------


def comparison(m: Machine, ops: tuple[str, ...], args: list[Value], span: Span | None) -> Value:
    """A comparison, possibly a chained one."""
    if all(isinstance(v, Plain) for v in args):
        return Plain(n.Compare(ops, tuple(m.plain(v, span) for v in args), span=span))
    with m.holding(args):
        found = [_compared(m, op, args[i], args[i + 1], span) for i, op in enumerate(ops)]
    out: n.Expr | None = None
    for v in found:
        e = m.plain(v, span)
        if isinstance(e, n.Const) and type(e.value) is bool:
            if not e.value:
                return Plain(e)
            continue
        out = e if out is None else n.Op("and", (out, e), span=span)
    return Plain(n.Const(True, span=span) if out is None else out)


def _compared(m: Machine, op: str, a: Value, b: Value, span: Span | None) -> Value:
    if op in ("is", "is_not"):
        if isinstance(a, Plain) and isinstance(b, Plain):
            return Plain(n.Compare((op,), (a.expr, b.expr), span=span))
        if (found := _copied(m, a) or _copied(m, b)) is not None:
            raise m.undecided(
                f"whether two names stand for one {found} is not known here.",
                span,
                "compare the fields.",
            )
        return Plain(n.Const((a == b) == (op == "is"), span=span))
    if op in ("in", "not_in"):
        return containers.contains(m, a, b, op == "in", span)
    if not any(_is_object(m, v) for v in (a, b)):
        if isinstance(a, Items) and isinstance(b, Items) and op in ("eq", "ne"):
            return _items_equal(m, op, a.items, b.items, span)
        return Plain(n.Compare((op,), (m.plain(a, span), m.plain(b, span)), span=span))
    order = [(a, _COMPARE[op], b), (b, _MIRRORED[op], a)]
    for owner, word, other in order:
        found_value = special(m, owner, f"__{word}__", (other,), span)
        if found_value is None and word == "ne":
            equal = special(m, owner, "__eq__", (other,), span)
            if equal is not None and not _is_not_implemented(equal):
                return operation(m, "not", [equal], span, None)
        if found_value is not None and not _is_not_implemented(found_value):
            return found_value
    return _by_fields(m, op, a, b, span)


def _copied(m: Machine, v: Value) -> str | None:
    cell = m.cell(v)
    return cell.cls.__name__ if cell is not None and cell.copied else None


def _by_fields(m: Machine, op: str, a: Value, b: Value, span: Span | None) -> Value:
    """What `dataclass` and `namedtuple` make of a comparison; else identity."""
    x, y = m.cell(a), m.cell(b)
    if op not in ("eq", "ne"):
        raise _undefined(m, op, [a, b], span)
    if x is None or y is None or x.cls is not y.cls:
        return Plain(n.Const(op == "ne", span=span))
    eq = classes.find(x.cls, "__eq__")
    if classes.is_namedtuple(x.cls) or (eq is not None and classes.is_made(eq.value)):
        return _items_equal(m, op, tuple(x.fields.values()), tuple(y.fields.values()), span)
    return Plain(n.Const((a == b) == (op == "eq"), span=span))


def _items_equal(
    m: Machine, op: str, xs: Sequence[Value], ys: Sequence[Value], span: Span | None
) -> Value:
    if len(xs) != len(ys):
        return Plain(n.Const(op == "ne", span=span))
    out: Value = Plain(n.Const(True))
    for x, y in zip(xs, ys, strict=True):
        same = comparison(m, ("eq",), [x, y], span)
        assert isinstance(same, Plain)
        assert isinstance(out, Plain)
        if isinstance(out.expr, n.Const) and out.expr.value:
            out = same
        elif not (isinstance(same.expr, n.Const) and same.expr.value):
            out = Plain(n.Op("and", (out.expr, same.expr), span=span))
    return out if op == "eq" else operation(m, "not", [out], span, None)
