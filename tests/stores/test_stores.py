"""Each kind of store: both modes and second derivatives, against differences, in several sizes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.oracles import assert_close, copy_arguments, finite_differences, same_bits
from tests.stores import all as programs
from tests.stores.cases import ONCE, SHARED, arguments, smooth

NAMES = sorted(f.__name__ for f in programs.CASES)
CASES = {f.__name__: f for f in programs.CASES}
each_case = pytest.mark.parametrize("name", NAMES)


@contextmanager
def differentiated(name: str) -> Iterator[Callable[..., Any]]:
    """The program; of those that store into shared memory, some are refused."""
    try:
        yield CASES[name]
    except srcdiff.UnsupportedError:
        if name not in SHARED:
            raise
        pytest.skip("refused")


@functools.cache
def gradient_of(function: Callable[..., Any], argnums: tuple[int, ...]) -> Any:
    return srcdiff.grad(function, argnums=argnums)


def directions(args: tuple[Any, ...], argnums: tuple[int, ...], seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    out: list[Any] = [None] * len(args)
    for i in argnums:
        out[i] = rng.uniform(-1.0, 1.0, np.shape(args[i]))
        out[i] = float(out[i]) if isinstance(args[i], float) else out[i]
    return out


def moved(args: tuple[Any, ...], tangents: list[Any], h: float) -> tuple[Any, ...]:
    pairs = zip(copy_arguments(args), tangents, strict=True)
    return tuple(a if t is None else a + h * t for a, t in pairs)


def test_names_are_unique() -> None:
    assert len(NAMES) == len(set(NAMES))


@each_case
def test_reverse_and_forward(name: str) -> None:
    with differentiated(name) as function:
        for seed in range(3):
            check(function, seed)


def check(function: Callable[..., Any], seed: int) -> None:
    """Both modes against differences, the arguments left alone."""
    args = arguments(function, seed)
    argnums = smooth(args)
    gradient = gradient_of(function, argnums)
    want = finite_differences(function, args, argnums)
    kept = copy_arguments(args)
    got = gradient(*args)
    assert same_bits(args, kept)
    assert_close(got, want, rtol=3e-6, atol=3e-6)
    tangents = directions(args, argnums, seed)
    value, slope = srcdiff.jvp(function, args, tuple(tangents))
    assert same_bits(args, kept)
    assert same_bits(value, function(*copy_arguments(args)))
    expected = sum(float(np.sum(g * tangents[i])) for i, g in zip(argnums, got, strict=True))
    assert_close(slope, expected, rtol=1e-9, atol=1e-9, what="slope")


@each_case
def test_second_order(name: str) -> None:
    if name in ONCE:
        pytest.skip("first derivatives only")
    with differentiated(name) as function:
        args = arguments(function, 1)
        argnums = smooth(args)
        gradient = gradient_of(function, argnums)
        tangents = directions(args, argnums, 7)
        _, got = srcdiff.jvp(gradient, args, tuple(tangents))
    h = 1e-5
    up, down = (gradient(*moved(args, tangents, s)) for s in (h, -h))
    want = tuple((np.asarray(p) - np.asarray(q)) / (2 * h) for p, q in zip(up, down, strict=True))
    assert_close(got, want, rtol=1e-5, atol=1e-5, what="forward over reverse")
