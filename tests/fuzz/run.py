"""Runs one random program through a differentiator and says what came of it."""

from __future__ import annotations

import random
import traceback
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.fuzz.engines import Attempt, Engine, Refused, both, called
from tests.fuzz.generate import FuzzProgram
from tests.fuzz.health import (
    TookTooLong,
    Truth,
    Unfit,
    time_limit,
    true_curvature,
    true_result,
)
from tests.fuzz.load import loaded
from tests.oracles import assert_close, copy_arguments, same_bits

SECONDS = 20.0  # for one derivative, made and called


@dataclass(frozen=True)
class Outcome:
    """`kind` is ok, wrong, crash, refused or unfit; `cause` tells failures of one kind apart.

    `arguments` are those that it failed with, `line` is where a refusal points to, and `judged`
    the number of (derivative, arguments) that were right.
    """

    kind: str
    cause: str = ""
    detail: str = ""
    arguments: tuple[Any, ...] | None = None
    line: int = 0
    judged: int = 0

    @property
    def failed(self) -> bool:
        return self.kind in ("wrong", "crash")


def check(program: FuzzProgram, engine: Engine = both) -> Outcome:
    """Compares the engine's derivatives of the program with the truth, at all its arguments.

    Of attempts with the same name, one is made: which, the program's label decides.
    """
    try:
        with loaded(program.text) as module:
            f = getattr(module, "f", None)
            if f is None:
                return Outcome("unfit", "has no f")
            truths = _truths(f, program)
            try:
                attempts = _chosen(engine(f, program.argnums), program.label)
            except Exception as error:
                return Outcome("crash", _cause(error), traceback.format_exc())
            outcomes = [_judge(f, program, attempt, truths) for attempt in attempts]
    except Unfit as reason:
        return Outcome("unfit", str(reason))
    except Exception as error:
        return Outcome("unfit", f"raises {type(error).__name__}")
    for kind in ("wrong", "crash", "refused"):
        for outcome in outcomes:
            if outcome.kind == kind:
                return outcome
    return Outcome("ok", judged=sum(outcome.judged for outcome in outcomes))


def _truths(f: Any, program: FuzzProgram) -> list[Truth]:
    """What is true at each tuple of arguments where the program is fit to judge by.

    Raises:
        Unfit: it is so at none; the reason is that of the first.
    """
    truths, reasons = [], []
    for arguments in (program.arguments, *program.others):
        try:
            truths.append(true_result(f, program, arguments))
        except Unfit as reason:
            reasons.append(reason)
    if not truths:
        raise reasons[0]
    return truths


def _chosen(attempts: list[Attempt], label: str) -> list[Attempt]:
    named: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        named.setdefault(attempt.name, []).append(attempt)
    rng = random.Random(label)
    return [rng.choice(same) for same in named.values()]


def _judge(f: Any, program: FuzzProgram, attempt: Attempt, truths: list[Truth]) -> Outcome:
    for truth in truths:
        outcome = _judge_at(f, program, attempt, truth)
        if outcome.kind != "ok":
            return outcome
    return Outcome("ok", judged=len(truths))


def _judge_at(f: Any, program: FuzzProgram, attempt: Attempt, truth: Truth) -> Outcome:
    args = copy_arguments(truth.arguments)
    directions: tuple[Any, ...] = ()
    want, rtol, atol = truth.gradient, truth.rtol, truth.atol
    if attempt.order == 2:
        curvature = true_curvature(program, truth.arguments)
        if curvature is None:
            return Outcome("ok")
        directions, want = curvature.directions, curvature.product
        rtol, atol = 0.0, curvature.tolerance

    def failed(kind: str, cause: str, detail: str) -> Outcome:
        return Outcome(kind, cause, detail, truth.arguments)

    try:
        with time_limit(SECONDS), np.errstate(all="warn"):
            value, got = called(attempt, args, directions, program.weights)
        if not same_bits(args, truth.arguments):
            return failed("wrong", "arguments", f"{attempt.name}: an argument was changed")
        if value is not None and not same_bits(value, truth.value):
            detail = f"{attempt.name}: {value!r}, not {truth.value!r}"
            return failed("wrong", f"{attempt.name}'s value", detail)
        assert_close(got, want, rtol, atol, attempt.name)
    except Refused as refusal:
        line = refusal.line
        cause = f"{attempt.name}: {refusal.reason or refusal}"
        return Outcome("refused", cause, str(refusal), truth.arguments, line)
    except AssertionError as difference:
        text = str(difference)
        if "shape" in text or "tolerance" in text:
            aspects = ("shape", "nan location", "inf location")
            aspect = next((f"'s {word}" for word in aspects if word in text), "")
            return failed("wrong", f"{attempt.name}{aspect}", text)
        return failed("crash", f"{attempt.name}: {_cause(difference)}", traceback.format_exc())
    except (Exception, TookTooLong) as error:
        return failed("crash", f"{attempt.name}: {_cause(error)}", traceback.format_exc())
    return Outcome("ok", judged=1)


def _cause(error: BaseException) -> str:
    """The exception's class and the place in our code that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "srcdiff" in frame.filename]
    place = f" in {ours[-1].name}" if ours and not ours[-1].filename.startswith("<") else ""
    return f"{type(error).__name__}{place}"
