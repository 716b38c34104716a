"""What is asked of srcdiff about one program: the attempts that are compared with the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.fuzz.load import loaded
from tests.oracles import copy_arguments, same_bits
from tests.wrappers import Write, over_forward, over_reverse


class Refused(Exception):
    """The engine says that it does not support the program: the message, the reason, the line."""

    def __init__(self, message: str, reason: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.reason = reason
        self.line = line


@dataclass(frozen=True)
class Attempt:
    """One way to a derivative.

    Attributes:
        name: what failures are told apart by.
        call: takes the arguments and, to second order, the directions; gives the value, or None,
            and for each differentiated argument its gradient, or the Hessian times the directions.
        order: 1 or 2.
    """

    name: str
    call: Callable[..., tuple[Any, Any]]
    order: int = 1


# Given f and argnums: the attempts.
Engine = Callable[[Any, tuple[int, ...]], list[Attempt]]


@contextmanager
def refusals(placed: bool = True) -> Iterator[None]:
    """Turns srcdiff's refusals into Refused; with `placed`, they must say where."""
    import srcdiff

    try:
        yield
    except srcdiff.UnsupportedError as error:
        if error.span is None and placed:
            raise RuntimeError(f"refused without a place: {error}") from error
        line = 0 if error.span is None else error.span.line
        raise Refused(str(error), error.reason, line) from error


def reverse(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """Both of srcdiff's functions, as they leave different statements out."""
    import srcdiff

    def both(*args: Any) -> tuple[Any, Any]:
        with refusals():
            return srcdiff.value_and_grad(f, argnums=argnums)(*args)  # type: ignore[no-any-return]

    def gradient(*args: Any) -> tuple[Any, Any]:
        with refusals():
            return None, srcdiff.grad(f, argnums=argnums)(*args)

    return [Attempt("gradient", both), Attempt("gradient", gradient)]


def vjp(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """A pullback, called twice: the second time gives the same."""
    import srcdiff

    def call(*args: Any, weights: Any = None) -> tuple[Any, Any]:
        with refusals():
            value, pullback = srcdiff.vjp(f, *args)
            weights = type(value)(1.0) if weights is None else weights
            first, again = pullback(weights), pullback(weights)
        if not same_bits(first, again):
            raise AssertionError(f"a pullback called again gives something else: {again!r}")
        return value, tuple(first[k] for k in argnums)

    return [Attempt("pullback", call)]


def units(args: tuple[Any, ...], argnums: tuple[int, ...]) -> Iterator[tuple[int, Any, list[Any]]]:
    """The directions along each element: which argument, which element, and all the tangents."""
    zeros = [np.zeros_like(a) if isinstance(a, np.ndarray) else type(a)(0.0) for a in args]
    for k in argnums:
        for index in np.ndindex(np.shape(args[k])):
            tangents: list[Any] = [zeros[i] if i in argnums else None for i in range(len(args))]
            if isinstance(args[k], np.ndarray):
                tangents[k] = np.zeros_like(args[k])
                tangents[k][index] = 1.0
            else:
                tangents[k] = type(args[k])(1.0)
            yield k, index, tangents


def forward(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """The gradient in forward mode: a tangent for each element."""
    import srcdiff

    def call(*args: Any) -> tuple[Any, Any]:
        value = None
        slopes = {k: np.zeros(np.shape(args[k])) for k in argnums}
        with refusals():
            for k, index, tangents in units(args, argnums):
                value, slopes[k][index] = srcdiff.jvp(f, args, tuple(tangents))
        return value, tuple(
            s if isinstance(args[k], np.ndarray) else float(s) for k, s in slopes.items()
        )

    return [Attempt("forward", call)]


def second(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """The Hessian times a direction: forward over reverse, and reverse over each mode."""
    import srcdiff

    def forward_over_reverse(args: tuple[Any, ...], directions: tuple[Any, ...]) -> Any:
        tangents: list[Any] = [None] * len(args)
        for k, direction in zip(argnums, directions, strict=True):
            tangents[k] = direction
        with refusals(placed=False):
            return None, srcdiff.jvp(srcdiff.grad(f, argnums=argnums), args, tuple(tangents))[1]

    def reverse_over(write: Write) -> Callable[..., Any]:
        def call(args: tuple[Any, ...], directions: tuple[Any, ...]) -> Any:
            with loaded(write(len(args), argnums)) as module, refusals(placed=False):
                module.f = f  # type: ignore[attr-defined]
                return None, srcdiff.grad(module.s, argnums=argnums)(*args, *directions)

        return call

    return [
        Attempt("forward over reverse", forward_over_reverse, 2),
        Attempt("reverse over reverse", reverse_over(over_reverse), 2),
        Attempt("reverse over forward", reverse_over(over_forward), 2),
    ]


def both(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """Both modes."""
    return [*reverse(f, argnums), *forward(f, argnums)]


def every(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """Both modes, pullbacks, and each mode over each."""
    return [*both(f, argnums), *vjp(f, argnums), *second(f, argnums)]


ENGINES: dict[str, Engine] = {
    "forward": forward, "reverse": reverse, "second": second, "both": both, "vjp": vjp,
    "all": every,
}  # fmt: skip


def called(
    attempt: Attempt, args: tuple[Any, ...], directions: tuple[Any, ...], weights: Any = None
) -> tuple[Any, Any]:
    """What an attempt gives."""
    if weights is not None:
        return attempt.call(*args, weights=copy_arguments(weights))
    if attempt.order == 1:
        return attempt.call(*args)
    return attempt.call(args, copy_arguments(directions))
