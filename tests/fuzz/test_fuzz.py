"""Random programs through srcdiff, and the fuzzer's own examination."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.fuzz import dual
from tests.fuzz.engines import ENGINES, Attempt
from tests.fuzz.generate import FuzzProgram, generate
from tests.fuzz.hunt import Report, size, without_line
from tests.fuzz.lifted import dual_result, twin
from tests.fuzz.run import Outcome, check
from tests.fuzz.scope import PROFILES
from tests.fuzz.shrink import as_zoo_entry, shrink

SEED = 1_000_000
CHUNK = 3


@functools.cache
def report(profile: str) -> Report:
    """What comes of some programs that are fit to be judged; what is refused is taken out."""
    found = Report()
    seed = SEED
    while sum(found.kinds.values()) - found.kinds["unfit"] < CHUNK:
        found.judge(seed, profile, "both")
        seed += 1
    return found


def shown(found: list[tuple[FuzzProgram, Outcome]]) -> str:
    texts = [f"{o.kind} at '{p.label}': {o.detail}\n{as_zoo_entry(p)}" for p, o in found[:2]]
    return "\n".join(texts)


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_random_programs(profile: str) -> None:
    failures = report(profile).failures
    assert not failures, shown(failures)


@pytest.mark.parametrize("mode", ["second", "vjp"])
@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_other_modes(profile: str, mode: str) -> None:
    """No wrong number; what cannot be differentiated twice yet is refused."""
    programs = [generate(seed, profile, mode == "vjp") for seed in range(SEED, SEED + 20)]
    program = min(programs, key=size)
    outcome = check(program, ENGINES[mode])
    assert not outcome.failed, shown([(program, outcome)])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_few_are_refused() -> None:
    profiles = ["scalar", "arrays", "calls", "recursion", "all"]
    refused = [program for p in profiles for _, program in report(p).refused.values()]
    assert len(refused) < 0.1 * CHUNK * len(profiles), shown(refused)


# ------------------------------------------------------------------ the fuzzer itself


def dual_engine(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """An engine that is right."""
    return [Attempt("gradient", lambda *args: (None, by_duals(f, args, argnums)))]


def by_duals(f: Any, args: tuple[Any, ...], argnums: tuple[int, ...]) -> tuple[Any, ...]:
    lifted = twin(inspect.getsource(sys.modules[f.__module__]))
    return dual_result(lifted, args, argnums)[1]


def sine_is_wrong(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """An engine that believes the derivative of the sine to be minus the cosine."""

    def call(*args: Any) -> Any:
        right = dual.SLOPES["sin"]
        dual.SLOPES["sin"] = lambda x, y: -np.cos(x)
        try:
            return None, by_duals(f, args, argnums)
        finally:
            dual.SLOPES["sin"] = right

    return [Attempt("gradient", call)]


def writes_its_arguments(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
    """An engine that runs the primal on the caller's own arrays."""

    def call(*args: Any) -> Any:
        gradient = by_duals(f, args, argnums)
        f(*args)
        return None, gradient

    return [Attempt("gradient", call)]


def fails_on_while(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
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
    outcomes = Counter(check(generate(s, profile), dual_engine).kind for s in range(25))
    assert set(outcomes) <= {"ok", "unfit"}
    assert outcomes["ok"] >= 20


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
    small = shrink(program, sine_is_wrong, seconds=60)
    assert check(small, sine_is_wrong).kind == "wrong"
    assert check(small, dual_engine).kind == "ok"
    assert "sin" in small.text
    assert len(body_of(small)) <= 2, small.text
    assert "@program(" in as_zoo_entry(small)


def test_changed_argument_is_found_and_shrunk() -> None:
    program, outcome = first_failure(writes_its_arguments, "arrays")
    assert (outcome.kind, outcome.cause) == ("wrong", "arguments")
    small = shrink(program, writes_its_arguments, seconds=60)
    assert check(small, writes_its_arguments).cause == "arguments"
    assert len(body_of(small)) == 2, small.text


def test_crash_is_found_and_shrunk() -> None:
    program, outcome = first_failure(fails_on_while, "scalar")
    # The cause names a function too where the checkout lies in a folder called srcdiff.
    assert outcome.kind == "crash"
    assert outcome.cause.startswith("KeyError")
    small = shrink(program, fails_on_while, seconds=60)
    assert check(small, fails_on_while).kind == "crash"
    assert len(body_of(small)) <= 4, small.text


def test_refused_statement_is_taken_out() -> None:
    text = "def f(a):\n    if a > 0.0:\n        b = 1.0\n    return a\n"
    program = FuzzProgram(text, (1.0,), (0,), "")
    once = without_line(program, 3)
    assert once is not None and "b = 1.0" not in once.text and "pass" in once.text
    twice = without_line(once, 2)
    assert twice is not None and twice.text == "def f(a):\n    return a\n"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_report_counts() -> None:
    first, second = report("scalar"), report("arrays")
    whole = Report()
    whole.add(first)
    whole.add(second)
    assert whole.statements == first.statements + second.statements > 0
    assert whole.kinds["ok"] == first.kinds["ok"] + second.kinds["ok"]
