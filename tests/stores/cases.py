"""The register of small programs that store into arrays.

Arguments are made from the names of the parameters, in sizes that change from seed to seed:

    x, y    vectors of n            A, B    matrices of n rows and m columns
    v, w    vectors of m            S       a square matrix of n
    a, b    floats                  T       an array of shape (n, m, 3)
    idx     n integers below n, some of them equal; idy likewise, some of them negative
    mask    n booleans, some of them true; M likewise, for a matrix; k, an integer below n
    z       a complex vector of n
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])
CASES: list[Callable[..., Any]] = []
# Programs that store through another name of an array.
SHARED: set[str] = set()
# Programs whose second derivative is refused: the first reads it from a list that a helper takes.
ONCE: set[str] = set()


def case(function: F) -> F:
    """Registers a program."""
    CASES.append(function)
    return function


def once(function: F) -> F:
    """Registers a program that has first derivatives only."""
    ONCE.add(function.__name__)
    return case(function)


def shared(function: F) -> F:
    """Registers a program that stores through another name of an array."""
    SHARED.add(function.__name__)
    return case(function)


def _repeating(rng: np.random.Generator, n: int) -> Any:
    indices = rng.integers(0, n, n)
    indices[1] = indices[0]
    indices[-1] = indices[2]
    return indices


def _some(rng: np.random.Generator, *shape: int) -> Any:
    mask = rng.uniform(size=shape) < 0.5
    mask.flat[0], mask.flat[1] = True, False
    return mask


def arguments(function: Callable[..., Any], seed: int) -> tuple[Any, ...]:
    """Arguments for a program, the same ones for the same seed."""
    rng = np.random.default_rng([seed, len(function.__name__)])
    n, m = (int(k) for k in rng.permutation([4, 5, 6, 7])[:2])
    makers: dict[str, Callable[[], Any]] = {
        **dict.fromkeys("xy", lambda: rng.uniform(0.3, 1.7, n)),
        **dict.fromkeys("vw", lambda: rng.uniform(0.3, 1.7, m)),
        **dict.fromkeys("ab", lambda: float(rng.uniform(0.3, 1.7))),
        **dict.fromkeys("AB", lambda: rng.uniform(0.3, 1.7, (n, m))),
        "S": lambda: rng.uniform(0.3, 1.7, (n, n)),
        "T": lambda: rng.uniform(0.3, 1.7, (n, m, 3)),
        "z": lambda: rng.uniform(0.3, 1.7, n) + 1j * rng.uniform(0.3, 1.7, n),
        "idx": lambda: _repeating(rng, n),
        "idy": lambda: _repeating(rng, n) - n * rng.integers(0, 2, n),
        "mask": lambda: _some(rng, n),
        "M": lambda: _some(rng, n, m),
        "k": lambda: int(rng.integers(0, n)),
    }
    return tuple(makers[name]() for name in inspect.signature(function).parameters)


def smooth(args: tuple[Any, ...]) -> tuple[int, ...]:
    """The places of the arguments that are differentiated."""
    return tuple(i for i, a in enumerate(args) if np.asarray(a).dtype.kind == "f")
