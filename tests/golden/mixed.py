import numpy as np


def mixed_grad(x, w):
    """Gradient of mixed (tests/golden_programs.py:284) with respect to x and w."""
    dw = x ** 2
    dx = 2.0 * w * x
    return dx.astype(np.float32), dw.astype(np.float64)
