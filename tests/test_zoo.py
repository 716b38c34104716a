"""Every program of the zoo: right gradients, right values, untouched arguments, clean texts."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.oracles import (
    assert_close,
    complex_step,
    copy_arguments,
    directional_derivative,
    dual_gradient,
    finite_differences,
    inner,
    positions,
    random_directions,
    same_bits,
)
from tests.zoo.all import PROGRAMS, Program

CASES = [pytest.param(p, s, id=f"{p.topic}-{p.name}-{s}") for p in PROGRAMS for s in range(p.seeds)]
FIRST = [pytest.param(p, id=f"{p.topic}-{p.name}") for p in PROGRAMS]

each_case = pytest.mark.parametrize(("program", "seed"), CASES)
each_program = pytest.mark.parametrize("program", FIRST)


@functools.cache
def gradient_of(program: Program) -> Any:
    return srcdiff.grad(program.function, argnums=program.argnums)


@functools.cache
def value_and_gradient_of(program: Program) -> Any:
    return srcdiff.value_and_grad(program.function, argnums=program.argnums)


def quietly(program: Program) -> Any:
    """NumPy's warnings are off only where the primal itself warns."""
    return np.errstate(all="ignore") if program.warns else contextlib.nullcontext()


def single(args: tuple[Any, ...]) -> bool:
    return any(getattr(a, "dtype", None) == np.float32 for a in args)


def true_gradients(program: Program, args: tuple[Any, ...]) -> dict[str, tuple[Any, float]]:
    """The gradient by each oracle that knows it, with the relative tolerance it deserves."""
    truth: dict[str, tuple[Any, float]] = {}
    argnums = tuple(k % len(args) for k in positions(program.argnums))
    wanted = argnums[0] if isinstance(program.argnums, int) else argnums
    with quietly(program):
        if program.expected is not None:
            truth["expected"] = (program.expected(*copy_arguments(args)), program.tolerance)
        if program.dual:
            truth["dual"] = (dual_gradient(program.function, args, wanted), program.tolerance)
        if program.analytic and not single(args):
            truth["complex"] = (complex_step(program.function, args, wanted), program.tolerance)
        if program.differences:
            loose = 1e-2 if single(args) else 3e-6
            truth["differences"] = (finite_differences(program.function, args, wanted), loose)
    return truth


def leaves(gradient: Any) -> list[Any]:
    return list(gradient) if isinstance(gradient, tuple) else [gradient]


# ------------------------------------------------------------------ the zoo itself


def test_names_are_unique() -> None:
    names = [p.name for p in PROGRAMS]
    assert len(names) == len(set(names)) >= 90


@each_case
def test_oracles_agree(program: Program, seed: int) -> None:
    args = program.arguments(seed)
    kept = program.arguments(seed)
    truth = list(true_gradients(program, args).items())
    assert truth
    (_, (want, _)), *others = truth
    for name, (got, tolerance) in others:
        assert_close(got, want, rtol=tolerance, atol=tolerance, what=name)
    assert same_bits(args, kept)


@each_program
def test_directional_derivative_agrees(program: Program) -> None:
    args = program.arguments()
    if not (program.differences and program.dual) or single(args):
        pytest.skip("no derivative to compare with")
    gradient = dual_gradient(program.function, args, program.argnums)
    directions = random_directions(np.random.default_rng(0), gradient)
    got = directional_derivative(program.function, args, program.argnums, directions)
    assert_close(got, inner(gradient, directions), rtol=3e-6, atol=3e-6, what="slope")


# ------------------------------------------------------------------ numbers


@each_case
def test_gradient(program: Program, seed: int) -> None:
    args = program.arguments(seed)
    with quietly(program):
        got = gradient_of(program)(*args)
    for name, (want, tolerance) in true_gradients(program, args).items():
        assert_close(got, want, rtol=tolerance, atol=tolerance, what=f"gradient against {name}")


@each_case
def test_value_and_gradient(program: Program, seed: int) -> None:
    args = program.arguments(seed)
    with quietly(program):
        want = program.function(*copy_arguments(args))
        value, gradient = value_and_gradient_of(program)(*args)
        alone = gradient_of(program)(*copy_arguments(args))
    assert same_bits(value, want), f"value {value!r}, the primal's is {want!r}"
    assert_close(gradient, alone, rtol=1e-5 if single(args) else 1e-10, atol=1e-10)


