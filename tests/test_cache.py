"""The cache of compiled texts: shared by code, bound by function, bounded, and let go of."""

from __future__ import annotations

import gc
import linecache
import threading
import types
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import cache, dispatch, pipeline
from srcdiff.cache import cache_of
from srcdiff.frontend.scope import Dependency, home_of
from srcdiff.ir import kinds as k
from tests.fakes import FakeCompiler


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCompiler]:
    fake = FakeCompiler()
    monkeypatch.setattr(pipeline, "derive", fake)
    # A function in this file has one code object for all tests.
    monkeypatch.setattr(cache, "_caches", {})
    yield fake
    fake.requests.clear()


def listed(name: str) -> list[str]:
    return [found for found in linecache.cache if f"<srcdiff {name}" in found]


def module(text: str) -> types.ModuleType:
    made = types.ModuleType("made")
    exec(text, vars(made))
    return made


def in_threads(work: Any, count: int = 8) -> list[Any]:
    """What `work(i)` gives in threads that begin together."""
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


# --- shared by code, bound by function ----------------------------------------------------------


def test_a_thousand_lambdas_compile_once(compiler: FakeCompiler) -> None:
    def outer(k):
        return lambda x: k * x * x

    compiler.add("lambda", "2.0 * k * x", [("k",)])
    # Other tests' lambdas may be alive still.
    before = set(listed("lambda_grad wrt x"))
    for i in range(1000):
        assert srcdiff.grad(outer(float(i)))(3.0) == 6.0 * i
    assert compiler.count == 1
    assert len(set(listed("lambda_grad wrt x")) - before) == 1


def scaled(k):
    def f(x):
        return k * x * x

    return f


def test_closures_share_text_but_not_cells(compiler: FakeCompiler) -> None:
    compiler.add("f", "2.0 * k * x", [("k",)])
    g, h = srcdiff.grad(scaled(1.0)), srcdiff.grad(scaled(10.0))
    assert (g(1.0), h(1.0), g(2.0), h(2.0)) == (2.0, 20.0, 4.0, 40.0)
    assert compiler.count == 1
    assert g.source is h.source


def test_closures_with_other_kinds_have_texts_of_their_own(compiler: FakeCompiler) -> None:
    compiler.add("f", "2.0 * k * x", [("k",)])
    g, h = srcdiff.grad(scaled(1.0)), srcdiff.grad(scaled(np.ones(2)))
    assert g(1.0) == 2.0
    assert h(1.0).tolist() == [2.0, 2.0]
    assert g(1.0) == 2.0
    assert compiler.count == 2


def test_closures_in_threads(compiler: FakeCompiler) -> None:
    compiler.add("f", "2.0 * k * x", [("k",)])

    def work(i: int) -> set[float]:
        g = srcdiff.grad(scaled(float(i)))
        return {g(1.0) for _ in range(300)}

    assert in_threads(work) == [{2.0 * i} for i in range(8)]
    assert compiler.count == 1


def test_cells_are_read_live(compiler: FakeCompiler) -> None:
    compiler.add("f", "2.0 * k * x", [("k",)])
    k: Any = 1.0

    def f(x):
        return k * x * x

    g = srcdiff.grad(f)
    assert g(1.0) == 2.0
    k = 5.0
    assert g(1.0) == 10.0
    assert compiler.count == 1
    k = np.ones(2)
    assert g(1.0).tolist() == [2.0, 2.0]
    assert compiler.count == 2
    k = 3.0
    assert g(1.0) == 6.0
    assert compiler.count == 2
    del k
    with pytest.raises((NameError, AssertionError)):
        g(1.0)
    k = 4.0
    assert g(1.0) == 8.0


def test_first_calls_in_threads_compile_once(compiler: FakeCompiler) -> None:
    compiler.add("f", "2.0 * x")

    def f(x):
        return x * x

    g = srcdiff.grad(f)
    assert in_threads(lambda i: g(float(i))) == [2.0 * i for i in range(8)]
    assert compiler.count == 1
    h = [srcdiff.value_and_grad(f) for _ in range(8)]
    assert in_threads(lambda i: h[i](float(i))) == [2.0 * i for i in range(8)]
    assert compiler.count == 2


def test_different_functions_compile_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCompiler()
    fake.add("f", "2.0 * x")
    fake.add("g", "2.0 * x")
    # Passed only if both are being compiled.
    barrier = threading.Barrier(2)

    def derive(request: Any) -> Any:
        barrier.wait(10)
        return fake(request)

    monkeypatch.setattr(pipeline, "derive", derive)

    def f(x):
        return x * x

    def g(x):
        return x * x

    derivatives = srcdiff.grad(f), srcdiff.grad(g)
    assert in_threads(lambda i: derivatives[i](1.0), 2) == [2.0, 2.0]


