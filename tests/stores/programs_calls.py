"""Functions that write into an array: `out=`, in-place ufuncs, fill, copyto, put and their like."""

from __future__ import annotations

import numpy as np

from tests.stores.cases import case, shared

# --- out= ---------------------------------------------------------------------------------------


@case
def out_keyword(x, y):
    z = np.empty_like(x)
    np.add(x, y, out=z)
    np.multiply(z, x, out=z)
    np.subtract(y, z, out=z)
    return np.sum(z * z)


@case
def out_positional(x, y):
    np.multiply(x, y, x)
    np.divide(y, x, y)
    np.negative(x, x)
    return np.sum(x * y * y)


@case
def out_as_tuple(x, y):
    np.add(x, y, out=(x,))
    return np.sum(x**2)


@case
def out_none(x, y):
    z = np.add(x, y, out=None)
    return np.sum(z * z) + np.sum(np.sqrt(x, None))


@case
def out_elementwise(x):
    np.exp(x, out=x)
    np.sqrt(x, out=x)
    np.sin(x, x)
    return np.sum(x**2)


@case
def out_of_power(x, a):
    np.power(x, 3, out=x)
    np.power(x, a, out=x)
    np.square(x, out=x)
    return np.sum(x)


@case
def out_slice(x, y):
    np.multiply(x[:-1], y[1:], out=x[1:])
    np.add(x[2:], y[:-2], out=y[2:])
    np.exp(x[1:3], out=x[1:3])
    return np.sum(x * y)


@case
def out_row_and_column(A, v, x):
    np.multiply(A[0], v, out=A[1])
    np.add(A[:, 0], x, out=A[:, 1])
    np.subtract(A[1:, 2], x[1:], A[:-1, 2])
    return np.sum(A**2)


@shared
def out_transposed(A, v):
    np.multiply(A.T, v[:, None], out=A.T)
    return np.sum(A**2)


@case
def out_broadcast(A, v, a):
    np.add(v, a, out=A)
    np.multiply(v, v, out=A[0])
    return np.sum(A**3)


@case
def out_in_expression(x, y):
    z = np.empty(len(x))
    s = np.sum(np.multiply(x, y, out=z))
    return s * np.sum(z * z)


@shared
def out_returned(x, y):
    z = np.empty(len(x))
    w = np.add(x, y, out=z)
    w *= 2.0
    return np.sum(z * x)


@case
def out_nested(x, y):
    z = np.zeros(len(x))
    np.sqrt(np.add(np.square(x, out=z), y, out=z), out=z)
    return np.sum(z**3)


@case
def out_after_reads(x, y):
    s = np.sum(x * x) + np.sum(np.exp(x, out=x)) * x[0]
    return s + np.sum(x * y)


@case
def out_returned_at_once(x, y):
    z = np.empty(1)
    np.sum(np.multiply(x, y), out=z[0, ...])
    return np.sum(np.multiply(z, z, out=z))


@case
def out_where(x, y, mask):
    z = np.ones(len(x))
    np.divide(x, y, out=z, where=mask)
    np.multiply(z, y, out=z, where=~mask)
    return np.sum(z * z * x)


@case
def out_where_guarded(x, y):
    y[1] = 0.0
    ratio = np.zeros_like(x)
    np.divide(x, y, out=ratio, where=y != 0)
    np.log(ratio, out=ratio, where=ratio > 0.0)
    return np.sum(ratio**2)


@case
def out_where_broadcast(A, x, v, mask):
    np.multiply(A, v, out=A, where=mask[:, None])
    np.add(A, x[:, None], out=A, where=A > 1.0)
    return np.sum(A**2)


@case
def out_where_slice(A, a, mask):
    np.add(A[:, 0], a, out=A[:, 1], where=mask)
    return np.sum(A**2)


@case
def out_dot(A, B, v):
    C = np.empty((len(A), len(A)))
    np.dot(A, B.T, out=C)
    r = np.zeros(len(A))
    np.dot(A, v, r)
    return np.sum(C * C) + np.sum(r**3)


@case
def out_matmul(A, B, v):
    C = np.empty((len(A), len(A)))
    np.matmul(A, B.T, out=C)
    r = np.zeros((2, len(A)))
    np.matmul(A, v, out=r[1])
    return np.sum(C * C) + np.sum(r**3)


