import numpy as np


def rosenbrock_grad_jvp(x, *, x_dot):
    """Value and tangent of rosenbrock_grad (tests/test_golden_modes.py:63), for the tangent of x."""
    dx = np.zeros_like(x)
    dx_dot = np.zeros_like(dx)
    for i in reversed(range(len(x) - 1)):
        d = 200.0 * (x[i + 1] - x[i] ** 2)
        d_dot = 200.0 * (x_dot[i + 1] - 2.0 * x[i] * x_dot[i])
        dx[i + 1] += d
        dx_dot[i + 1] += d_dot
        dx[i] -= 2.0 * d * x[i] + 2.0 * (1.0 - x[i])
        dx_dot[i] -= 2.0 * d_dot * x[i] + 2.0 * d * x_dot[i] - 2.0 * x_dot[i]
    return dx, dx_dot