def test_equal_code_objects_are_not_the_same(compiler: FakeCompiler) -> None:
    compiler.add("f", "2.0 * x")
    text = "def f(x):\n    return x * x\n"
    a, b = module(text).f, module(text).f
    assert a.__code__ == b.__code__
    assert srcdiff.grad(a)(1.0) == srcdiff.grad(b)(1.0) == 2.0
    assert cache_of(a.__code__) is not cache_of(b.__code__)
    assert compiler.count == 2


def test_one_code_object_with_two_modules(compiler: FakeCompiler) -> None:
    compiler.add("f", "2.0 * k * x", [("k",)])
    first = module("k = 1.0\ndef f(x):\n    return k * x * x\n")
    second = types.FunctionType(first.f.__code__, {"k": 10.0})
    g, h = srcdiff.grad(first.f), srcdiff.grad(second)
    assert (g(1.0), h(1.0), g(1.0)) == (2.0, 20.0, 2.0)
    assert compiler.count == 1


@pytest.mark.parametrize("change", ["wrt", "mode", "as_tuple", "has_aux"])
def test_options_are_part_of_the_key(compiler: FakeCompiler, change: str) -> None:
    compiler.add("f", lambda request: f"{(request.wrt, request.as_tuple, request.has_aux)}")

    def f(x, y):
        return x * y

    assert srcdiff.grad(f)(1.0, 1.0) == (("x",), False, False)
    other = {
        "wrt": srcdiff.grad(f, 1),
        "mode": srcdiff.value_and_grad(f),
        "as_tuple": srcdiff.grad(f, (0,)),
        "has_aux": srcdiff.grad(f, has_aux=True),
    }[change]
    other(1.0, 1.0)
    assert compiler.count == 2
    first, second = compiler.requests
    assert getattr(first, change) != getattr(second, change)


# --- what is guarded ----------------------------------------------------------------------------


def test_a_helper_is_known_by_its_code(compiler: FakeCompiler) -> None:
    compiler.add("f", "g(x)", [("g",), ("g", "k")])
    made = module("k = 1.0\ndef g(x):\n    return k * x\ndef f(x):\n    return g(x)\n")
    d = srcdiff.grad(made.f)
    assert d(2.0) == 2.0
    made.k = 3.0
    assert d(2.0) == 6.0
    assert compiler.count == 1
    exec("def g(x):\n    return 5.0 * k * x\n", vars(made))
    assert d(2.0) == 30.0
    assert compiler.count == 2
    made.g.__code__ = (lambda x: 7.0).__code__
    compiler.steps["f"] = [("g",)]
    assert d(2.0) == 7.0
    assert compiler.count == 3
    made.g.__defaults__ = (1.0,)
    assert d(2.0) == 7.0
    assert compiler.count == 4
    made.g.__kwdefaults__ = {"z": 1.0}
    d(2.0)
    made.g.__kwdefaults__["z"] = 2.0
    d(2.0)
    assert compiler.count == 6


def test_closures_over_helpers_compile_once(compiler: FakeCompiler) -> None:
    def outer(k):
        def g(x):
            return k * x

        def f(x):
            return g(x)

        return f

    compiler.add("f", "g(x) + 0.0 * k", [("g",), ("g", "k")])
    for i in range(20):
        assert srcdiff.grad(outer(float(i)))(2.0) == 2.0 * i
    assert compiler.count == 1
    assert srcdiff.grad(outer(np.ones(2)))(2.0).tolist() == [2.0, 2.0]
    assert compiler.count == 2


def test_closures_over_different_helpers_have_texts_of_their_own(compiler: FakeCompiler) -> None:
    def outer(g):
        return lambda x: g(x)

    compiler.add("lambda", "g(x)", [("g",)])
    helpers = [lambda x: 1.0 * x, lambda x: 2.0 * x]
    derivatives = [srcdiff.grad(outer(g)) for g in helpers]
    assert [d(1.0) for d in derivatives] == [1.0, 2.0]
    assert [d(1.0) for d in derivatives] == [1.0, 2.0]
    assert compiler.count == 2


def test_defaults_of_helpers_count_by_value(compiler: FakeCompiler) -> None:
    def outer(k):
        def g(x, k=k):
            return k * x

        return lambda x: g(x)

    compiler.add("lambda", "g(x)", [("g",)])
    for i in (1.0, 2.0, 1.0, 0.0, -0.0):
        assert srcdiff.grad(outer(i))(1.0) == i
    assert compiler.count == 4


