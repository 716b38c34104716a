import numpy as np


def react_jvp(A, steps, *, A_dot):
    """Value and tangent of react (tests/test_golden_modes.py:44), for the tangent of A."""
    A = A.copy()
    A_dot = A_dot.copy()
    for t in range(steps):
        for i in range(1, len(A) - 1):
            A_dot[i] = A_dot[i] * (1.0 - 0.2 * A[i]) + 0.05 * (A_dot[i - 1] + A_dot[i + 1])
            A[i] = A[i] * (1.0 - 0.1 * A[i]) + 0.05 * (A[i - 1] + A[i + 1])
    value = np.sum(A ** 2)
    value_dot = np.sum(2.0 * A * A_dot)
    return value, value_dot
