"""Rows for builtins of several values, for pairs, and for positions, counts and indices."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from srcdiff.runtime import scatter_along
from tests.rules.harness import Row, row, spellings

ANY = [-1.7, 0.4, 2.3]
OTHER = [0.9, -2.1, 1.3]
VECTOR = np.array([0.7, -1.2, 1.9, 0.3])
MATRIX = np.array([[0.7, -1.2], [1.9, 0.3], [-0.4, 1.1]])
INTS = np.array([2, 0, 1, 2])

ROWS: list[Row] = [*spellings(np.logaddexp2, ANY, OTHER)]

# --- builtins -----------------------------------------------------------------------------------

for function in (max, min):
    ROWS += [
        row(function, 0.5, 1.5, -0.3), row(function, -0.3, 0.5, 1, 1.5), row(function, 1.5, 0.5),
        row(function, 0.5, 1.5, 1.1, 0.7), row(function, (0.5, 1.5, 1.1)),
        row(function, [1.5, 0.5]), row(function, [1.5]), row(function, (1, 2, 3)),
        row(function, VECTOR), row(function, INTS),
    ]  # fmt: skip
ROWS += [
    row(sum, (0.5, 1.5, -0.3)), row(sum, [0.5, 2]), row(sum, (0.5, 1.5), 2.5), row(sum, (1, 2)),
    row(sum, (VECTOR, VECTOR[::-1])), row(sum, [MATRIX, MATRIX[:1], 2.0], MATRIX[:, :1]),
    row(pow, 1.7, 0.4), row(pow, 2, 3, 5), row(pow, np.array(ANY) ** 2, 1.5),
    Row(pow, (1.7, 3), literals=(1,)), Row(pow, (np.array(ANY), 2), literals=(1,)),
]  # fmt: skip
for item in (0, 1):
    for function in (divmod, np.divmod):
        ROWS += [
            replace(row(function, 7.5, 2.2), item=item),
            replace(row(function, np.float64(-7.5), 2.2), item=item),
            replace(row(function, 7, 3), item=item),
            replace(row(function, np.array(ANY), 0.7), item=item),
            replace(row(function, MATRIX, np.array(OTHER)[:2]), item=item),
        ]
    ROWS += [
        replace(row(math.modf, 2.3), item=item), replace(row(math.modf, -2.3), item=item),
        replace(row(np.modf, np.array(ANY)), item=item), replace(row(np.modf, -2.3), item=item),
    ]  # fmt: skip
for function in (divmod, np.divmod):
    ROWS += [row(function, 7.5, 2.2), row(function, VECTOR, 0.7)]
ROWS += [row(math.modf, 2.3), row(np.modf, VECTOR)]

# --- sorting -----------------------------------------------------------------------------------

ROWS += [row(np.sort, x) for x in (VECTOR, INTS, VECTOR[:1], VECTOR[:0])]
ROWS += [row(np.sort, MATRIX, axis=axis) for axis in (-1, 0, 1, None)]
ROWS += [
    row(np.partition, VECTOR, 1),
    row(np.partition, VECTOR, (0, 2)),
    row(np.partition, INTS, 1),
]
ROWS += [row(np.partition, MATRIX, 1, axis=axis) for axis in (-1, 0, 1)]
ROWS += [row(np.argpartition, VECTOR, 1), row(np.argpartition, MATRIX, 1, axis=0)]
ALONG = np.array([[0, 1], [1, 1], [1, 0]])
ROWS += [
    row(np.take_along_axis, MATRIX, ALONG, axis=0), row(np.take_along_axis, MATRIX, ALONG, axis=1),
    row(np.take_along_axis, VECTOR, INTS, axis=0),
    row(np.take_along_axis, MATRIX, ALONG[:, :1], axis=0),
    row(np.take_along_axis, MATRIX[:, :1], ALONG * 2, axis=0),
    row(scatter_along, MATRIX.T, np.array([[0, 3, 0], [1, 1, 2]]), (2, 4), axis=1),
    row(scatter_along, MATRIX.T, np.array([[0, 3, 0], [1, 1, 2]]), (4, 3), axis=0),
]  # fmt: skip
ROWS += [
    row(np.nan_to_num, x, **given)
    for x in (VECTOR, 0.7, np.array([0.5, np.nan, np.inf])[:1], INTS)
    for given in ({}, {"nan": 2.0, "posinf": 1.0})
]

# --- searches -----------------------------------------------------------------------------------

for function in (np.nonzero, np.flatnonzero, np.argwhere):
    ROWS += [row(function, VECTOR), row(function, MATRIX > 0.5), row(function, INTS)]
EDGES = np.array([-2.0, 0.0, 0.5, 1.0])
for value in (0.7, np.float64(0.7), VECTOR, MATRIX):
    ROWS += [row(np.searchsorted, EDGES, value), row(np.digitize, value, EDGES)]
ROWS += [
    row(np.searchsorted, EDGES, 0.7, side="right"),
    row(np.digitize, VECTOR, EDGES, right=True),
]

# --- indices and counts -------------------------------------------------------------------------

ROWS += [
    row(np.ix_, [0, 2], [1, 1, 0]), row(np.ix_, INTS, INTS[:2]), row(np.ix_, (0, 1)),
    row(np.ix_, INTS, [True, False]), row(np.ix_, INTS > 1, INTS),
    row(np.triu_indices, 3), row(np.triu_indices, 3, 1), row(np.tril_indices, 3, -1, 4),
    row(np.triu_indices_from, MATRIX), row(np.tril_indices_from, MATRIX, 1),
    row(np.diag_indices, 3), row(np.diag_indices, 3, ndim=3), row(np.diag_indices_from, np.eye(3)),
    row(np.unravel_index, 3, (2, 2)), row(np.unravel_index, INTS, (2, 2)),
    row(np.bincount, INTS), row(np.bincount, INTS, None, 7), row(np.bincount, INTS, INTS),
    replace(row(np.bincount, INTS, VECTOR), widens=True), row(np.bincount, INTS, VECTOR, 7),
    row(np.histogram, VECTOR, 4, range=(0.0, 2.0)), row(np.histogram, VECTOR, range=(0.0, 2.0)),
    Row(np.histogram, (VECTOR, 4), {"range": (0.0, 2.0)}, literals=(1,)),
    row(np.histogram, VECTOR, EDGES), row(np.histogram, VECTOR), row(np.histogram, VECTOR, 3),
    row(np.around, VECTOR + 0.11), row(np.around, 1.7),
]  # fmt: skip

WEIGHTS = np.array([0.3, -0.8, 1.1, 2.0])
for constants in ({}, {"range": (-0.5, 1.9)}):
    for bins in ((), (3,)):
        histogram = Row(np.histogram, (VECTOR, *bins), constants)
        ROWS += [replace(histogram, item=1, widens=True), replace(histogram, item=0)]
        edges = Row(np.histogram_bin_edges, (VECTOR, *bins), constants)
        ROWS += [replace(r, single=False) for r in (edges,)]
for inside in (EDGES, np.array([-3.0, 0.4, 0.8, 1.5])):
    ROWS += [replace(row(np.histogram, VECTOR, inside), item=1, single=False)]
    ROWS += [replace(row(np.histogram, VECTOR, inside, None, None, WEIGHTS), item=0, widens=True)]
for bins, ends in ((3, None), (4, (-0.5, 2.0)), (2, (0.0, 3.0))):
    ROWS += [replace(row(np.histogram, VECTOR, bins, ends, None, WEIGHTS), item=0, widens=True)]
for matrix in (MATRIX, MATRIX.T):
    ROWS += [replace(r, vague=True, single=False) for r in (
        row(np.cov, matrix), row(np.cov, matrix, rowvar=False), row(np.cov, matrix, bias=True),
        row(np.cov, matrix, ddof=0), row(np.cov, matrix, rowvar=False, ddof=0),
    )]  # fmt: skip
ROWS += [
    row(np.cov, VECTOR), row(np.cov, VECTOR, bias=True), row(np.cov, VECTOR, WEIGHTS),
    row(np.cov, VECTOR, WEIGHTS, ddof=0), row(np.cov, INTS, WEIGHTS),
]  # fmt: skip
ROWS += [row(np.ndarray, 3), row(np.ndarray, (2, 3)), row(np.ndarray, (2,), np.float32)]

# Their results are tuples, which have no one type.
ROWS = [
    replace(r, single=False) if r.callee in (np.ix_, np.histogram) and r.item is None else r
    for r in ROWS
]