@case
def out_sums(A):
    rows, columns = np.zeros(A.shape[0]), np.zeros(A.shape[1])
    np.sum(A, axis=1, out=rows)
    np.sum(A * A, 0, None, columns)
    np.mean(A, axis=1, out=rows[...])
    A.sum(axis=0, out=columns)
    total = np.max(A, axis=0, out=columns)
    return np.sum(rows**2) + np.sum(total**3)


@case
def out_cumulative(x, A):
    np.cumsum(x, out=x)
    x.cumsum(out=x)
    np.cumsum(A, axis=1, out=A)
    return np.sum(x * x) + np.sum(A**2)


@case
def out_clip(x, y):
    np.clip(x, 0.6, 1.2, out=x)
    y.clip(0.6, 1.2, out=y)
    np.clip(y, 0.7, 1.1, y)
    return np.sum(x * y)


@case
def out_maximum(A, v):
    np.maximum(A, 0.9, out=A)
    np.minimum(A, v, out=A)
    np.abs(A - 1.0, out=A)
    return np.sum(A**3)


@case
def out_single_precision(x):
    z = np.zeros(len(x), dtype=np.float32)
    w = np.ones(len(x))
    np.add(x, 1.0, out=w)
    np.multiply(z, 2.0, out=w, where=x > 1e9)
    return np.sum(w**2)


@case
def out_in_loop(x, y):
    buffer = np.empty_like(x)
    for _ in range(3):
        np.multiply(x, y, out=buffer)
        np.subtract(x, 0.1 * buffer, out=x)
        np.tanh(x, out=x)
    return np.sum(x)


@case
def out_two_buffers(x):
    a, b = x.copy(), np.empty_like(x)
    for _ in range(3):
        np.add(a[:-1], a[1:], out=b[1:])
        b[0] = a[0] * a[-1]
        np.multiply(b, 0.5, out=a)
    return np.sum(a**2)


@case
def out_of_rounded(x, y):
    np.floor(x * 3.0, out=x)
    return np.sum(x * y)


@case
def out_passive(x, y):
    counts = np.zeros(len(x), dtype=int)
    np.add(counts, 2, out=counts)
    weights = np.arange(len(x)) * 1.0
    s = np.sum(weights * x * x)
    np.multiply(weights, 0.5, out=weights)
    return s + np.sum(weights * counts * y * y)


@case
def out_in_test(x):
    z = np.empty_like(x)
    if np.sum(np.multiply(x, x, out=z)) > 1.0:
        return np.sum(z * z)
    return np.sum(z)


# --- ufunc.at -----------------------------------------------------------------------------------


@case
def added_at(x, y, idx):
    np.add.at(x, idx, y * y)
    np.subtract.at(x, idx, x[0] * y)
    np.add.at(x, [0, 1, 0], y[0])
    return np.sum(x * x)


@case
def added_at_two_axes(S, x, idx, idy):
    np.add.at(S, (idx, idy), x * x)
    return np.sum(S * S)


@case
def multiplied_at(x, y, idx):
    np.multiply.at(x, idx, y)
    np.divide.at(x, idx, y[1])
    return np.sum(x * x)


@case
def multiplied_at_rows(A, v, idx):
    np.multiply.at(A, idx, v)
    np.multiply.at(A, [0, 2, 0], A[:3] * v)
    return np.sum(A * A)


@case
def multiplied_at_two_axes(S, x, idx, idy):
    np.multiply.at(S, (idx, idy), x)
    return np.sum(S * S)


@case
def maximum_at(x, y, idx):
    np.maximum.at(x, idx, y * 1.3)
    np.minimum.at(x, idx, y * 1.1)
    return np.sum(x * x)


@case
def negative_at(x, idx):
    np.negative.at(x, idx)
    np.exp.at(x, idx)
    return np.sum(x * x)


# --- fill, copyto, sort -------------------------------------------------------------------------


@case
def filled(x, a):
    y = x * x
    s = np.sum(y * y)
    y.fill(a)
    x[1:].fill(a * a)
    x[:1].fill(0.0)
    return s + np.sum(y * x)


@shared
def filled_row(A, a):
    A[1].fill(a)
    A.T[0].fill(2.0 * a)
    return np.sum(A**2)


@case
def copied(x, y, a):
    np.copyto(x, y * y)
    np.copyto(y, a)
    np.copyto(x[1:], y[:-1] * x[:-1])
    return np.sum(x * y)


