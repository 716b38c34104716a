"""A function's tree is the one it was compiled from, or there is an error."""

import ast
import doctest
import functools
import importlib.util
import linecache
import math
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import gast
import numpy as np
import pytest

import srcdiff.frontend.retrieve as subject
from srcdiff.errors import SourceError, Span, UnsupportedError
from srcdiff.frontend.retrieve import Retrieved, retrieve, span_of

HERE = Path(__file__).read_text(encoding="utf-8").split("\n")


def text_of(found: Retrieved) -> str:
    """What the source says where the node stands."""
    return ast.get_source_segment("\n".join(found.lines), found.node) or ""


def plain(x, y=2, *, k=3):
    return x + y + k


def decorated_with(*arguments: object) -> Callable[[Any], Any]:
    def decorator(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any) -> Any:
            return function(*args)

        return wrapper

    return decorator


@decorated_with(
    1,
)
@decorated_with(2)
def decorated(x):
    return x * 3


class Outer:
    __hidden = 2

    class Inner:
        def method(self, x):
            return x * 5

    def private(self, x):
        return x * self.__hidden

    @staticmethod
    def fixed(x):
        return x * 7

    by_lambda = lambda self, x: x * self.__hidden  # noqa: E731


def closure(n):
    if n > 0:
        try:

            def inner(x):
                return x * n
        finally:
            pass
    return inner


def test_plain_function() -> None:
    found = retrieve(plain)
    assert isinstance(found.node, gast.FunctionDef)
    assert found.name == found.node.name == "plain"
    assert found.file == plain.__code__.co_filename
    assert found.line == found.node.lineno == plain.__code__.co_firstlineno
    assert found.lines[found.line - 1] == HERE[found.line - 1] == "def plain(x, y=2, *, k=3):"
    assert found.globals is globals()
    assert found.function is plain
    assert (found.defaults, dict(found.kwdefaults), dict(found.cells)) == ((2,), {"k": 3}, {})
    assert found.span() == Span(found.file, found.line, 0, found.line + 1, 20)
    operation = found.node.body[0].value.left
    assert found.span(operation) == Span(found.file, found.line + 1, 11, found.line + 1, 16)


def test_each_call_gives_a_tree_of_its_own() -> None:
    assert retrieve(plain).node is not retrieve(plain).node


def test_decorators_stay_and_wrappers_are_followed_on_request() -> None:
    found = retrieve(decorated, unwrap=True)
    assert found.name == "decorated"
    assert len(found.node.decorator_list) == 2
    assert found.line == found.node.decorator_list[0].lineno == found.node.lineno - 4
    assert retrieve(decorated).name == "wrapper"


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (Outer.Inner.method, "method"),
        (Outer.private, "private"),
        (Outer.fixed, "fixed"),
        (closure(3), "inner"),
    ],
)
def test_functions_inside_others(function: Callable[..., Any], name: str) -> None:
    found = retrieve(function)
    assert found.node.name == found.name == name
    assert text_of(found).startswith(f"def {name}(")


def test_cells() -> None:
    found = retrieve(closure(3))
    assert {name: cell.cell_contents for name, cell in found.cells.items()} == {"n": 3}


def test_class_privacy_does_not_hide_lambdas() -> None:
    assert text_of(retrieve(Outer.by_lambda)) == "lambda self, x: x * self.__hidden"


def test_redefined_function() -> None:
    def f(x):
        return x + 1

    first = f

    def f(x):
        return x + 2

    assert text_of(retrieve(first)).endswith("x + 1")
    assert text_of(retrieve(f)).endswith("x + 2")


def identity(*functions: Any) -> Any:
    return functions


# fmt: off
TWO = identity(lambda x: x + 1, lambda x: x + 2)
LINES = identity(
    lambda x: (
        x
        + 1
    ), lambda x:
        x + 2,
)
NESTED = lambda x: lambda y: lambda: x + y  # noqa: E731
CONSTANT = lambda: lambda: 4  # noqa: E731
DEFAULT = lambda a, b=lambda: 1: (a, b)  # noqa: E731
ALIKE = identity(lambda x: x * 2, lambda x: x * 2, lambda y: y * 2)
NUMBERS = identity(lambda: 1, lambda: 2, lambda a: 2)
YIELDS = identity(lambda: (yield), lambda: (yield 1))
WIDE = identity("漢字 é", lambda x: x + len("é"), lambda x: x - len("é"))
PICKS = [f for f in (lambda x: x, lambda x: -x)]  # noqa: C416
# fmt: on


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (TWO[0], "lambda x: x + 1"),
        (TWO[1], "lambda x: x + 2"),
        (LINES[0], "lambda x: (\n        x\n        + 1\n    )"),
        (LINES[1], "lambda x:\n        x + 2"),
        (NESTED, "lambda x: lambda y: lambda: x + y"),
        (NESTED(1), "lambda y: lambda: x + y"),
        (NESTED(1)(2), "lambda: x + y"),
        (CONSTANT, "lambda: lambda: 4"),
        (CONSTANT(), "lambda: 4"),
        (DEFAULT, "lambda a, b=lambda: 1: (a, b)"),
        (DEFAULT.__defaults__[0], "lambda: 1"),
        (ALIKE[2], "lambda y: y * 2"),
        (NUMBERS[0], "lambda: 1"),
        (NUMBERS[1], "lambda: 2"),
        (NUMBERS[2], "lambda a: 2"),
        (YIELDS[0], "lambda: (yield)"),
        (YIELDS[1], "lambda: (yield 1)"),
        (WIDE[1], 'lambda x: x + len("é")'),
        (WIDE[2], 'lambda x: x - len("é")'),
        (PICKS[0], "lambda x: x"),
        (PICKS[1], "lambda x: -x"),
    ],
)
def test_lambdas(function: Callable[..., Any], text: str) -> None:
    found = retrieve(function)
    assert found.name == "lambda"
    assert isinstance(found.node, gast.Lambda)
    assert text_of(found) == text


