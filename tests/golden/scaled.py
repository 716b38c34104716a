import numpy as np


def scaled_grad(s, x):
    """Gradient of scaled (tests/golden_programs.py:288) with respect to s and x."""
    # reverse sweep
    ds = np.sum(np.sin(x))
    dx = s * np.cos(x)
    return ds, dx
