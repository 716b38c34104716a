import numpy as np


def neighbours_grad(x, y):
    """Gradient of neighbours (tests/golden_programs.py:398) with respect to x and y."""
    dx = np.zeros_like(x)
    dy = np.zeros_like(y)
    for i in reversed(range(min(len(x) - 1, len(y)))):
        b = y[i]
        a = x[i]
        d = b
        da = i * (d * b)
        dy[i] += i * (a * d + a * b)
        dx[i] += da
    return dx, dy
