"""What is refused, and how: place, caret, reason and remedy. And the Python that passes through."""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import re
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import UnsupportedError, grad, value_and_grad
from tests.fuzz.load import loaded
from tests.oracles import assert_close, copy_arguments, finite_differences, same_bits
from tests.refused_objects import OBJECTS
from tests.refused_programs import REFUSED as PROGRAMS
from tests.refused_programs import Refused, X
from tests.refused_statements import STATEMENTS

REFUSED = [*PROGRAMS, *OBJECTS, *STATEMENTS]

# --- refused programs


@contextlib.contextmanager
def module_of(text: str) -> Iterator[types.ModuleType]:
    with loaded(text) as module:
        yield module


@pytest.mark.parametrize("program", [pytest.param(p, id=p.name) for p in REFUSED])
@pytest.mark.parametrize("make", [grad, value_and_grad])
def test_refusal(program: Refused, make: Callable[..., Any]) -> None:
    number, line, carets = program.place
    with module_of(program.module) as module:
        given = copy_arguments(program.args)
        with pytest.raises(UnsupportedError) as caught:
            make(module.f)(*given)
        error = caught.value
        assert same_bits(given, program.args), "an argument was changed"
        shown = str(error).split("\n")
        assert shown[:4] == [
            "",
            f'  File "{module.__file__}", line {number}, in {program.function}',
            f"    {line}",
            f"    {carets}",
        ]
        assert program.reason in shown[4]
        if program.remedy is None:
            assert len(shown) == 5
        else:
            assert len(shown) == 6, "there is no remedy"
            assert shown[5].startswith("Instead: ")
            assert program.remedy in shown[5]
        assert all(part[-1] == "." for part in shown[4:])
        assert isinstance(error, NotImplementedError)


@pytest.mark.parametrize("program", [pytest.param(p, id=p.name) for p in REFUSED])
def test_refusals_are_of_programs_that_are_well_formed(program: Refused) -> None:
    names = [p.name for p in REFUSED]
    assert names.count(program.name) == 1
    assert program.text.count("«") == 1
    with module_of(program.module) as module:
        assert isinstance(module.f, types.FunctionType)


def test_refused_again_at_the_second_call() -> None:
    (program,) = (p for p in REFUSED if p.name == "unknown_function")
    with module_of(program.module) as module:
        derivative = grad(module.f)
        messages = set()
        for _ in range(2):
            with pytest.raises(UnsupportedError) as caught:
                derivative(*program.args)
            messages.add(str(caught.value))
        assert len(messages) == 1


# --- refused arguments


def total(x):  # type: ignore[no-untyped-def]
    return np.sum(x * x)


def of_two(x, other):  # type: ignore[no-untyped-def]
    return np.sum(x * x)


class Special(np.ndarray):
    pass


REFUSED_ARGUMENTS = [
    (np.matrix([[1.0, 2.0]]), "matrix"),
    (np.ma.masked_array([1.0, 2.0]), "MaskedArray"),
    (np.zeros(3).view(Special), "Special"),
    (np.zeros(3).view(np.recarray), "recarray"),
    (np.array([1.0, 2.0], dtype=object), "object"),
    (np.zeros(2, dtype=[("a", float)]), "records"),
]


@pytest.mark.parametrize(("argument", "what"), REFUSED_ARGUMENTS)
def test_array_that_is_no_plain_array(argument: Any, what: str) -> None:
    for f, args in ((total, (argument,)), (of_two, (X, argument))):
        with pytest.raises(UnsupportedError, match=what) as caught:
            grad(f)(*args)
        shown = str(caught.value)
        assert re.search(rf"\b{'x' if f is total else 'other'}\b", shown)
        assert "Instead: " in shown


@pytest.mark.parametrize("argument", [1.0 + 2.0j, np.complex128(1.0), np.ones(3, dtype=complex)])
def test_complex_arguments_of_complex_functions(argument: Any) -> None:
    with pytest.raises(TypeError, match=r"the gradient of total is not defined: .* complex"):
        grad(total)(argument)


