import numpy as np


def activation_grad(x, kind="tanh"):
    """Gradient of activation (tests/golden_programs.py:268) with respect to x."""
    # forward sweep
    tanh = np.tanh(x)
    # reverse sweep
    dx = 1.0 - tanh * tanh
    return dx
