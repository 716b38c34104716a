"""Stores through integer arrays, masks, slices and keys kept in variables."""

from __future__ import annotations

import numpy as np

from tests.stores.cases import case

# --- integer arrays -----------------------------------------------------------------------------


@case
def indices_array(x, y, idx):
    x[idx] = y * y
    return np.sum(x * x * y)


@case
def indices_scalar(x, a, idx):
    x[idx] = a * x[0]
    return np.sum(x * x)


@case
def indices_constant(x, y, idx):
    x[idx] = 2.0
    return np.sum(x * x * y)


@case
def indices_negative(x, y, idy):
    x[idy] = np.sin(y)
    return np.sum(x**3)


@case
def indices_list(x, y):
    x[[0, 2, 0]] = y[:3] * y[1:4]
    return np.sum(x**3)


@case
def indices_distinct(x, y):
    x[[0, 2, 1]] = y[:3] * x[:3]
    return np.sum(x**3)


@case
def indices_reading_itself(x, idx, idy):
    x[idx] = x[idy] * x + x[idx]
    return np.sum(x**2)


@case
def indices_result_read(x, y, idx):
    x[idx] = np.exp(y) / x
    return np.sum(np.sqrt(x) * y)


@case
def indices_rows(A, B, idx):
    A[idx] = B * B
    return np.sum(A * A * B)


@case
def indices_rows_of_row(A, v, idx):
    A[idx] = v * A[1]
    return np.sum(A * A)


@case
def indices_columns(A, x):
    A[:, [0, 1, 0]] = A[:, [1, 2, 3]] * x[:, None]
    return np.sum(A * A)


@case
def indices_with_slice(A, B, idx):
    A[idx, 1:3] = B[:, :2] * B[:, 1:3]
    return np.sum(A * A)


@case
def indices_behind_slice(S, x, idx):
    S[1:, idx] = S[:-1, idx] * x
    return np.sum(S * S)


@case
def indices_two_axes(S, x, idx, idy):
    S[idx, idy] = x * x
    return np.sum(S * S)


@case
def indices_broadcast(S, x, a, idx):
    S[idx[:, None], idx[1:3]] = x[:, None] * a
    return np.sum(S**3)


@case
def indices_and_integer(T, y, idx):
    T[idx, 1, :] = (y * y)[:, None] * T[idx, 2, :]
    return np.sum(T * T)


@case
def indices_around_slice(T, y, idx):
    T[idx, 1:, 0] = y[:, None]
    return np.sum(T * T)


@case
def indices_in_matrix_form(x, S, idx):
    places = np.stack((idx, idx[::-1]))
    x[places] = S[:2] * x
    return np.sum(x * x)


@case
def indices_mesh(S, x):
    S[np.ix_([0, 2], [1, 3, 0])] = x[:2, None] * S[:2, :3]
    return np.sum(S**2)


@case
def indices_mesh_added(S, a, idx):
    S[np.ix_(idx, [1, 2])] += a * S[idx, :2]
    return np.sum(S**2)


@case
def indices_added(x, y, idx):
    x[idx] += y * x
    return np.sum(x * x)


@case
def indices_subtracted(x, a, idx):
    x[idx] -= a
    return np.sum(x**3)


@case
def indices_multiplied(x, y, idx):
    x[idx] *= y
    return np.sum(x**3)


@case
def indices_divided(x, y, idx):
    x[idx] /= y + x
    return np.sum(x**3)


@case
def indices_power(x, y, idx):
    x[idx] **= y
    return np.sum(x**3)


@case
def indices_rows_multiplied(A, v, idx):
    A[idx] *= v
    A[idx] -= A[0] * v
    return np.sum(A**3)


@case
def indices_in_loop(x, y, idx):
    for _ in range(3):
        x[idx] = 0.5 * x + y * x[idx] * x[idx]
        y[idx] *= x
    return np.sum(x * y)


@case
def indices_in_branch(x, y, idx):
    for i in range(3):
        if x[i] * y[i] > 0.5:
            x[idx] = y * x
        else:
            y[idx[:2]] = x[i]
    return np.sum(x * y)


@case
def indices_passive_store(x, y, idx):
    weights = np.ones(len(x))
    weights[idx] = np.arange(len(x))
    return np.sum(weights * x * y)


@case
def permuted_rows(A, v):
    A[[0, 1]] = A[[1, 0]]
    A[[0, 2], :] = A[[2, 0], :] * v
    return np.sum(A * A * v)


@case
def permutation_inverted(x, y):
    order = np.argsort(x)
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return np.sum(y[inverse] * np.sort(x) ** 2 * y)


# --- masks --------------------------------------------------------------------------------------


@case
def mask_scalar(x, a, mask):
    x[mask] = a * a
    return np.sum(x**3)


@case
def mask_selected(x, y, mask):
    x[mask] = y[mask] * x[mask]
    return np.sum(x * x * y)


@case
def mask_of_length(x, y, mask):
    count = int(np.sum(mask))
    x[mask] = y[:count] ** 2
    return np.sum(x * x)


@case
def mask_updates(x, y, a, mask):
    x[mask] += y[mask]
    x[mask] *= a
    x[~mask] -= a * a
    x[mask] /= y[mask]
    x[~mask] **= 2
    return np.sum(x * x)


