"""Runs one random program through a differentiator and says what came of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.fuzz.generate import FuzzProgram
from tests.fuzz.health import TookTooLong, Truth, Unfit, time_limit, true_result
from tests.fuzz.load import loaded
from tests.oracles import assert_close, copy_arguments, same_bits

SECONDS = 20.0  # for one derivative, made and called

# Given f and argnums: functions that give (value, gradients), or (None, gradients).
Engine = Callable[[Any, tuple[int, ...]], list[Callable[..., tuple[Any, Any]]]]


class Refused(Exception):
    """The engine says that it does not support the program."""


@dataclass(frozen=True)
class Outcome:
    """`kind` is ok, wrong, crash, refused or unfit; `cause` tells failures of one kind apart."""

    kind: str
    cause: str = ""
    detail: str = ""

    @property
    def failed(self) -> bool:
        return self.kind in ("wrong", "crash")


def srcdiff_engine(f: Any, argnums: tuple[int, ...]) -> list[Callable[..., tuple[Any, Any]]]:
    """Both of srcdiff's functions, as they leave different statements out."""
    import srcdiff

    def refusing(derivative: Any) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            try:
                return derivative(*args)
            except srcdiff.UnsupportedError as error:
                raise Refused(str(error)) from error

        return call

    try:
        both = refusing(srcdiff.value_and_grad(f, argnums=argnums))
        gradient = refusing(srcdiff.grad(f, argnums=argnums))
    except srcdiff.UnsupportedError as error:
        raise Refused(str(error)) from error
    return [both, lambda *args: (None, gradient(*args))]


def check(program: FuzzProgram, engine: Engine = srcdiff_engine) -> Outcome:
    """Compares the engine's derivative of the program with the truth."""
    try:
        with loaded(program.text) as module:
            f = getattr(module, "f", None)
            if f is None:
                return Outcome("unfit", "has no f")
            truth = true_result(f, program)
            return _judge(f, program, engine, truth)
    except Unfit as reason:
        return Outcome("unfit", str(reason))
    except Exception as error:
        return Outcome("unfit", f"raises {type(error).__name__}")


def _judge(f: Any, program: FuzzProgram, engine: Engine, truth: Truth) -> Outcome:
    try:
        with time_limit(SECONDS), np.errstate(all="warn"):
            for call in engine(f, program.argnums):
                args = copy_arguments(program.arguments)
                value, gradient = call(*args)
                if not same_bits(args, program.arguments):
                    return Outcome("wrong", "arguments", "an argument was changed")
                if value is not None and not same_bits(value, truth.value):
                    return Outcome("wrong", "value", f"value {value!r}, not {truth.value!r}")
                assert_close(gradient, truth.gradient, truth.rtol, truth.atol)
    except Refused as refusal:
        return Outcome("refused", "refused", str(refusal))
    except AssertionError as difference:
        if "tolerance" in str(difference) or "shape" in str(difference):
            return Outcome("wrong", "gradient", str(difference))
        return Outcome("crash", _cause(difference), traceback.format_exc())
    except (Exception, TookTooLong) as error:
        return Outcome("crash", _cause(error), traceback.format_exc())
    return Outcome("ok")


def _cause(error: Exception) -> str:
    """The exception's class and the place in our code that it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "srcdiff" in frame.filename]
    place = f" in {ours[-1].name}" if ours and not ours[-1].filename.startswith("<") else ""
    return f"{type(error).__name__}{place}"
