"""Rows of functions that put arrays together."""

from __future__ import annotations

import numpy as np

from tests.rules.harness import Row, row
from tests.rules.values import values

ROWS: list[Row] = []
a, b, c = values(3), values(2), values(4)
A, B, C = values(2, 3), values(4, 3), values(2, 1)
one, empty = values(1), np.zeros(0)

ROWS += [
    row(np.concatenate, (a, b)), row(np.concatenate, (a, b, c)), row(np.concatenate, [a, one, b]),
    row(np.concatenate, (a, empty, b)), row(np.concatenate, (a,)), row(np.concatenate, (a, a)),
    row(np.concatenate, (A, B)), row(np.concatenate, (A, C), axis=1),
    row(np.concatenate, (A, C, A), axis=-1), row(np.concatenate, (a, b, 1.5), axis=None),
    row(np.concatenate, (values(2, 3, 1), values(2, 3, 4)), axis=2),
    row(np.concatenate, (values(2, 3, 1), values(2, 2, 1)), axis=-2),
    row(np.concatenate, ([1.5], a, (0.5, 2))), row(np.concatenate, (a, np.array([1, 2]))),
    row(np.concatenate, ([[1.5, 2.5, 3.5]], A)), row(np.concatenate, ([a, a], A)),
    row(np.concatenate, ([[0.5], [1.5]], A), axis=1),
    row(np.append, a, 1.5), row(np.append, a, b), row(np.append, 1.5, a),
    row(np.append, a, [1.5, 2.0]), row(np.append, A, B, axis=0), row(np.append, A, C, axis=1),
    row(np.stack, (a, a)), row(np.stack, [a, 2.0 * a, a], axis=1), row(np.stack, (a, a), axis=-1),
    row(np.stack, (A, A), axis=1), row(np.stack, (A, A), axis=2), row(np.stack, (1.5, 2.5)),
    row(np.stack, (np.float64(1.5), 2.5)), row(np.stack, (one, one)), row(np.stack, (empty, empty)),
    row(np.stack, (np.array(1.5), np.array(0.5))), row(np.stack, ([1.5, 2.5], b)),
    row(np.hstack, (a, b)), row(np.hstack, (A, C)), row(np.hstack, (1.5, a, 2.5)),
    row(np.hstack, (values(2, 3, 1), values(2, 2, 1))), row(np.hstack, ([0.0], a)),
    row(np.vstack, (a, a)), row(np.vstack, (A, a, B)), row(np.vstack, (A, B)),
    row(np.vstack, (1.5, 2.5)), row(np.vstack, (values(2, 3, 1), values(1, 3, 1))),
    row(np.dstack, (a, a)), row(np.dstack, (A, values(2, 3, 4))), row(np.dstack, (1.5, 2.5)),
    row(np.dstack, (A, A)),
    row(np.column_stack, (a, a)), row(np.column_stack, (b, A, b)), row(np.column_stack, (A, C)),
]  # fmt: skip
