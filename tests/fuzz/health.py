"""Is a program fit to judge by? It must run, stay moderate, and keep away from kinks."""

from __future__ import annotations

import math
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np

from tests.fuzz.generate import FuzzProgram
from tests.fuzz.lifted import dual_result, twin
from tests.oracles import (
    Runaway,
    Watch,
    assert_close,
    copy_arguments,
    finite_differences,
)

LINES = 20_000  # more than any generated program runs
MARGIN = 1e-4  # how near, in the inputs, a test may be to flipping
LARGEST = 1e6  # of all values
STEEPEST = 1e4  # of all partials


@dataclass(frozen=True)
class Truth:
    """What a healthy program gives for these arguments."""

    arguments: tuple[Any, ...]
    value: Any
    gradient: tuple[Any, ...]
    rtol: float
    atol: float


class Unfit(Exception):
    """Why a program is no use for judging gradients."""


@contextmanager
def line_limit(limit: int = LINES) -> Iterator[None]:
    """Raises Runaway once more than `limit` lines have run."""
    left = limit

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        left -= event == "line"
        if left < 0:
            raise Runaway
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


class TookTooLong(Exception):
    """Raised inside what runs beyond its time."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TookTooLong after so many seconds of computing, however busy the machine is.

    Does nothing where there are no alarms.
    """
    if threading.current_thread() is not threading.main_thread() or sys.platform == "win32":
        yield
        return

    def late(number: int, frame: FrameType | None) -> None:
        raise TookTooLong(f"more than {seconds} seconds")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


def true_result(f: Any, program: FuzzProgram, arguments: tuple[Any, ...]) -> Truth:
    """The value by the primal and the gradient by dual numbers, confirmed by differences."""
    weights = program.weights
    try:
        with line_limit(), np.errstate(all="raise", under="ignore"):
            value = f(*copy_arguments(arguments))
        result = value if weights is None else _weighted(value, weights)
        if not isinstance(result, float | np.floating) or not math.isfinite(result):
            raise Unfit("the result is no finite float")
        watch = Watch(limit=LINES * 5)
        lifted = _summed(twin(program.text), weights)
        with line_limit(LINES * 50):
            same, gradient = dual_result(lifted, arguments, program.argnums, watch)
    except Unfit:
        raise
    except Runaway:
        raise Unfit("runs on") from None
    except Exception as error:
        raise Unfit(f"raises {type(error).__name__}") from None
    if watch.margin < MARGIN:
        raise Unfit("a test close to flipping")
    if not (watch.largest < LARGEST and watch.steepest < STEEPEST):
        raise Unfit("large numbers")
    if not abs(same - result) <= 1e-9 * max(1.0, abs(result)):
        raise Unfit("dual numbers give another value")
    try:
        differences = finite_differences(_summed(f, weights), arguments, program.argnums)
        allowed = 1e-6 * max(1.0, watch.steepest)
        assert_close(differences, gradient, rtol=1e-4, atol=allowed, what="differences")
    except AssertionError:
        raise Unfit("differences disagree with dual numbers") from None
    except Exception as error:
        raise Unfit(f"differences raise {type(error).__name__}") from None
    atol = 1e-10 * max(1.0, watch.steepest)
    return Truth(arguments, value, gradient, rtol=1e-8, atol=atol)


def _weighted(values: Any, weights: tuple[Any, ...]) -> Any:
    return sum(np.sum(w * value) for w, value in zip(weights, values, strict=True))


def _summed(f: Any, weights: tuple[Any, ...] | None) -> Any:
    return f if weights is None else lambda *args: _weighted(f(*args), weights)


@dataclass(frozen=True)
class Curvature:
    """The Hessian of a healthy program times directions, one for each differentiated argument."""

    directions: tuple[Any, ...]
    product: tuple[Any, ...]
    tolerance: float


def true_curvature(program: FuzzProgram, arguments: tuple[Any, ...]) -> Curvature | None:
    """By differences of dual numbers' gradients; None where these are too coarse."""
    rng = np.random.default_rng([len(program.text), *map(ord, program.label)])
    chosen, lifted = program.argnums, twin(program.text)
    steps = [rng.standard_normal(np.shape(arguments[k])) for k in chosen]
    length = math.sqrt(sum(float(np.sum(step**2)) for step in steps))
    directions = tuple(
        step / length if isinstance(arguments[k], np.ndarray)
        else type(arguments[k])(step / length)
        for k, step in zip(chosen, steps, strict=True)
    )  # fmt: skip

    def at(t: float) -> np.ndarray:
        args = list(copy_arguments(arguments))
        for k, direction in zip(chosen, directions, strict=True):
            args[k] = args[k] + t * direction
        _, gradient = dual_result(lifted, args, chosen)
        return np.concatenate([np.ravel(g) for g in gradient])

    h = MARGIN / 5.0
    near, far = at(h) - at(-h), at(2.0 * h) - at(-2.0 * h)
    flat = (8.0 * near - far) / (12.0 * h)
    size = max(1.0, float(np.max(np.abs(flat), initial=0.0)))
    tolerance = 1e-5 * size + 1e-6 * float(np.max(np.abs(at(0.0)), initial=0.0))
    # As inaccurate as that, or beyond a kink.
    if not np.all(np.abs(flat - near / (2.0 * h)) <= 0.1 * tolerance) or size > STEEPEST:
        return None
    sizes = [np.size(d) for d in directions]
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    product = tuple(p.reshape(np.shape(d)) for p, d in zip(parts, directions, strict=True))
    return Curvature(directions, product, tolerance)
