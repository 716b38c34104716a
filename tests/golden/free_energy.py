import numpy as np


def free_energy_grad(x, y, b):
    """Gradient of free_energy (tests/golden_programs.py:167) with respect to x, y and b."""
    # forward sweep
    r = x[:, None] - y
    z = b - r ** 2
    top = np.max(z, axis=1)
    w = np.exp(z - top[:, None])
    # reverse sweep
    dw = np.full_like(w, (1.0 / np.sum(w, axis=1))[:, None])
    dtop = np.ones_like(top)
    d = dw * w
    dz = d.copy()
    dtop -= np.sum(d, axis=1)
    dz += (dtop / np.sum(z == top[:, None], axis=1))[:, None] * (z == top[:, None])
    db = np.sum(dz, axis=0)
    dr = -2.0 * dz * r
    dx = np.sum(dr, axis=1)
    dy = -np.sum(dr, axis=0)
    return dx, dy, db