@case
def mask_computed(x, a):
    x[x > 1.0] = a * x[0]
    x[x < 0.6] *= a
    return np.sum(x**2)


@case
def mask_and_column(A, a, mask):
    A[mask, 0] = a * A[mask, 1]
    A[mask, 1] += A[mask, 2] * a
    return np.sum(A * A)


@case
def mask_rows(A, v, mask):
    A[mask] = v * v
    A[~mask] *= v
    return np.sum(A * A)


@case
def mask_columns(A, x, mask):
    A.T[0, mask] = x[mask] * A[mask, 1]
    return np.sum(A * A)


@case
def mask_matrix(A, B, M):
    A[M] = B[M] ** 2
    A[~M] = 0.0
    return np.sum(A * B)


@case
def mask_matrix_updates(A, a, M):
    A[M] *= a
    A[M & (A > 1.0)] -= a * a
    return np.sum(A**3)


@case
def mask_and_slice(A, B, mask):
    A[mask, 1:] = B[mask, :-1] * A[mask, 1:]
    return np.sum(A**2)


@case
def mask_from_where(x, y):
    (places,) = np.where(x > 0.8)
    x[places] = y[places] * y[places]
    return np.sum(x * x)


@case
def mask_from_nonzero(A, a):
    rows, columns = np.nonzero(A > 1.0)
    A[rows, columns] = a * A[rows, columns] ** 2
    return np.sum(A * A)


@case
def rectified_in_place(A, B):
    A -= B
    A[A < 0.0] = 0.0
    return np.sum(A * A * B)


# --- slices, ellipses, new axes, keys in variables ----------------------------------------------


@case
def ellipsis_last(A, x):
    A[..., 0] = x * x
    A[..., 1] += A[..., 2] * x
    A[...] *= A
    return np.sum(A)


@case
def ellipsis_in_three(T, v):
    T[..., 1] = v * T[..., 0]
    T[0, ..., 2] *= v
    T[..., 0, :] = 2.0
    return np.sum(T**2)


@case
def whole_by_ellipsis(x, y, a):
    x[...] = y * a
    y[...] = a
    return np.sum(x * y * y)


@case
def whole_by_colon(A, v):
    A[:] = v
    A[:, :] *= v
    A[:, 0] = A[:, 1] * v[0]
    return np.sum(A**2)


@case
def new_axes(A, x, v):
    A[:, None, 0] = (x * x)[:, None]
    A[None, 0] = v * v
    A[None] *= v
    return np.sum(A**2)


@case
def strided(x, y):
    x[::2] = y[::2] * y[::2]
    x[::-1] *= y
    x[-2:] -= y[:2]
    x[1:-1:2] /= y[1:-1:2]
    return np.sum(x**2)


@case
def slice_in_variable(x, y, k):
    inner = slice(1, len(x) - 1)
    x[inner] = y[inner] * x[inner]
    rest = slice(k, None)
    x[rest] *= y[k:]
    return np.sum(x**2)


@case
def slice_of_colon_in_variable(A, x):
    everything = slice(None)
    A[everything, 0] = x * A[everything, 1]
    A[0, everything] *= 2.0
    return np.sum(A**2)


@case
def tuple_of_slices(A, B):
    inner = (slice(1, -1), slice(1, -1))
    A[inner] = B[inner] * A[inner]
    A[inner] += 0.5 * (A[:-2, 1:-1] + A[2:, 1:-1])
    return np.sum(A**2)


@case
def stencil_with_named_slices(A):
    center = np.s_[1:-1, 1:-1]
    north, south = np.s_[:-2, 1:-1], np.s_[2:, 1:-1]
    for _ in range(3):
        A[center] = A[center] + 0.1 * (A[north] + A[south] - 2.0 * A[center]) ** 2
    return np.sum(A**2)


@case
def slices_by_index_tricks(x, y):
    x[np.s_[1:3]] = y[np.index_exp[:2]] ** 2
    return np.sum(x**2)


@case
def tuple_key_in_variable(A, a, k):
    place = (k, 1)
    A[place] = a * A[place]
    A[place] += a
    return np.sum(A**2)


@case
def slices_chosen(x, a, k):
    part = slice(0, 2) if k > 1 else slice(2, 4)
    x[part] *= a
    return np.sum(x**2)


@case
def slices_in_a_list(x, a):
    for part in [slice(0, 2), slice(1, 3), slice(2, None)]:
        x[part] *= a * x[part]
    return np.sum(x)


@case
def sliding_blocks(x, y):
    for i in range(len(x) - 2):
        block = slice(i, i + 2)
        x[block] = x[block] * y[block] + x[i + 2]
    return np.sum(x)


@case
def flat_elements(A, a, k):
    A.flat[k] = a * A[0, 0]
    A.flat[2] *= a
    A.flat[-1] += A.flat[1] ** 2
    return np.sum(A**2)


@case
def flat_whole(A, B):
    A.flat[:] = (B * B).ravel()
    B.flat = A.ravel() * 2.0
    return np.sum(A * B)


@case
def flat_indices(A, x, idx):
    A.flat[idx] = x * x
    A.flat[[0, 3]] = 1.5
    return np.sum(A**2)


@case
def flat_diagonal(S, x, a):
    S.flat[:: len(S) + 1] = x * a
    S.flat[:: len(S) + 1] += a
    return np.sum(S**2)
