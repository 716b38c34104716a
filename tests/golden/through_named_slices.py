import numpy as np


def through_named_slices_grad(u, rate):
    """Gradient of through_named_slices (tests/golden_programs.py:444) with respect to u."""
    u = u.copy()
    # forward sweep
    inner = np.s_[1:-1, 1:-1]
    above, below = np.s_[:-2, 1:-1], np.s_[2:, 1:-1]
    u_tape = np.empty((2,) + u[inner].shape)
    for k in range(2):
        u_tape[k] = u[inner]
        u[inner] += rate * (u[above] + u[below] - 2.0 * u[inner]) ** 2
    # reverse sweep
    du = np.ones_like(u)
    for k in reversed(range(2)):
        u[inner] = u_tape[k]  # undo the overwrite
        d = 2.0 * (rate * du[inner].copy()) * (u[above] + u[below] - 2.0 * u[inner])
        du[above] += d
        du[below] += d
        du[inner] -= 2.0 * d
    return du
