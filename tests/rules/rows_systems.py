"""Rows for linear systems, inverses, determinants and triangles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from srcdiff.runtime import cofactors
from tests.rules.harness import Row, row

random = np.random.default_rng(8)


def matrices(*stack: int) -> np.ndarray:
    """Well-conditioned matrices, not symmetric."""
    return random.uniform(-1.0, 1.0, (*stack, 3, 3)) + 2.0 * np.eye(3)


def values(*shape: int) -> np.ndarray:
    return random.uniform(-1.0, 1.0, shape)


SINGULAR = np.array([[1.0, 2.0, 0.5], [2.0, 4.0, 1.0], [0.3, -1.0, 0.7]])
RANK_ONE = np.outer([1.0, 2.0, -0.5], [0.3, 0.7, 1.1])

ROWS: list[Row] = [
    row(np.linalg.solve, matrices(), values(3)),
    row(np.linalg.solve, matrices(), values(3, 2)),
    row(np.linalg.solve, matrices(), values(3, 1)),
    row(np.linalg.solve, matrices(2), values(2, 3, 2)),
    row(np.linalg.solve, matrices(2, 2), values(2, 3, 2)),
    row(np.linalg.solve, matrices(), values(2, 3, 2)),
    row(np.linalg.solve, matrices(2), values(3, 2)),
    row(np.linalg.solve, matrices(1), values(2, 3, 2)),
    row(np.linalg.solve, np.array([[2, 1], [1, 3]]), values(2)),
    row(np.linalg.inv, matrices()),
    row(np.linalg.inv, matrices(2)),
    row(np.linalg.inv, np.array([[2.5]])),
    row(np.linalg.det, matrices()),
    row(np.linalg.det, matrices(2)),
    row(np.linalg.det, matrices(2, 1)),
    row(np.linalg.det, SINGULAR),
    row(np.linalg.det, RANK_ONE),
    row(np.linalg.det, np.array([[2.5]])),
    row(cofactors, matrices()),
    row(cofactors, matrices(2)),
    row(cofactors, matrices()[:2, :2]),
    *(replace(row(np.linalg.slogdet, matrices()), item=item) for item in (0, 1)),
    *(replace(row(np.linalg.slogdet, -matrices(2)), item=item) for item in (0, 1)),
    replace(row(np.linalg.slogdet, matrices()), single=False),
    row(np.tril, matrices()),
    row(np.tril, matrices(2)),
    row(np.tril, values(3, 2), k=-1),
    row(np.triu, values(2, 3)),
    row(np.triu, values(2, 3), k=1),
    row(np.tri, 3),
    row(np.tri, 3, 2),
    row(np.tri, 3, k=-1, dtype=int),
]
