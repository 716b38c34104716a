"""Random programs through srcdiff, and the fuzzer's own examination."""

from __future__ import annotations

import ast
import functools
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.fuzz import dual
from tests.fuzz.engines import Attempt, second
from tests.fuzz.generate import FuzzProgram, generate
from tests.fuzz.run import Outcome, check
from tests.fuzz.scope import PROFILES
from tests.fuzz.shrink import as_zoo_entry, shrink
from tests.oracles import dual_gradient

SEED = 1_000_000
CHUNK = 5
CHUNKS = [(profile, k) for profile in sorted(PROFILES) for k in range(2)]


@functools.cache
def chunk(profile: str, k: int) -> tuple[tuple[FuzzProgram, Outcome], ...]:
    """CHUNK programs that are fit to be judged."""
    judged: list[tuple[FuzzProgram, Outcome]] = []
    seed = SEED + 1000 * k
    while len(judged) < CHUNK:
        program = generate(seed, profile)
        outcome = check(program)
        if outcome.kind != "unfit":
            judged.append((program, outcome))
        seed += 1
    return tuple(judged)


@pytest.mark.parametrize(("profile", "k"), CHUNKS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_random_programs(profile: str, k: int) -> None:
    failures = [(p, o) for p, o in chunk(profile, k) if o.failed]
    report = [f"{o.kind} at '{p.label}': {o.detail}\n{as_zoo_entry(p)}" for p, o in failures[:2]]
    assert not failures, f"{len(failures)} of {CHUNK}\n" + "\n".join(report)


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_second_order(profile: str) -> None:
    """No wrong number; what cannot be differentiated twice yet is refused."""
    judged = [generate(SEED + 500 + k, profile) for k in range(2)]
    failures = [(p, o) for p, o in ((p, check(p, second)) for p in judged) if o.failed]
    report = [f"{o.kind} at '{p.label}': {o.detail}\n{as_zoo_entry(p)}" for p, o in failures[:2]]
    assert not failures, "\n".join(report)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_few_are_refused() -> None:
    outcomes = [(p, o) for profile, k in CHUNKS for p, o in chunk(profile, k)]
    refused = [f"{p.label}: {o.detail}" for p, o in outcomes if o.kind == "refused"]
    assert len(refused) < 0.02 * len(outcomes), "\n".join(refused[:10])


# ------------------------------------------------------------------ the fuzzer itself


def dual_engine(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """An engine that is right."""
    return [Attempt("gradient", lambda *args: (None, dual_gradient(f, args, argnums)))]


def sine_is_wrong(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """An engine that believes the derivative of the sine to be minus the cosine."""

    def call(*args: Any) -> Any:
        right = dual.SLOPES["sin"]
        dual.SLOPES["sin"] = lambda x, y: -np.cos(x)
        try:
            return None, dual_gradient(f, args, argnums)
        finally:
            dual.SLOPES["sin"] = right

    return [Attempt("gradient", call)]


def writes_its_arguments(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """An engine that runs the primal on the caller's own arrays."""

    def call(*args: Any) -> Any:
        gradient = dual_gradient(f, args, argnums)
        f(*args)
        return None, gradient

    return [Attempt("gradient", call)]


def fails_on_while(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    import inspect

    if "while" in inspect.getsource(f):
        raise KeyError("while")
    return dual_engine(f, argnums)


def first_failure(engine: Any, profile: str) -> tuple[FuzzProgram, Outcome]:
    for seed in range(200):
        program = generate(seed, profile)
        outcome = check(program, engine)
        if outcome.failed:
            return program, outcome
    raise AssertionError("nothing was found")


def body_of(program: FuzzProgram) -> list[ast.stmt]:
    tree = ast.parse(program.text)
    *_, f = (s for s in tree.body if isinstance(s, ast.FunctionDef))
    return f.body


def test_same_seed_same_program() -> None:
    first, again = generate(7, "all"), generate(7, "all")
    assert first.text == again.text
    assert repr(first.arguments) == repr(again.arguments)
    assert generate(8, "all").text != first.text


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_most_programs_are_fit(profile: str) -> None:
    outcomes = Counter(check(generate(s, profile), dual_engine).kind for s in range(60))
    assert set(outcomes) <= {"ok", "unfit"}
    assert outcomes["ok"] >= 45


def test_programs_are_varied() -> None:
    seen: Counter[str] = Counter()
    for seed in range(200):
        tree = ast.parse(generate(seed, "all").text)
        seen.update({type(node).__name__ for node in ast.walk(tree)})
    for kind in (
        "For While If Break Continue Return AugAssign IfExp Compare BoolOp Subscript Slice Tuple "
        "keyword Not Pow MatMult"
    ).split():
        assert seen[kind] >= 15, f"{kind} in {seen[kind]} programs"


def test_wrong_gradient_is_found_and_shrunk() -> None:
    program, outcome = first_failure(sine_is_wrong, "all")
    assert (outcome.kind, outcome.cause) == ("wrong", "gradient")
    small = shrink(program, sine_is_wrong, seconds=240)
    assert check(small, sine_is_wrong).kind == "wrong"
    assert check(small, dual_engine).kind == "ok"
    assert "sin" in small.text
    assert len(body_of(small)) <= 2, small.text
    assert "@program(" in as_zoo_entry(small)


def test_changed_argument_is_found_and_shrunk() -> None:
    program, outcome = first_failure(writes_its_arguments, "arrays")
    assert (outcome.kind, outcome.cause) == ("wrong", "arguments")
    small = shrink(program, writes_its_arguments, seconds=240)
    assert check(small, writes_its_arguments).cause == "arguments"
    assert len(body_of(small)) == 2, small.text


def test_crash_is_found_and_shrunk() -> None:
    program, outcome = first_failure(fails_on_while, "scalar")
    # The cause names a function too where the checkout lies in a folder called srcdiff.
    assert outcome.kind == "crash"
    assert outcome.cause.startswith("KeyError")
    small = shrink(program, fails_on_while, seconds=240)
    assert check(small, fails_on_while).kind == "crash"
    assert len(body_of(small)) <= 4, small.text
