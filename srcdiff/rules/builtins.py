"""Python's own functions of numbers, and NumPy's that return pairs like them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.ir.kinds import (
    FLOAT,
    INT,
    Kind,
    Number,
    Scalar,
    TupleOf,
    is_number,
    join,
)
from srcdiff.ir.names import BINARY
from srcdiff.rules.mathematics import require_numbers
from srcdiff.rules.operands import array_parts, require_values
from srcdiff.rules.operators import power
from srcdiff.rules.registry import NoRule, Pull, Rule, rule
from srcdiff.rules.sampling import elementwise_kind
from srcdiff.rules.spelled import spelled

# --- extrema: what Python returns, the first of those that tie ----------------------------------


@rule(max)
def larger(*args: Kind) -> Rule:
    return _choice(args, ">")


@rule(min)
def smaller(*args: Kind) -> Rule:
    return _choice(args, "<")


def _choice(args: tuple[Kind, ...], beats: str) -> Rule:
    """Of the values that are given, or of those in one display or one vector."""
    if len(args) > 1:
        names, kinds = [f"args[{i}]" for i in range(len(args))], args
    elif isinstance(args[0], TupleOf):
        kinds = args[0].items
        names = [f"args[0][{i}]" for i in range(len(kinds))]
    else:
        return _first_extremum(args[0])
    require_values(*kinds)
    if not kinds or not all(map(is_number, kinds)):
        raise NoRule(
            "max and min are differentiated for numbers",
            "np.maximum and np.minimum take two arrays, np.max and np.min one",
        )
    kind = kinds[0]
    for other in kinds[1:]:
        kind = join(kind, other, "choice")
    templates = _chosen(names, beats)
    pulls = {name: Pull(spelled(text)) for name, text in zip(names, templates, strict=True)}
    return Rule(kind=kind, pulls=pulls, elementwise=True)


def _chosen(names: list[str], beats: str) -> list[str]:
    """For each value: the adjoint, where it is the first that equals the result."""
    if len(names) == 1:
        return ["lambda d: d"]
    if len(names) == 2:
        test = f"{names[1]} {beats} {names[0]}"
        return [f"lambda args, d: {x} if {test} else {y}" for x, y in (("0.0", "d"), ("d", "0.0"))]
    out = []
    for i, name in enumerate(names):
        earlier = "".join(f" and y != {before}" for before in names[:i])
        out.append(f"lambda args, y, d: d if y == {name}{earlier} else 0.0")
    return out


def _first_extremum(a: Kind) -> Rule:
    """The first entry that equals the result; not `argmax`, to which NaN is the largest."""
    dtype, dims = array_parts(a)
    if len(dims) != 1:
        raise NoRule(
            "max and min are differentiated for numbers and vectors", "np.max takes arrays"
        )
    return Rule(
        kind=Scalar(dtype),
        pulls={
            "args[0]": Pull(
                lambda args, y, d: d * (np.arange(len(args[0])) == np.argmax(args[0] == y))
            )
        },
        pushes={"args[0]": lambda args, y, t: t[np.argmax(args[0] == y)]},
    )


# --- powers, quotients and remainders -----------------------------------------------------------


@rule(pow, spelled={"base": "a", "exp": "b"})
def power_of(
    a: Kind, b: Kind, mod: Kind | None = None, a_value: Any = None, b_value: Any = None
) -> Rule:
    if mod is None:
        return power(a, b, a_value, b_value)
    if not all(map(_is_int, (a, b, mod))):
        raise NoRule("with a modulus, it takes ints", "pow(a, b) % m takes floats")
    return Rule(kind=INT)


def _is_int(kind: Kind) -> bool:
    return isinstance(kind, Number) and kind.type is int


@rule(divmod)
def quotient_and_remainder(a: Kind, b: Kind) -> Rule:
    return _quotient_and_remainder(a, b, BINARY["floordiv"], BINARY["mod"])


@rule(np.divmod)
def quotients_and_remainders(a: Kind, b: Kind) -> Rule:
    return _quotient_and_remainder(a, b, np.floor_divide, np.remainder)


def _quotient_and_remainder(
    a: Kind, b: Kind, divide: Callable[..., Any], rest: Callable[..., Any]
) -> Rule:
    require_values(a, b)
    quotient, remainder = elementwise_kind(divide, a, b), elementwise_kind(rest, a, b)
    pulls = {"a": Pull(lambda d: d), "b": Pull(lambda a, b, d: -d * (a // b))}
    return Rule(
        kind=TupleOf((quotient, remainder)),
        items=(
            Rule(kind=quotient, elementwise=True),
            Rule(kind=remainder, pulls=pulls, elementwise=True, safe={"b": 1.0}),
        ),
    )


@rule(math.modf)
def fraction_and_whole(x: Kind) -> Rule:
    require_numbers(math.modf, x)
    whole = Rule(kind=FLOAT, elementwise=True)
    fraction = Rule(kind=FLOAT, pulls={"x": Pull(lambda d: d)}, elementwise=True)
    return Rule(kind=TupleOf((FLOAT, FLOAT)), items=(fraction, whole))


@rule(np.modf)
def fractions_and_wholes(x: Kind) -> Rule:
    require_values(x)
    kind = elementwise_kind(lambda x: np.modf(x)[0], x)
    whole = Rule(kind=kind, elementwise=True)
    fraction = Rule(kind=kind, pulls={"x": Pull(lambda d: d)}, elementwise=True)
    return Rule(kind=TupleOf((kind, kind)), items=(fraction, whole))
