import numpy as np


def iterate_grad_jvp(x, n, *, x_dot):
    """Value and tangent of iterate_grad (tests/test_golden_modes.py:28), for the tangent of x."""
    y = x
    y_dot = x_dot
    y_tape = np.empty(len(range(n)))
    y_dot_tape = np.zeros_like(y_tape)
    for t in range(n):
        y_tape[t] = y
        y_dot_tape[t] = y_dot
        y_dot = np.cos(y) * y_dot + (x_dot * y + x * y_dot)
        y = np.sin(y) + x * y
    dy = 1.0
    dy_dot = 0.0
    dx = 0.0
    dx_dot = 0.0
    for t in reversed(range(n)):
        y = y_tape[t]
        y_dot = y_dot_tape[t]
        dx += dy * y
        dx_dot += dy_dot * y + dy * y_dot
        dy_dot = dy_dot * (np.cos(y) + x) + dy * (x_dot - np.sin(y) * y_dot)
        dy *= np.cos(y) + x
    dx += dy
    dx_dot += dy_dot
    value = float(dx)
    value_dot = float(dx_dot)
    return value, value_dot
