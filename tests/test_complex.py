"""Derivatives with respect to complex arguments: df/da - i df/db for z = a + ib."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from srcdiff import UnsupportedError, grad, value_and_grad


def pairs_with(f: Any, z: Any, h: float = 1e-6) -> Any:
    """What pairs with each tangent: central differences along the real and the imaginary axis."""
    z = np.asarray(z, complex)
    out = np.zeros(z.shape, complex)
    for index in np.ndindex(z.shape):
        for step, factor in ((h, 1.0), (1j * h, -1j)):
            up, down = z.copy(), z.copy()
            up[index] += step
            down[index] -= step
            out[index] += factor * (f(up[()]) - f(down[()])) / (2.0 * h)
    return out[()]


def size(z):
    return np.sum(np.abs(z) ** 2)


def mixed(z):
    w = np.exp(1j * z) * np.conj(z) + z**3
    return np.sum(w.real * z.imag) + np.angle(w[0]) + np.abs(np.mean(w))


def holomorphic(z):
    return np.sum(np.sin(z) * z).real


def bilinear(z):
    A = z[:, None] * z
    return np.real(A[0] @ z + np.sum(A @ A)) + np.linalg.solve(A + 3.0 * np.eye(3), z).imag[1]


def joined(z):
    w = np.concatenate([z, z[::-1] * 1j])
    B = np.stack((z, w[:3]))
    return np.sum(np.abs(np.einsum("ij,j", B, z))) + np.cumsum(w)[2].imag


def steps(z):
    w = z * 1.0
    for k in range(3):
        w[k] = w[k - 1] ** 2 * 0.5 + 1j * z[k]
        w = w * np.cos(w[0])
    return np.sum(w.real**2) + w[1].imag


def picked(z):
    return np.sum(np.abs(z[[0, 0, 2]]) * z[z.real > 0.0][0].imag)


Z = np.array([0.4 - 0.7j, 1.1 + 0.3j, -0.6 + 0.5j])


@pytest.mark.parametrize("f", [size, mixed, holomorphic, bilinear, joined, steps, picked])
def test_arrays(f: Any) -> None:
    kept = Z.copy()
    value, gradient = value_and_grad(f)(Z)
    assert value == f(Z)
    assert gradient.dtype == np.complex128
    np.testing.assert_allclose(gradient, pairs_with(f, Z), rtol=1e-6, atol=1e-7)
    np.testing.assert_array_equal(Z, kept)


def orbit(c):
    z = 0j
    for _ in range(4):
        z = z * z + c
    return abs(z)


def real_part(c):
    return c.real * 2.0


@pytest.mark.parametrize("f", [orbit, real_part])
@pytest.mark.parametrize("kind", [complex, np.complex128])
def test_numbers(f: Any, kind: Any) -> None:
    z = kind(0.3 - 0.2j)
    gradient = grad(f)(z)
    assert isinstance(gradient, kind)
    assert gradient == pytest.approx(pairs_with(f, z), rel=1e-6)


def scaled(z, s):
    return np.sum((z * s).real) * s


def test_real_beside_complex() -> None:
    dz, ds = grad(scaled, argnums=(0, 1))(Z, 1.5)
    assert isinstance(ds, float)
    np.testing.assert_allclose(dz, np.full(3, 1.5**2))
    assert ds == pytest.approx(3.0 * np.sum(Z.real))


def test_single_precision() -> None:
    gradient = grad(size)(Z.astype(np.complex64))
    assert gradient.dtype == np.complex64
    np.testing.assert_allclose(gradient, 2.0 * np.conj(Z), rtol=1e-6)


def at_zero(z):
    return abs(z)


def test_absolute_value_at_zero() -> None:
    assert grad(at_zero)(0j) == 0.0


def complex_result(z):
    return np.sum(z)


def test_complex_results_have_no_gradient() -> None:
    with pytest.raises(TypeError, match="complex128"):
        grad(complex_result)(Z)


def norm(z):
    return np.linalg.norm(z)


def lost(z):
    return np.sum(z.astype(float))


def direction(z):
    return np.sum(np.sign(z).real)


def largest(z):
    return np.max(z).real


@pytest.mark.parametrize("f", [norm, lost, direction, largest])
def test_refused(f: Any) -> None:
    with pytest.raises(UnsupportedError):
        grad(f)(Z)