def test_modules_and_builtins(compiler: FakeCompiler) -> None:
    made = module("import math\ndef f(x):\n    return abs(math.sin(x))\n")
    compiler.add("f", "abs(math.sin(x))", [("abs",), ("math",), ("math", "sin")])
    d = srcdiff.grad(made.f)
    assert d(-0.0) == 0.0
    assert compiler.count == 1
    made.abs = lambda x: 7.0
    assert d(1.0) == 7.0
    assert compiler.count == 2
    del made.abs
    d(1.0)
    assert compiler.count == 2
    made.math = types.SimpleNamespace(sin=lambda x: 3.0)
    compiler.steps["f"] = [("abs",), ("math",)]
    assert d(1.0) == 3.0
    assert compiler.count == 3


def test_data_of_a_module(compiler: FakeCompiler, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Any = types.ModuleType("settings")
    settings.k = 2.0

    def f(x):
        return settings.k * x

    compiler.add("f", "settings.k", [("settings",), ("settings", "k")])
    d = srcdiff.grad(f)
    assert d(1.0) == 2.0
    settings.k = 3.0
    assert d(1.0) == 3.0
    assert compiler.count == 1
    settings.k = "three"
    assert d(1.0) == "three"
    assert compiler.count == 2


def test_what_hangs_on_an_argument(compiler: FakeCompiler) -> None:
    class Model:
        k: Any = 1.0

        def f(self, x):
            return self.k * x

    def derive(request: Any) -> Any:
        kind = k.FLOAT if isinstance(request.kinds["x"], k.Number) else k.UNKNOWN
        home: Any = None
        d = Dependency("k", home, "self_k", kind=kind, path=("self",))
        compiler.requests.append(request)
        return pipeline.Derived("def f_grad(self, x):\n    return self_k\n", "f_grad", (d,))

    a, b = Model(), Model()
    b.k = 2.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "derive", derive)
        assert srcdiff.grad(a.f)(1.0) == 1.0
        assert srcdiff.grad(b.f)(1.0) == 2.0
        d = srcdiff.grad(Model.f, "x")
        assert [d(a, 1.0), d(b, 1.0), d(a, 1.0)] == [1.0, 2.0, 1.0]
        assert compiler.count == 1
        b.k = "b"
        assert d(b, np.float64(1.0)) == "b"


def test_a_text_whose_paths_lead_nowhere_is_not_shared(compiler: FakeCompiler) -> None:
    def outer(k):
        def g(x):
            return k * x

        return lambda x: g(x)

    def derive(request: Any) -> Any:
        compiler.requests.append(request)
        g = request.function.__closure__[0].cell_contents
        home = home_of(g, "k")
        assert home is not None
        d = Dependency("k", home, "k", kind=k_float)
        return pipeline.Derived("def lambda_grad(x):\n    return k\n", "lambda_grad", (d,))

    k_float = k.FLOAT
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "derive", derive)
        derivatives = [srcdiff.grad(outer(float(i))) for i in range(3)]
        assert [d(1.0) for d in derivatives] == [0.0, 1.0, 2.0]
        assert [d(1.0) for d in derivatives] == [0.0, 1.0, 2.0]
    assert compiler.count == 3


def test_globals_that_keep_changing_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    made = module("k = 1.0\ndef f(x):\n    return k * x\n")
    fake = FakeCompiler()
    fake.add("f", "k", [("k",)])

    def derive(request: Any) -> Any:
        found = fake(request)
        made.k = 1 if type(made.k) is float else 1.0
        return found

    monkeypatch.setattr(pipeline, "derive", derive)
    with pytest.raises(RuntimeError, match="what f reads"):
        srcdiff.grad(made.f)(1.0)


# --- bounded, and let go of ---------------------------------------------------------------------