@each_case
def test_arguments_are_untouched(program: Program, seed: int) -> None:
    args = program.arguments(seed)
    kept = copy_arguments(args)
    with quietly(program):
        gradient_of(program)(*args)
        assert same_bits(args, kept), "grad changed an argument"
        value_and_gradient_of(program)(*args)
    assert same_bits(args, kept), "value_and_grad changed an argument"


@each_program
def test_same_call_twice(program: Program) -> None:
    args = program.arguments()
    with quietly(program):
        first = gradient_of(program)(*copy_arguments(args))
        gradient_of(program)(*program.arguments(seed=program.seeds - 1))
        again = gradient_of(program)(*copy_arguments(args))
    assert same_bits(first, again)


# ------------------------------------------------------------------ kinds and memory


@each_program
def test_kinds_of_gradients(program: Program) -> None:
    args = program.arguments()
    with quietly(program):
        gradient = gradient_of(program)(*args)
    assert isinstance(gradient, tuple) == (not isinstance(program.argnums, int))
    for k, g in zip(positions(program.argnums), leaves(gradient), strict=True):
        x = args[k]
        if isinstance(x, np.ndarray):
            assert type(g) is np.ndarray, f"argument {k}: a {type(g).__name__}"
            assert (g.shape, g.dtype) == (x.shape, x.dtype)
        elif isinstance(x, float):  # np.float64 is one, too
            assert isinstance(g, float), f"argument {k}: a {type(g).__name__}"
        else:
            assert (np.shape(g), np.asarray(g).dtype) == ((), x.dtype)


@each_program
def test_gradients_are_fresh_memory(program: Program) -> None:
    args = program.arguments()
    with quietly(program):
        value, gradient = value_and_gradient_of(program)(*args)
        others = leaves(gradient_of(program)(*args))
    made = [g for g in leaves(gradient) if isinstance(g, np.ndarray)]
    around = [a for a in (*args, value, *others) if isinstance(a, np.ndarray)]
    around += [a for a in vars(sys.modules[program.function.__module__]).values()
               if isinstance(a, np.ndarray)]  # fmt: skip
    for i, g in enumerate(made):
        assert g.flags.writeable
        for other in around + made[:i]:
            assert not np.shares_memory(g, other)
    before = [g.copy() for g in made]
    for a in args:
        if isinstance(a, np.ndarray) and a.flags.writeable:
            a[...] = 0
    for g, b in zip(made, before, strict=True):
        assert g.tobytes() == b.tobytes()


# ------------------------------------------------------------------ texts


def run_alone(text: str, name: str, args: tuple[Any, ...]) -> Any:
    namespace: dict[str, Any] = {"__name__": "generated"}
    exec(compile(text, f"<{name} alone>", "exec"), namespace)
    return namespace[name](*args)


@each_program
def test_source_runs_alone(program: Program) -> None:
    args = program.arguments()
    derivative = gradient_of(program)
    text = derivative.source_for(*args)
    with quietly(program):
        got = run_alone(text, f"{program.name}_grad", copy_arguments(args))
        want = derivative(*args)
    assert same_bits(got, want)


@each_program
def test_value_source_runs_alone(program: Program) -> None:
    args = program.arguments()
    derivative = value_and_gradient_of(program)
    text = derivative.source_for(*args)
    with quietly(program):
        got = run_alone(text, f"{program.name}_value_and_grad", copy_arguments(args))
        want = derivative(*args)
    assert same_bits(got, want)


@each_program
def test_source_is_deterministic(program: Program) -> None:
    args = program.arguments()
    text = gradient_of(program).source_for(*args)
    assert text == gradient_of(program).source_for(*args)
    again = srcdiff.grad(program.function, argnums=program.argnums)
    assert text == again.source_for(*args)


TEXTS = """
import hashlib, srcdiff
from tests.zoo.all import PROGRAMS
for p in PROGRAMS:
    text = srcdiff.grad(p.function, argnums=p.argnums).source_for(*p.arguments())
    print(p.name, hashlib.sha256(text.encode()).hexdigest())
"""


def test_source_is_the_same_for_every_hash_seed() -> None:
    listings = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", TEXTS], env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr[-2000:]
        listings.append(run.stdout.splitlines())
    assert listings[0] == listings[1]