# (argument, what the message calls it, what it says to write instead)
NOT_FLOATS = [
    (3, "an int", "pass a float, such as 3.0 instead of 3"),
    (np.int64(3), "int64", "pass float(x)"),
    (np.uint8(3), "uint8", "pass float(x)"),
    (np.array(3), "an array of dtype int64", "pass x.astype(float)"),
    (np.arange(3), "an array of dtype int64", "pass x.astype(float)"),
    (np.arange(3, dtype=np.int32), "an array of dtype int32", "pass x.astype(float)"),
    (True, "a bool", "pass a float, such as 1.0 instead of True"),
    (np.bool_(True), "bool", "pass float(x)"),
    (np.array([True]), "an array of dtype bool", "pass x.astype(float)"),
    ("3.0", "a str", None),
    (None, "None", None),
    (b"3", "bytes", None),
    (np.array(["a"]), "an array of dtype <U1", None),
]


@pytest.mark.parametrize(("argument", "what", "fix"), NOT_FLOATS)
@pytest.mark.parametrize("make", [grad, value_and_grad])
def test_argument_that_is_no_float(make: Any, argument: Any, what: str, fix: str | None) -> None:
    with pytest.raises(TypeError) as caught:
        make(total)(argument)
    message = str(caught.value)
    assert "total" in message and "'x'" in message
    assert what in message
    if fix is None:
        assert "astype" not in message
    else:
        assert f"Instead: {fix}." in message
    assert not isinstance(caught.value, UnsupportedError)


def test_the_argument_at_fault_is_named() -> None:
    def f(a, b, c):  # type: ignore[no-untyped-def]
        return a * b * c

    with pytest.raises(TypeError, match=r"f with respect to 'c' .* an int"):
        grad(f, argnums=(0, "c"))(1.0, 2, 3)
    assert grad(f, argnums=(0, "c"))(1.0, 2, 3.0) == (6.0, 2.0)


# --- argnums


def three(x, y, z=1.0):  # type: ignore[no-untyped-def]
    return x * y * z


def collecting(x, *rest, key=1.0, **options):  # type: ignore[no-untyped-def]
    return x * key


@pytest.mark.parametrize(
    ("argnums", "message"),
    [
        (3, "argnums 3 is out of range: three has the parameters x, y, z"),
        (-4, "argnums -4 is out of range: three has the parameters x, y, z"),
        ((0, 7), "argnums 7 is out of range: three has the parameters x, y, z"),
        ("w", "argnums 'w' names no parameter: three has the parameters x, y, z"),
        (("x", "w"), "argnums 'w' names no parameter: three has the parameters x, y, z"),
        ((), "argnums is empty: name at least one parameter"),
        ((0, 0), "argnums (0, 0) names the parameter 'x' of three twice"),
        ((0, "x"), "argnums (0, 'x') names the parameter 'x' of three twice"),
        ((-1, 2), "argnums (-1, 2) names the parameter 'z' of three twice"),
        (1.0, "argnums takes an int, a parameter's name, or a tuple of these, not float 1.0"),
        (True, "argnums takes an int, a parameter's name, or a tuple of these, not bool True"),
        (None, "argnums takes an int, a parameter's name, or a tuple of these, not NoneType None"),
        ([0], "argnums takes an int, a parameter's name, or a tuple of these, not list [0]"),
        ({0}, "argnums takes an int, a parameter's name, or a tuple of these, not set {0}"),
        (((0,),), "argnums takes an int, a parameter's name, or a tuple of these, not tuple (0,)"),
        (slice(2), "argnums takes an int, a parameter's name, or a tuple of these, not slice"),
    ],
)
@pytest.mark.parametrize("make", [grad, value_and_grad])
def test_wrong_argnums(make: Any, argnums: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}"):
        make(three, argnums=argnums)


