import numpy as np


def activation_grad(x, kind="tanh"):
    """Gradient of activation (tests/golden_programs.py:268) with respect to x."""
    dx = np.where(x == 0.0, 0.5, np.where(x > 0.0, 1.0, 0.0))
    return dx
