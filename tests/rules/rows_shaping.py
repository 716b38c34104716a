"""Rows of functions that reorder, repeat or pick entries, and of running sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from srcdiff.runtime import diagonal_array, keep_last, scatter, undo_diff
from srcdiff.runtime.copies import strided_copy
from tests.rules.harness import Row, row
from tests.rules.values import values

ROWS: list[Row] = []
a, A, T = values(4), values(2, 3), values(2, 3, 4)
one, empty, square, nothing = values(1), np.zeros(0), values(3, 3), np.zeros((0, 3))

# --- reordering ---------------------------------------------------------------------------------

ROWS += [
    row(np.roll, a, 1), row(np.roll, a, -3), row(np.roll, A, 2), row(np.roll, A, 1, axis=0),
    row(np.roll, A, -2, axis=-1), row(np.roll, T, (1, 2), axis=(0, 2)), row(np.roll, one, 3),
    row(np.roll, A, (1, 2), axis=1), row(np.roll, empty, 1), row(np.roll, np.array(1.5), 1),
    row(np.roll, 1.5, 1),
]  # fmt: skip
for x in (a, A, T, one, empty, np.array(1.5), 1.5, np.float64(1.5)):
    ROWS.append(row(np.flip, x))
ROWS += [
    row(np.flip, A, axis=0), row(np.flip, A, axis=-1), row(np.flip, T, axis=(0, 2)),
    row(np.flip, a, axis=0), row(np.flipud, a), row(np.flipud, A), row(np.flipud, T),
    row(np.fliplr, A), row(np.fliplr, T), row(np.fliplr, nothing),
    *(row(np.rot90, A, k=k) for k in (0, 1, 2, 3, -1)), row(np.rot90, A), row(np.rot90, T, k=1),
    row(np.rot90, T, axes=(1, 2)), row(np.rot90, T, k=-1, axes=(2, 0)),
]  # fmt: skip

# --- repeated -----------------------------------------------------------------------------------

for x in (a, A, T, one, empty, 1.5, np.float64(1.5)):
    ROWS += [row(np.repeat, x, 3), row(np.repeat, x, 1), row(np.tile, x, 3), row(np.tile, x, 1)]
    ROWS += [Row(np.repeat, (x, 2), literals=(1,)), Row(np.tile, (x, 2), literals=(1,))]
    ROWS += [row(np.tile, x, (2, 3)), row(np.tile, x, (2, 1, 3)), row(np.tile, x, (1,))]
for axis in (0, 1, -1):
    ROWS += [row(np.repeat, A, 2, axis=axis), row(np.repeat, T, 2, axis=axis)]
    ROWS.append(row(np.repeat, np.ones((3, 1)), 2, axis=axis))
ROWS += [
    row(np.repeat, a, np.array([2, 0, 1, 3])), row(np.repeat, A, np.array([2, 1]), axis=0),
    row(np.repeat, A, np.array([2, 1, 0]), axis=1), row(np.repeat, A, 2, axis=-2),
    row(np.repeat, np.array([1, 2]), 2), row(np.tile, np.array([1, 2]), 2),
    row(np.tile, values(3, 1), (1, 4)), row(np.tile, T, (2, 2)), row(np.tile, a, 0),
]  # fmt: skip

# --- some of them -------------------------------------------------------------------------------

places, more = np.array([2, 0, 2]), np.array([[0, 1], [-1, 1]])
for indices in (1, -1, np.int64(0), places, more, (0, 2), [1], np.array(1), np.zeros(0, int)):
    ROWS += [row(np.take, a, indices), row(np.take, A, indices), row(np.take, T, indices)]
for indices in (1, -2, more % 2, np.array([1]), (1, 0, 1)):
    for axis in (0, 1, 2, -1):
        ROWS.append(row(np.take, T, indices, axis=axis))
    ROWS.append(row(np.take, a, indices, axis=0))
for function in (np.tril, np.triu):
    ROWS += [row(function, square), row(function, A, k=1), row(function, T, k=-1)]

# --- running sums and differences ---------------------------------------------------------------

for x in (a, A, T, one, empty, nothing, 1.5, np.float64(1.5), np.array(1.5), np.array([1, 2])):
    ROWS.append(row(np.cumsum, x))
for axis in (0, 1, -1, -2):
    ROWS += [row(np.cumsum, A, axis=axis), row(np.cumsum, T, axis=axis)]
    ROWS += [row(np.diff, A, axis=axis), row(np.diff, T, axis=axis), row(np.diff, T, 2, axis=axis)]
ROWS += [row(np.cumsum, a, axis=0), row(np.cumsum, nothing, axis=0)]
for n in (0, 1, 2, 3, 4, 5):
    ROWS += [Row(np.diff, (a,), {"n": n}), Row(np.diff, (T,), {"n": n})]
ROWS += [row(np.diff, x) for x in (a, A, one, empty, nothing, np.array([1, 4, 9]))]

# --- diagonals ----------------------------------------------------------------------------------

for k in (0, 1, -1, 2, -2):
    ROWS += [row(np.diag, a, k=k), row(np.diag, one, k=k), row(np.diag, empty, k=k)]
    for x in (square, A, A.T.copy(), values(1, 1), nothing):
        ROWS += [row(np.diag, x, k=k), row(np.diagonal, x, offset=k), row(np.trace, x, offset=k)]
    for axes in ((0, 1), (1, 0), (0, 2), (2, 1), (-1, -2)):
        given = {"offset": k, "axis1": axes[0], "axis2": axes[1]}
        ROWS += [row(np.diagonal, T, **given), row(np.trace, T, **given)]
ROWS += [row(np.diag, np.array([1, 2])), row(np.trace, np.array([[1, 2], [3, 4]])),
         row(np.trace, values(3, 3, 3)),
         row(np.trace, values(2, 2, 3, 4), axis1=1, axis2=3)]  # fmt: skip

# --- what undoes them ---------------------------------------------------------------------------

ROWS += [
    row(scatter, values(3), places, (4,)), row(scatter, values(2, 2), more, (4,)),
    row(strided_copy, values(3)), row(strided_copy, values(2, 3)),
    row(keep_last, values(3), np.array([0, 2, 0]), (4,)),
    row(keep_last, values(2, 3), np.array([1, 1]), (2, 3)),
    row(scatter, 1.5, 1, (3,)), row(scatter, values(2, 2), more, (3, 2)),
    row(scatter, values(2, 3), places, (2, 4), axis=1), row(scatter, values(4), 1, (3, 4), axis=0),
    row(diagonal_array, values(2), (2, 3)), row(diagonal_array, values(2), (2, 3), offset=1),
    row(diagonal_array, values(4, 2), (2, 4, 3), offset=0, axis1=0, axis2=2),
    row(undo_diff, a, (5,)), row(undo_diff, a, (6,), n=2), row(undo_diff, A, (3, 3), axis=0),
    row(undo_diff, T, (2, 5, 4), n=2, axis=1), row(undo_diff, empty, (1,)),
    row(undo_diff, empty, (0,)), row(undo_diff, empty, (1,), n=3),
]  # fmt: skip

# --- between ends -------------------------------------------------------------------------------

for ends in ((a, values(4)), (a, 1.5), (0.5, A), (A, values(3)), (one, one), (empty, empty)):
    for given in ({}, {"endpoint": False}):
        ROWS.append(replace(row(np.linspace, *ends, 3, **given), widens=True))