@pytest.mark.parametrize(("argnums", "stars"), [("rest", "*"), (1, "*"), ("options", "**")])
def test_argnums_that_collect(argnums: Any, stars: str) -> None:
    name = "rest" if stars == "*" else "options"
    message = f"argnums {argnums!r} is {stars}{name} of collecting, which collects arguments"
    with pytest.raises(TypeError, match=re.escape(message)):
        grad(collecting, argnums=argnums)


def test_argnums_of_a_function_of_one_and_of_none() -> None:
    with pytest.raises(TypeError, match="total has one parameter, x"):
        grad(total, argnums=1)
    with pytest.raises(TypeError, match="has no parameters"):
        grad(lambda: 1.0)


def test_right_argnums() -> None:
    want = {"x": 6.0, "y": 3.0, "z": 2.0}
    args = (1.0, 2.0, 3.0)
    for argnums, names in (
        (0, "x"),
        (-1, "z"),
        ("y", "y"),
        (np.int64(1), "y"),
        ((0, -1), "xz"),
        (("z", 0), "zx"),
        ((2, 1, 0), "zyx"),
    ):
        got = grad(three, argnums=argnums)(*args)
        wanted = tuple(want[name] for name in names)
        assert got == (wanted if isinstance(argnums, tuple) else wanted[0])
    assert grad(three, argnums="z")(x=1.0, y=2.0) == 2.0
    assert grad(three, argnums=1)(z=3.0, y=2.0, x=1.0) == 3.0


# --- results


def vector(x):  # type: ignore[no-untyped-def]
    return x * 2.0


def matrix(x):  # type: ignore[no-untyped-def]
    return x[:, None] * x


def single(x):  # type: ignore[no-untyped-def]
    return (x * 2.0).astype(np.float32)


def rest(x):  # type: ignore[no-untyped-def]
    return x[1:] * 2.0


def nothing(x):  # type: ignore[no-untyped-def]
    y = x * 2.0  # noqa: F841


def falls_off(x):  # type: ignore[no-untyped-def]  # noqa: RET503
    if x[0] < 0.0:
        return x[0]


def pair(x):  # type: ignore[no-untyped-def]
    return x[0], x[1]


def listing(x):  # type: ignore[no-untyped-def]
    return [x[0], x[1]]


def integer(x):  # type: ignore[no-untyped-def]
    return len(x)


def truth(x):  # type: ignore[no-untyped-def]
    return x[0] > 0.0


