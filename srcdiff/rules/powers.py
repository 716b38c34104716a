"""The partials of `a ** b`, as plain as what is known of the exponent allows.

At a == b == 0 both partials are zero; at a == 0 so is the partial with respect to b.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np

from srcdiff.ir.kinds import Kind, Number
from srcdiff.rules.registry import Pull, Template


def power_pulls(a: Kind, b: Kind, a_value: Any, b_value: Any) -> dict[str, Pull]:
    """Templates for the base `a` and the exponent `b`; the values are those of literals."""
    plain = isinstance(a, Number) and isinstance(b, Number)
    pulls = {"b": Pull(_exponent(a_value))}
    base = _general_base(plain) if _literal(b_value) is None else _base(b_value, plain)
    return pulls if base is None else {"a": Pull(base), **pulls}


def power_safe(b_value: Any) -> dict[str, float]:
    """Where the partials are finite: see `Rule.safe`. A literal exponent from 1 on needs none."""
    exponent = _literal(b_value)
    return {} if exponent is not None and exponent >= 1 else {"a": 1.0, "y": 1.0}


def _literal(value: Any) -> float | None:
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _base(exponent: Any, plain: bool) -> Template | None:
    """The partial for a literal exponent; `plain`: on Python numbers, which may raise."""
    n = float(exponent)
    # In decimal, since 1.1 - 1 is 0.10000000000000009.
    m = type(exponent)(Decimal(repr(exponent)) - 1)
    if n == 0.0:
        return None
    if n == 1.0:
        return lambda d: d
    if n == 2.0:
        return lambda a: 2.0 * a
    if n == 0.5:
        return (lambda a: 0.5 / np.sqrt(a)) if plain else lambda y: 0.5 / y
    if n == -1.0:
        return lambda y: -y * y
    if plain and n < 0.0:  # a ** (n - 1) may overflow, which Python raises
        return lambda a, y: n * y / a
    if plain and n < 1.0:  # zero to a negative power likewise
        return lambda a: n * np.power(a, m)
    return lambda a: n * a**m


def _general_base(plain: bool) -> Template:
    # The exponent is b - 1, and 0 where b is: then the factor b makes the partial zero, where
    # 0 * 0 ** -1 would be NaN.
    if plain:
        return lambda a, b: b * np.power(a, b - 1 + (b == 0))
    return lambda a, b: b * a ** (b - 1 + (b == 0))


def _exponent(a_value: Any) -> Template:
    base = _literal(a_value)
    if base is not None and base > 0:
        return lambda y: y * math.log(base)
    # The logarithm of 1 where a is 0.
    return lambda a, y: y * np.log(a + (a == 0))
