import numpy as np


def comprehended_grad(x, n):
    """Gradient of comprehended (tests/golden_programs.py:406) with respect to x."""
    # forward sweep
    squares = np.zeros(len(x))
    for i in range(len(x)):
        v = x[i]
        squares[i] = v * v
    total = 0
    for i in range(n):
        total += squares[i] * i
    # reverse sweep
    dtotal = np.sum(squares)
    dsquares = np.full_like(squares, total)
    for i in reversed(range(n)):
        dsquares[i] += dtotal * i
    dx = np.zeros_like(x)
    for i in reversed(range(len(x))):
        v = x[i]
        dv = 2.0 * dsquares[i] * v
        dsquares[i] = 0.0
        dx[i] += dv
    return dx
