"""Closed: the text we emit is a text we read. Lowering it gives the same IR, and the same text.

Taken from derivatives of the zoo's and of random programs, and from the programs themselves.
"""

from __future__ import annotations

import contextlib
import dataclasses
import linecache
import re
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.emit.module import FreeNames, free_expressions, module_text
from srcdiff.errors import Span
from srcdiff.frontend.lower import lower_function
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import names_of
from tests.fuzz.generate import FuzzProgram, generate
from tests.fuzz.load import loaded
from tests.zoo.all import PROGRAMS, Program

SEED = 2_000_000
FUZZED = 120

# --- the comparison


def difference(a: Any, b: Any, path: str = "function") -> str | None:
    """Where two pieces of IR differ, spans, notes and comments aside; None where they don't."""
    if isinstance(a, n.Ref) and isinstance(b, n.Ref):
        same = a.path == b.path and same_object(a.value, b.value)
        return None if same else f"{path}: {a.path} and {b.path}"
    if isinstance(a, n.Global | n.Ref) and isinstance(b, n.Global):
        # A text has its globals beside it, and a helper that it does not contain as a global.
        name = a.name if isinstance(a, n.Global) else a.path
        return None if name == b.name else f"{path}: {name} and {b.name}"
    if type(a) is not type(b):
        return f"{path}: {shown(a)} and {shown(b)}"
    if isinstance(a, n.Const):
        return None if a == b else f"{path}: {a.value!r} and {b.value!r}"
    if isinstance(a, tuple):
        a = tuple(x for x in a if not isinstance(x, n.Comment))
        b = tuple(x for x in b if not isinstance(x, n.Comment))
        if len(a) != len(b):
            return f"{path}: {len(a)} items and {len(b)}: {shown(a)} and {shown(b)}"
        found = (
            difference(x, y, f"{path}[{k}]") for k, (x, y) in enumerate(zip(a, b, strict=True))
        )
        return next((d for d in found if d), None)
    if isinstance(a, n.Function):
        parts = ("name", "params", "body", "doc")
        found = (difference(getattr(a, x), getattr(b, x), f"{path}.{x}") for x in parts)
        return next((d for d in found if d), None)
    if isinstance(a, n.OpaqueExpr):
        return None if (a.text, a.reads) == (b.text, b.reads) else f"{path}: {a.text} and {b.text}"
    if isinstance(a, n.Opaque):
        same = dump(a.node) == dump(b.node) and (a.reads, a.writes) == (b.reads, b.writes)
        return None if same else f"{path}: {dump(a.node)} and {dump(b.node)}"
    if isinstance(a, n.Param):
        return None if a == b else f"{path}: {a} and {b}"
    if dataclasses.is_dataclass(a) and not isinstance(a, Span):
        names = [f.name for f in dataclasses.fields(a) if f.name not in ("span", "note")]
        found = (
            difference(getattr(a, x), getattr(b, x), f"{path}.{type(a).__name__}.{x}")
            for x in names
        )
        return next((d for d in found if d), None)
    return None if a == b else f"{path}: {a!r} and {b!r}"


def same_object(a: Any, b: Any) -> bool:
    """Functions of a text are made anew with each run of it."""
    if isinstance(a, types.FunctionType) and isinstance(b, types.FunctionType):
        return a is b or a.__name__ == b.__name__
    return a is b or (type(a) is type(b) and repr(a) == repr(b))


def dump(node: Any) -> str:
    import gast

    return str(gast.dump(node))


def shown(x: Any) -> str:
    return f"{type(x).__name__} {x!r}"[:200]


# --- texts


@contextlib.contextmanager
def running(text: str, name: str = "roundtrip") -> Iterator[dict[str, Any]]:
    """The namespace of a text that has been run, its source in sight."""
    filename = f"<{name}>"
    module = types.ModuleType(name)
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    sys.modules[name] = module
    try:
        exec(compile(text, filename, "exec", dont_inherit=True), vars(module))
        yield vars(module)
    finally:
        linecache.cache.pop(filename, None)
        sys.modules.pop(name, None)


def functions_of(namespace: dict[str, Any]) -> list[Any]:
    return [
        value
        for value in namespace.values()
        if isinstance(value, types.FunctionType) and value.__module__ == namespace["__name__"]
    ]


def emitted(functions: list[n.Function], live: dict[str, str]) -> str:
    """The text of a module with these functions."""
    names = Names(frozenset().union(*(names_of(f) for f in functions), {f.name for f in functions}))
    free = FreeNames(names)
    own = {f.origin: f.name for f in functions}
    for e in free_expressions(functions):
        if isinstance(e, n.Ref) and isinstance(e.root, types.FunctionType) and e.root in own:
            free.spelled[id(e.root)] = own[e.root]
        else:
            free.add(e)
    return module_text(functions, free, live)[0]


