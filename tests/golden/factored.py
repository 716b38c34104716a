import numpy as np
from srcdiff.runtime import diagonal_array


def _deeper_fwd(A, A_tape, branch_tape):
    """Forward sweep of _deeper (golden_programs.py:493): keeps what the reverse sweep needs on its tapes."""
    branch = len(A) > 1
    if branch:
        A_tape.append(A[1:, 1:].copy())
        A[1:, 1:] -= np.outer(A[1:, 0], A[0, 1:]) / A[0, 0]
        _deeper_fwd(A[1:, 1:], A_tape, branch_tape)
    branch_tape.append(branch)


def _deeper_bwd(A, dA, A_tape, branch_tape):
    """Reverse sweep of _deeper (golden_programs.py:493): undoes A, updates dA in place."""
    branch = branch_tape.pop()
    if branch:
        _deeper_bwd(A[1:, 1:], dA[1:, 1:], A_tape, branch_tape)
        A[1:, 1:] = A_tape.pop()  # undo the overwrite
        d = dA[1:, 1:].copy()
        d_2 = -d / np.where(-d == 0.0, 1.0, A[0, 0])
        dA[1:, 0] += d_2 @ A[0, 1:]
        dA[0, 1:] += A[1:, 0] @ d_2
        dA[0, 0] += np.sum(d * np.where(-d == 0.0, 1.0, np.outer(A[1:, 0], A[0, 1:]) / A[0, 0]) / np.where(-d == 0.0, 1.0, A[0, 0]))


def factored_grad(A):
    """Gradient of factored (tests/golden_programs.py:499) with respect to A."""
    A = A.copy()
    # forward sweep
    A_tape = []
    branch_tape = []
    _deeper_fwd(A, A_tape, branch_tape)
    # reverse sweep
    dA = diagonal_array(2.0 * np.diag(A), A.shape)
    _deeper_bwd(A, dA, A_tape, branch_tape)
    return dA
