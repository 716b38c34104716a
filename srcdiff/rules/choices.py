"""Elementwise functions that choose one of their operands.

Ties share evenly. The adjoint is selected, not multiplied: it may be infinite, as that of
`sqrt(maximum(x, 0))` is where x is negative, and zero times infinity is not zero. A NaN operand
gets nothing, and for `fmax` and `fmin` the other operand gets all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Kind, Known, TupleOf, is_number
from srcdiff.rules.elementwise import elementwise_rule
from srcdiff.rules.operands import array_parts, fresh_dims, require_values
from srcdiff.rules.registry import NoRule, Pull, Rule, Template, rule
from srcdiff.rules.sampling import elementwise_kind


def choice_rule(
    function: Callable[..., Any],
    operands: Mapping[str, Kind],
    arrays: Sequence[Template],
    numbers: Sequence[Template],
) -> Rule:
    """The rule of a choice; of numbers `np.where` would make 0-d arrays."""
    plain = all(is_number(kind) for kind in operands.values())
    return elementwise_rule(function, operands, numbers if plain else arrays)


@rule(np.maximum)
def maximum(a: Kind, b: Kind) -> Rule:
    return choice_rule(
        np.maximum,
        {"a": a, "b": b},
        arrays=[
            lambda a, b, d: np.where(a == b, 0.5 * d, np.where(a > b, d, 0.0)),
            lambda a, b, d: np.where(a == b, 0.5 * d, np.where(a < b, d, 0.0)),
        ],
        numbers=[
            lambda a, b, d: 0.5 * d if a == b else d if a > b else 0.0,
            lambda a, b, d: 0.5 * d if a == b else d if a < b else 0.0,
        ],
    )


@rule(np.minimum)
def minimum(a: Kind, b: Kind) -> Rule:
    return choice_rule(
        np.minimum,
        {"a": a, "b": b},
        arrays=[
            lambda a, b, d: np.where(a == b, 0.5 * d, np.where(a < b, d, 0.0)),
            lambda a, b, d: np.where(a == b, 0.5 * d, np.where(a > b, d, 0.0)),
        ],
        numbers=[
            lambda a, b, d: 0.5 * d if a == b else d if a < b else 0.0,
            lambda a, b, d: 0.5 * d if a == b else d if a > b else 0.0,
        ],
    )


def ignoring_nan(function: Callable[..., Any]) -> None:
    """Registers `fmax` or `fmin`."""

    @rule(function)
    def extremum(a: Kind, b: Kind) -> Rule:
        return choice_rule(
            function,
            {"a": a, "b": b},
            arrays=[
                lambda a, b, y, d: np.where(a == b, 0.5 * d, np.where(a == y, d, 0.0)),
                lambda a, b, y, d: np.where(a == b, 0.5 * d, np.where(b == y, d, 0.0)),
            ],
            numbers=[
                lambda a, b, y, d: 0.5 * d if a == b else d if a == y else 0.0,
                lambda a, b, y, d: 0.5 * d if a == b else d if b == y else 0.0,
            ],
        )


ignoring_nan(np.fmax)
ignoring_nan(np.fmin)


@rule(np.clip, spelled={"min": "a_min", "max": "a_max"})
def clip(a: Kind, a_min: Kind | None = None, a_max: Kind | None = None) -> Rule:
    """Half of the adjoint at a bound, as for a tie; a bound that is None is no bound. Where the
    bounds cross, the upper one is the result.
    """
    no_min, no_max = (bound is None or bound == Known(None) for bound in (a_min, a_max))
    if no_min and no_max:
        return elementwise_rule(np.positive, {"a": a}, [lambda d: d])
    side = "max" if no_min else "min" if no_max else "both"
    bounds = {"a_min": a_min, "a_max": a_max}
    kept = {name: k for name, k in bounds.items() if k is not None and k != Known(None)}
    low, high = (CROSSED_LOW, CROSSED_HIGH) if side == "both" else (LOW, HIGH)
    arrays = {"a": CLIP[side][0], "a_min": low[0], "a_max": high[0]}
    numbers = {"a": CLIP[side][1], "a_min": low[1], "a_max": high[1]}
    names = ("a", *kept)
    return choice_rule(
        np.clip if side == "both" else np.maximum,
        {"a": a, **kept},
        arrays=[arrays[name] for name in names],
        numbers=[numbers[name] for name in names],
    )


# Of arrays, of numbers.
LOW: tuple[Template, Template] = (
    lambda a, a_min, d: np.where(a == a_min, 0.5 * d, np.where(a < a_min, d, 0.0)),
    lambda a, a_min, d: 0.5 * d if a == a_min else d if a < a_min else 0.0,
)
HIGH: tuple[Template, Template] = (
    lambda a, a_max, d: np.where(a == a_max, 0.5 * d, np.where(a > a_max, d, 0.0)),
    lambda a, a_max, d: 0.5 * d if a == a_max else d if a > a_max else 0.0,
)
# With both bounds.
CROSSED_LOW: tuple[Template, Template] = (
    lambda a, a_min, a_max, d: np.where(
        a_min > a_max, 0.0, np.where(a == a_min, 0.5 * d, np.where(a < a_min, d, 0.0))
    ),
    lambda a, a_min, a_max, d: (
        0.0 if a_min > a_max else 0.5 * d if a == a_min else d if a < a_min else 0.0
    ),
)
CROSSED_HIGH: tuple[Template, Template] = (
    lambda a, a_min, a_max, d: np.where(
        a_min > a_max, d, np.where(a == a_max, 0.5 * d, np.where(a > a_max, d, 0.0))
    ),
    lambda a, a_min, a_max, d: (
        d if a_min > a_max else 0.5 * d if a == a_max else d if a > a_max else 0.0
    ),
)
CLIP: dict[str, tuple[Template, Template]] = {
    "min": (
        lambda a, a_min, d: np.where(a == a_min, 0.5 * d, np.where(a > a_min, d, 0.0)),
        lambda a, a_min, d: 0.5 * d if a == a_min else d if a > a_min else 0.0,
    ),
    "max": (
        lambda a, a_max, d: np.where(a == a_max, 0.5 * d, np.where(a < a_max, d, 0.0)),
        lambda a, a_max, d: 0.5 * d if a == a_max else d if a < a_max else 0.0,
    ),
    "both": (
        lambda a, a_min, a_max, d: np.where(
            (a_min < a) & (a < a_max),
            d,
            np.where((a_min <= a) & (a <= a_max), 0.5 * d, 0.0),
        ),
        lambda a, a_min, a_max, d: (
            d if a_min < a < a_max else 0.5 * d if a_min <= a <= a_max else 0.0
        ),
    ),
}


@rule(np.nan_to_num)
def nan_to_num(
    x: Kind, copy: Any = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Rule:
    """What takes the place of NaN and of infinities is constant."""
    if copy is not True:
        raise NoRule("np.nan_to_num writes into its argument", "x = np.nan_to_num(x)")
    return choice_rule(
        lambda v: np.nan_to_num(v, nan=nan, posinf=posinf, neginf=neginf),
        {"x": x},
        arrays=[lambda x, d: np.where(np.isfinite(x), d, 0.0)],
        numbers=[lambda x, d: d if np.isfinite(x) else 0.0],
    )


@rule(np.where)
def where(condition: Kind, a: Kind | None = None, b: Kind | None = None, at: str = "") -> Rule:
    if a is None or b is None:
        _, dims = array_parts(condition)
        found = Array(np.dtype(np.intp), fresh_dims(1, at))
        return Rule(kind=TupleOf((found,) * max(len(dims), 1)))
    require_values(condition, a, b)
    return Rule(
        kind=elementwise_kind(np.where, condition, a, b),
        pulls={
            "a": Pull(lambda condition, d: np.where(condition, d, 0.0)),
            "b": Pull(lambda condition, d: np.where(condition, 0.0, d)),
        },
        elementwise=True,
        linear=("a", "b"),
        joint=True,
    )
