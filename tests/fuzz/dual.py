"""Dual numbers: the exact gradient of a program, by running it on numbers that carry partials.

A `Dual` holds a value and its partial derivatives with respect to all inputs at once. Arrays are
NumPy arrays of `Dual` (dtype object), on which NumPy's own functions call the methods below.
A `Watch` records how near comparisons came to flipping, and how large the numbers grew.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np


class Runaway(Exception):
    """A program did more arithmetic than its watcher allows."""


@dataclass
class Watch:
    """What happened during a run on dual numbers."""

    margin: float = math.inf  # how far the inputs may move before a comparison flips
    largest: float = 0.0  # of all values
    steepest: float = 0.0  # of all partials
    operations: int = 0
    limit: int = 1_000_000

    def compared(self, difference: Any, partials: np.ndarray) -> None:
        slope = np.max(np.abs(partials), initial=0.0)
        if slope == 0.0:
            return
        distance = min(abs(difference), abs(difference) / slope)
        self.margin = min(self.margin, float(distance)) if distance == distance else 0.0

    def made(self, value: Any, partials: np.ndarray) -> None:
        self.operations += 1
        if self.operations > self.limit:
            raise Runaway
        if not abs(value) <= self.largest:
            self.largest = float(abs(value)) if value == value else math.inf
        slope = np.max(np.abs(partials), initial=0.0)
        if not slope <= self.steepest:
            self.steepest = float(slope) if slope == slope else math.inf


_watch = Watch()


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """What dual numbers do is recorded by this watch."""
    global _watch
    before, _watch = _watch, watch
    try:
        yield
    finally:
        _watch = before


NOTHING = np.zeros(1)  # the partials of a constant, which fit any others


class Dual:
    """A number with its partial derivatives with respect to all inputs."""

    __slots__ = ("partials", "value")

    def __init__(self, value: Any, partials: Any = None) -> None:
        self.value = np.float64(value)
        self.partials = NOTHING if partials is None else partials
        _watch.made(self.value, self.partials)

    def chain(self, value: Any, slope: Any) -> Dual:
        return Dual(value, _scaled(slope, self.partials))

    def __repr__(self) -> str:
        return f"Dual({self.value}, {self.partials})"

    def __float__(self) -> float:
        raise TypeError("a dual number would lose its partials")

    def __format__(self, spec: str) -> str:
        return format(float(self.value), spec)

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        _watch.compared(self.value, self.partials)
        return bool(self.value)

    def _rounded(self, value: int) -> int:
        _watch.compared(abs(self.value - np.floor(self.value) - 0.5) - 0.5, self.partials)
        return value

    def __int__(self) -> int:
        return self._rounded(int(self.value))

    def __floor__(self) -> int:
        return self._rounded(math.floor(self.value))

    def __ceil__(self) -> int:
        return self._rounded(math.ceil(self.value))

    __trunc__ = __int__

    def __pos__(self) -> Dual:
        return self

    def __neg__(self) -> Dual:
        return self.chain(-self.value, -1.0)

    def __abs__(self) -> Dual:
        _watch.compared(self.value, self.partials)
        return self.chain(abs(self.value), np.sign(self.value))

    fabs = __abs__

    def conjugate(self) -> Dual:
        return self


def _scaled(slope: Any, partials: np.ndarray) -> np.ndarray:
    """slope * partials, where a partial of zero stays zero though the slope be infinite."""
    return np.where(partials == 0.0, 0.0, slope * partials)


def _define_operators() -> None:
    def log_or_zero(a: Any) -> Any:
        return np.log(a) if a > 0.0 else 0.0

    binary: dict[str, Any] = {  # value, and the partials with respect to a and b
        "add": lambda a, b: (a + b, 1.0, 1.0),
        "sub": lambda a, b: (a - b, 1.0, -1.0),
        "mul": lambda a, b: (a * b, b, a),
        "truediv": lambda a, b: (a / b, 1.0 / b, -a / b / b),
        "floordiv": lambda a, b: (a // b, 0.0, 0.0),
        "mod": lambda a, b: (a % b, 1.0, -(a // b)),
        "pow": lambda a, b: (a**b, 0.0 if b == 0 else b * a ** (b - 1), a**b * log_or_zero(a)),
    }
    for name, law in binary.items():

        def operator(self: Dual, other: Any, law: Any = law, swap: bool = False) -> Any:
            if isinstance(other, np.ndarray) or not np.isscalar(getattr(other, "value", other)):
                return NotImplemented
            other = other if isinstance(other, Dual) else Dual(other)
            a, b = (other, self) if swap else (self, other)
            value, left, right = law(a.value, b.value)
            return Dual(value, _scaled(left, a.partials) + _scaled(right, b.partials))

        def reflected(self: Dual, other: Any, operator: Any = operator) -> Any:
            return operator(self, other, swap=True)

        setattr(Dual, f"__{name}__", operator)
        setattr(Dual, f"__r{name}__", reflected)
    compare: dict[str, Any] = {
        "lt": lambda a, b: a < b,
        "le": lambda a, b: a <= b,
        "gt": lambda a, b: a > b,
        "ge": lambda a, b: a >= b,
        "eq": lambda a, b: a == b,
        "ne": lambda a, b: a != b,
    }
    for name, test in compare.items():

        def comparison(self: Dual, other: Any, test: Any = test) -> Any:
            if isinstance(other, np.ndarray) or not np.isscalar(getattr(other, "value", other)):
                return NotImplemented
            other = other if isinstance(other, Dual) else Dual(other)
            _watch.compared(self.value - other.value, self.partials - other.partials)
            return bool(test(self.value, other.value))

        setattr(Dual, f"__{name}__", comparison)


# Elementary functions: the slope at x, given y = f(x). NumPy calls these methods on object arrays.
SLOPES: dict[str, Callable[[Any, Any], Any]] = {
    "exp": lambda x, y: y,
    "expm1": lambda x, y: np.exp(x),
    "exp2": lambda x, y: y * math.log(2.0),
    "log": lambda x, y: 1.0 / x,
    "log2": lambda x, y: 1.0 / (x * math.log(2.0)),
    "log10": lambda x, y: 1.0 / (x * math.log(10.0)),
    "log1p": lambda x, y: 1.0 / (1.0 + x),
    "sin": lambda x, y: np.cos(x),
    "cos": lambda x, y: -np.sin(x),
    "tan": lambda x, y: 1.0 / np.cos(x) ** 2,
    "arcsin": lambda x, y: 1.0 / np.sqrt((1.0 - x) * (1.0 + x)),
    "arccos": lambda x, y: -1.0 / np.sqrt((1.0 - x) * (1.0 + x)),
    "arctan": lambda x, y: 1.0 / (1.0 + x * x),
    "sinh": lambda x, y: np.cosh(x),
    "cosh": lambda x, y: np.sinh(x),
    "tanh": lambda x, y: 1.0 / np.cosh(x) ** 2,
    "arcsinh": lambda x, y: 1.0 / np.sqrt(1.0 + x * x),
    "arccosh": lambda x, y: 1.0 / np.sqrt((x - 1.0) * (x + 1.0)),
    "arctanh": lambda x, y: 1.0 / ((1.0 - x) * (1.0 + x)),
    "sqrt": lambda x, y: 0.5 / y,
    "cbrt": lambda x, y: 1.0 / (3.0 * y * y),
}


def _define_functions() -> None:
    for name in list(SLOPES):  # looked up at each call: a test may replace one

        def method(self: Dual, name: str = name) -> Dual:
            y = getattr(np, name)(self.value)
            return self.chain(y, SLOPES[name](self.value, y))

        setattr(Dual, name, method)


_define_operators()
_define_functions()
