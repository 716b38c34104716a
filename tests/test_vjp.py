"""`vjp`: values and pullbacks, against gradients, `jvp` and finite differences."""

from __future__ import annotations

import contextlib
import functools
import inspect
import pickle
import threading
from typing import Any

import numpy as np
import pytest

import srcdiff
from tests.oracles import assert_close, copy_arguments, positions, same_bits
from tests.zoo.all import PROGRAMS, Program

CASES = [pytest.param(p, s, id=f"{p.topic}-{p.name}-{s}") for p in PROGRAMS for s in range(p.seeds)]


def quietly(program: Program) -> Any:
    return np.errstate(all="ignore") if program.warns else contextlib.nullcontext()


@functools.cache
def gradient_of(program: Program) -> Any:
    return srcdiff.grad(program.function, argnums=program.argnums)


def scaled(value: Any, factor: float) -> Any:
    """A cotangent of a value: numbers that tell its items apart."""
    if isinstance(value, tuple):
        return tuple(scaled(v, factor + i) for i, v in enumerate(value))
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        steps = np.arange(value.size, dtype=value.dtype).reshape(value.shape)
        return np.asarray(factor * np.cos(steps), dtype=value.dtype)
    return type(value)(factor) if isinstance(value, float | np.floating) else None


def spoil(value: Any) -> None:
    """Writes over all arrays in a value."""
    for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, tuple):
            spoil(item)
        elif isinstance(item, np.ndarray) and item.dtype.kind == "f" and item.flags.writeable:
            item[...] = 1e6


def inner(a: Any, b: Any) -> float:
    """The sum of the products of all leaves."""
    if isinstance(a, tuple):
        return sum(map(inner, a, b))
    if a is None or b is None:
        return 0.0
    return float(np.sum(np.asarray(a, dtype=float) * np.asarray(b, dtype=float)))


# ------------------------------------------------------------------ the zoo


@pytest.mark.parametrize(("program", "seed"), CASES)
def test_zoo(program: Program, seed: int) -> None:
    args = program.arguments(seed)
    active = {k % len(args) for k in positions(program.argnums)}
    if any(isinstance(a, tuple | list) and k not in active for k, a in enumerate(args)):
        pytest.skip("a container with floats is differentiated as a primal")
    if program.function.__code__.co_flags & inspect.CO_VARARGS:
        pytest.skip("primals have parameters of their own")
    kept = copy_arguments(args)
    with quietly(program):
        want = gradient_of(program)(*copy_arguments(args))
        value = program.function(*copy_arguments(args))
        got, pullback = srcdiff.vjp(program.function, *args)
        assert same_bits(args, kept)
        assert same_bits(got, value)
        one = type(got)(1.0) if not isinstance(got, np.ndarray) else np.ones_like(got)
        first = pullback(one)
        spoil(args)
        spoil(got)
        twice = pullback(2.0 * one)
        spoil(twice)
        spoil(pullback(one))
        again = pullback(one)
    assert same_bits(first, again)
    for k, w in zip(
        positions(program.argnums), want if isinstance(want, tuple) else (want,), strict=True
    ):
        assert_close(again[k % len(args)], w, rtol=1e-9, atol=1e-9)
        assert type(again[k % len(args)]) is type(w)


# ------------------------------------------------------------------ results of any structure


def elementwise(x, y):
    return np.sin(x) * y


def several(x, y):
    z = x * y
    return z, (np.sum(np.sin(x)), 3, None, y), np.max(y)


def powers(x, n):
    y = x
    for _ in range(n):
        y = np.sin(y) * x
    return y


def in_place(A):
    for i in range(1, len(A)):
        A[i] = A[i] * A[i - 1] + np.sin(A[i])
    return A


def square(x):
    return x * x


def calling(x, y):
    z = square(x) * y
    return square(z) + y, z


def same(x):
    return x


def a_view(x, y):
    return x[::-1], x[1:] * y[1:]


def twice_the_same(x, y):
    z = x * y
    return z, z


def early(x, y):
    if np.sum(x) > 0:
        return x * y, x
    return y, x * x


def smoothed(A, steps):
    A = A.copy()
    for _ in range(steps):
        for i in range(1, len(A) - 1):
            A[i] = A[i] * (1.0 - 0.1 * A[i]) + 0.05 * (A[i - 1] + A[i + 1])
    return A


