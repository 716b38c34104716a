"""Makes a failing program small: edits its tree while it still fails the same way."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tests.fuzz.edits import edits
from tests.fuzz.engines import Attempt, Engine, both
from tests.fuzz.generate import FuzzProgram
from tests.fuzz.run import Outcome, check


def shrink(program: FuzzProgram, engine: Engine = both, seconds: float = 60.0) -> FuzzProgram:
    """The smallest program found in the time given that fails, or is refused, as this one is."""
    deadline = time.monotonic() + seconds
    wanted = check(program, engine)
    if wanted.arguments is not None:
        program = replace(program, arguments=wanted.arguments, others=())
    engine = _only(engine, wanted.cause)

    def same(candidate: FuzzProgram) -> bool:
        outcome = check(candidate, engine)
        return outcome.kind == wanted.kind and alike(outcome.cause) == alike(wanted.cause)

    program = replace(program, text=ast.unparse(ast.parse(program.text)) + "\n")
    if not same(program):
        return program
    while time.monotonic() < deadline:
        smaller = _first(_smaller(program), same, deadline)
        if smaller is None:
            break
        program = smaller
    return replace(program, text=_spaced(program.text))


def _only(engine: Engine, cause: str) -> Engine:
    """The engine without the derivatives that have not failed."""
    name = cause.partition(":")[0].partition("'")[0]

    def restricted(f: Any, argnums: tuple[int, ...]) -> list[Attempt]:
        attempts = engine(f, argnums)
        return [attempt for attempt in attempts if attempt.name == name] or attempts

    return restricted


def alike(cause: str) -> str:
    """The cause without the names and numbers that the program happens to have."""
    return re.sub(r"\b\d+\b", "0", re.sub(r"'[^']*'", "'...'", cause))


def _first(
    candidates: Iterator[FuzzProgram], same: Callable[[FuzzProgram], bool], deadline: float
) -> FuzzProgram | None:
    for candidate in candidates:
        if time.monotonic() > deadline:
            return None
        if same(candidate):
            return candidate
    return None


def _smaller(program: FuzzProgram) -> Iterator[FuzzProgram]:
    yield from _without_arguments(program)
    seen = {program.text}
    for tree in edits(ast.parse(program.text)):
        text = ast.unparse(tree) + "\n"
        if text not in seen:
            seen.add(text)
            yield replace(program, text=text)
    yield from _fewer_argnums(program)
    yield from _plainer_arguments(program)


def _without_arguments(program: FuzzProgram) -> Iterator[FuzzProgram]:
    """Parameters that nothing reads left out, of f and of helpers that get no keywords."""
    tree = ast.parse(program.text)
    (f,) = (s for s in tree.body if isinstance(s, ast.FunctionDef) and s.name == "f")
    used = {node.id for node in ast.walk(f) if isinstance(node, ast.Name)}
    for k, parameter in enumerate(f.args.args):
        if parameter.arg in used or program.argnums == (k,):
            continue
        argnums = tuple(n - (n > k) for n in program.argnums if n != k)
        arguments = program.arguments[:k] + program.arguments[k + 1 :]
        del f.args.args[k]
        yield replace(program, text=ast.unparse(tree) + "\n", arguments=arguments, argnums=argnums)
        f.args.args.insert(k, parameter)


def _fewer_argnums(program: FuzzProgram) -> Iterator[FuzzProgram]:
    if len(program.argnums) > 1:
        for k in program.argnums:
            yield replace(program, argnums=tuple(n for n in program.argnums if n != k))


def _plainer_arguments(program: FuzzProgram) -> Iterator[FuzzProgram]:
    def plainer(a: Any) -> Iterator[Any]:
        if isinstance(a, np.ndarray):
            for other in (np.ascontiguousarray(a), np.round(a, 1)):
                if other.tobytes() != a.tobytes() or other.strides != a.strides:
                    yield other
            for axis, size in enumerate(a.shape):
                if size > 1:
                    yield np.delete(a, size - 1, axis)
        elif isinstance(a, float):
            yield from (v for v in (float(a), round(float(a), 1)) if repr(v) != repr(a))
        elif a > 1:
            yield a - 1

    for k, a in enumerate(program.arguments):
        for simple in plainer(a):
            arguments = (*program.arguments[:k], simple, *program.arguments[k + 1 :])
            yield replace(program, arguments=arguments)


def _spaced(text: str) -> str:
    """Two blank lines before each function, as people write them."""
    return re.sub(r"\n+(def |class |@)", r"\n\n\n\1", text).lstrip()


def written_argument(a: Any) -> str:
    if isinstance(a, np.ndarray):
        inner = f"np.array({a.tolist()!r})"
        return f"np.asfortranarray({inner})" if a.ndim > 1 and not a.flags.c_contiguous else inner
    return f"np.float64({float(a)!r})" if isinstance(a, np.float64) else repr(a)


def as_zoo_entry(program: FuzzProgram, outcome: Outcome | None = None) -> str:
    """Text that can be pasted into a module of the zoo."""
    name = "found_" + "_".join(program.label.split())
    arguments = ", ".join(map(written_argument, program.arguments))
    comma = "," if len(program.arguments) == 1 else ""
    argnums = program.argnums if len(program.argnums) > 1 else program.argnums[0]
    decorator = f"@program(args=lambda rng: ({arguments}{comma}), argnums={argnums}, seeds=1)\n"
    text = _spaced(program.text).replace("\ndef f(", f"\n{decorator}def {name}(")
    if text == program.text and text.startswith("def f("):
        text = f"{decorator}def {name}(" + text[len("def f(") :]
    comment = f"# {outcome.kind}: {outcome.cause}\n" if outcome else ""
    if program.weights is not None:
        comment += f"# The result is weighted by {program.weights!r}.\n"
    return comment + text
