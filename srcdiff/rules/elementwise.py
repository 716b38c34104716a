"""NumPy's elementwise functions: a line each.

A partial without `d` is multiplied by the adjoint by the engine, in the plainest way it can. The
derivatives are those of any table (Abramowitz and Stegun, chapters 4 and 7); a form chosen for
what it does at an edge says so. Python floats raise at a division by zero where NumPy gives inf:
`number` has the partials for operands that are all Python numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from srcdiff.ir.kinds import Kind, Number, is_complex
from srcdiff.rules.operands import require_values
from srcdiff.rules.powers import power_pulls, power_safe
from srcdiff.rules.registry import Pull, Rule, Template, rule
from srcdiff.rules.sampling import elementwise_kind


def elementwise(
    function: Callable[..., Any],
    *partials: Template | None,
    safe: Mapping[str, float] | None = None,
    number: Sequence[Template | None] | None = None,
) -> None:
    """Registers a function of one operand `x` or two operands `a` and `b`.

    Args:
        function: the function.
        partials: a template for each operand; None where its derivative is zero.
        safe: see `Rule`.
        number: the templates where all operands are Python numbers, if they differ.
    """
    names = ("x",) if len(partials) == 1 else ("a", "b")

    def make(*kinds: Kind) -> Rule:
        plain = number is not None and all(isinstance(kind, Number) for kind in kinds)
        templates = number if number is not None and plain else partials
        return elementwise_rule(function, dict(zip(names, kinds, strict=True)), templates, safe)

    if len(partials) == 1:

        @rule(function)
        def unary(x: Kind) -> Rule:
            return make(x)

    else:

        @rule(function)
        def binary(a: Kind, b: Kind) -> Rule:
            return make(a, b)


def elementwise_rule(
    function: Callable[..., Any],
    operands: Mapping[str, Kind],
    templates: Sequence[Template | None],
    safe: Mapping[str, float] | None = None,
) -> Rule:
    """The rule of a function that works element by element; NumPy is asked for the kind."""
    require_values(*operands.values())
    return Rule(
        kind=elementwise_kind(function, *operands.values()),
        pulls={name: Pull(t) for name, t in zip(operands, templates, strict=True) if t},
        elementwise=True,
        safe=safe or {},
    )


# --- exponentials and logarithms ----------------------------------------------------------------

elementwise(np.exp, lambda y: y, safe={"y": 1.0})
elementwise(np.exp2, lambda y: y * math.log(2.0), safe={"y": 1.0})
elementwise(np.expm1, lambda y: y + 1.0, safe={"y": 1.0})
elementwise(np.log, lambda x: 1.0 / x, safe={"x": 1.0}, number=[lambda x: 1.0 / np.float64(x)])
elementwise(
    np.log2,
    lambda x: 1.0 / (x * math.log(2.0)),
    safe={"x": 1.0},
    number=[lambda x: 1.0 / (x * np.log(2.0))],
)
elementwise(
    np.log10,
    lambda x: 1.0 / (x * math.log(10.0)),
    safe={"x": 1.0},
    number=[lambda x: 1.0 / (x * np.log(10.0))],
)
elementwise(
    np.log1p,
    lambda x: 1.0 / (1.0 + x),
    safe={"x": 0.0},
    number=[lambda x: 1.0 / np.float64(1.0 + x)],
)
elementwise(
    np.logaddexp,
    lambda a, y: np.exp(a - y),
    lambda b, y: np.exp(b - y),
    safe={"a": 0.0, "b": 0.0, "y": 0.0},
)
elementwise(
    np.logaddexp2,
    lambda a, y: np.exp2(a - y),
    lambda b, y: np.exp2(b - y),
    safe={"a": 0.0, "b": 0.0, "y": 0.0},
)

# --- trigonometric and hyperbolic ---------------------------------------------------------------

elementwise(np.sin, lambda x: np.cos(x))
elementwise(np.cos, lambda x: -np.sin(x))
elementwise(np.tan, lambda y: 1.0 + y * y)
elementwise(np.arcsin, lambda x: 1.0 / np.sqrt(1.0 - x * x), safe={"x": 0.0})
elementwise(np.arccos, lambda x: -1.0 / np.sqrt(1.0 - x * x), safe={"x": 0.0})
elementwise(np.arctan, lambda x: 1.0 / (1.0 + x * x))
elementwise(np.sinh, lambda x: np.cosh(x), safe={"x": 0.0})
elementwise(np.cosh, lambda x: np.sinh(x), safe={"x": 0.0})
elementwise(np.tanh, lambda y: 1.0 - y * y)
elementwise(np.arcsinh, lambda x: 1.0 / np.sqrt(1.0 + x * x))
elementwise(np.arccosh, lambda x: 1.0 / np.sqrt(x * x - 1.0), safe={"x": 2.0})
elementwise(
    np.arctanh,
    lambda x: 1.0 / (1.0 - x * x),
    safe={"x": 0.0},
    number=[lambda x: 1.0 / np.float64(1.0 - x * x)],
)
elementwise(
    np.arctan2,
    lambda a, b: b / (a * a + b * b),
    lambda a, b: -a / (a * a + b * b),
    safe={"b": 1.0},
    number=[
        lambda a, b: b / np.float64(a * a + b * b),
        lambda a, b: -a / np.float64(a * a + b * b),
    ],
)

elementwise(np.deg2rad, lambda d: np.deg2rad(d))
elementwise(np.radians, lambda d: np.radians(d))
elementwise(np.rad2deg, lambda d: np.rad2deg(d))
elementwise(np.degrees, lambda d: np.degrees(d))

# --- roots, powers, absolute values -------------------------------------------------------------

elementwise(np.sqrt, lambda y: 0.5 / y, safe={"y": 1.0})
elementwise(np.cbrt, lambda y: 1.0 / (3.0 * y * y), safe={"y": 1.0})
elementwise(np.square, lambda x: 2.0 * x)
elementwise(np.reciprocal, lambda y: -y * y, safe={"y": 1.0})
elementwise(np.fabs, lambda x: np.sign(x))


def absolute_value(function: Callable[..., Any]) -> None:
    """Registers an absolute value. Of a complex number: Re(conj(x) t) / |x|; at zero, zero."""

    @rule(function)
    def absolute(x: Kind) -> Rule:
        if is_complex(x):
            template: Template = lambda x, y, d: d * np.conj(x) / (y + (y == 0.0))  # noqa: E731
        else:
            template = lambda x: np.sign(x)  # noqa: E731
        return elementwise_rule(function, {"x": x}, [template])


absolute_value(np.absolute)
absolute_value(abs)
# The gradient of a norm: zero at zero, as `np.linalg.norm` has it.
elementwise(
    np.hypot,
    lambda a, y: a / (y + (y == 0.0)),
    lambda b, y: b / (y + (y == 0.0)),
)
elementwise(
    np.copysign,
    lambda a, y: np.sign(a) * np.sign(y),
    None,
)


@rule(np.power)
def power(a: Kind, b: Kind, a_value: Any = None, b_value: Any = None) -> Rule:
    return _power(np.power, a, b, a_value, b_value)


@rule(np.float_power)
def float_power(a: Kind, b: Kind, a_value: Any = None, b_value: Any = None) -> Rule:
    return _power(np.float_power, a, b, a_value, b_value)


def _power(function: Any, a: Kind, b: Kind, a_value: Any, b_value: Any) -> Rule:
    require_values(a, b)
    return Rule(
        kind=elementwise_kind(function, a, b),
        pulls=power_pulls(a, b, a_value, b_value),
        elementwise=True,
        safe=power_safe(b_value),
    )


# --- arithmetic ---------------------------------------------------------------------------------

elementwise(np.negative, lambda d: -d)
elementwise(np.positive, lambda d: d)
elementwise(np.add, lambda d: d, lambda d: d)
elementwise(np.subtract, lambda d: d, lambda d: -d)
elementwise(np.multiply, lambda b, d: d * b, lambda a, d: a * d)
elementwise(
    np.divide,
    lambda b, d: d / b,
    lambda b, y, d: -d * y / b,
    safe={"b": 1.0, "y": 1.0},
    number=[lambda b, d: d / np.float64(b), lambda b, y, d: -d * y / b],
)
# `a // b`, not `floor(a / b)`, which may round up: 1.0 // 0.1 is 9, floor(1.0 / 0.1) is 10.
elementwise(np.remainder, lambda d: d, lambda a, b, d: -d * (a // b), safe={"b": 1.0})
elementwise(np.fmod, lambda d: d, lambda a, b, y, d: d * (y - a) / b, safe={"b": 1.0, "y": 0.0})