def a_view_of_what_changes(x, n):
    y = np.zeros(len(x))
    for _ in range(n):
        for i in range(len(x)):
            y[i] = np.sin(y[i]) * x[i] + x[i - 1]
        z = y[1:]
        x = x * 0.5 + np.sum(z * z)
        y = y * x
    return x, y


def countdown(x, n):
    if n == 0:
        return x
    return np.sin(countdown(x, n - 1)) * x


def matrices(A, b):
    return np.linalg.solve(A + 5.0 * np.eye(3), b), A @ b


X, Y = np.linspace(0.5, 1.4, 4), np.array([1.5, -0.5, 2.0, 0.25])
M = np.array([[1.0, 0.5, -0.25], [0.0, 2.0, 0.5], [1.0, -1.0, 0.5]])
FUNCTIONS = [
    (elementwise, (X, Y)),
    (elementwise, (0.5, Y)),
    (elementwise, (X, 2.0)),
    (elementwise, (0.5, 2.0)),
    (elementwise, (np.array(0.5), Y)),
    (several, (X, Y)),
    (powers, (X, 3)),
    (powers, (X, 0)),
    (powers, (0.5, 3)),
    (in_place, (X,)),
    (calling, (X, Y)),
    (calling, (0.5, 2.0)),
    (same, (X,)),
    (same, (0.5,)),
    (a_view, (X, Y)),
    (twice_the_same, (X, Y)),
    (early, (X, Y)),
    (early, (-X, Y)),
    (smoothed, (X, 2)),
    (a_view_of_what_changes, (X, 2)),
    (countdown, (X, 3)),
    (countdown, (0.5, 3)),
    (matrices, (M, X[:3])),
]
each = pytest.mark.parametrize(
    ("f", "args"),
    [pytest.param(f, a, id=f"{f.__name__}-{i}") for i, (f, a) in enumerate(FUNCTIONS)],
)


def direction(a: Any, k: int) -> Any:
    if isinstance(a, np.ndarray):
        return np.cos(np.arange(a.size).reshape(a.shape) + k)
    return 0.7 + k if isinstance(a, float) else None


@each
def test_dot_products(f: Any, args: Any) -> None:
    tangents = tuple(direction(a, k) for k, a in enumerate(args))
    value, tangent = srcdiff.jvp(f, copy_arguments(args), tangents)
    got, pullback = srcdiff.vjp(f, *args)
    assert_close(leaves(got), leaves(value), rtol=1e-13)
    for factor in (1.0, -2.5, 0.25):
        cotangent = scaled(got, factor)
        assert_close(
            inner(pullback(cotangent), tangents), inner(cotangent, tangent), rtol=1e-12, atol=1e-12
        )


def leaves(value: Any) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return tuple(leaf for item in value for leaf in leaves(item))
    return () if value is None else (value,)


@each
def test_against_differences(f: Any, args: Any) -> None:
    cotangent = scaled(f(*copy_arguments(args)), 1.0)

    def paired(*args: Any) -> float:
        return inner(f(*copy_arguments(args)), cotangent)

    _, pullback = srcdiff.vjp(f, *args)
    for k, got in enumerate(pullback(cotangent)):
        if got is None:
            continue
        flat = np.asarray(args[k], dtype=float).ravel()
        want = []
        for i in range(flat.size):
            sides = []
            for h in (1e-6, -1e-6):
                moved = flat.copy()
                moved[i] += h
                arg = moved.reshape(np.shape(args[k]))
                arg = arg if isinstance(args[k], np.ndarray) else float(arg)
                sides.append(paired(*args[:k], arg, *args[k + 1 :]))
            want.append((sides[0] - sides[1]) / 2e-6)
        assert_close(np.asarray(got).ravel(), np.array(want), rtol=1e-7, atol=1e-7)


