"""`grad`, `value_and_grad`, `differentiate` and their options."""

from __future__ import annotations

import copy
import functools
import gc
import inspect
import math
import operator
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import UnsupportedError, cache, differentiate, pipeline
from tests.fakes import FakeCompiler

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCompiler]:
    fake = FakeCompiler()
    monkeypatch.setattr(pipeline, "derive", fake)
    monkeypatch.setattr(cache, "_caches", {})
    yield fake
    fake.requests.clear()


@differentiate
def decorated(x: float, n: int = 2) -> float:
    """A power."""
    return x**n


def plain(x, y=2.0):
    return x * y


# --- options ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [srcdiff.grad, srcdiff.value_and_grad, differentiate])
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"backend": "numba"}, NotImplementedError, "backend='numba' is not supported yet"),
        ({"backend": "auto"}, NotImplementedError, "not supported yet"),
        ({"backend": "jax"}, ValueError, 'backend is "numpy", "numba" or "auto", not \'jax\''),
        ({"optimize": "slow"}, ValueError, 'optimize is "fast" or "readable", not \'slow\''),
        ({"optimize": None}, ValueError, "optimize"),
        ({"has_aux": 1}, TypeError, "has_aux is True or False, not 1"),
        ({"argnums": 1.5}, TypeError, "argnums takes an int"),
        ({"argnums": True}, TypeError, "argnums takes an int"),
    ],
)
def test_options_are_checked(make: Any, options: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make(plain, **options)


@pytest.mark.parametrize("make", [srcdiff.grad, srcdiff.value_and_grad])
def test_argnums_are_checked_at_once(make: Any) -> None:
    with pytest.raises(TypeError, match="argnums 2 is out of range: plain has the parameters x, y"):
        make(plain, 2)


def test_options_reach_the_compiler(compiler: FakeCompiler) -> None:
    compiler.add("plain", "0")
    srcdiff.grad(plain)(1.0)
    srcdiff.value_and_grad(plain, ("y", 0), True, backend="numpy", optimize="readable")(1.0)
    first, second = compiler.requests
    assert (first.wrt, first.mode, first.as_tuple, first.has_aux) == (("x",), "grad", False, False)
    assert (second.wrt, second.mode, second.as_tuple, second.has_aux) == (
        ("y", "x"),
        "value_and_grad",
        True,
        True,
    )
    assert first.function is second.function is plain
    assert not first.general


def test_stop_gradient() -> None:
    x = np.ones(3)
    assert srcdiff.stop_gradient(x) is x


# --- what can be differentiated -----------------------------------------------------------------


@pytest.mark.parametrize("make", [srcdiff.grad, srcdiff.value_and_grad, differentiate])
@pytest.mark.parametrize(
    "f", [math.sin, np.sin, len, functools.lru_cache(plain), np.dot, [].append]
)
def test_compiled_functions_have_no_source(make: Any, f: Any) -> None:
    with pytest.raises(UnsupportedError, match="it has no Python source") as caught:
        make(f)
    assert "Instead: call it from a function" in str(caught.value)


@pytest.mark.parametrize("make", [srcdiff.grad, srcdiff.value_and_grad, differentiate])
@pytest.mark.parametrize("f", [3.0, "f", [plain], (0, 1), property(plain)])
def test_what_is_not_callable(make: Any, f: Any) -> None:
    with pytest.raises(TypeError, match="a function is needed"):
        make(f)


@pytest.mark.parametrize("make", [srcdiff.grad, srcdiff.value_and_grad, differentiate])
def test_classes_are_refused(make: Any) -> None:
    with pytest.raises(UnsupportedError, match="it is a class"):
        make(float)


def two_powers(x, y):
    return x**2 * y**3


@pytest.mark.parametrize(
    ("wrap", "args", "want"),
    [
        (lambda d: d, (2.0, 3.0), 54.0),
        (functools.partial, (2.0, 3.0), 54.0),
        (staticmethod, (2.0, 3.0), 54.0),
        # Bound as a method is, `x` is not counted: twice with respect to `y`.
        (lambda d: d.__get__(2.0), (3.0,), 72.0),
        (lambda d: functools.partial(d, y=3.0), (2.0,), 54.0),
        (lambda d: operator.attrgetter("grad")(differentiate(two_powers)), (2.0, 3.0), 54.0),
    ],
)
def test_a_derivative_is_a_function_like_others(wrap: Any, args: Any, want: float) -> None:
    derivative = wrap(srcdiff.grad(two_powers))
    assert srcdiff.grad(derivative)(*args) == pytest.approx(want)
    assert differentiate(derivative).grad(*args) == pytest.approx(want)
    assert srcdiff.value_and_grad(derivative)(*args)[1] == pytest.approx(want)


# --- differentiate ------------------------------------------------------------------------------


def test_the_decorated_function_is_the_function() -> None:
    assert decorated(3.0) == 9.0
    assert decorated(n=3, x=2.0) == 8.0
    assert decorated.__name__ == decorated.__qualname__ == "decorated"
    assert decorated.__doc__ == "A power."
    assert decorated.__module__ == __name__
    assert inspect.signature(decorated) == inspect.signature(decorated.__wrapped__)
    assert inspect.getsource(decorated).startswith("@differentiate\n")
    assert repr(decorated).startswith("<differentiable <function decorated")
    with pytest.raises(AttributeError):
        decorated.laplacian  # noqa: B018


def test_attributes_of_the_function_are_kept() -> None:
    def f(x):
        return x

    f.units = "m"
    f._options = f._function = f._derivatives = "the user's"
    g = differentiate(f)
    assert g.units == "m"
    assert g(1.0) == 1.0
    assert repr(g.grad) == "<srcdiff gradient of f with respect to x>"


def test_derivatives_are_made_once(compiler: FakeCompiler) -> None:
    compiler.add("decorated", "n * x")
    assert decorated.grad is decorated.grad
    assert decorated.value_and_grad is decorated.value_and_grad
    assert decorated.grad is not decorated.value_and_grad
    assert decorated.grad(3.0) == 6.0
    assert repr(decorated.grad) == "<srcdiff gradient of decorated with respect to x>"

    f = differentiate(lambda x: x)
    barrier = threading.Barrier(8)
    found: list[Any] = []

    def work() -> None:
        barrier.wait()
        found.append(f.grad)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


def test_options_of_the_decorator(compiler: FakeCompiler) -> None:
    @differentiate(argnums=(0, "sigma"), backend="numpy")
    def f(x, sigma, n=10):
        return x * sigma

    compiler.add("f", "(x, sigma, n)")
    assert f(2.0, 3.0) == 6.0
    assert f.grad(2.0, 3.0) == (2.0, 3.0, 10)
    assert compiler.requests[0].wrt == ("x", "sigma")
    assert compiler.requests[0].as_tuple
    assert differentiate()(plain)(2.0) == 4.0


def test_argnums_of_the_decorator_are_checked_at_first_use() -> None:
    @differentiate(argnums=3)
    def f(x):
        return x

    assert f(1.0) == 1.0
    with pytest.raises(TypeError, match="argnums 3 is out of range"):
        f.grad  # noqa: B018


def test_functions_of_the_decorated(compiler: FakeCompiler) -> None:
    compiler.add("decorated", "(x, n)")
    assert srcdiff.grad(decorated)(3.0) == (3.0, 2)
    assert srcdiff.grad(functools.partial(decorated, n=3))(3.0) == (3.0, 3)
    assert compiler.requests[0].function is decorated.__wrapped__
    again = differentiate(argnums="x")(decorated)
    assert again.grad(3.0) == (3.0, 2)
    assert again.__wrapped__ is decorated.__wrapped__


def test_lambdas(compiler: FakeCompiler) -> None:
    compiler.add("lambda", "2.0 * x")
    f = differentiate(lambda x: x * x)
    assert (f(3.0), f.grad(3.0)) == (9.0, 6.0)


def test_partial_and_callable_objects(compiler: FakeCompiler) -> None:
    class C:
        k = 3.0

        def __call__(self, x):
            return self.k * x

    compiler.add("__call__", "self.k")
    compiler.add("plain", "y")
    f, g = differentiate(C()), differentiate(functools.partial(plain, y=5.0))
    assert (f(1.0), f.grad(1.0)) == (3.0, 3.0)
    assert (g(1.0), g.grad(1.0)) == (5.0, 5.0)

    class Holder:
        a, b = f, g

    assert (Holder().a.grad(1.0), Holder().b.grad(1.0)) == (3.0, 5.0)


class Model:
    def __init__(self, k: float) -> None:
        self.k = k

    @differentiate
    def loss(self, x):
        """A loss."""
        return self.k * x

    @differentiate
    @staticmethod
    def outside_static(x):
        return 2.0 * x

    @staticmethod
    @differentiate
    def inside_static(x):
        return 2.0 * x

    @differentiate
    @classmethod
    def outside_class(cls, x):
        return cls.__name__, x

    @classmethod
    @differentiate
    def inside_class(cls, x):
        return cls.__name__, x


class Child(Model):
    pass


def test_methods(compiler: FakeCompiler) -> None:
    compiler.add("loss", "(self.k, x)")
    a, b = Model(1.0), Model(2.0)
    assert (a.loss(3.0), b.loss(3.0)) == (3.0, 6.0)
    assert (a.loss.grad(3.0), b.loss.grad(3.0)) == ((1.0, 3.0), (2.0, 3.0))
    assert a.loss.value_and_grad(x=3.0) == (1.0, 3.0)
    assert Model.loss(a, 3.0) == 3.0
    assert compiler.count == 2
    assert compiler.requests[0].wrt == ("x",)
    assert srcdiff.grad(a.loss)(3.0) == (1.0, 3.0)
    assert srcdiff.grad(Model.loss, "x")(b, 3.0) == (2.0, 3.0)
    assert a.loss.__name__ == "loss"
    assert a.loss.__doc__ == "A loss."
    assert a.loss.__self__ is a
    assert list(inspect.signature(a.loss).parameters) == ["x"]
    assert list(inspect.signature(a.loss.grad).parameters) == ["x"]
    assert "bound method Model.loss" in repr(a.loss)


@pytest.mark.parametrize("owner", [Model, Model(1.0)])
@pytest.mark.parametrize("name", ["outside_static", "inside_static"])
def test_static_methods(compiler: FakeCompiler, owner: Any, name: str) -> None:
    compiler.add(name, "2.0")
    f = getattr(owner, name)
    assert (f(3.0), f.grad(3.0)) == (6.0, 2.0)


@pytest.mark.parametrize("owner", [Model, Child, Child(1.0)])
def test_class_methods(compiler: FakeCompiler, owner: Any) -> None:
    compiler.add("outside_class", "cls.__name__, x")
    compiler.add("inside_class", "cls.__name__, x")
    name = owner.__name__ if isinstance(owner, type) else type(owner).__name__
    assert owner.outside_class(3.0) == (name, 3.0)
    assert owner.outside_class.grad(3.0) == (name, 3.0)
    assert owner.inside_class(3.0) == (name, 3.0)
    assert srcdiff.grad(owner.inside_class)(3.0) == (name, 3.0)
    # From 3.13 on a class method no longer binds what it contains.
    if sys.version_info < (3, 13):
        assert owner.inside_class.grad(3.0) == (name, 3.0)


def test_pickle(compiler: FakeCompiler) -> None:
    compiler.add("decorated", "(x, n)")
    compiler.add("loss", "(self.k, x)")
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    assert copy.deepcopy(decorated) is decorated
    assert pickle.loads(pickle.dumps(decorated.grad))(3.0) == (3.0, 2)
    assert pickle.loads(pickle.dumps(Model.loss)) is Model.loss
    assert pickle.loads(pickle.dumps(Model(4.0).loss))(2.0) == 8.0
    assert pickle.loads(pickle.dumps(Model(4.0).loss.grad))(2.0) == (4.0, 2.0)
    named_otherwise = differentiate(argnums="y")(plain)
    again = pickle.loads(pickle.dumps(named_otherwise))
    assert again(3.0) == 6.0
    assert repr(again.grad) == "<srcdiff gradient of plain with respect to y>"


def test_nothing_is_kept() -> None:
    f = differentiate(lambda x: x)
    refs = [weakref.ref(f), weakref.ref(f.grad), weakref.ref(f.__wrapped__)]
    del f
    gc.collect()
    assert [ref() for ref in refs] == [None] * 3


# --- the package --------------------------------------------------------------------------------


def test_exports() -> None:
    assert set(srcdiff.__all__) <= set(dir(srcdiff))
    assert issubclass(UnsupportedError, NotImplementedError)
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{srcdiff.__version__}"' in text


def test_importing_leaves_the_compiler_for_the_first_call() -> None:
    program = (
        "import sys, numpy, time\n"
        "begin = time.perf_counter()\n"
        "import srcdiff\n"
        "d = srcdiff.grad(lambda x: x)\n"
        "assert time.perf_counter() - begin < 1.0\n"
        "assert not {'gast', 'astunparse', 'srcdiff.pipeline'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
