import numpy as np


def activation_grad(x, kind="tanh"):
    """Gradient of activation (tests/golden_programs.py:267) with respect to x."""
    # reverse sweep
    dx = 1.0 - np.tanh(x) * np.tanh(x)
    return dx
