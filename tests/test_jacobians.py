"""Jacobians, Hessians and products with them, against finite differences and by hand."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import grad, hessian, hvp, jacfwd, jacobian, jacrev, jvp
from tests.oracles import assert_close, copy_arguments, same_bits

MODES = [jacobian, jacfwd, jacrev]
each_mode = pytest.mark.parametrize("mode", MODES)


def differences(f: Any, args: Any, k: int) -> Any:
    """Central differences of every leaf of the result, by one argument."""
    flat = np.asarray(args[k], dtype=float).ravel()
    columns = []
    for i in range(flat.size):
        sides = []
        for h in (1e-6, -1e-6):
            moved = flat.copy()
            moved[i] += h
            arg = moved.reshape(np.shape(args[k]))
            arg = arg if isinstance(args[k], np.ndarray) else float(arg)
            sides.append(f(*copy_arguments(args[:k]), arg, *copy_arguments(args[k + 1 :])))
        columns.append(slope(*sides))
    return stacked(columns, np.shape(args[k]), f(*copy_arguments(args)))


def slope(a: Any, b: Any) -> Any:
    if isinstance(a, tuple):
        return tuple(map(slope, a, b))
    return (np.asarray(a) - np.asarray(b)) / 2e-6


def stacked(columns: list[Any], shape: tuple[int, ...], value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(stacked([c[i] for c in columns], shape, v) for i, v in enumerate(value))
    if not columns:
        return np.zeros((*np.shape(value), *shape))
    return np.stack(columns, axis=-1).reshape((*np.shape(value), *shape))


# ------------------------------------------------------------------ functions


def elementwise(x, y):
    return np.sin(x) * y


def total(x, y):
    return np.sum(np.exp(x * 0.5) * y) ** 2


def product(A, b):
    return A @ b


def outer(x, y):
    return np.outer(np.sin(x), y)


def several(x, y):
    return x * y, np.sum(x * x) * y


def nested(x, y):
    return np.sum(x), (x * y, np.outer(x, x))


def tall(x, y):
    return np.concatenate((np.sin(x), x * y, y**2))


def flat(A, b):
    return np.sum(A * A, axis=0)[:2]


def powers(x, n):
    y = x
    for _ in range(n):
        y = np.sin(y) * x
    return y


def in_place(A, n):
    for _ in range(n):
        for i in range(1, len(A)):
            A[i] = A[i] * A[i - 1] + np.sin(A[i])
    return A


def square(x):
    return x * x


def calling(x, y):
    z = square(x) * y
    return square(z) + y


def iterated(x, y):
    while np.sum(x) < 40.0:
        x = x * 1.5 + y
    return x


X, Y = np.linspace(0.5, 1.4, 4), np.array([1.5, -0.5, 2.0, 0.25])
M = np.array([[1.0, 0.5, -0.25, 2.0], [0.0, 2.0, 0.5, -1.0], [1.0, -1.0, 0.5, 1.0]])
FUNCTIONS = [
    (elementwise, (X, Y)),
    (elementwise, (0.5, Y)),
    (elementwise, (X, 2.0)),
    (elementwise, (0.5, 2.0)),
    (elementwise, (np.array(0.5), Y)),
    (elementwise, (np.array(0.5), np.array(2.0))),
    (elementwise, (X[:0], Y[:0])),
    (total, (X, Y)),
    (total, (0.5, Y)),
    (product, (M, X)),
    (outer, (X[:2], Y[:3])),
    (several, (X, Y)),
    (several, (0.5, Y)),
    (several, (0.5, 2.0)),
    (nested, (X, Y)),
    (tall, (X, Y)),
    (flat, (M, X)),
    (powers, (X, 3)),
    (powers, (0.5, 3)),
    (in_place, (X, 2)),
    (calling, (X, Y)),
    (iterated, (X, np.abs(Y))),
]
NAMED = [pytest.param(f, a, id=f"{f.__name__}-{i}") for i, (f, a) in enumerate(FUNCTIONS)]
each = pytest.mark.parametrize(("f", "args"), NAMED)


def same_shapes(a: Any, b: Any) -> None:
    if isinstance(b, tuple):
        assert isinstance(a, tuple) and len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same_shapes(x, y)
    else:
        assert np.shape(a) == np.shape(b)


@each_mode
@each
def test_against_differences(mode: Any, f: Any, args: Any) -> None:
    args = copy_arguments(args)
    kept = copy_arguments(args)
    for k, a in enumerate(args):
        if isinstance(a, int):
            continue
        want = differences(f, args, k)
        got = mode(f, k)(*args)
        assert same_bits(args, kept)
        same_shapes(got, want)
        assert_close(got, want, rtol=1e-7, atol=1e-7, what=mode.__name__)


@each_mode
def test_several_arguments_give_blocks(mode: Any) -> None:
    both = mode(several, (0, 1))(X, Y)
    assert len(both) == 2 and all(len(row) == 2 for row in both)
    for row, want in zip(both, (0, 1), strict=True):
        for k in (0, 1):
            assert_close(row[k], mode(several, k)(X, Y)[want])
    a, b = mode(product, ("A", "b"))(M, X)
    assert_close(b, M)
    assert_close(a, np.einsum("ik,j->ikj", np.eye(3), X))


@each_mode
def test_types(mode: Any) -> None:
    x = X.astype(np.float32)
    assert mode(elementwise)(x, x).dtype == np.float32
    assert mode(total)(x, x).dtype == np.float32
    assert mode(elementwise)(x, Y).dtype == np.float32
    assert type(mode(square)(3.0)) is float
    assert type(mode(square)(np.float32(3.0))) is np.float32
    zero = mode(square)(np.array(3.0))
    assert isinstance(zero, np.ndarray) and zero.shape == ()
    zero = mode(square)(np.array(3.0, dtype=np.float32))
    assert zero.dtype == np.float32 and zero == 6.0


@each_mode
def test_fresh_memory(mode: Any) -> None:
    x = np.array([1.0, 2.0])
    first = mode(lambda x: x)(x)
    assert same_bits(first, np.eye(2))
    first[...] = 9.0
    assert same_bits(mode(lambda x: x)(x), np.eye(2))
    assert x[0] == 1.0


def test_leaves_without_derivative_are_none() -> None:
    for mode in MODES:
        assert mode(lambda x: (x * x, 3, "s"))(2.0) == (4.0, None, None)


@each_mode
def test_results_without_jacobian(mode: Any) -> None:
    with pytest.raises(TypeError, match="the Jacobian of lambda is not defined"):
        mode(lambda x: len(x))(X)
    with pytest.raises(TypeError, match="cannot be differentiated: the argument is an int"):
        mode(square)(3)


# ------------------------------------------------------------------ effects


def test_effects_happen_once(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x):
        print("once")
        return x * x

    assert_close(jacrev(f)(X), np.diag(2.0 * X))
    assert capsys.readouterr().out == "once\n"
    assert_close(jacobian(f)(X), np.diag(2.0 * X))
    assert capsys.readouterr().out == "once\n"
    with pytest.raises(srcdiff.UnsupportedError, match="use jacrev"):
        jacfwd(f)(X)


def test_hessians_of_functions_with_effects(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x):
        print("once")
        return np.sum(x**3)

    assert_close(hessian(f)(X), np.diag(6.0 * X))
    assert capsys.readouterr().out == "once\n"


# ------------------------------------------------------------------ texts


def test_the_cheaper_mode() -> None:
    assert "pullback" not in jacobian(elementwise).source_for(X, Y)
    assert "pullback" not in jacobian(powers).source_for(0.5, 3)
    assert "pullback" not in jacobian(total).source_for(X, Y)
    assert "for i in" not in jacobian(total).source_for(X, Y)
    both = jacobian(flat).source_for(M, X)
    assert "flat_jacrev(A, b)" in both and "flat_jacfwd(A, b)" in both


def test_the_text_stands_alone() -> None:
    for mode in (jacobian, jacfwd, jacrev):
        namespace: dict[str, Any] = {}
        exec(mode(calling).source_for(X, Y), namespace)
        assert_close(namespace[f"calling_{mode.__name__}"](X, Y), mode(calling)(X, Y))


@srcdiff.differentiate
def decorated(x, y):
    return np.sum(x**3 * y)


def test_attributes() -> None:
    assert_close(decorated.jacobian(X, Y), 3.0 * X**2 * Y)
    assert_close(decorated.hessian(X, Y), np.diag(6.0 * X * Y))
    first, second = decorated.hvp((X, Y), (Y, None))
    assert_close(first, 6.0 * X * Y * Y)
    assert_close(second, 3.0 * X**2 * Y)
    assert "def decorated_hvp(x, y, *, x_dot):" in decorated.hvp.source
    assert decorated.hvp.source_for((X, Y), (Y, None)) == decorated.hvp.source
    assert decorated.hvp.source in decorated.hvp.sources.values()
    assert repr(decorated.hvp) == "<srcdiff Hessian product of decorated>"
    assert repr(decorated.hessian) == "<srcdiff Hessian of decorated with respect to x>"
    assert repr(jacfwd(total, "y")) == "<srcdiff Jacobian of total with respect to y>"
    for d in (decorated.hessian, decorated.jacobian, jacfwd(total)):
        assert same_bits(pickle.loads(pickle.dumps(d))(X, Y), d(X, Y))
    assert same_bits(pickle.loads(pickle.dumps(decorated.hvp))((X, Y), (Y, None))[0], first)


# ------------------------------------------------------------------ second derivatives


def mixed(x, y, n):
    z = x * y
    for _ in range(n):
        z = np.sin(z) * y + x
    return np.sum(z * z)


def elements(A, y, n):
    A = A * 1.0
    for _ in range(n):
        for i in range(1, len(A)):
            A[i] = A[i] * A[i - 1] + np.sin(y[i])
    return np.sum(A * y)


SCALARS = [
    (mixed, (X, Y, 2)),
    (mixed, (0.5, 2.0, 2)),
    (mixed, (0.5, Y, 2)),
    (elements, (X, Y, 2)),
    (lambda x, y, n: np.sum(square(x) * y) ** n, (X, Y, 2)),
    (lambda x, y, n: np.linalg.norm(x * y + n), (X, Y, 2)),
]
each_scalar = pytest.mark.parametrize(
    ("f", "args"), [pytest.param(f, a, id=f"{i}") for i, (f, a) in enumerate(SCALARS)]
)


@each_scalar
def test_hessian(f: Any, args: Any) -> None:
    for k in (0, 1):
        want = differences(grad(f, k), args, k)
        assert_close(hessian(f, k)(*args), want, rtol=1e-6, atol=1e-6)
    blocks = hessian(f, (0, 1))(*args)
    wants = [[differences(grad(f, i), args, j) for j in (0, 1)] for i in (0, 1)]
    for row, want in zip(blocks, wants, strict=True):
        for got, w in zip(row, want, strict=True):
            assert_close(got, w, rtol=1e-6, atol=1e-6)
            assert np.shape(got) == np.shape(w)


@each_scalar
def test_hvp(f: Any, args: Any) -> None:
    blocks = hessian(f, (0, 1))(*args)
    directions = tuple(np.cos(np.asarray(a) * 3.0) if np.ndim(a) else 0.7 for a in args[:2])
    got = hvp(f, args, (*directions, None))
    assert got[2] is None
    alone = hvp(f, args, (directions[0], None, None))
    for i in (0, 1):
        parts = [times(blocks[i][j], directions[j]) for j in (0, 1)]
        assert_close(got[i], parts[0] + parts[1], rtol=1e-10, atol=1e-10)
        assert_close(alone[i], parts[0], rtol=1e-10, atol=1e-10)
        assert type(got[i]) is type(args[i])
    for entry, a in zip(hvp(f, args, (None, None, None))[:2], args, strict=False):
        assert same_bits(entry, np.zeros_like(a) if np.ndim(a) else 0.0)


def times(block: Any, direction: Any) -> Any:
    return np.tensordot(block, direction, axes=np.ndim(direction))


def test_hvp_of_a_direction_that_does_not_fit() -> None:
    with pytest.raises(TypeError, match=r"the tangent of 'x' of decorated has shape \(3,\)"):
        hvp(decorated, (X, Y), (np.ones(3), None))
    with pytest.raises(TypeError, match="hvp of decorated takes a tangent for each primal"):
        hvp(decorated, (X, Y), (X,))


# ------------------------------------------------------------------ nesting


@pytest.mark.parametrize("outer_mode", [jacfwd, jacrev, jacobian])
@pytest.mark.parametrize("inner_mode", [jacfwd, jacrev, jacobian, grad])
def test_jacobians_of_jacobians(outer_mode: Any, inner_mode: Any) -> None:
    want = hessian(mixed)(X, Y, 2)
    assert_close(outer_mode(inner_mode(mixed))(X, Y, 2), want, rtol=1e-12)


@pytest.mark.parametrize("outer_mode", [jacfwd, jacrev])
@pytest.mark.parametrize("inner_mode", [jacfwd, jacrev, jacobian])
def test_of_arrays(outer_mode: Any, inner_mode: Any) -> None:
    got = outer_mode(inner_mode(calling))(X, Y)
    want = differences(jacfwd(calling), (X, Y), 0)
    assert_close(got, want, rtol=1e-6, atol=1e-6)


def test_third_derivatives() -> None:
    got = jacfwd(jacfwd(jacfwd(lambda x: np.sum(x**4))))(X)
    want = np.zeros((4, 4, 4))
    for i in range(4):
        want[i, i, i] = 24.0 * X[i]
    assert_close(got, want)
    assert_close(jacfwd(hessian(lambda x: np.sum(x**4)))(X), want)


def norm_of_jacobian(x, y):
    return np.sum(jacobian(calling)(x, y) ** 2)


def trace(x, y):
    return np.trace(hessian(total)(x, y))


@pytest.mark.parametrize("f", [norm_of_jacobian, trace])
def test_inside_of_differentiated_functions(f: Any) -> None:
    assert_close(grad(f)(X, Y), differences(f, (X, Y), 0), rtol=1e-6, atol=1e-6)
    _, slope = jvp(f, (X, Y), (Y, X))
    pulled = grad(f, (0, 1))(X, Y)
    assert_close(slope, np.sum(pulled[0] * Y) + np.sum(pulled[1] * X), rtol=1e-10)


def test_lists_are_refused() -> None:
    def f(xs):
        return xs[0] * xs[1]

    for mode in (*MODES, hessian):
        with pytest.raises(srcdiff.UnsupportedError, match="with respect to a tuple, list"):
            mode(f)([1.0, 2.0])
        with pytest.raises(srcdiff.UnsupportedError, match="with respect to a tuple, list"):
            mode(f)((1.0, 2.0))
    for primal in ([1.0, 2.0], (1.0, 2.0)):
        with pytest.raises(srcdiff.UnsupportedError, match="with respect to a tuple, list"):
            hvp(f, (primal,), (primal,))


def test_columns_past_a_singular_point():
    """A zero tangent stays zero where the partial is infinite, as an adjoint does."""

    def f(x, y):
        return x * x + math.sqrt(y) + math.atan2(y, y) * math.asin(1.0 - y)

    assert jacfwd(f)(3.0, 0.0) == 6.0
    assert jvp(f, (3.0, 0.0), (1.0, 0.0))[1] == 6.0
    with np.errstate(divide="ignore"):
        assert jvp(lambda y: math.sqrt(y), (0.0,), (1.0,))[1] == np.inf

    def g(x):
        return np.sqrt(x) + np.cbrt(x) + np.arccos(1.0 - x) + x**0.5

    with np.errstate(divide="ignore"):
        J = jacfwd(g)(np.array([0.0, 1.0]))
    assert J[0, 0] == np.inf
    assert J[0, 1] == J[1, 0] == 0.0