def test_signatures_are_bounded(compiler: FakeCompiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_KEYS", 4)
    monkeypatch.setattr(dispatch, "MAX_ENTRIES", 3)
    compiler.add("bounded", "x")

    def bounded(x, mode):
        return x

    d = srcdiff.grad(bounded)
    for i in range(20):
        assert d(1.0, f"{i}") == 1.0
        assert d(1.0, "0") == 1.0
    # The one that is used again and again stays.
    assert compiler.count == 20
    assert len(cache_of(bounded.__code__)) == 4
    assert len(d.sources) <= 3
    gc.collect()
    assert len(listed("bounded_grad")) <= 7


def test_versions_are_bounded(compiler: FakeCompiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_VERSIONS", 3)
    compiler.add("versions", "g", [("g",)])
    made = module("def versions(x):\n    return g\n")
    d = srcdiff.grad(made.versions)
    for mode in "abcdefgh":
        made.g = mode
        assert d(1.0) == mode
    assert compiler.count == 8
    assert len(cache_of(made.versions.__code__)) == 3
    for mode in "gh":
        made.g = mode
        assert d(1.0) == mode
    assert compiler.count == 8


def test_the_total_is_bounded(compiler: FakeCompiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_TEMPLATES", 5)
    compiler.add("total", "x")
    made = [module("def total(x):\n    return x\n").total for _ in range(12)]
    for f in made:
        assert srcdiff.grad(f)(1.0) == 1.0
    gc.collect()
    assert sum(len(cache_of(f.__code__)) for f in made) == 5
    assert len(listed("total_grad")) == 5
    assert srcdiff.grad(made[0])(1.0) == 1.0
    assert srcdiff.grad(made[-1])(1.0) == 1.0
    assert compiler.count == 13


def test_everything_goes_with_the_function(compiler: FakeCompiler) -> None:
    text = (
        "k = 2.0\n"
        "class C:\n    pass\n"
        "def helper(x, c=C):\n    return k * x\n"
        "def gone(x, c, h=helper):\n    return helper(x)\n"
    )
    compiler.add("gone", "helper(x) * k", [("helper",), ("helper", "k"), ("k",)])
    made = module(text)
    compiler.fields["gone"] = {"constants": {"C": made.C, "helper": made.helper}}
    f = made.gone
    d, v = srcdiff.grad(f), srcdiff.value_and_grad(f)
    assert d(1.0, made.C()) == 4.0
    assert d(1.0, made.helper) == 4.0
    assert v(1.0, made.C) == 4.0
    d.source_for(np.ones(2), [made.C])
    assert len(listed("gone")) == 4
    compiler.fields.clear()
    compiler.requests.clear()
    refs = [weakref.ref(o) for o in (f, f.__code__, made.C, made.helper, made, d)]
    del f, d, v, made
    gc.collect()
    assert [ref() for ref in refs] == [None] * len(refs)
    assert listed("gone") == []


def test_arguments_are_not_kept(compiler: FakeCompiler) -> None:
    def kept(x, g):
        return g(x)

    compiler.add("kept", "g(x)")
    d = srcdiff.grad(kept)

    def outer(k):
        return lambda x: k * x

    refs = []
    for i in range(5):
        g = outer(float(i))
        refs.append(weakref.ref(g))
        assert d(1.0, g) == i
    del g
    gc.collect()
    compiler.requests.clear()
    gc.collect()
    assert [ref() for ref in refs] == [None] * 5
    assert len(d.sources) == 0


def test_a_redefined_helper_is_let_go_of(compiler: FakeCompiler) -> None:
    compiler.add("f", "g(x)", [("g",)])
    made = module("def g(x):\n    return x\ndef f(x):\n    return g(x)\n")
    srcdiff.grad(made.f)(1.0)
    compiler.requests.clear()
    ref = weakref.ref(made.g)
    del made.g
    gc.collect()
    assert ref() is None


def test_constants_that_are_variables_follow_the_function(compiler: FakeCompiler) -> None:
    def outer(k, m):
        def scale(k):
            return lambda x: k * x

        g, h = scale(k), scale(m)
        if k == m:
            h = g
        return lambda x: (g(x), h(x))

    def derive(request: Any) -> Any:
        g, h = (cell.cell_contents for cell in request.function.__closure__)
        constants = {"g": g} if g is h else {"g": g, "h": h}
        compiler.fields["lambda"] = {"constants": constants}
        compiler.add("lambda", f"g(x), {list(constants)[-1]}(x)", [("g",), ("h",)])
        compiler.fields["lambda"] = {"constants": constants}
        compiler.steps["lambda"] = [("g",), ("h",)]
        made = compiler(request)
        aliases = tuple(replace(d, alias="") for d in made.dependencies)
        return replace(made, dependencies=aliases)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "derive", derive)
        pairs = [(1.0, 1.0), (2.0, 2.0), (1.0, 2.0), (3.0, 4.0), (5.0, 5.0)]
        assert [srcdiff.grad(outer(*pair))(1.0) for pair in pairs] == pairs
    # One text takes the two for one, and one does not.
    assert compiler.count == 2


def test_variables_that_are_one_for_the_text_are_one(compiler: FakeCompiler) -> None:
    def outer(k, other):
        def g(x):
            return k * x

        h = other or g
        return g, lambda x: k * h(x)

    compiler.add("lambda", "k", [("k",), ("h",), ("h", "k")])
    g, first = outer(1.0, None)
    assert srcdiff.grad(first)(1.0) == 1.0
    _, second = outer(2.0, None)
    assert srcdiff.grad(second)(1.0) == 2.0
    assert compiler.count == 1
    # Here the text would take the k of g for that of the lambda.
    _, third = outer(2.0, g)
    with pytest.raises(RuntimeError):
        srcdiff.grad(third)(1.0)
    compiler.steps["lambda"] = [("k",), ("h",)]
    assert srcdiff.grad(third)(1.0) == 2.0
    assert compiler.count == 5
