import numpy as np


def react_value_and_grad(A, steps):
    """Value and gradient of react (tests/golden_programs.py:78) with respect to A."""
    A = A.copy()
    # forward sweep
    A_tape = np.empty((len(range(steps)), len(A)))
    for t in range(steps):
        for i in range(1, len(A) - 1):
            A_tape[t, i] = A[i]
            A[i] = A[i] * (1.0 - 0.1 * A[i]) + 0.05 * (A[i - 1] + A[i + 1])
    value = np.sum(A ** 2)
    # reverse sweep
    dA = 2.0 * A
    for t in reversed(range(steps)):
        for i in reversed(range(1, len(A) - 1)):
            A[i] = A_tape[t, i]  # undo the overwrite
            d = dA[i]
            dA[i] = d * (1.0 - 0.2 * A[i])
            dA[i - 1] += 0.05 * d
            dA[i + 1] += 0.05 * d
    return value, dA
