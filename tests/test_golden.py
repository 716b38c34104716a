"""The texts of derivatives, word for word. SRCDIFF_UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.golden_programs import PINNED, Pinned
from tests.oracles import assert_close, copy_arguments, finite_differences, same_bits

FOLDER = Path(__file__).with_name("golden")
UPDATE = os.environ.get("SRCDIFF_UPDATE_GOLDEN") == "1"

each = pytest.mark.parametrize("program", [pytest.param(p, id=p.name) for p in PINNED])


def derivative_of(program: Pinned) -> Any:
    make = srcdiff.value_and_grad if program.value else srcdiff.grad
    return make(program.function, argnums=program.argnums)


def golden(program: Pinned) -> Path:
    return FOLDER / f"{program.name}.py"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Docstrings name the primal's file as seen from the working directory."""
    monkeypatch.chdir(Path(__file__).parent.parent)


@each
def test_text(program: Pinned) -> None:
    text = derivative_of(program).source_for(*copy_arguments(program.arguments))
    path = golden(program)
    if UPDATE:
        path.write_text(text)
    kept = path.read_text() if path.exists() else ""
    changes = difflib.unified_diff(
        kept.splitlines(), text.splitlines(), f"tests/golden/{path.name}", "generated", lineterm=""
    )
    assert text == kept, "the text changed:\n" + "\n".join(changes)


def test_every_file_is_of_a_program() -> None:
    names = [p.name for p in PINNED]
    assert len(names) == len(set(names))
    assert {path.stem for path in FOLDER.glob("*.py")} == set(names)


@each
def test_gradient(program: Pinned) -> None:
    """The derivative itself, and the kept text run by itself, against finite differences."""
    namespace: dict[str, Any] = {"__name__": "golden"}
    exec(compile(golden(program).read_text(), golden(program).name, "exec"), namespace)
    for args in (program.arguments, *program.more):
        f = program.function
        value = f(*copy_arguments(args))
        single = any(getattr(a, "dtype", None) == np.float32 for a in args)
        tolerance = 5e-3 if single else 1e-6
        want = finite_differences(f, args, program.argnums, richardson=not single)
        for function in (derivative_of(program), namespace[program.entry]):
            given = copy_arguments(args)
            got = function(*given)
            assert same_bits(given, args), "an argument was changed"
            if program.value:
                assert same_bits(got[0], value)
                got = got[1]
            assert_close(got, want, rtol=tolerance, atol=tolerance)
            assert_kinds(got, args, program.argnums)


def assert_kinds(gradient: Any, args: tuple[Any, ...], argnums: int | tuple[int, ...]) -> None:
    """A float for a float, the array's dtype and shape for an array."""
    many = isinstance(argnums, tuple)
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    for k, g in zip(chosen, gradient if many else (gradient,), strict=True):
        x = args[k]
        if isinstance(x, float) and not isinstance(x, np.generic):
            assert isinstance(g, float)
        else:
            assert type(g) is type(x)
            assert (g.dtype, g.shape) == (x.dtype, x.shape)
