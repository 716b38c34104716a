import numpy as np


def through_buffers_grad(x, y):
    """Gradient of through_buffers (tests/golden_programs.py:434) with respect to x and y."""
    x = x.copy()
    # forward sweep
    buffer = np.empty_like(x)
    buffer[...] = x * y
    buffer[...] = np.exp(buffer)
    chosen = y > 1.0
    buffer_old = buffer[chosen]
    buffer[chosen] /= y[chosen]
    x_old = x.copy()
    x += buffer
    # reverse sweep
    dx = 2.0 * x
    x = x_old  # undo the overwrite
    dbuffer = dx.copy()
    d = dx[chosen]
    buffer_new_2 = buffer[chosen]
    buffer[chosen] = buffer_old  # undo the overwrite
    dbuffer[chosen] = d / np.where(d == 0.0, 1.0, y[chosen])
    dy = np.zeros_like(y)
    dy[chosen] -= d * np.where(d == 0.0, 1.0, buffer_new_2) / np.where(d == 0.0, 1.0, y[chosen])
    dbuffer[...] *= np.where(dbuffer == 0.0, 1.0, buffer)
    d = dbuffer[...]
    dx += d * y
    dy += x * d
    dbuffer[...] = 0.0
    return dx, dy