@case
def copied_where(x, y, a, mask):
    np.copyto(x, y * y, where=mask)
    np.copyto(y, a, where=x > 1.0)
    return np.sum(x * y)


@case
def copied_broadcast(A, v, mask):
    np.copyto(A, v, where=mask[:, None])
    np.copyto(A[0], v * v)
    return np.sum(A**2)


@case
def sorted_in_place(x, y):
    x.sort()
    y[1:].sort()
    return np.sum(x * np.arange(len(x))) + np.sum(y * np.arange(len(y)) ** 2)


@case
def sorted_axes(A, B, T):
    weights = np.arange(A.size).reshape(A.shape)
    A.sort()
    B.sort(axis=0)
    T.sort(axis=1, kind="stable")
    return np.sum(weights * (A**2 + B**2)) + np.sum(T * T * np.arange(3))


@case
def partitioned(x, A):
    x.partition(2)
    A.partition(1, axis=0)
    return np.sum(x[:2] ** 2) * x[2] + np.sum(A[:1] ** 3)


@case
def partitioned_copy(x, A):
    y = np.partition(x, (1, 3))
    B = np.sort(A, axis=0) * np.sort(A, axis=None)[0]
    return y[1] * y[3] ** 2 + np.sum(B * np.arange(B.shape[0])[:, None])


@shared
def nan_to_num_in_place(x, y):
    x[1] = np.nan
    np.nan_to_num(x, copy=False, nan=2.0)
    z = np.nan_to_num(y, copy=False)
    z *= y
    return np.sum(x * y)


# --- put, place, diagonals ----------------------------------------------------------------------


@case
def put_vector(x, y, idx):
    np.put(x, idx, y * y)
    x.put([0, 1], y[1])
    np.put(x, [2], 3.0)
    return np.sum(x**2)


@case
def put_matrix(A, x, idx):
    np.put(A, idx, x)
    A.put([0, -1], x[0] * x[1])
    np.put(A, 2, x[1])
    return np.sum(A**2)


@case
def put_several(A, a, b):
    np.put(A, [0, 3, 4], [a, a * b, 1.0])
    return np.sum(A**2)


@case
def put_along(A, a, v):
    best = np.argmax(A, axis=1)[:, None]
    np.put_along_axis(A, best, a, axis=1)
    order = np.argsort(A, axis=0)[:1]
    np.put_along_axis(A, order, v * a, axis=0)
    return np.sum(A**2)


@case
def put_along_vector(x, y, idx):
    np.put_along_axis(x, idx, y, axis=0)
    return np.sum(x**2)


@case
def placed(x, y, mask):
    np.place(x, mask, y[:2] * y[2])
    np.place(y, y > 1.0, x[0])
    return np.sum(x * y)


@case
def put_by_mask(x, y, A, M, mask):
    np.putmask(x, mask, y * y)
    np.putmask(y, x > 1.0, 2.0 * x[0])
    np.putmask(A, M, A * A)
    return np.sum(x * y) + np.sum(A**2)


@case
def diagonal_filled(S, x, a):
    np.fill_diagonal(S, a * S[0, 1])
    s = np.sum(S**2)
    np.fill_diagonal(S, x * x)
    return s + np.sum(S**3)


@case
def diagonal_filled_of_rectangle(A, B, a):
    np.fill_diagonal(A, a)
    np.fill_diagonal(B.T, 1.0)
    return np.sum(A**2 * B)


@case
def diagonal_by_indices(S, x):
    S[np.diag_indices(len(S))] = x * S[0]
    S[np.diag_indices_from(S)] += x * x
    i = np.arange(len(S))
    S[i, i] *= 2.0
    S[i[1:], i[:-1]] = x[1:] ** 2
    return np.sum(S**2)


@case
def triangle_by_indices(S, a):
    lower = np.tril_indices(len(S), -1)
    S[lower] = S.T[lower] * a
    S[np.triu_indices_from(S)] *= a
    return np.sum(S**2 * np.arange(len(S)))


# --- real and imaginary parts -------------------------------------------------------------------


@case
def parts_of_complex(x, y):
    z = np.zeros(len(x), dtype=complex)
    z.real = x * y
    z.imag[1:] = y[1:] ** 2
    z.real[0] += y[1]
    z.imag *= 2.0
    return np.sum(np.abs(z * z + 1.0) ** 2)