def functions_text(text: str) -> str:
    """The text from its first function on: without imports and globals."""
    start = re.search(r"^def ", text, flags=re.MULTILINE)
    assert start is not None, text
    return text[start.start() :]


def bare(text: str) -> str:
    """The lines of a text without its comments, which are not in the tree."""
    lines = (line.partition("  # ")[0].rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))


def check_text(text: str) -> None:
    """Lowered and emitted, the text is the same; lowered again, so is the IR."""
    with running(text) as namespace:
        first = [lower_function(f).function for f in functions_of(namespace)]
        again = emitted(first, {})
        body_again = functions_text(again)
        assert bare(body_again) == bare(functions_text(text))
        data = {key: value for key, value in namespace.items() if not key.startswith("__")}
    with running(body_again) as namespace:
        for key, value in data.items():
            namespace.setdefault(key, value)
        second = [lower_function(f).function for f in functions_of(namespace)]
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        found = difference(a, b)
        assert found is None, found


def check_primal(f: Any) -> None:
    """Lowered, emitted and lowered again, a function is the same."""
    first = lower_function(f).function
    text = emitted([first], {})
    with running(functions_text(text)) as namespace:
        for key in names_read(f):
            if key in f.__globals__:
                namespace.setdefault(key, f.__globals__[key])
        for e in free_expressions([first]):
            if isinstance(e, n.Ref):  # what the function imports by itself
                namespace.setdefault(e.path.partition(".")[0], e.root)
        # A function that calls itself calls the new one.
        second = lower_function(namespace[f.__name__]).function
        found = difference(first, second)
        assert found is None, found
        assert emitted([second], {}) == text


def names_read(f: Any) -> set[str]:
    names = set(f.__code__.co_names)
    for constant in f.__code__.co_consts:
        if isinstance(constant, types.CodeType):
            names |= set(constant.co_names)
    return names


# --- the zoo


each = pytest.mark.parametrize(
    "program", [pytest.param(p, id=f"{p.topic}-{p.name}") for p in PROGRAMS]
)


@each
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("make", [srcdiff.grad, srcdiff.value_and_grad])
def test_texts_of_the_zoo(program: Program, make: Any) -> None:
    derivative = make(program.function, argnums=program.argnums)
    check_text(derivative.source_for(*program.arguments()))


@each
def test_programs_of_the_zoo(program: Program) -> None:
    check_primal(program.function)


# --- random programs


def random_texts(seeds: range) -> Iterator[tuple[FuzzProgram, str]]:
    for seed in seeds:
        program = generate(seed, "all")
        with loaded(program.text) as module:
            derivative = srcdiff.value_and_grad(module.f, argnums=program.argnums)
            with np.errstate(all="ignore"):
                try:
                    yield program, derivative.source_for(*program.arguments)
                except srcdiff.UnsupportedError:
                    continue


CHUNK = 12


@pytest.mark.parametrize("k", range(FUZZED // CHUNK))
def test_texts_of_random_programs(k: int) -> None:
    seeds = range(SEED + k * CHUNK, SEED + (k + 1) * CHUNK)
    seen = 0
    for program, text in random_texts(seeds):
        seen += 1
        try:
            check_text(text)
        except AssertionError as error:
            raise AssertionError(f"'{program.label}': {error}\n{text}") from None
    # Some use what has no derivative.
    assert seen >= CHUNK // 2


@pytest.mark.parametrize("k", range(FUZZED // CHUNK))
def test_random_programs(k: int) -> None:
    for seed in range(SEED + k * CHUNK, SEED + (k + 1) * CHUNK):
        program = generate(seed, "all")
        with loaded(program.text) as module:
            for f in functions_of(vars(module)):
                check_primal(f)


# --- the comparison itself


def test_the_comparison_tells_things_apart() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        y = x[1:] * 2.0
        for i in range(3):
            y += i
        return np.sum(y)

    def g(x):  # type: ignore[no-untyped-def]
        y = x[1:] * 2
        for i in range(3):
            y += i
        return np.sum(y)

    def h(x):  # type: ignore[no-untyped-def]
        y = x[1:] * 2.0
        for i in range(3):
            y -= i
        return np.sum(y)

    a, b, c = (lower_function(function).function.body for function in (f, g, h))
    again = lower_function(f).function.body
    assert difference(a, again) is None
    assert "2.0 and 2" in str(difference(a, b))
    assert "op: 'add' and 'sub'" in str(difference(a, c))
    assert difference(a[0], a[1]) is not None
    assert "items" in str(difference(a, a[:-1]))