@each
def test_private_memory(f: Any, args: Any) -> None:
    args = copy_arguments(args)
    value, pullback = srcdiff.vjp(f, *args)
    first_cotangent, second_cotangent = scaled(value, 1.0), scaled(value, -3.0)
    first = copy_arguments(pullback(first_cotangent))
    second = copy_arguments(pullback(second_cotangent))
    arrays = [a for a in leaves((args, value)) if isinstance(a, np.ndarray)]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[:i])
    spoil(args)
    spoil(value)
    gradients = pullback(first_cotangent)
    arrays = [a for a in leaves((gradients, first_cotangent)) if isinstance(a, np.ndarray)]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[:i])
    spoil(gradients)
    spoil(first_cotangent)
    assert same_bits(pullback(second_cotangent), second)
    assert same_bits(pullback(scaled(value, 1.0)), first)


# ------------------------------------------------------------------ types


def test_gradients_have_the_types_of_the_arguments() -> None:
    args = (0.5, np.float32(0.5), np.array(0.5), np.array([0.5], dtype=np.float32), 2, "s", None)
    _, pullback = srcdiff.vjp(lambda a, b, c, d, n, s, o: np.sum(a * b * c * d) ** n, *args)
    a, b, c, d, *rest = pullback(1.0)
    assert type(a) is float
    assert type(b) is np.float32
    assert isinstance(c, np.ndarray) and c.shape == () and c.dtype == np.float64
    assert isinstance(d, np.ndarray) and d.shape == (1,) and d.dtype == np.float32
    assert rest == [None, None, None]


def test_float32() -> None:
    x = X.astype(np.float32)
    value, pullback = srcdiff.vjp(elementwise, x, x)
    assert value.dtype == np.float32
    for g in pullback(np.ones(4)):
        assert g.dtype == np.float32 and g.shape == (4,)


def test_empty() -> None:
    value, pullback = srcdiff.vjp(elementwise, X[:0], Y[:0])
    assert value.shape == (0,)
    assert [g.shape for g in pullback(np.zeros(0))] == [(0,), (0,)]


def test_aux() -> None:
    def f(x, n):
        y = x**n
        return np.sum(y), (y, "power", n)

    value, pullback, aux = srcdiff.vjp(f, X, 3, has_aux=True)
    assert value == np.sum(X**3)
    assert same_bits(aux, (X**3, "power", 3))
    spoil(aux)
    assert_close(pullback(2.0)[0], 6.0 * X**2)
    assert pullback(2.0)[1] is None


def test_cotangents_are_converted() -> None:
    _, pullback = srcdiff.vjp(elementwise, X, 2.0)
    assert_close(pullback([1, 0, 0, 2])[0], 2.0 * np.cos(X) * [1, 0, 0, 2])
    _, pullback = srcdiff.vjp(square, 3.0)
    assert pullback(1) == (6.0,)
    assert pullback(np.float32(0.5)) == (3.0,)


def test_leaves_without_derivative_take_none_or_zero() -> None:
    value, pullback = srcdiff.vjp(several, X, Y)
    z, (total, n, none, y), top = scaled(value, 1.0)
    assert n is None and none is None
    with_none = pullback((z, (total, None, None, y), top))
    assert same_bits(pullback((z, (total, 0, None, y), top)), with_none)
    with pytest.raises(
        TypeError, match=r"the value\[1\]\[1\] of several is a int of no derivative"
    ):
        pullback((z, (total, 1.0, None, y), top))


@pytest.mark.parametrize(
    ("cotangent", "message"),
    [
        (np.ones(3), r"the cotangent of the value of elementwise has shape \(3,\)"),
        (1.0, r"has shape \(\), and the value has shape \(4,\)"),
        (np.ones(4) * 1j, "has dtype complex128"),
        (np.array(["a"] * 4), "has dtype <U1"),
        ((1.0, 2.0), "has shape"),
    ],
)
def test_cotangents_that_do_not_fit(cotangent: Any, message: str) -> None:
    _, pullback = srcdiff.vjp(elementwise, X, Y)
    with pytest.raises(TypeError, match=message):
        pullback(cotangent)


def test_structures_that_do_not_fit() -> None:
    _, pullback = srcdiff.vjp(calling, X, Y)
    with pytest.raises(TypeError, match="is no tuple of 2 items"):
        pullback([X, Y])
    with pytest.raises(TypeError, match="is no tuple of 2 items"):
        pullback((X, X, X))


def test_nothing_to_differentiate() -> None:
    with pytest.raises(TypeError, match="none of its 1 primals"):
        srcdiff.vjp(square, 3)
    with pytest.raises(TypeError, match="takes 1 positional arguments, not 2"):
        srcdiff.vjp(square, 3.0, 4.0)


