"""The real compiler: what a derivative relies on may change between two calls.

Everything here goes from a function's source to its gradient; `test_cache.py` tests the same
machinery by texts written by hand.
"""

from __future__ import annotations

import gc
import importlib.util
import itertools
import linecache
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import UnsupportedError, cache, pipeline


@pytest.fixture(autouse=True)
def fresh_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_caches", {})


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The requests to the compiler."""
    requests: list[Any] = []
    derive = pipeline.derive

    def counting(request: Any) -> Any:
        requests.append((request.function.__name__, dict(request.kinds)))
        return derive(request)

    monkeypatch.setattr(pipeline, "derive", counting)
    return requests


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[..., types.ModuleType]]:
    """Makes modules of texts, in files; those that generated text imports are given a name."""
    numbers = itertools.count()
    named: list[str] = []

    def make(
        text: str, into: types.ModuleType | None = None, name: str | None = None
    ) -> types.ModuleType:
        path = tmp_path / f"{name or f'module{next(numbers)}'}.py"
        path.write_text(text, encoding="utf-8")
        if into is not None:
            # As a cell of a notebook that is run.
            exec(compile(text, str(path), "exec"), vars(into))
            return into
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if name is not None:
            named.append(name)
            sys.modules[name] = module
        return module

    yield make
    for name in named:
        sys.modules.pop(name, None)
    for name in [name for name in linecache.cache if name.startswith(str(tmp_path))]:
        del linecache.cache[name]


def in_threads(work: Callable[[int], Any], count: int = 8) -> list[Any]:
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def run(i: int) -> None:
        barrier.wait()
        try:
            results[i] = work(i)
        except BaseException as error:
            results[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


HELPER = "def f(x):\n    return g(x) * g(x)\n\ndef g(x):\n    return 3.0 * x\n"


# --- helpers ------------------------------------------------------------------------------------


def test_a_helper_redefined(load: Any) -> None:
    m = load(HELPER)
    d = srcdiff.grad(m.f)
    assert d(2.0) == pytest.approx(36.0)
    load("def g(x):\n    return 5.0 * x\n", m)
    assert d(2.0) == pytest.approx(100.0)
    load("def g(x):\n    return x * x\n", m)
    assert d(2.0) == pytest.approx(32.0)


def test_the_code_of_a_helper_replaced(load: Any) -> None:
    m = load(HELPER + "\ndef h(x):\n    return 4.0 * x\n")
    d = srcdiff.grad(m.f)
    assert d(2.0) == pytest.approx(36.0)
    m.g.__code__ = m.h.__code__
    assert d(2.0) == pytest.approx(64.0)


def test_the_defaults_of_a_helper_replaced(load: Any) -> None:
    m = load("def f(x):\n    return g(x)\n\ndef g(x, k=3.0, *, m=2.0):\n    return k * m * x\n")
    d = srcdiff.grad(m.f)
    assert d(2.0) == pytest.approx(6.0)
    m.g.__defaults__ = (5.0,)
    assert d(2.0) == pytest.approx(10.0)
    m.g.__kwdefaults__["m"] = 1.0
    assert d(2.0) == pytest.approx(5.0)
    m.g.__kwdefaults__ = {"m": 3.0}
    assert d(2.0) == pytest.approx(15.0)


def test_a_helper_of_a_helper_redefined(load: Any) -> None:
    m = load(
        "def f(x):\n    return g(x)\n\n"
        "def g(x):\n    return h(x)\n\n"
        "def h(x):\n    return k * x\n\n"
        "k = 2.0\n"
    )
    d = srcdiff.grad(m.f)
    assert d(1.0) == pytest.approx(2.0)
    m.k = 3.0
    assert d(1.0) == pytest.approx(3.0)
    load("def h(x):\n    return k * k * x\n", m)
    assert d(1.0) == pytest.approx(9.0)


def test_a_helper_in_another_module(load: Any) -> None:
    tools = load("k = 2.0\n\ndef g(x):\n    return k * x\n", name="srcdiff_test_tools")
    m = load("def f(x):\n    return tools.g(x) * tools.k\n")
    m.tools = tools
    d = srcdiff.grad(m.f)
    assert d(1.0) == pytest.approx(4.0)
    tools.k = 3.0
    assert d(1.0) == pytest.approx(9.0)
    load("def g(x):\n    return 10.0 * x\n", tools)
    assert d(1.0) == pytest.approx(30.0)
    m.tools = load("k = 1.0\n\ndef g(x):\n    return x\n", name="srcdiff_test_tools_2")
    assert d(1.0) == pytest.approx(1.0)


# --- data ---------------------------------------------------------------------------------------


def test_a_global_rebound(load: Any, compiled: list[Any]) -> None:
    m = load("import numpy as np\nk = 2.0\n\ndef f(x):\n    return np.sum(k * x)\n")
    d = srcdiff.grad(m.f)
    x = np.ones(3)
    assert d(x).tolist() == [2.0] * 3
    m.k = 3.0
    assert d(x).tolist() == [3.0] * 3
    assert len(compiled) == 1
    m.k = np.array([1.0, 2.0, 3.0])
    assert d(x).tolist() == [1.0, 2.0, 3.0]
    assert len(compiled) == 2
    m.k = 4.0
    assert d(x).tolist() == [4.0] * 3
    m.k = 4
    assert d(x).tolist() == [4.0] * 3
    m.k = np.ones((2, 1))
    assert d(x).tolist() == [2.0] * 3


def test_a_global_that_chooses_a_branch(load: Any) -> None:
    m = load(
        "mode = 'double'\n\n"
        "def f(x):\n    if mode == 'double':\n        return 2.0 * x\n    return 3.0 * x\n"
    )
    d = srcdiff.grad(m.f)
    assert d(1.0) == pytest.approx(2.0)
    m.mode = "other"
    assert d(1.0) == pytest.approx(3.0)


def test_an_array_changed_in_place(load: Any) -> None:
    m = load(
        "import numpy as np\nk = np.array([1.0, 2.0])\n\ndef f(x):\n    return np.sum(k * x)\n"
    )
    d = srcdiff.grad(m.f)
    assert d(np.ones(2)).tolist() == [1.0, 2.0]
    m.k[0] = 5.0
    assert d(np.ones(2)).tolist() == [5.0, 2.0]


def test_a_name_that_hides_a_builtin(load: Any) -> None:
    m = load("def f(x):\n    return abs(x) * x\n\ndef other(x):\n    return 3.0 * x\n")
    d = srcdiff.grad(m.f)
    assert d(-2.0) == pytest.approx(4.0)
    m.abs = m.other
    assert d(-2.0) == pytest.approx(-12.0)
    del m.abs
    assert d(-2.0) == pytest.approx(4.0)


def test_a_cell_rebound() -> None:
    k: Any = 2.0

    def f(x):
        return np.sum(k * x)

    d = srcdiff.grad(f)
    assert d(np.ones(2)).tolist() == [2.0, 2.0]
    k = 5.0
    assert d(np.ones(2)).tolist() == [5.0, 5.0]
    k = np.array([1.0, 2.0])
    assert d(np.ones(2)).tolist() == [1.0, 2.0]


# --- the function itself ------------------------------------------------------------------------


def test_the_code_of_the_function_replaced(load: Any) -> None:
    m = load("def f(x):\n    return 2.0 * x\n\ndef g(x, y=5.0):\n    return x * y\n")
    d = srcdiff.grad(m.f)
    assert d(1.0) == pytest.approx(2.0)
    m.f.__code__ = m.g.__code__
    assert d(1.0, 7.0) == pytest.approx(7.0)
    m.f.__defaults__ = (9.0,)
    assert d(1.0) == pytest.approx(9.0)


# --- closures, lambdas, threads -----------------------------------------------------------------


def test_lambdas_in_a_loop_compile_once(compiled: list[Any]) -> None:
    before = len(linecache.cache)
    for i in range(1000):
        k = float(i)
        assert srcdiff.grad(lambda x: k * x * x)(1.0) == pytest.approx(2.0 * k)  # noqa: B023
    assert len(compiled) == 1
    assert len(linecache.cache) <= before + 3


def make(k):
    def g(x):
        return k * x

    def f(x):
        return np.sum(g(x) * x)

    return f


def test_closures_over_closures(compiled: list[Any]) -> None:
    derivatives = [srcdiff.grad(make(float(i))) for i in range(10)]
    for _ in range(2):
        for i, d in enumerate(derivatives):
            assert d(1.0) == pytest.approx(2.0 * i)
    assert len(compiled) == 1
    d = srcdiff.grad(make(np.array([1.0, 2.0])))
    assert d(np.ones(2)).tolist() == [2.0, 4.0]
    assert len(compiled) == 2


def test_closures_in_threads(compiled: list[Any]) -> None:
    def work(i: int) -> set[float]:
        d = srcdiff.grad(make(float(i)))
        return {round(float(d(1.0)), 9) for _ in range(200)}

    assert in_threads(work) == [{2.0 * i} for i in range(8)]
    assert len(compiled) == 1


def test_first_calls_in_threads(compiled: list[Any]) -> None:
    def f(x):
        return np.sum(x * x)

    d = srcdiff.grad(f)
    results = in_threads(lambda i: d(np.full(3, float(i))).tolist())
    assert results == [[2.0 * i] * 3 for i in range(8)]
    assert len(compiled) == 1


def test_functions_that_differ_in_the_helper_they_close_over(load: Any) -> None:
    m = load(
        "def outer(g):\n    return lambda x: g(x)\n\n"
        "def double(x):\n    return 2.0 * x\n\n"
        "def triple(x):\n    return 3.0 * x\n"
    )
    two, three = srcdiff.grad(m.outer(m.double)), srcdiff.grad(m.outer(m.triple))
    assert [two(1.0), three(1.0), two(1.0)] == [2.0, 3.0, 2.0]


# --- kinds --------------------------------------------------------------------------------------


def test_each_kind_has_a_text_that_is_right(compiled: list[Any]) -> None:
    def f(x, k, power=True):
        if power:
            return np.sum(k * x**2)
        return np.sum(k * x)

    d = srcdiff.grad(f)
    xs = [1.0, np.float64(1), np.float32(1), np.array(1.0), np.ones(1), np.ones(3), np.ones((1, 3))]
    for x, k, power in itertools.product(xs, [2, 2.0, np.float64(2)], [True, False]):
        got = d(x, k, power)
        assert type(got) is type(x)
        assert np.shape(got) == np.shape(x)
        assert np.asarray(got).dtype == np.asarray(x).dtype
        assert np.all(got == (4.0 if power else 2.0))
    assert len(compiled) == len(xs) * 6


def test_sizes_that_differ_from_those_of_the_first_call() -> None:
    def f(x, y):
        return np.sum(x * y)

    d = srcdiff.grad(f)
    assert d(np.ones(3), np.ones(3)).tolist() == [1.0] * 3
    assert d(np.ones(3), np.ones((2, 3))).tolist() == [2.0] * 3
    assert d(np.ones(1), np.ones(3)).tolist() == [3.0]
    assert d(np.ones(4), np.ones(4)).tolist() == [1.0] * 4
    with pytest.raises(ValueError, match="broadcast"):
        d(np.ones(3), np.ones(4))


def test_arguments_that_overlap() -> None:
    def f(x, y):
        x[0] = x[1] * y[0]
        return np.sum(x)

    d = srcdiff.grad(f)
    a = np.array([1.0, 2.0, 3.0, 4.0])
    assert d(a[:2], a[2:]).tolist() == [0.0, 4.0]
    assert a.tolist() == [1.0, 2.0, 3.0, 4.0]
    with pytest.raises(UnsupportedError, match="shares memory"):
        d(a, a)
    a.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        d(a[:2], np.ones(2))


# --- let go of ----------------------------------------------------------------------------------


def test_everything_goes_with_the_function(load: Any) -> None:
    m = load(
        "import numpy as np\n"
        "k = 2.0\n\n"
        "def helper(x):\n    return k * x\n\n"
        "def gone(x):\n    return np.sum(helper(x) * k)\n"
    )
    d = srcdiff.grad(m.gone)
    assert d(np.ones(2)).tolist() == [4.0, 4.0]
    assert d(1.0) == pytest.approx(4.0)
    assert sum("<srcdiff gone_grad" in name for name in linecache.cache) == 2
    refs = [weakref.ref(o) for o in (m.gone, m.gone.__code__, m.helper, m, d)]
    del m, d
    gc.collect()
    assert [ref() for ref in refs] == [None] * len(refs)
    assert not any("<srcdiff gone_grad" in name for name in linecache.cache)
