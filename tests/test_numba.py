"""One text, two worlds: the golden texts compile in Numba's nopython mode, and agree.

Numba is given nothing but `reversed` of a range, which it lacks. What else it lacks is in the table
`LACKS`, and the test of that table fails as soon as Numba has learnt it, or a text has changed.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import pytest
from numba.core import types as kinds
from numba.core.errors import NumbaError
from numba.extending import overload

from tests.golden_programs import PINNED, Pinned
from tests.oracles import assert_close, copy_arguments, same_bits
from tests.test_golden import golden


@dataclass(frozen=True)
class Lack:
    """Something that Numba lacks: how its error says so, and what does it good.

    With each text on the left replaced by that on the right, the golden text compiles: so the
    reason is this one, and no other.
    """

    message: str
    instead: dict[str, str]


EMPTY = "[0.0 for _ in range(0)]"
UNTYPED = "Type of variable 'd' cannot be determined"

LACKS = {
    # A list that only a callee fills has no type.
    "roots": Lack(
        UNTYPED,
        {
            "guess_tape = []": f"guess_tape = {EMPTY}",
            "trips_tape = []": "trips_tape = [0 for _ in range(0)]",
        },
    ),
    "turned": Lack(
        UNTYPED,
        {"r_tape = []": f"r_tape = {EMPTY}", "r_tape_2 = []": f"r_tape_2 = {EMPTY}"},
    ),
    "of_series": Lack(
        UNTYPED,
        {
            f"total_tape{n} = []": f"total_tape{n} = [0.0 for _ in range(0)]"
            for n in ("", "_2", "_3")
        },
    ),
    "tree": Lack(
        "Cannot infer the type of variable 'a_tape'",
        {"a_tape = []": f"a_tape = {EMPTY}", "b_tape = []": f"b_tape = {EMPTY}"},
    ),
    "even": Lack(
        "Type of variable 'dx' cannot be determined",
        {"odd_value_tape = []": f"odd_value_tape = {EMPTY}", "y_tape = []": f"y_tape = {EMPTY}"},
    ),
    "cube_root": Lack(
        "Type of variable 'da' cannot be determined",
        {
            f"{name}_tape = []": f"{name}_tape = {EMPTY}"
            for name in ("y", "function_value", "slope_value")
        },
    ),
    "relax": Lack(
        "Undecided type",
        {"y_tape = []": "y_tape = [np.empty(0) for _ in range(0)]"},
    ),
    # The maximum takes no axis, and full_like only a number.
    "free_energy": Lack(
        "max(array(float64, 2d, C), axis=Literal[int](1))",
        {
            "np.max(z, axis=1)": "row_max(z)",
            "np.full_like(w, (1.0 / np.sum(w, axis=1))[:, None])": (
                "np.zeros_like(w) + (1.0 / np.sum(w, axis=1))[:, None]"
            ),
        },
    ),
    # The norm of a number, and its methods.
    "doubling_scalar": Lack("norm(float64)", {"np.linalg.norm(b)": "abs(b)", "b.sum()": "b"}),
}

# Texts that Numba does not take as they stand, and part of what it says.
NOT_YET = {
    # Lists that only callees fill have no type.
    "eliminated": "",
    "relaxed_view": "cannot be determined",
    "filled_buffers": "cannot be determined",
    # Our own functions.
    "factored": "",
    "latest_wins": "keep_last",
    # Slices in globals and in tuples.
    "through_buffers": "",
    "through_named_slices": "",
}

# These are why there is this test.
MUST_COMPILE = {
    "doubling_vector",
    "doubling_matrix",
    "diffuse",
    "react",
    "root",
    "iterate",
    "logdet",
}


COMPILING = [pytest.param(p, id=p.name) for p in PINNED if p.name not in {*LACKS, *NOT_YET}]
REFUSED = [pytest.param(p, id=p.name) for p in PINNED if p.name in NOT_YET]
LACKING = [pytest.param(p, id=p.name) for p in PINNED if p.name in LACKS]

pytestmark = pytest.mark.filterwarnings("ignore::numba.NumbaPerformanceWarning")


@overload(reversed)
def _reversed_range(r):  # type: ignore[no-untyped-def]
    if isinstance(r, kinds.RangeType):
        # The last element, one step before the first, and the opposite step.
        return lambda r: range(r.start + (len(r) - 1) * r.step, r.start - r.step, -r.step)
    return None


def row_max(z: Any) -> Any:
    out = np.empty(len(z))
    for i in range(len(z)):
        out[i] = np.max(z[i])
    return out


def defined(text: str, program: Pinned) -> dict[str, Any]:
    """What the text defines. The module that it is run in must be known: Numba looks it up."""
    module = types.ModuleType(f"golden_{program.name}")
    sys.modules[module.__name__] = module
    # With the file's name, so that Numba's errors show the line.
    exec(compile(text, str(golden(program)), "exec"), vars(module))
    return vars(module)


def compiled(text: str, program: Pinned) -> dict[str, Any]:
    """What the text defines, with every function compiled, callees too."""
    namespace = defined(text, program)
    own = {
        key: value
        for key, value in namespace.items()
        if isinstance(value, types.FunctionType) and value.__module__ == namespace["__name__"]
    }
    namespace["row_max"] = numba.njit(row_max)
    for key, value in own.items():
        namespace[key] = numba.njit(value, error_model="numpy")
    return namespace


@pytest.fixture(autouse=True)
def _modules() -> Iterator[None]:
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        if name.startswith("golden_"):
            del sys.modules[name]


def test_the_table_leaves_the_texts_of_the_design() -> None:
    assert {p.name for p in PINNED} >= MUST_COMPILE
    assert not MUST_COMPILE & set(LACKS)
    assert set(LACKS) <= {p.name for p in PINNED}


@pytest.mark.parametrize("program", COMPILING)
def test_compiled_text_agrees(program: Pinned) -> None:
    assert_agrees(program, golden(program).read_text())


def assert_agrees(program: Pinned, compilable: str) -> None:
    plain = defined(golden(program).read_text(), program)[program.entry]
    fast = compiled(compilable, program)[program.entry]
    for args in (program.arguments, *program.more):
        given = copy_arguments(args)
        got = fast(*given)
        assert same_bits(given, args), "an argument was changed"
        single = any(getattr(a, "dtype", None) == np.float32 for a in args)
        tolerance = 1e-5 if single else 1e-12
        want = plain(*copy_arguments(args))
        assert_close(flat(got), flat(want), rtol=tolerance, atol=tolerance)


def flat(result: Any) -> tuple[Any, ...]:
    if isinstance(result, tuple):
        return tuple(x for item in result for x in flat(item))
    return (result,)


@pytest.mark.parametrize("program", LACKING)
def test_numba_still_lacks_it(program: Pinned) -> None:
    lack = LACKS[program.name]
    text = golden(program).read_text()
    with pytest.raises(NumbaError) as caught:
        compiled(text, program)[program.entry](*copy_arguments(program.arguments))
    assert lack.message in re.sub(r"\x1b\[[0-9;]*m", "", str(caught.value))
    for there, instead in lack.instead.items():
        assert there in text, f"the text does without {there} now"
        text = text.replace(there, instead)
    assert_agrees(program, text)


@pytest.mark.parametrize("program", REFUSED)
def test_numba_does_not_take_it_yet(program: Pinned) -> None:
    with pytest.raises((NumbaError, NotImplementedError)) as caught:
        compiled(golden(program).read_text(), program)[program.entry](
            *copy_arguments(program.arguments)
        )
    assert NOT_YET[program.name] in str(caught.value)


def test_reversed_ranges() -> None:
    @numba.njit
    def listed(start, stop, step):  # type: ignore[no-untyped-def]
        return [2 * i for i in reversed(range(start, stop, step))]

    for start in (-3, 0, 4):
        for stop in (-4, 0, 1, 7):
            for step in (-3, -1, 1, 2):
                want = [2 * i for i in reversed(range(start, stop, step))]
                assert list(listed(start, stop, step)) == want
