"""Augmented stores, overlapping ones, swaps, and arrays of other dtypes."""

from __future__ import annotations

import numpy as np

from tests.stores.cases import case, once, shared

# --- every operator -----------------------------------------------------------------------------


@case
def updates_of_names(x, y):
    x += y
    x -= 0.3 * y
    x *= y
    x /= 1.0 + y
    x **= 2
    x //= 1e-3
    y %= 0.7
    return np.sum(x * y)


@case
def updates_of_powers(x, y, a):
    x **= y
    x **= a
    y **= -1
    x **= 0.5
    return np.sum(x * y)


@case
def updates_of_elements(x, y, a, k):
    x[k] += a
    x[0] -= a * y[1]
    x[k] *= x[k]
    x[-1] /= y[k]
    x[k] **= y[0]
    x[1] %= 0.4
    x[2] //= 0.3
    return np.sum(x * y)


@case
def updates_of_slices(A, x, v):
    A[1:] += A[:-1]
    A[:, 1:] -= v[1:] * x[:, None]
    A[::2] *= v
    A[..., 0] /= x
    A[:2, :2] **= 2
    A[1:3] %= 0.5
    return np.sum(A * A)


@case
def updates_by_matrix_product(S, A, v):
    S @= S
    B = 0.1 * np.outer(v, v)
    A @= B
    return np.sum(A**2) + np.sum(S**2)


@case
def updates_of_part_by_matrix_product(S, x):
    S[:2, :2] @= S[1:3, 1:3]
    S[1:3, :2] @= 0.5 * S[:2, :2]
    return np.sum(S * x)


@case
def updates_broadcast(A, v, x, a):
    A += v
    A *= x[:, None]
    A -= a
    A /= v * x[:, None]
    A[:, :1] += x[:, None]
    return np.sum(A**3)


@case
def update_by_itself(x):
    x += x
    x *= x
    x -= x * x[0]
    x /= x[1] + x
    return np.sum(x**2)


@case
def update_by_own_reverse(x):
    x += x[::-1]
    x[1:] *= x[:-1]
    x[:-1] -= x[1:] ** 2
    return np.sum(x**2)


@case
def update_by_own_transpose(S):
    S += S.T
    S *= 0.5 * S.T
    return np.sum(S**2 * np.arange(len(S)))


@case
def number_that_becomes_an_array(x, a):
    s = 0
    s += a
    s = s + x
    s *= x
    t = 1.0
    t *= a
    t -= 0.5
    return np.sum(s) * t


# --- dtypes -------------------------------------------------------------------------------------


@case
def integers_take_whole_parts(x, y):
    counts = np.zeros(len(x), dtype=int)
    for i in range(len(x)):
        counts[i] = x[i] * 3.0
        counts[0] += 1
    return np.sum(counts * y * y)


@case
def integers_and_flags(x):
    seen = np.zeros(len(x), dtype=bool)
    rank = np.zeros(len(x), dtype=int)
    for step in range(len(x)):
        best = -1
        for i in range(len(x)):
            if not seen[i] and (best < 0 or x[i] < x[best]):
                best = i
        seen[best] = True
        rank[best] = step
    return np.sum(rank * x**2)


@case
def integer_array_updated(x, idx):
    places = idx.copy()
    places += 1
    places %= len(x)
    places[0] = 0
    x[places] *= 2.0
    places //= 2
    return np.sum(x * x[places])


@case
def permutation_built_by_swaps(x, y):
    order = np.arange(len(x))
    for i in range(len(x) - 1):
        for j in range(len(x) - 1 - i):
            if x[order[j]] > x[order[j + 1]]:
                order[j], order[j + 1] = order[j + 1], order[j]
    s = 0.0
    for rank in range(len(x)):
        s += (rank + 1) * y[order[rank]] * x[order[rank]] ** 2
    return s


@case
def integer_weights_overwritten(x, y):
    weights = np.arange(len(x))
    s = np.sum(weights * x * x)
    weights[1:] = weights[:-1] * 2
    weights[0] = 5
    return s + np.sum(weights * y**2)


# --- overlapping stores -------------------------------------------------------------------------


@case
def shifted(x):
    x[1:] = x[:-1]
    x[:-1] = x[1:] * x[1:]
    x[2:] = x[:-2] + x[2:]
    return np.sum(x * x * np.arange(len(x)))


@case
def shifted_both_ways(x, a):
    for _ in range(3):
        x[1:] = a * x[:-1]
        x[:-1] += x[1:] ** 2
    return np.sum(x)


@case
def every_other(x):
    n = len(x) // 2 * 2
    x[:n:2] = x[1:n:2] * x[:n:2]
    x[1:n:2] = x[:n:2]
    return np.sum(x**2)


@case
def reversed_in_place(x, y):
    x[:] = x[::-1]
    y[::-1] = y * x
    x[1:-1] = x[-2:0:-1] ** 2
    return np.sum(x * y * np.arange(len(x)))


@case
def rows_shifted(A, v):
    A[1:] = A[:-1] * v
    A[:, :-1] = A[:, 1:]
    A[0] = A[-1]
    return np.sum(A**2)


@case
def rolled_by_hand(x, a):
    last = x[-1]
    x[1:] = x[:-1]
    x[0] = last * a
    return np.sum(x * x * np.arange(1, len(x) + 1))


@case
def transposed_in_place(S):
    S[:] = S.T * S[0]
    S[...] = S.T
    return np.sum(S**2 * np.arange(len(S)))


