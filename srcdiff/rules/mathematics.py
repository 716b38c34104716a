"""The functions of `math`: of Python numbers, giving Python floats.

Inside a template `math` stands where it cannot raise at a point where the primal does not, and
NumPy elsewhere: `0.5 / np.sqrt(x)` is inf at 0, as the limit says, where Python's division raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from srcdiff.ir.kinds import FLOAT, Array, Kind
from srcdiff.rules.operands import require_values
from srcdiff.rules.powers import power_pulls, power_safe
from srcdiff.rules.registry import NoRule, Pull, Rule, Template, rule


def of_numbers(
    function: Callable[..., Any],
    *partials: Template | None,
    safe: Mapping[str, float] | None = None,
) -> None:
    """Registers a function of one number `x` or two numbers `a` and `b`."""
    names = ("x",) if len(partials) == 1 else ("a", "b")
    pulls = {name: Pull(t) for name, t in zip(names, partials, strict=True) if t}
    result = Rule(kind=FLOAT, pulls=pulls, elementwise=True, safe=safe or {})

    if len(partials) == 1:

        @rule(function)
        def unary(x: Kind) -> Rule:
            require_numbers(function, x)
            return result

    else:

        @rule(function)
        def binary(a: Kind, b: Kind) -> Rule:
            require_numbers(function, a, b)
            return result


def require_numbers(function: Callable[..., Any], *kinds: Kind) -> None:
    require_values(*kinds)
    if any(isinstance(kind, Array) and kind.dims for kind in kinds):
        name = function.__name__
        raise NoRule(f"math.{name} takes numbers, not arrays", f"np.{name} takes arrays")


of_numbers(math.exp, lambda y: y)
of_numbers(math.expm1, lambda y: y + 1.0)
of_numbers(math.exp2, lambda y: y * math.log(2.0))
of_numbers(math.log2, lambda x: 1.0 / (x * math.log(2.0)))
of_numbers(math.log10, lambda x: 1.0 / (x * math.log(10.0)))
of_numbers(math.log1p, lambda x: 1.0 / (1.0 + x))
of_numbers(math.sin, lambda x: math.cos(x))
of_numbers(math.cos, lambda x: -math.sin(x))
of_numbers(math.tan, lambda y: 1.0 + y * y)
of_numbers(math.asin, lambda x: 1.0 / np.sqrt(1.0 - x * x), safe={"x": 0.0})
of_numbers(math.acos, lambda x: -1.0 / np.sqrt(1.0 - x * x), safe={"x": 0.0})
of_numbers(math.atan, lambda x: 1.0 / (1.0 + x * x))
of_numbers(
    math.atan2,
    lambda a, b: b / np.float64(a * a + b * b),
    lambda a, b: -a / np.float64(a * a + b * b),
    safe={"b": 1.0},
)
of_numbers(math.sinh, lambda x: math.cosh(x))
of_numbers(math.cosh, lambda x: math.sinh(x))
of_numbers(math.tanh, lambda y: 1.0 - y * y)
of_numbers(math.asinh, lambda x: 1.0 / np.sqrt(1.0 + x * x))
of_numbers(math.acosh, lambda x: 1.0 / np.sqrt(x * x - 1.0), safe={"x": 2.0})
of_numbers(math.atanh, lambda x: 1.0 / (1.0 - x * x))
of_numbers(math.degrees, lambda d: math.degrees(d))
of_numbers(math.radians, lambda d: math.radians(d))
of_numbers(math.sqrt, lambda x: 0.5 / np.sqrt(x), safe={"x": 1.0})
of_numbers(math.cbrt, lambda y: 1.0 / (3.0 * np.square(y)), safe={"y": 1.0})
of_numbers(math.fabs, lambda x: np.sign(x))
of_numbers(math.copysign, lambda a, y: np.sign(a) * np.sign(y), None)
of_numbers(math.fmod, lambda d: d, lambda a, b, y, d: d * (y - a) / b)
# Abramowitz and Stegun, 7.1.19.
of_numbers(math.erf, lambda x: 2.0 / math.sqrt(math.pi) * math.exp(-x * x))
of_numbers(math.erfc, lambda x: -2.0 / math.sqrt(math.pi) * math.exp(-x * x))
# The gradient of a norm: zero at zero.
of_numbers(math.hypot, lambda a, y: a / (y + (y == 0.0)), lambda b, y: b / (y + (y == 0.0)))


@rule(math.log)
def log(x: Kind, base: Kind | None = None) -> Rule:
    if base is None:
        require_numbers(math.log, x)
        return Rule(kind=FLOAT, pulls={"x": Pull(lambda x: 1.0 / x)}, elementwise=True)
    require_numbers(math.log, x, base)
    return Rule(
        kind=FLOAT,
        pulls={
            "x": Pull(lambda x, base: 1.0 / (x * math.log(base))),
            "base": Pull(lambda base, y: -y / (base * math.log(base))),
        },
        elementwise=True,
    )


@rule(math.pow)
def power(a: Kind, b: Kind, a_value: Any = None, b_value: Any = None) -> Rule:
    require_numbers(math.pow, a, b)
    pulls = power_pulls(FLOAT, FLOAT, a_value, b_value)
    return Rule(kind=FLOAT, pulls=pulls, elementwise=True, safe=power_safe(b_value))
