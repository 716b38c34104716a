"""Runs one random program through a differentiator and says what came of it."""

from __future__ import annotations

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
    """`kind` is ok, wrong, crash, refused or unfit; `cause` tells failures of one kind apart."""

    kind: str
    cause: str = ""
    detail: str = ""

    @property
    def failed(self) -> bool:
        return self.kind in ("wrong", "crash")


def check(program: FuzzProgram, engine: Engine = both) -> Outcome:
    """Compares the engine's derivatives of the program with the truth."""
    try:
        with loaded(program.text) as module:
            f = getattr(module, "f", None)
            if f is None:
                return Outcome("unfit", "has no f")
            truth = true_result(f, program)
            try:
                attempts = engine(f, program.argnums)
            except Exception as error:
                return Outcome("crash", _cause(error), traceback.format_exc())
            outcomes = [_judge(f, program, attempt, truth) for attempt in attempts]
    except Unfit as reason:
        return Outcome("unfit", str(reason))
    except Exception as error:
        return Outcome("unfit", f"raises {type(error).__name__}")
    for kind in ("wrong", "crash", "refused"):
        for outcome in outcomes:
            if outcome.kind == kind:
                return outcome
    return Outcome("ok")


def _judge(f: Any, program: FuzzProgram, attempt: Attempt, truth: Truth) -> Outcome:
    args = copy_arguments(program.arguments)
    directions: tuple[Any, ...] = ()
    want, rtol, atol = truth.gradient, truth.rtol, truth.atol
    if attempt.order == 2:
        curvature = true_curvature(f, program)
        if curvature is None:
            return Outcome("ok")
        directions, want = curvature.directions, curvature.product
        rtol, atol = 0.0, curvature.tolerance
    try:
        with time_limit(SECONDS), np.errstate(all="warn"):
            value, got = called(attempt, args, directions)
        if not same_bits(args, program.arguments):
            return Outcome("wrong", "arguments", f"{attempt.name}: an argument was changed")
        if value is not None and not same_bits(value, truth.value):
            return Outcome("wrong", "value", f"{attempt.name}: {value!r}, not {truth.value!r}")
        assert_close(got, want, rtol, atol, attempt.name)
    except Refused as refusal:
        return Outcome("refused", attempt.name, str(refusal))
    except AssertionError as difference:
        if "tolerance" in str(difference) or "shape" in str(difference):
            return Outcome("wrong", attempt.name, str(difference))
        return Outcome("crash", f"{attempt.name}: {_cause(difference)}", traceback.format_exc())
    except (Exception, TookTooLong) as error:
        return Outcome("crash", f"{attempt.name}: {_cause(error)}", traceback.format_exc())
    return Outcome("ok")


def _cause(error: Exception) -> str:
    """The exception's class and the place in our code that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "srcdiff" in frame.filename]
    place = f" in {ours[-1].name}" if ours and not ours[-1].filename.startswith("<") else ""
    return f"{type(error).__name__}{place}"
