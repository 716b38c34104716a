import numpy as np


def polar_jvp(x, y, x_dot):
    """Value and tangent of polar (test_golden_modes.py:51)."""
    t = 2.0 * x_dot * x
    r = np.sqrt(x * x + y * y)
    r_dot = 0.5 * t / r if t != 0.0 else 0.0
    value = np.arctan2(y, x)
    value_dot = -y / np.float64(y * y + x * x) * x_dot if x_dot != 0.0 else 0.0
    return r, value, r_dot, value_dot


def spiral_jvp(x, y, *, x_dot):
    """Value and tangent of spiral (tests/test_golden_modes.py:56), for the tangent of x."""
    r, phi, r_dot, phi_dot = polar_jvp(x, y, x_dot)
    if r > 1.0:
        value = r * phi
        value_dot = r_dot * phi + r * phi_dot
        return value, value_dot
    else:
        value = r - phi
        value_dot = r_dot - phi_dot
        return value, value_dot
