import numpy as np


def small_grad(s, t):
    """Gradient of small (tests/golden_programs.py:294) with respect to s and t."""
    ds = 2.0 * np.exp(t) * s
    dt = s * s * np.exp(t)
    return np.float32(ds), float(dt)
