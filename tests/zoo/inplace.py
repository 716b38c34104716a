"""Programs that work in place, as they are written in practice: buffers, `out=`, masks, keys."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


@program(args=lambda rng: (rng.uniform(0.2, 1.0, 6), rng.uniform(0.2, 1.0, 6), 3), argnums=(0, 1))
def leapfrog_in_buffers(position, velocity, steps):
    force = np.empty_like(position)
    for _ in range(steps):
        np.sin(position, out=force)
        np.multiply(force, -0.1, out=force)
        np.add(velocity, force, out=velocity)
        np.add(position, 0.1 * velocity, out=position)
    return np.sum(position**2) + np.sum(velocity**2)


@program(args=lambda rng: (rng.uniform(0.0, 1.0, (5, 6)), 0.1), argnums=(0, 1))
def heat_with_named_slices(u, rate):
    inner = np.s_[1:-1, 1:-1]
    north, south = np.s_[:-2, 1:-1], np.s_[2:, 1:-1]
    west, east = np.s_[1:-1, :-2], np.s_[1:-1, 2:]
    change = np.zeros_like(u)
    for _ in range(3):
        change[inner] = u[north] + u[south] + u[west] + u[east] - 4.0 * u[inner]
        change *= rate * u
        u += change
    return np.sum(u**2)


@program(args=lambda rng: (rng.standard_normal((4, 3)), rng.standard_normal(3)), argnums=(0, 1))
def layer_in_place(X, b):
    X += b
    np.maximum(X, 0.1 * X, out=X)
    X -= np.mean(X, axis=0)
    X /= np.sqrt(np.var(X, axis=0) + 1e-3)
    return np.sum(X**3)


@program(args=lambda rng: (rng.standard_normal((4, 5)), rng.integers(0, 5, 4)))
def softmax_cross_entropy_in_place(logits, labels):
    logits -= np.max(logits, axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= np.sum(logits, axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.mean(np.log(logits[rows, labels]))
    logits[rows, labels] -= 1.0
    return loss + 0.1 * np.sum(logits**2)


@program(args=lambda rng: (rng.standard_normal(6), rng.standard_normal(6), 0.9), argnums=(0, 1, 2))
def adam_steps(weights, gradient, decay):
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, 4):
        mean *= decay
        mean += (1.0 - decay) * gradient
        square *= decay
        square += (1.0 - decay) * gradient**2
        corrected = mean / (1.0 - decay**step)
        weights -= 0.1 * corrected / (np.sqrt(square / (1.0 - decay**step)) + 0.01)
        gradient[...] = 2.0 * weights * np.cos(weights)
    return np.sum(weights**2)


@program(args=lambda rng: (rng.uniform(0.5, 2.0, 8), rng.uniform(0.5, 2.0, 8)), argnums=(0, 1))
def guarded_ratio(a, b):
    b[2] = 0.0
    ratio = np.zeros_like(a)
    np.divide(a, b, out=ratio, where=b != 0)
    np.log(ratio, out=ratio, where=ratio > 1.0)
    np.clip(ratio, -0.5, 0.9, out=ratio)
    return np.sum(ratio**2 * a)


@program(args=lambda rng: (rng.standard_normal((4, 4)) + 3 * np.eye(4), rng.standard_normal(4)),
         argnums=(0, 1))  # fmt: skip
def gaussian_elimination_with_row_swaps(A, b):
    n = len(b)
    order = np.arange(n)
    for k in range(n):
        p = k + int(np.argmax(np.abs(A[k:, k])))
        A[[k, p]] = A[[p, k]]
        b[[k, p]] = b[[p, k]]
        order[[k, p]] = order[[p, k]]
        A[k + 1 :, k] /= A[k, k]
        A[k + 1 :, k + 1 :] -= np.outer(A[k + 1 :, k], A[k, k + 1 :])
        b[k + 1 :] -= A[k + 1 :, k] * b[k]
    for k in range(n - 1, -1, -1):
        b[k] -= A[k, k + 1 :] @ b[k + 1 :]
        b[k] /= A[k, k]
    return np.sum(b**2 * (1 + order))


@program(args=lambda rng: (rng.uniform(0.1, 1.0, 7), np.array([0, 2, 2, 1, 0, 3, 3])))
def deposits_on_a_grid(charge, cell):
    density = np.zeros(4)
    np.add.at(density, cell, charge)
    np.multiply.at(density, cell[:3], 1.0 + charge[:3])
    latest = np.zeros(4)
    latest[cell] = charge**2
    return np.sum(density**2 * (1.0 + latest))


@program(
    args=lambda rng: (rng.standard_normal((3, 3)), rng.standard_normal(3)),
    argnums=(0, 1),
    dual=False,
)
def covariance_with_filled_diagonal(A, noise):
    S = A @ A.T
    np.fill_diagonal(S, np.exp(noise) + 3.0)
    S[np.tril_indices(3, -1)] *= 0.5
    S[np.triu_indices(3, 1)] = S.T[np.triu_indices(3, 1)]
    return np.log(np.linalg.det(S))


@program(args=lambda rng: (rng.uniform(80.0, 120.0, 6), 100.0), argnums=(0, 1))
def barrier_option(spot, strike):
    payoff = np.maximum(spot - strike, 0.0)
    payoff[spot > 115.0] = 0.0
    payoff[spot < 85.0] = 0.1 * strike
    np.multiply(payoff, np.exp(-0.05), out=payoff)
    return np.mean(payoff)


@program(args=lambda rng: (rng.uniform(0.1, 1.0, 6), 0.7), argnums=(0, 1))
def binomial_tree_in_place(payoff, p):
    value = payoff.copy()
    for n in range(len(value) - 1, 0, -1):
        value[:n] = 0.98 * (p * value[1 : n + 1] + (1.0 - p) * value[:n])
        np.maximum(value[:n], 0.9 * payoff[:n], out=value[:n])
    return value[0]


@program(args=lambda rng: (rng.standard_normal((3, 6)),))
def running_normalisation(signal):
    total = np.zeros(3)
    buffer = np.empty(3)
    for t in range(signal.shape[1]):
        np.square(signal[:, t], out=buffer)
        np.add(0.8 * total, buffer, out=total)
        np.divide(signal[:, t], np.sqrt(total + 0.1), out=signal[:, t])
    return np.sum(np.cumsum(signal, axis=1, out=signal) ** 2)


@program(args=lambda rng: (rng.standard_normal(8),))
def ranked_and_trimmed(sample):
    sample.sort()
    sample[0], sample[-1] = sample[1], sample[-2]
    weights = np.arange(len(sample)) * 1.0
    weights[weights > 5.0] = 0.0
    median = 0.5 * (sample[3] + sample[4])
    return np.sum(weights * (sample - median) ** 2)


@program(args=lambda rng: (rng.standard_normal((3, 5)),))
def best_of_each_row_replaced(scores):
    best = np.argmax(scores, axis=1)
    np.put_along_axis(scores, best[:, None], np.mean(scores, axis=1, keepdims=True), axis=1)
    order = np.argsort(scores, axis=1)
    ordered = np.take_along_axis(scores, order, axis=1)
    return np.sum(ordered**2 * np.arange(5))


@program(args=lambda rng: (rng.uniform(0.2, 1.0, (4, 4)), 0.3), argnums=(0, 1), dual=False)
def red_black_relaxation(u, omega):
    red = np.zeros((4, 4), dtype=bool)
    red[1:-1, 1:-1] = (np.indices((2, 2)).sum(axis=0) % 2) == 0
    black = np.zeros_like(red)
    black[1:-1, 1:-1] = ~red[1:-1, 1:-1]
    for color in (red, black, red):
        average = np.zeros_like(u)
        average[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
        u[color] += omega * (average[color] - u[color]) ** 2
    return np.sum(u * u)


@program(
    args=lambda rng: (rng.standard_normal(8), rng.standard_normal(3)), argnums=(0, 1), dual=False
)
def spectrum_filtered_in_place(signal, gains):
    half = np.zeros(4, dtype=complex)
    k = np.arange(8)
    for m in range(4):
        half[m] = np.sum(signal * np.exp(-2j * np.pi * m * k / 8.0))
    half[1:] *= gains
    half.imag[2:] = 0.5 * gains[1:]
    half.real *= 0.9
    return np.sum(np.abs(half) ** 2)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 5), 0.2), argnums=(0, 1))
def worklist_with_flags(height, limit):
    settled = np.zeros(len(height), dtype=bool)
    visits = np.zeros(len(height), dtype=int)
    while not settled.all() and visits.sum() < 12:
        for i in np.flatnonzero(~settled):
            visits[i] += 1
            left = height[i - 1]
            excess = height[i] - left - limit
            if excess > 0.0:
                height[i] -= 0.5 * excess
                height[i - 1] += 0.5 * excess
                settled[i - 1] = visits[i - 1] > 2
            else:
                settled[i] = True
    return np.sum(height**2 * np.arange(1, len(height) + 1))


def _filled(values):
    out = np.empty_like(values)
    np.sin(values, out=out)
    out[values > 1.0] = 0.5
    return out


@program(args=lambda rng: (rng.uniform(0.2, 1.8, 5),))
def product_of_filled(x):
    return np.sum(_filled(x) * _filled(0.5 * x) * x)
