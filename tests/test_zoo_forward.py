"""Every program of the zoo in forward mode: right tangents, the primal's values, clean memory."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.products import Pushforward, pushforward
from tests.oracles import copy_arguments, inner, positions, same_bits
from tests.test_zoo import each_case, each_program, gradient_of, quietly, single, true_gradients
from tests.zoo.all import PROGRAMS, Program

SEVERAL = [p for p in PROGRAMS if len(positions(p.argnums)) > 1]


@functools.cache
def forward_of(program: Program) -> Pushforward:
    return pushforward(program.function)


def chosen(program: Program, args: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(k % len(args) for k in positions(program.argnums))


def tangents_for(program: Program, args: tuple[Any, ...], seed: int = 0) -> tuple[Any, ...]:
    """A random direction for the arguments that are differentiated, None for the others."""
    rng = np.random.default_rng([seed, 7])
    tangents: list[Any] = [None] * len(args)
    for k in chosen(program, args):
        step = rng.standard_normal(np.shape(args[k]))
        if isinstance(args[k], np.ndarray):
            tangents[k] = np.asarray(step, dtype=args[k].dtype)
        else:
            tangents[k] = type(args[k])(step)
    return tuple(tangents)


def slope(gradient: Any, program: Program, args: tuple[Any, ...], tangents: Any) -> tuple[Any, Any]:
    """The gradient times the direction, and how large the parts of that sum are."""
    gradients = gradient if isinstance(gradient, tuple) else (gradient,)
    steps = tuple(tangents[k] for k in chosen(program, args))
    size = sum(
        float(np.sum(np.abs(np.asarray(g) * np.asarray(t))))
        for g, t in zip(gradients, steps, strict=True)
    )
    return inner(gradients, steps), size


def assert_slope(got: Any, want: float, size: float, tolerance: float, what: str) -> None:
    number = float(np.asarray(got).reshape(()))
    if not np.isfinite(want):
        assert np.array_equal(number, want, equal_nan=True), f"{what}: {number}, not {want}"
        return
    allowed = tolerance * (1.0 + size)
    assert abs(number - want) <= allowed, f"{what}: {number}, not {want}"


@each_case
def test_tangent(program: Program, seed: int) -> None:
    args = program.arguments(seed)
    tangents = tangents_for(program, args, seed)
    with quietly(program):
        _, got = forward_of(program)(args, tangents)
    for name, (gradient, tolerance) in true_gradients(program, args).items():
        with np.errstate(all="ignore"):
            want, size = slope(gradient, program, args, tangents)
        assert_slope(got, want, size, tolerance, f"tangent against {name}")


@each_case
def test_modes_agree(program: Program, seed: int) -> None:
    """<ct, J t> from one sweep forward is <Jᵀ ct, t> from one back."""
    args = program.arguments(seed)
    tangents = tangents_for(program, args, seed + 100)
    with quietly(program):
        _, got = forward_of(program)(args, tangents)
        gradient = gradient_of(program)(*args)
        want, size = slope(gradient, program, args, tangents)
    assert_slope(got, want, size, 1e-4 if single(args) else 1e-9, "forward against reverse")


@each_case
def test_value_is_the_primals(program: Program, seed: int) -> None:
    args = program.arguments(seed)
    with quietly(program):
        want = program.function(*copy_arguments(args))
        value, _ = forward_of(program)(args, tangents_for(program, args, seed))
    assert same_bits(value, want), f"value {value!r}, the primal's is {want!r}"


@each_case
def test_primals_and_tangents_are_untouched(program: Program, seed: int) -> None:
    args = program.arguments(seed)
    tangents = tangents_for(program, args, seed)
    kept_args, kept_tangents = copy_arguments(args), copy_arguments(tangents)
    with quietly(program):
        forward_of(program)(args, tangents)
    assert same_bits(args, kept_args), "jvp changed a primal"
    assert same_bits(tangents, kept_tangents), "jvp changed a tangent"


@each_program
def test_same_call_twice(program: Program) -> None:
    args = program.arguments()
    tangents = tangents_for(program, args)
    with quietly(program):
        first = forward_of(program)(copy_arguments(args), copy_arguments(tangents))
        again = forward_of(program)(copy_arguments(args), copy_arguments(tangents))
    assert same_bits(first, again)


@each_program
def test_kind_and_memory_of_tangents(program: Program) -> None:
    args = program.arguments()
    tangents = tangents_for(program, args)
    with quietly(program):
        value, tangent = forward_of(program)(args, tangents)
    assert np.shape(tangent) == np.shape(value)
    if isinstance(value, float):  # np.float64 is one, too
        assert isinstance(tangent, float), f"a {type(tangent).__name__}"
    elif isinstance(value, np.ndarray | np.floating):
        assert type(tangent) is type(value)
        assert tangent.dtype == value.dtype
    made = [a for a in (value, tangent) if isinstance(a, np.ndarray)]
    for i, a in enumerate(made):
        assert a.flags.writeable
        others = (*args, *tangents, *made[:i])
        assert not any(isinstance(o, np.ndarray) and np.shares_memory(a, o) for o in others)


@each_program
def test_tangent_is_linear(program: Program) -> None:
    """Twice the direction is twice the tangent."""
    args = program.arguments()
    tangents = tangents_for(program, args)
    twice = tuple(None if t is None else type(t)(2 * t) if np.isscalar(t) else t + t
                  for t in tangents)  # fmt: skip
    with quietly(program):
        _, once = forward_of(program)(args, tangents)
        _, got = forward_of(program)(args, twice)
    tolerance = 1e-5 if single(args) else 1e-12
    np.testing.assert_allclose(got, 2 * once, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("program", SEVERAL, ids=lambda p: f"{p.topic}-{p.name}")
def test_one_argument_at_a_time(program: Program) -> None:
    """Tangents of None: the tangent is the sum of those for each argument alone."""
    args = program.arguments()
    tangents = tangents_for(program, args)
    moving = chosen(program, args)
    with quietly(program):
        _, want = forward_of(program)(args, tangents)
        parts = []
        for k in moving:
            alone = tuple(t if i == k else None for i, t in enumerate(tangents))
            parts.append(srcdiff.jvp(program.function, args, alone)[1])
    tolerance = 1e-4 if single(args) else 1e-9
    size = 1.0 + sum(float(np.sum(np.abs(p))) for p in parts if p is not None)
    total = sum(p for p in parts if p is not None)
    np.testing.assert_allclose(total, want, rtol=tolerance, atol=tolerance * size)


@each_program
def test_forward_source_runs_alone(program: Program) -> None:
    args = program.arguments()
    tangents = tangents_for(program, args)
    text = forward_of(program).source_for(args, tangents)
    namespace: dict[str, Any] = {"__name__": "generated"}
    exec(compile(text, f"<{program.name}_jvp alone>", "exec"), namespace)
    function = namespace[f"{program.name}_jvp"]
    # The tangents are keyword-only, in the order of the primal's parameters.
    names = [
        p.name for p in inspect.signature(function).parameters.values() if p.kind == p.KEYWORD_ONLY
    ]
    moving = copy_arguments([tangents[k] for k in sorted(chosen(program, args))])
    with quietly(program):
        want = forward_of(program)(copy_arguments(args), copy_arguments(tangents))
        got = function(*copy_arguments(args), **dict(zip(names, moving, strict=True)))
    assert same_bits(got, want)
