import numpy as np


def activation_grad(x, kind="tanh"):
    """Gradient of activation (tests/golden_programs.py:267) with respect to x."""
    # reverse sweep
    dx = np.where(x == 0.0, 0.5, np.where(x > 0.0, 1.0, 0.0))
    return dx
