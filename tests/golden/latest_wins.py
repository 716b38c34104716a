import numpy as np
from srcdiff.runtime import keep_last


def latest_wins_grad(x, y, places):
    """Gradient of latest_wins (tests/golden_programs.py:427) with respect to x and y."""
    x = x.copy()
    # forward sweep
    x[places] = y * y
    x_old = x[places]
    x[places] *= np.sin(y)
    # reverse sweep
    dx = 2.0 * x
    x[places] = x_old  # undo the overwrite
    d = keep_last(dx[places], places, dx.shape)
    dy = x[places] * d * np.cos(y)
    dx[places] = d * np.sin(y)
    dy += 2.0 * keep_last(dx[places], places, dx.shape) * y
    dx[places] = 0.0
    return dx, dy
