import numpy as np


def logdet_grad(A):
    """Gradient of logdet (tests/golden_programs.py:133) with respect to A."""
    A = A.copy()
    # forward sweep
    A_tape = []
    A_tape_2 = []
    for i in range(len(A)):
        for j in range(i):
            A_tape.append(A[i, j])
            A[i, j] = (A[i, j] - A[i, :j] @ A[:j, j]) / A[j, j]
        A_tape_2.append(A[i, i:].copy())
        A[i, i:] -= A[i, :i] @ A[:i, i:]
    # reverse sweep
    dA = np.zeros_like(A)
    for i in reversed(range(len(A))):
        dA[i, i] += 1.0 / A[i, i]
    for i in reversed(range(len(A))):
        A[i, i:] = A_tape_2.pop()  # undo the overwrite
        d = dA[i, i:].copy()
        dA[i, :i] -= A[:i, i:] @ d
        dA[:i, i:] -= np.outer(A[i, :i], d)
        for j in reversed(range(i)):
            d = dA[i, j]
            A_new = A[i, j]
            A[i, j] = A_tape.pop()  # undo the overwrite
            d_2 = d / A[j, j]
            dA[i, j] = d_2
            dA[i, :j] -= d_2 * A[:j, j]
            dA[:j, j] -= A[i, :j] * d_2
            dA[j, j] -= d * A_new / A[j, j]
    return dA