def text(x):  # type: ignore[no-untyped-def]
    return "a"


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (vector, "its result has shape (3,) and dtype float64"),
        (matrix, "its result has shape (3, 3) and dtype float64"),
        (rest, "its result has not one element"),
        (integer, "its result has shape () and dtype int64"),
        (truth, "its result has shape () and dtype bool"),
        (nothing, "it returns None"),
        (pair, "it returns a tuple"),
        (listing, "it returns a list"),
        (text, "it returns a str"),
    ],
)
@pytest.mark.parametrize("make", [grad, value_and_grad])
def test_result_that_is_no_real_number(make: Any, f: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        make(f)(X)
    shown = str(caught.value)
    assert shown.startswith(f"the gradient of {f.__name__} is not defined: {message}")
    assert "vjp" in shown and "jacobian" in shown


def test_result_that_is_none_on_one_path() -> None:
    message = "falls_off returned None, of which there is no derivative"
    with pytest.raises(TypeError, match=f"^{message}"):
        grad(falls_off)(X)
    assert_close(grad(falls_off)(-X), np.array([1.0, 0.0, 0.0]))


def test_complex_result() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        return 2.0j

    with pytest.raises(TypeError, match="complex128"):
        grad(f)(2.0)


def test_results_of_one_element() -> None:
    assert_close(grad(vector)(np.array([3.0])), np.array([2.0]))
    assert_close(grad(rest)(np.array([3.0, 4.0])), np.array([0.0, 2.0]))
    assert_close(grad(vector)(np.array([[3.0]])), np.array([[2.0]]))
    assert_close(grad(vector)(np.array(3.0)), np.array(2.0))


# --- functions without source


def made_by_exec() -> Any:
    namespace: dict[str, Any] = {}
    exec("def f(x):\n    return x * 2.0\n", namespace)
    return namespace["f"]


def made_by_eval() -> Any:
    return eval("lambda x: x * 2.0")


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (np.sin, "sin"),
        (np.sum, "sum"),
        (abs, "abs"),
        (len, "len"),
        (functools.partial(max, 1.0), "max"),
        (np.zeros(3).sum, "sum"),
    ],
)
def test_function_that_is_not_in_python(f: Any, name: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        grad(f)(X)
    assert name in str(caught.value)


@pytest.mark.parametrize("make", [made_by_exec, made_by_eval])
def test_function_without_source(make: Any) -> None:
    with pytest.raises(UnsupportedError) as caught:
        grad(make())(2.0)
    assert "source" in str(caught.value)
    assert "Instead: " in str(caught.value)


@pytest.mark.parametrize("thing", [3, None, "f", [total], np.zeros(3)])
def test_thing_that_is_no_function(thing: Any) -> None:
    with pytest.raises(TypeError, match="a function is needed"):
        grad(thing)


def test_class() -> None:
    with pytest.raises(UnsupportedError, match="it is a class") as caught:
        grad(Special)
    assert "Instead: differentiate a function that uses it." in str(caught.value)


# --- Python that passes through


@dataclass(frozen=True)
class Passing:
    name: str
    text: str
    args: tuple[Any, ...] = (X,)


HEADER = """import contextlib
import logging
import math

import numpy as np

LOG = logging.getLogger("tests.refusals")
CALLS = []
STATE = {"n": 0}
"""

PASSING = [
    Passing(
        "print",
        """
def f(x):
    print("sum", np.sum(x), "of", len(x))
    y = x * 2.0
    print(y)
    return np.sum(y * y)
""",
    ),
    Passing(
        "f_string",
        """
def f(x, name):
    message = f"{name}: {len(x)} numbers of {x.dtype}, {np.sum(x):.3f}"
    print(message, end="!")
    return np.sum(x * x)
""",
        (X, "x"),
    ),
    Passing(
        "logging",
        """
def f(x):
    y = x * 2.0
    LOG.warning("y is %s, %d numbers", y, len(y))
    logging.getLogger("tests.refusals").info("done")
    return np.sum(y * y)
""",
    ),
    Passing(
        "assert",
        """
def f(x):
    assert x.ndim == 1, "x is no vector"
    y = x * 2.0
    assert np.all(np.isfinite(y))
    return np.sum(y * y)
""",
    ),
    Passing(
        "raise_in_a_branch_not_taken",
        """
def f(x, n):
    if n < 0:
        raise ValueError(f"n is {n}")
    y = x * n
    for i in range(n):
        if y[i] > 100.0:
            raise RuntimeError("too large") from None
        y[i] = y[i] * 2.0
    return np.sum(y)
""",
        (X, 2),
    ),
    Passing(
        "dict",
        """
def f(x, n):
    options = {"rate": 0.5, "steps": n}
    options["rate"] = 0.25
    counts = {k: k * k for k in range(n)}
    y = x * 1.0
    for i in range(options["steps"]):
        y = y - 0.1 * y * int(counts[i])
    return np.sum(y * y)
""",
        (X, 3),
    ),
    Passing(
        "list",
        """
def f(x, n):
    seen = []
    y = x * 1.0
    for i in range(n):
        seen.append(i)
        y = np.sin(y)
    seen.sort(reverse=True)
    print(seen, seen[0], [k + 1 for k in seen])
    return np.sum(y)
""",
        (X, 3),
    ),
    Passing(
        "set",
        """
def f(x, names):
    known = {"a", "b"}
    known.add("c")
    y = x * 2.0
    for name in names:
        if name in known:
            y = y * 3.0
    print(sorted(known))
    return np.sum(y)
""",
        (X, ("a", "z", "c")),
    ),
    Passing(
        "try",
        """
def f(x, text):
    try:
        n = int(text)
    except ValueError:
        n = 4
    finally:
        print("parsed")
    return np.sum(x * int(n))
""",
        (X, "seven"),
    ),
    Passing(
        "try_of_effects",
        """
def f(x, path):
    n = 2
    try:
        with open(path) as file:
            n = len(file.read())
    except OSError as error:
        print("no file", type(error).__name__)
    y = x * 2.0
    return np.sum(y * int(n))
""",
        (X, "/nowhere/at/all"),
    ),
    Passing(
        "with",
        """
def f(x):
    with contextlib.suppress(KeyError):
        {}["a"]
    y = x * x
    with contextlib.nullcontext(3) as n:
        print(n)
    return np.sum(y) * (int(n) + 1)
""",
    ),
    Passing(
        "string_methods",
        """
def f(x, method):
    kind = method.strip().lower().replace("-", "_")
    if kind == "sum_of_squares":
        return np.sum(x * x)
    elif kind.startswith("sum"):
        return np.sum(x)
    else:
        return np.prod(x)
""",
        (X, " Sum-of-squares "),
    ),
    Passing(
        "isinstance",
        """
def f(x, p):
    if isinstance(x, float):
        return x * 2.0
    if isinstance(p, str):
        y = x * 1.0
    elif isinstance(p, (int, float)):
        y = x ** p
    else:
        y = np.unwrap(x)
    if p is None or not isinstance(x, np.ndarray):
        y = y * 100.0
    return np.sum(y)
""",
        (X, 2),
    ),
    Passing(
        "import",
        """
def f(x):
    import json
    from math import pi as circle
    n = json.loads("[1, 2, 3]")[1]
    m = int(n)
    return np.sum(x * x) * float(circle) * m
""",
    ),
    Passing(
        "nested_function",
        """
def f(x, n):
    def double(k):
        return 2 * k

    m = int(double(n))
    return np.sum(x * m)
""",
        (X, 3),
    ),
    Passing(
        "lambda",
        """
def f(x, names):
    ordered = sorted(names, key=lambda name: -len(name))
    print(ordered)
    return np.sum(x * len(ordered))
""",
        (X, ("a", "ccc", "bb")),
    ),
    Passing(
        "del",
        """
def f(x):
    unused = {"a": 1}
    del unused["a"]
    del unused
    return np.sum(x * x)
""",
    ),
    Passing(
        "effects_on_globals",
        """
def f(x):
    CALLS.append(len(x))
    return np.sum(x * x) * 2.0
""",
    ),
    Passing(
        "unknown_name_in_a_branch_that_the_kinds_rule_out",
        """
def f(x, kind):
    if kind == "other":
        return undefined(x)
    if kind is None:
        return np.sum(x * undefined)
    return np.sum(x * x)
""",
        (X, "sum"),
    ),
    Passing(
        "global_object_in_an_f_string",
        """
def f(x):
    print(f"{LOG.name} {math.pi:.3f} {STATE}")
    return np.sum(x * x)
""",
    ),
    Passing(
        "match",
        """
def f(x, n):
    match n:
        case 0:
            m = 1
        case 1 | 2:
            m = 5
        case _:
            m = 7
    return np.sum(x * x) * int(m)
""",
        (X, 2),
    ),
]


def outcome(f: Callable[..., Any], args: tuple[Any, ...], log: Any) -> tuple[Any, str, list[str]]:
    """Its result, what it prints and what it logs."""
    log.clear()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = f(*copy_arguments(args))
    return result, printed.getvalue(), [record.getMessage() for record in log.records]


@pytest.mark.parametrize("program", [pytest.param(p, id=p.name) for p in PASSING])
def test_passes_through(program: Passing, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with module_of(f"{HEADER}\n\n{program.text.strip()}\n") as module:
        want, printed, logged = outcome(module.f, program.args, caplog)
        module.CALLS.clear()
        (value, gradient), said, noted = outcome(value_and_grad(module.f), program.args, caplog)
        assert same_bits(value, want)
        assert (said, noted) == (printed, logged), "effects happen once"
        assert len(module.CALLS) == (1 if program.name == "effects_on_globals" else 0)
        alone, said, noted = outcome(grad(module.f), program.args, caplog)
        assert (said, noted) == (printed, logged), "effects happen once"
        assert_close(gradient, alone)
        with contextlib.redirect_stdout(io.StringIO()):
            assert_close(gradient, finite_differences(module.f, program.args))


RAISING = """
import math

import numpy as np


class Custom(Exception):
    pass


def direct(x, n):
    y = x * 2.0
    if np.sum(y) > 0.0:
        raise Custom("the sum is positive", n)
    return np.sum(y)


def asserted(x, n):
    y = x * 2.0
    assert n == 0, f"n is {n}"
    return np.sum(y)


def asserted_active(x, n):
    assert x[0] < 0.0
    return np.sum(x)


def in_loop(x, n):
    total = 0.0
    for i in range(n):
        if i == 2:
            raise ValueError(f"trip {i}")
        total += x[0] * i
    return total


def out_of_range(x, n):
    return x[n] * 2.0


def domain(x, n):
    return math.sqrt(-x[0]) * 2.0


def division(x, n):
    return float(np.sum(x)) / (n - 9)


def shapes(x, n):
    return np.sum(x * np.ones(n))


def helper(x):
    raise Custom("in the helper")


def from_helper(x, n):
    if n > 3:
        helper(x)
    return np.sum(x)


def chained(x, n):
    if n > 3:
        raise KeyError("key") from ValueError("cause")
    return np.sum(x)


def never_returns(x, n):
    raise Custom(n)


def of_passive(x, n):
    m = int("nine")
    return np.sum(x) * m


def unbound(x, n):
    if n < 0:
        y = x * 2.0
    return np.sum(y)
"""


@pytest.mark.parametrize("name", re.findall(r"^def (\w+)\(x, n\)", RAISING, flags=re.MULTILINE))
def test_raises_what_the_primal_raises(name: str) -> None:
    with module_of(RAISING.lstrip()) as module:
        f = getattr(module, name)
        args = (X, 9)
        with pytest.raises(Exception) as wanted:  # noqa: PT011
            f(*copy_arguments(args))
        given = copy_arguments(args)
        with pytest.raises(Exception) as caught:  # noqa: PT011
            value_and_grad(f)(*given)
        assert type(caught.value) is type(wanted.value)
        assert str(caught.value) == str(wanted.value)
        assert caught.value.args == wanted.value.args
        assert type(caught.value.__cause__) is type(wanted.value.__cause__)
        assert same_bits(given, args), "an argument was changed"


def test_raises_and_runs_with_one_derivative() -> None:
    with module_of(RAISING.lstrip()) as module:
        derivative = value_and_grad(module.in_loop)
        assert derivative(X, 2)[0] == 0.5
        with pytest.raises(ValueError, match=r"^trip 2$"):
            derivative(X, 3)
        assert derivative(X, 2)[0] == 0.5


def test_traceback_shows_the_generated_line() -> None:
    import traceback

    with module_of(RAISING.lstrip()) as module:
        with pytest.raises(ValueError, match="trip") as caught:
            value_and_grad(module.in_loop)(X, 9)
        shown = "".join(traceback.format_exception(caught.value))
        assert "<srcdiff in_loop_value_and_grad wrt x #" in shown
        assert "raise ValueError(" in shown


def test_stop_gradient_is_the_way_out() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        scale = float(np.unwrap(srcdiff.stop_gradient(x))[1])
        return np.sum(x * scale)

    assert_close(grad(f)(X), np.full(3, np.unwrap(X)[1]))