def test_lambdas_that_are_alike_have_places_of_their_own() -> None:
    columns = [retrieve(function).node.col_offset for function in ALIKE]
    assert columns == sorted(set(columns))


def test_columns_are_counted_in_characters() -> None:
    found = retrieve(WIDE[1])
    span = found.span()
    line = found.lines[span.line - 1]
    assert line[span.column : span.end_column] == 'lambda x: x + len("é")'
    assert found.node.col_offset > span.column
    name = ast.parse("é + b").body[0].value.right  # type: ignore[attr-defined]
    assert span_of(name, "f.py", ["é + b"]) == Span("f.py", 1, 4, 1, 5)


def test_functions_with_rewritten_asserts() -> None:
    def checked(x):
        assert x > 0, "positive"
        y = [x, x]
        assert y == [x, x]
        functions = [lambda: y[0] * 2 for _ in y]
        return functions[0]()

    assert any("@py" in name for name in checked.__code__.co_varnames), "pytest rewrites"
    assert text_of(retrieve(checked)).startswith("def checked")

    edited = [line.replace("y = [x, x]", "y = [x, 3]") for line in HERE]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linecache, "getlines", lambda *_: [line + "\n" for line in edited])
        with pytest.raises(SourceError, match="the constant 3 is new"):
            retrieve(checked)


# Where source comes from


def define(text: str, file: str, monkeypatch: pytest.MonkeyPatch, name: str = "f") -> Any:
    """What a notebook does with a cell."""
    lines = text.splitlines(keepends=True)
    monkeypatch.setitem(linecache.cache, file, (len(text), None, lines, file))
    namespace: dict[str, Any] = {}
    exec(compile(text, file, "exec", dont_inherit=True), namespace)
    return namespace[name]


