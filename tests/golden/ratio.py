import numpy as np


def ratio_grad(x, y):
    """Gradient of ratio (tests/golden_programs.py:176) with respect to x and y."""
    # forward sweep
    q = np.where(y != 0.0, x / y, 0.0)
    # reverse sweep
    dq = 2.0 * q
    dx = np.where(y != 0.0, dq / y, 0.0)
    dy = np.where(y != 0.0, -dq * (x / y) / y, 0.0)
    return dx, dy
