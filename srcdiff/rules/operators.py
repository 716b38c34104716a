"""Python's operators. The templates keep the order of the user's text."""

from __future__ import annotations

from typing import Any, TypeGuard

from srcdiff.ir.kinds import (
    BOOL,
    FLOAT,
    UNKNOWN,
    Array,
    Dim,
    Kind,
    Number,
    Scalar,
    TupleOf,
    Unknown,
    added,
    dtype_of,
)
from srcdiff.ir.names import BINARY, COMPARE, UNARY
from srcdiff.rules.operands import int_value, require_values
from srcdiff.rules.powers import power_pulls, power_safe
from srcdiff.rules.registry import Pull, Rule, Template, rule
from srcdiff.rules.sampling import elementwise_kind


def arithmetic(
    name: str, a: Template, b: Template | None, safe: dict[str, float] | None = None
) -> None:
    """Registers a binary operator."""
    templates = {"a": a} if b is None else {"a": a, "b": b}
    pulls = {operand: Pull(template) for operand, template in templates.items()}

    @rule(name)
    def binary(a: Kind, b: Kind, a_value: Any = None, b_value: Any = None) -> Rule:
        if name == "add" and _is_shape(a) and _is_shape(b):
            return Rule(kind=TupleOf(a.items + b.items))
        require_values(a, b)
        kind = elementwise_kind(BINARY[name], a, b)
        if kind == Number(int):
            kind = Number(int, size=_size(name, int_value(a, a_value), int_value(b, b_value)))
        return Rule(kind=kind, pulls=pulls, elementwise=True, safe=safe or {})


def _is_shape(kind: Kind) -> TypeGuard[TupleOf]:
    """Whether the value is a tuple of ints, with which nothing active can travel."""
    return isinstance(kind, TupleOf) and all(
        isinstance(item, Number) and item.type is int for item in kind.items
    )


def _size(name: str, a: int | Dim | None, b: int | Dim | None) -> int | Dim | None:
    """The value of `a + b`, `a - b`, ... for ints, where it can be told."""
    if isinstance(a, int) and isinstance(b, int):
        return int(BINARY[name](a, b)) if name in ("add", "sub", "mul") or b != 0 else None
    if isinstance(a, int) and isinstance(b, Dim) and name == "add":
        a, b = b, a
    if isinstance(a, Dim) and isinstance(b, Dim) and name == "add":
        return added(a, b) if a.minus <= 0 and b.minus <= 0 else None
    if not (isinstance(a, Dim) and isinstance(b, int) and name in ("add", "sub")):
        return None
    more = b if name == "add" else -b
    # Dimensions stop at zero: (n - 2 or 0) + 1 is not (n - 1 or 0). A dimension made smaller
    # stands for one that would be negative: no array has it.
    return Dim(a.name, a.minus - more, terms=a.terms) if a.minus <= 0 or more <= 0 else None


arithmetic("add", lambda d: d, lambda d: d)
arithmetic("sub", lambda d: d, lambda d: -d)
arithmetic("mul", lambda b, d: d * b, lambda a, d: a * d)
arithmetic("div", lambda b, d: d / b, lambda b, y, d: -d * y / b, safe={"b": 1.0, "y": 1.0})
# Not floor(a / b), which may round up: 1.0 // 0.1 is 9, floor(1.0 / 0.1) is 10.
arithmetic("mod", lambda d: d, lambda a, b, d: -d * (a // b), safe={"b": 1.0})


@rule("pow")
def power(a: Kind, b: Kind, a_value: Any = None, b_value: Any = None) -> Rule:
    require_values(a, b)
    return Rule(
        kind=_power_kind(a, b, int_value(b, b_value)),
        pulls=power_pulls(a, b, a_value, b_value),
        elementwise=True,
        safe=power_safe(b_value),
    )


def _power_kind(a: Kind, b: Kind, exponent: int | Dim | None) -> Kind:
    kind = elementwise_kind(BINARY["pow"], a, b)
    if kind == Number(int) and (exponent is None or (isinstance(exponent, int) and exponent < 0)):
        return FLOAT  # ints to a negative power; of unknown sign, the wider type, as in `join`
    return kind


@rule("neg")
def negative(x: Kind, x_value: Any = None) -> Rule:
    require_values(x)
    kind = elementwise_kind(UNARY["neg"], x)
    known = int_value(x, x_value)
    if kind == Number(int) and isinstance(known, int):
        kind = Number(int, size=-known)
    return Rule(kind=kind, pulls={"x": Pull(lambda d: -d)}, elementwise=True)


@rule("pos")
def positive(x: Kind) -> Rule:
    require_values(x)
    kind = elementwise_kind(UNARY["pos"], x)
    if kind == Number(int) and isinstance(x, Number):
        kind = Number(int, size=x.size)
    return Rule(kind=kind, pulls={"x": Pull(lambda d: d)}, elementwise=True)


# --- zero derivative ----------------------------------------------------------------------------


def integral(name: str) -> None:
    """Registers a binary operator whose result does not change with its operands."""

    @rule(name)
    def binary(a: Kind, b: Kind, a_value: Any = None, b_value: Any = None) -> Rule:
        require_values(a, b)
        kind = elementwise_kind(BINARY[name], a, b)
        if kind == Number(int) and name == "floordiv":
            kind = Number(int, size=_size(name, int_value(a, a_value), int_value(b, b_value)))
        return Rule(kind=kind, elementwise=True)


for operator in ("floordiv", "lshift", "rshift", "bitand", "bitor", "bitxor"):
    integral(operator)


@rule("invert")
def invert(x: Kind) -> Rule:
    require_values(x)
    return Rule(kind=elementwise_kind(UNARY["invert"], x), elementwise=True)


def comparison(name: str) -> None:
    """Registers `<` and its like: elementwise on arrays, else a bool as a rule."""

    @rule(name)
    def compare(a: Kind, b: Kind) -> Rule:
        if dtype_of(a) is not None and dtype_of(b) is not None:
            return Rule(kind=elementwise_kind(COMPARE[name], a, b), elementwise=True)
        arrays = (Array, Scalar, Unknown)
        unsure = isinstance(a, arrays) or isinstance(b, arrays)
        return Rule(kind=UNKNOWN if unsure else BOOL)


for operator in ("eq", "ne", "lt", "le", "gt", "ge"):
    comparison(operator)


@rule("is", "is_not", "in", "not_in")
def test(a: Kind, b: Kind) -> Rule:
    return Rule(kind=BOOL)


@rule("not")
def not_(x: Kind) -> Rule:
    return Rule(kind=BOOL)