def test_a_constant_has_zeros() -> None:
    value, pullback = srcdiff.vjp(lambda x, y: y, X, 2.0)
    assert value == 2.0
    gx, gy = pullback(5.0)
    assert same_bits(gx, np.zeros(4))
    assert gy == 5.0


# ------------------------------------------------------------------ calls


def test_effects_happen_once(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x):
        print("once")
        return x * x

    _, pullback = srcdiff.vjp(f, X)
    pullback(X)
    pullback(Y)
    assert capsys.readouterr().out == "once\n"


def test_defaults_and_keyword_only() -> None:
    def f(x, y=2.0, *, z=3.0):
        return x * y * z

    value, pullback = srcdiff.vjp(f, 5.0)
    assert (value, pullback(1.0)) == (30.0, (6.0,))
    value, pullback = srcdiff.vjp(f, 5.0, 1.0)
    assert (value, pullback(1.0)) == (15.0, (3.0, 15.0))


@srcdiff.differentiate
def decorated(x, y):
    return x * y


class Spring:
    @srcdiff.differentiate
    def force(self, x):
        return -2.0 * x


def test_attributes() -> None:
    value, pullback = decorated.vjp(3.0, 2.0)
    assert (value, pullback(1.0)) == (6.0, (2.0, 3.0))
    text = decorated.vjp.source
    assert "def decorated_vjp(x, y):" in text
    assert decorated.vjp.source_for(3.0, 2.0) == text
    assert text in decorated.vjp.sources.values()
    assert repr(decorated.vjp) == "<srcdiff reverse derivative of decorated>"
    assert repr(pullback) == "<srcdiff pullback of decorated>"
    assert pickle.loads(pickle.dumps(decorated.vjp))(3.0, 2.0)[0] == 6.0
    value, pullback = Spring().force.vjp(3.0)
    assert (value, pullback(1.0)) == (-6.0, (-2.0,))


def test_of_a_gradient() -> None:
    slope = srcdiff.grad(lambda x: np.sum(np.sin(x) ** 2))
    value, pullback = srcdiff.vjp(slope, X)
    assert_close(value, np.sin(2.0 * X))
    assert_close(pullback(Y)[0], 2.0 * np.cos(2.0 * X) * Y)
    assert_close(pullback(Y)[0], 2.0 * np.cos(2.0 * X) * Y)


def test_threads() -> None:
    _, pullback = srcdiff.vjp(powers, X, 5)
    want = [pullback(k * X)[0] for k in range(8)]
    got: list[Any] = [None] * 8

    def work(k: int) -> None:
        got[k] = pullback(k * X)[0]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(map(same_bits, got, want))


def test_a_refusal_points_to_the_code() -> None:
    def f(x):
        return np.convolve(x, x, mode=str(x))

    with pytest.raises(srcdiff.UnsupportedError, match=r"test_vjp\.py"):
        srcdiff.vjp(f, X)


# ------------------------------------------------------------------ what is read from outside

WEIGHTS = np.array([1.0, 2.0, 3.0, 4.0])
FACTOR = 2.0


def weighted(x):
    return WEIGHTS * x * x * FACTOR


def weighted_twice(x):
    return weighted(x) * np.sum(WEIGHTS * x)


class Gas:
    def __init__(self, k: float, w: Any) -> None:
        self.k = k
        self.w = w

    def energy(self, x):
        return self.k * np.sum(self.w * x * x)


@pytest.mark.parametrize("f", [weighted, weighted_twice])
def test_globals_are_those_of_the_forward_sweep(f: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "WEIGHTS", WEIGHTS.copy())
    _, pullback = srcdiff.vjp(f, X)
    first = pullback(Y)
    assert_close(inner(first, (Y,)), inner(Y, srcdiff.jvp(f, (X,), (Y,))[1]), rtol=1e-12)
    WEIGHTS[:] = 7.0
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert same_bits(pullback(Y), first)


def test_attributes_are_those_of_the_forward_sweep() -> None:
    gas = Gas(2.0, np.ones(4))
    _, pullback = srcdiff.vjp(gas.energy, X)
    gas.k = 5.0
    gas.w[:] = 7.0
    assert_close(pullback(1.0)[0], 4.0 * X)