@case
def stored_to_itself(x, k):
    x[k] = x[k]
    x[:] = x
    x[1:] = x[1:]
    return np.sum(x**2)


@case
def stored_and_overwritten(x, y):
    x[1] = y[0] * y[0]
    x[1] = y[1]
    x[:2] = y[:2] ** 3
    x[:] = 1.0
    x[2] = y[2] * y[3]
    x[2] *= y[0]
    return np.sum(x**2)


# --- swaps --------------------------------------------------------------------------------------


@case
def elements_swapped(x, k):
    x[0], x[k] = x[k], x[0]
    x[1], x[2], x[0] = x[2] * x[0], x[0], x[1] ** 2
    return np.sum(x * x * np.arange(len(x)))


@case
def rows_swapped_by_indices(A, v, k):
    A[[0, k]] = A[[k, 0]]
    A[[1, 2]] = A[[2, 1]] * v
    A[:, [0, 1]] = A[:, [1, 0]]
    return np.sum(A**2 * np.arange(A.shape[0])[:, None] * v)


@case
def rows_swapped_by_copies(A, k):
    A[0], A[k] = A[k].copy(), A[0].copy()
    weights = np.arange(A.shape[0])[:, None]
    return np.sum(A**2 * weights)


@shared
def rows_swapped_through_views(A, k):
    A[0], A[k] = A[k], A[0]
    weights = np.arange(A.shape[0])[:, None]
    return np.sum(A**2 * weights)


@case
def rows_swapped_by_buffer(A, k):
    kept = A[0].copy()
    A[0] = A[k]
    A[k] = kept
    return np.sum(A**2 * np.arange(A.shape[0])[:, None])


@case
def slices_swapped(x):
    x[:2], x[2:4] = x[2:4].copy(), x[:2] * x[2:4]
    return np.sum(x * x * np.arange(len(x)))


# --- branches, loops ----------------------------------------------------------------------------


@case
def stores_in_branches(x, y):
    for i in range(len(x)):
        if x[i] > 1.0:
            x[i] = y[i] * x[i]
        elif x[i] > 0.7:
            y[i:] *= x[i]
        else:
            x[: i + 1] += 0.1 * y[: i + 1]
    return np.sum(x * y)


@once
def stores_until_small(x, a):
    while np.sum(x * x) > 1.0:
        x[1:] *= 0.6 * np.cos(x[:-1])
        x[0] = 0.5 * x[0] + 0.05 * a * x[-1]
    return np.sum(x * np.arange(len(x)))


@case
def first_that_fits(x, y):
    for i in range(len(x)):
        if x[i] > 0.9:
            y[i] = x[i] * y[0]
            break
        y[i] *= x[i]
    else:
        y[0] = 0.0
    return np.sum(y**2)


@case
def histogram(x, y):
    bins = np.zeros(4)
    counts = np.zeros(4, dtype=int)
    for i in range(len(x)):
        k = min(int(x[i] * 2.0), 3)
        bins[k] += y[i] * x[i]
        counts[k] += 1
    bins[counts > 0] /= counts[counts > 0]
    return np.sum(bins**2)


@case
def pivoted_elimination(S, x):
    n = len(S)
    for k in range(n - 1):
        p = k + np.argmax(np.abs(S[k:, k]))
        if p != k:
            S[[k, p]] = S[[p, k]]
            x[k], x[p] = x[p], x[k]
        for i in range(k + 1, n):
            f = S[i, k] / S[k, k]
            S[i, k:] -= f * S[k, k:]
            x[i] -= f * x[k]
    for i in range(n - 1, -1, -1):
        x[i] = (x[i] - S[i, i + 1 :] @ x[i + 1 :]) / S[i, i]
    return np.sum(x * np.arange(1, n + 1))


@case
def sieve(x, y):
    n = len(x)
    alive = np.ones(n, dtype=bool)
    for i in range(2, n):
        if alive[i]:
            alive[2 * i :: i] = False
            x[i] *= y[i]
    x[~alive] = 0.0
    return np.sum(x * x)


@case
def masked_relaxation(A, a):
    inside = np.zeros(A.shape, dtype=bool)
    inside[1:-1, 1:-1] = True
    for _ in range(3):
        B = A.copy()
        B[1:-1, 1:-1] = 0.25 * (A[:-2, 1:-1] + A[2:, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:])
        A[inside] += a * (B[inside] - A[inside]) ** 2
    return np.sum(A**2)


@case
def two_arrays_take_turns(x, y):
    for t in range(4):
        if t % 2 == 0:
            y[1:] = x[:-1] * y[1:]
            y[0] = x[-1]
        else:
            x[:] = np.sin(y)
    return np.sum(x + y)


@case
def cumulated_in_place(x, A):
    for i in range(1, len(x)):
        x[i] += x[i - 1]
    for i in range(1, A.shape[0]):
        A[i] += A[i - 1] * A[i]
    return np.sum(x * x) + np.sum(A**2)


@case
def half_done_when_it_raises(x, k):
    try:
        np.sqrt(x, out=x)
        x[[0, k + 3]] = 1.0
    except IndexError:
        x[0] = 2.0 * x[1]
    return np.sum(x**3)


@case
def buffers_in_a_list(x, y):
    buffers = [np.zeros(len(x)) for _ in range(3)]
    for i, buffer in enumerate(buffers):
        np.multiply(x, i + 1.0, out=buffer)
        buffer[[0, 0]] = y[:2]
    buffers[1][1:] *= buffers[0][:-1]
    return np.sum(buffers[0] * buffers[1] * buffers[2])