@pytest.mark.parametrize("file", ["<ipython-input-3-abc>", "<srcdiff f_grad wrt a #1>"])
def test_cells_of_notebooks_and_generated_code(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = retrieve(define("y = 1\ndef f(x):\n    return x * y\n", file, monkeypatch))
    assert (found.file, found.line, found.name) == (file, 2, "f")
    assert found.lines[1] == "def f(x):"


def test_cell_that_awaits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def g() -> None:
        pass

    text = "def f(x):\n    return x\nawait g()\n"
    monkeypatch.setitem(linecache.cache, "<cell>", (0, None, text.splitlines(True), "<cell>"))
    code = compile(text, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    namespace: dict[str, Any] = {"g": g}
    with pytest.raises(StopIteration):
        eval(code, namespace).send(None)
    assert retrieve(namespace["f"]).name == "f"


def test_future_flags_that_the_text_does_not_mention(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "def f(x):\n    def g(y: x.t): return y\n    return g(x)\n"
    monkeypatch.setitem(linecache.cache, "<cell>", (0, None, text.splitlines(True), "<cell>"))
    namespace: dict[str, Any] = {}
    # An earlier cell has turned it on.
    flag = __import__("__future__").annotations.compiler_flag
    exec(compile(text, "<cell>", "exec", flag, dont_inherit=True), namespace)
    assert retrieve(namespace["f"]).name == "f"


def test_doctest() -> None:
    text = """
    >>> def f(x):
    ...     return x + 1
    >>> found = retrieve(f)
    >>> found.name, found.line, found.node.body[0].lineno
    ('f', 1, 2)
    >>> retrieve(lambda x: x).node.col_offset
    9
    """
    test = doctest.DocTestParser().get_doctest(text, {"retrieve": retrieve}, "d", "d.py", 0)
    report: list[str] = []
    result = doctest.DocTestRunner().run(test, out=report.append)
    assert (result.attempted, "".join(report)) == (4, "")


def test_no_source() -> None:
    namespace: dict[str, Any] = {}
    exec("def f(x): return x", namespace)
    with pytest.raises(SourceError, match="f cannot be differentiated: there is no source text"):
        retrieve(namespace["f"])


@pytest.mark.parametrize("function", [len, math.sin, np.sin, np.dot, "".join, str.upper])
def test_not_python(function: Callable[..., Any]) -> None:
    with pytest.raises(SourceError, match="cannot be differentiated: it is not written in Python"):
        retrieve(function)


@pytest.mark.parametrize(
    "thing", [3, "text", int, Outer, Outer().private, functools.partial(plain)]
)
def test_not_a_function(thing: Any) -> None:
    with pytest.raises(TypeError, match="a function is needed, not"):
        retrieve(thing)


# Files that change

SOURCE = """\
import math


def f(a, b):
    c = a + b * 2.0
    for i in range(3):
        c = c * math.sin(a) if a < b else c - 1
    def g(x):
        return x - c
    return g(a) and g(b)


h = lambda x: x + 1
"""


class File:
    """A module on disk that the interpreter has loaded."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "changing.py"
        self.path.write_text(SOURCE, encoding="utf-8")
        self.module = self._load()

    def _load(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location("changing", self.path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def write(self, text: str) -> None:
        assert text != SOURCE
        before = self.path.stat().st_mtime_ns
        self.path.write_text(text, encoding="utf-8")
        os.utime(self.path, ns=(before + 10**9, before + 10**9))


@pytest.fixture(params=["changed before it is read", "changed after it is read"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> File:
    file = File(tmp_path)
    if "after" in request.param:
        assert retrieve(file.module.f).name == "f"
    return file


EDITS = [
    ("def f(a, b)", "def f(b, a)"),
    ("def f(a, b)", "def f(a, d, b=0)"),
    ("def f(a, b)", "def f(a, *b)"),
    ("def f(a, b)", "def f(a, /, b)"),
    ("def f(a, b)", "def g(a, b)"),
    ("a + b", "a - b"),
    ("a + b", "b + a"),
    ("b * 2.0", "b * 3.0"),
    ("b * 2.0", "b * 2"),
    ("math.sin", "math.cos"),
    ("a < b", "a > b"),
    (" - 1", " -  1"),
    ("range(3)", "range(4)"),
    ("range(3)", "range( 3)"),
    ("c = a", "d = a"),
    ("x - c", "x - x"),
    ("x - c", "c - x"),
    ("g(a) and", "g(a) or "),
    ("import math", "import math\n"),
    ("    for i", "\n    for i"),
    ("def g(x)", "def k(x)"),
    ("    return g(a)", "    return g(a"),
    (SOURCE, "\n"),
]


@pytest.mark.parametrize(("old", "new"), EDITS)
def test_changed_file_is_an_error(old: str, new: str, file: File) -> None:
    assert old in SOURCE
    file.write(SOURCE.replace(old, new))
    with pytest.raises(SourceError, match="the source has changed") as caught:
        retrieve(file.module.f)
    span = caught.value.span
    assert span is not None
    assert (span.file, span.line) == (str(file.path), 4)
    assert f'File "{file.path}", line 4, in f\n' in str(caught.value)
    assert "Instead: " in str(caught.value)


def test_change_elsewhere_is_none(file: File) -> None:
    file.write(SOURCE.replace("x + 1", "x + 2") + "\n\nnew = 1\n")
    assert retrieve(file.module.f).lines[-2] == "new = 1"
    with pytest.raises(SourceError, match="the constant 1 is gone") as caught:
        retrieve(file.module.h)
    assert caught.value.function == "lambda"


def test_comments_may_change(file: File) -> None:
    file.write(SOURCE.replace("b * 2.0", "b * 2.0  # twice"))
    assert retrieve(file.module.f).name == "f"


def test_file_that_is_gone(file: File) -> None:
    file.path.unlink()
    with pytest.raises(SourceError, match="there is no source text"):
        retrieve(file.module.f)


# Other ways to run Python

ROOT = str(Path(subject.__file__).parents[2])

SCRIPT = '''
from srcdiff.errors import SourceError
from srcdiff.frontend.retrieve import retrieve

def f(x):
    """Text that -OO strips."""
    assert x
    return x * 2

a, b, c = lambda x: x + 1, lambda x: lambda: x + 2, lambda y: 4

def column(function):
    return retrieve(function).node.col_offset

print(retrieve(f).node.body[-1].lineno, column(a), column(b), column(b(1)), column(c))
'''


@pytest.mark.parametrize("options", [[], ["-O"], ["-OO"], ["-X", "no_debug_ranges"]])
def test_other_ways_to_run_python(options: list[str], tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": ROOT}
    command = [sys.executable, *options, str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["8", "10", "27", "37", "52"]


def test_byte_code_without_columns(tmp_path: Path) -> None:
    # The file is compiled without columns, then read by an interpreter that has them.
    (tmp_path / "m.py").write_text(SOURCE, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), ROOT])}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    first = [sys.executable, "-X", "no_debug_ranges", "-c", "import m"]
    subprocess.run(first, env=environment, check=True)
    code = """
        import m
        from srcdiff.frontend.retrieve import retrieve
        columns = any(column for *_, column in m.f.__code__.co_positions())
        print(columns, retrieve(m.f).name, retrieve(m.h).name)
    """
    second = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(second, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "f", "lambda"]


def test_errors_are_of_the_public_kind() -> None:
    with pytest.raises(UnsupportedError):
        retrieve(len)
