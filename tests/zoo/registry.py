"""The zoo's register: each program is a plain module-level function, named once with its arguments.

`@program(...)` returns the very function it is given, so that its source is the plain `def`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])
MakeArguments = Callable[[np.random.Generator], tuple[Any, ...]]


@dataclass(frozen=True)
class Program:
    """A function, how to call it, and which oracles speak the truth about it."""

    function: Callable[..., Any]
    make_arguments: MakeArguments
    argnums: int | tuple[int, ...]
    seeds: int  # how many argument tuples to try
    expected: Callable[..., Any] | None  # gives the gradient at points that have no derivative
    differences: bool  # finite differences hold
    dual: bool  # dual numbers hold
    analytic: bool  # a complex step holds
    tolerance: float  # relative, for exact oracles
    warns: bool  # the primal itself divides by zero or the like

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def topic(self) -> str:
        return self.function.__module__.rpartition(".")[2]

    def arguments(self, seed: int = 0) -> tuple[Any, ...]:
        """The same arguments for the same seed, in fresh memory."""
        return self.make_arguments(np.random.default_rng([seed, len(self.name)]))


PROGRAMS: list[Program] = []


def program(
    args: MakeArguments,
    argnums: int | tuple[int, ...] = 0,
    *,
    seeds: int = 2,
    expected: Callable[..., Any] | None = None,
    differences: bool | None = None,
    dual: bool | None = None,
    analytic: bool = False,
    tolerance: float = 1e-9,
    warns: bool = False,
) -> Callable[[F], F]:
    """Put a function into the zoo. With `expected`, the other oracles are off unless asked for."""

    def register(function: F) -> F:
        PROGRAMS.append(
            Program(
                function=function,
                make_arguments=args,
                argnums=argnums,
                seeds=seeds,
                expected=expected,
                differences=expected is None if differences is None else differences,
                dual=expected is None if dual is None else dual,
                analytic=analytic,
                tolerance=tolerance,
                warns=warns,
            )
        )
        return function

    return register
