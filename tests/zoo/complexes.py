"""Complex numbers on the way from real arguments to a real result."""

from __future__ import annotations

import cmath

import numpy as np

from tests.zoo.registry import program


def _vector(rng):
    return (rng.permutation([0.5, 1.5, -0.3, 2.2]),)


@program(args=_vector, dual=False)
def waves(x):
    z = np.exp(1j * x) * x
    return np.sum(z.real * 2.0 + z.imag**2) + np.abs(np.mean(z))


@program(args=_vector, dual=False)
def parts(x):
    z = x[0] + 1j * x[1]
    w = complex(x[2], x[3]) * z.conjugate()
    return abs(z) ** 2 + z.real * w.imag + abs(w) * x[3]


@program(args=_vector, dual=False)
def conjugates(x):
    z = x + 1j * x[::-1]
    a = np.sum((z * np.conj(z)).real) + np.sum((z * z.conj() * 1j).imag * x)
    return a + np.sum(np.angle(z) * x) + np.sum(np.real(z) * np.imag(z))


@program(args=_vector, dual=False)
def iterated_in_the_plane(x):
    z = 0j
    c = x[0] + 1j * x[1]
    for _ in range(4):
        z = z * z + c * 0.3
    return abs(z)


@program(args=_vector, dual=False)
def complex_arrays(x):
    z = np.array([x[0] + 1j * x[1], x[2] * 1j, x[3]])
    A = z[:, None] * z
    return np.sum(np.real(A @ z)) + np.sum(np.imag(z**3)) + np.real(np.sum(1.0 / z))


@program(args=_vector, dual=False)
def complex_stores(x):
    z = np.zeros(4, dtype=complex)
    for k in range(4):
        z[k] = z[k - 1] * 1j + x[k] ** 2
    z[1:] += x[:-1]
    return np.sum(np.abs(z) ** 2)


@program(args=_vector, dual=False)
def complex_system(x):
    Z = np.array([[x[0], 1j * x[1]], [2.0, x[2] + 1j]])
    return np.abs(np.linalg.solve(Z, np.array([1.0, x[3] * 1j]))[0]) ** 2


@program(args=_vector, dual=False)
def complex_from_real(x):
    z = x.astype(complex)
    w = np.sqrt(x + 0j).real ** 2 + np.log(x + 2j).imag + (cmath.exp(1j * x[0]) * x[1]).real
    return np.sum(z**2).real + np.sum(w) + np.sum(np.where(x > 0, z * 1j, 1.0).imag)


@program(args=_vector, dual=False)
def complex_powers(x):
    z = x + 1j
    return np.sum((z**2 + z**-1 + z**2.5).real)
