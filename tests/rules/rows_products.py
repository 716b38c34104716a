"""Rows of products of arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.rules.harness import Row, row
from tests.rules.values import values

ROWS: list[Row] = []
a, b, A, B, T = values(3), values(4), values(2, 3), values(3, 4), values(2, 3, 4)

for x, y in ((a, b), (A, b), (a, B), (A, T), (1.5, a), (a, 1.5), (1.5, 2.5), (np.zeros(0), a),
             (np.array(1.5), a), (values(1), a), (np.array([1, 2]), a)):  # fmt: skip
    ROWS.append(row(np.outer, x, y))
for x, y in ((a, values(3)), (A, values(2, 3)), (A, values(3, 2)), (values(6), A),
             (np.array([1, 2, 3]), a), (np.zeros(0), np.zeros(0)),
             (values(1), values(1))):  # fmt: skip
    ROWS.append(row(np.vdot, x, y))
for x, y in ((a, values(3)), (A, a), (a, A), (A, values(4, 3)), (T, b), (b, T), (T, values(5, 4)),
             (values(5, 4), T), (T, values(5, 2, 4)), (1.5, a), (A, 1.5), (1.5, 2.5),
             (values(2, 1), values(3, 1)), (np.zeros((2, 0)), np.zeros((3, 0)))):  # fmt: skip
    ROWS.append(row(np.inner, x, y))
for x, y, axes in (
    (A, B, 1), (T, values(3, 4, 2), 2), (a, b, 0), (A, values(2, 3), 2), (a, values(3), 1),
    (T, values(4, 3, 5), ((1, 2), (1, 0))), (T, values(4, 3, 5), ((2, 1), (0, 1))),
    (T, values(5, 2), ((0,), (1,))), (T, values(5, 2), (0, 1)), (T, values(5, 2), (0, -1)),
    (T, values(4, 2, 3), ((0, 1, 2), (1, 2, 0))), (T, values(4, 2, 3), ((2, 0, 1), (0, 1, 2))),
    (T, values(3), (1, 0)), (values(3), T, (0, 1)), (values(4, 3), T, ((0, 1), (2, 1))),
    (values(5, 3, 6), values(2, 7, 3), (1, 2)),
    (values(3, 5, 4), values(4, 6, 3), ([0, 2], [2, 0])),
    (np.zeros((2, 0)), np.zeros((0, 3)), 1),
):  # fmt: skip
    ROWS.append(row(np.tensordot, x, y, axes=axes))

# --- einsum -------------------------------------------------------------------------------------


def einsum(subscripts: str, *operands: object) -> Row:
    return row(np.einsum, subscripts, *operands)


S = values(3, 3)
ROWS += [
    einsum("i->", a), einsum("i->i", a), einsum("i", a), einsum("ij->", A), einsum("ij->i", A),
    einsum("ij->j", A), einsum("ij->ji", A), einsum("ji", A), einsum("ijk->k", T),
    einsum("ijk->ki", T), einsum("ijk->kji", T), einsum("kij", T), einsum("ijk->j", T),
    einsum("ii->", S), einsum("ii", S), einsum("ii->i", S), einsum("iij->j", values(2, 2, 3)),
    einsum("iij->ij", values(2, 2, 3)), einsum("iii->i", values(2, 2, 2)),
    einsum("iii", values(2, 2, 2)), einsum("iijj->ij", values(2, 2, 3, 3)),
    einsum("iji->j", values(2, 3, 2)),
    einsum("i,i->", a, values(3)), einsum("i,i", a, values(3)), einsum("i,i->i", a, values(3)),
    einsum("i,j->ij", a, b), einsum("i,j", a, b), einsum("i,j->ji", a, b), einsum("i,j->", a, b),
    einsum("i,j->j", a, b), einsum("ij,jk->ik", A, B), einsum("ij,jk", A, B),
    einsum("ij,kj->ik", A, values(5, 3)), einsum("ij,jk->", A, B), einsum("ij,jk->k", A, B),
    einsum("ij,j->i", A, a), einsum("ij,ij->", A, values(2, 3)), einsum("ij,ji->", A, values(3, 2)),
    einsum("ij,ij->j", A, values(2, 3)), einsum("ii,i->", S, a), einsum("ii,jk->jk", S, A),
    einsum("ii,ij->j", S, S + 1.0), einsum("bij,bjk->bik", T, values(2, 4, 5)),
    einsum("i,ij,j->", values(2), A, a), einsum("i,ij,j", values(2), A, a),
    einsum("ij,jk,kl->il", A, B, values(4, 2)), einsum("i,j,k->kij", values(2), a, b),
    einsum(",i->i", 1.5, a), einsum(",->", 1.5, 2.5), einsum("i,->", a, np.array(1.5)),
    einsum("...i->...", T), einsum("...i,i->...", T, b),
    einsum("...ij,...jk->...ik", T, values(4, 2)),
    einsum("...ij->...ji", T), einsum("i...->...", T), einsum("...,...", a, values(2, 3)),
    einsum("...ij,jk", T, values(4, 2)), einsum("...->...", A), einsum("i...j,j->...i", T, b),
    einsum("ij,ij->ij", values(2, 1), A), einsum("ij,jk->ik", values(2, 1), B),
    einsum("ij,ij->", values(1, 3), A), einsum("...ij,...ij->...", values(1, 3, 4), T),
    einsum(" i j , j k -> i k ", A, B), einsum("i,i->i", np.array([1, 2, 3]), a),
    einsum("ij->i", np.zeros((2, 0))), einsum("i,i->", np.zeros(0), np.zeros(0)),
    einsum("Ai,iB->AB", A, B),
    replace(einsum("ij,jk->ik", A, B), constants={"optimize": True}),
]  # fmt: skip
