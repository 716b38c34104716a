import numpy as np


def _eliminate_fwd(A, j, row_tape):
    """Forward sweep of _eliminate (golden_programs.py:480): keeps what the reverse sweep needs on its tapes."""
    for i in range(j + 1, len(A)):
        row = A[i]
        row_tape.append(row.copy())
        row -= row[j] / A[j, j] * A[j]


def _eliminate_bwd(A, j, dA, row_tape):
    """Reverse sweep of _eliminate (golden_programs.py:480): undoes A, updates dA in place."""
    for i in reversed(range(j + 1, len(A))):
        row = A[i]
        drow = dA[i]
        row[...] = row_tape.pop()  # undo the overwrite
        d = drow.copy()
        d_2 = -np.sum(d * A[j])
        drow[j] += d_2 / A[j, j]
        dA[j, j] -= d_2 * (row[j] / A[j, j]) / A[j, j]
        dA[j] -= row[j] / A[j, j] * d


def eliminated_grad(A):
    """Gradient of eliminated (tests/golden_programs.py:486) with respect to A."""
    A = A.copy()
    # forward sweep
    row_tape_2 = []
    for j in range(len(A)):
        _eliminate_fwd(A, j, row_tape_2)
    # reverse sweep
    dA = np.zeros_like(A)
    dA[-1, -1] += 1.0
    for j in reversed(range(len(A))):
        _eliminate_bwd(A, j, dA, row_tape_2)
    return dA
