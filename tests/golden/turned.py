import numpy as np


def polar_fwd(x, y, r_tape):
    """Forward sweep of polar (golden_programs.py:239): keeps what the reverse sweep needs on its tapes."""
    r = np.sqrt(x * x + y * y)
    value = (r, np.arctan2(y, x))
    r_tape.append(r)
    return value


def polar_bwd(d, d_2, x, y, r_tape):
    """Reverse sweep of polar (golden_programs.py:239), for the adjoint of its result."""
    r = r_tape.pop()
    dr = d
    dy = d_2 * ((x if d_2 != 0.0 else 1.0) / np.float64(y * y + (x if d_2 != 0.0 else 1.0) * (x if d_2 != 0.0 else 1.0)))
    dx = -d_2 * (y / np.float64(y * y + (x if d_2 != 0.0 else 1.0) * (x if d_2 != 0.0 else 1.0)))
    d_3 = 0.5 * dr / r
    dx += 2.0 * d_3 * x
    dy += 2.0 * d_3 * y
    return dx, dy


def polar_fwd_2(x, y, r_tape):
    """Forward sweep of polar (golden_programs.py:239): keeps what the reverse sweep needs on its tapes."""
    r = np.sqrt(x * x + y * y)
    value = (r, np.arctan2(y, x))
    r_tape.append(r)
    return value


def polar_bwd_2(d, d_2, x, y, r_tape):
    """Reverse sweep of polar (golden_programs.py:239), for the adjoint of its result."""
    r = r_tape.pop()
    dr = d
    dy = d_2 * ((x if d_2 != 0.0 else 1.0) / (y * y + (x if d_2 != 0.0 else 1.0) * (x if d_2 != 0.0 else 1.0)))
    dx = -d_2 * (y / (y * y + (x if d_2 != 0.0 else 1.0) * (x if d_2 != 0.0 else 1.0)))
    d_3 = 0.5 * dr / r
    dx += 2.0 * d_3 * x
    dy += 2.0 * d_3 * y
    return dx, dy


def turned_grad(x, y):
    """Gradient of turned (tests/golden_programs.py:244) with respect to x and y."""
    # forward sweep
    r_tape = []
    r_tape_2 = []
    r, phi = polar_fwd(x, y, r_tape)
    r_old = r
    phi_old = phi
    r, phi = polar_fwd_2(r * np.cos(2.0 * phi), r * phi, r_tape_2)
    # reverse sweep
    dr = phi
    dphi = r
    phi = phi_old
    r = r_old
    d, d_2 = polar_bwd_2(dr, dphi, r * np.cos(2.0 * phi), r * phi, r_tape_2)
    dr, dphi = d * np.cos(2.0 * phi) + d_2 * phi, r * (d_2 - 2.0 * d * np.sin(2.0 * phi))
    d, d_2 = polar_bwd(dr, dphi, x, y, r_tape)
    dx = d
    dy = d_2
    return float(dx), float(dy)
