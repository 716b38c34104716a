import numpy as np


def iterate_jvp_fwd(x, n, x_dot, y_dot_tape, y_tape):
    """Forward sweep of iterate_jvp (test_golden_modes.py:28): keeps what the reverse sweep needs on its tapes."""
    y = x
    y_dot = x_dot
    for t in range(n):
        y_dot_tape.append(y_dot)
        y_dot = np.cos(y) * y_dot + (x_dot * y + x * y_dot)
        y_tape.append(y)
        y = np.sin(y) + x * y
    return y, y_dot


def iterate_jvp_bwd(d, d_2, x, n, x_dot, y_dot_tape, y_tape):
    """Reverse sweep of iterate_jvp (test_golden_modes.py:28), for the adjoint of its result."""
    dy = d
    dy_dot = d_2
    dx = 0.0
    for t in reversed(range(n)):
        y = y_tape.pop()
        dx += dy * y
        dy *= np.cos(y) + x
        y_dot = y_dot_tape.pop()
        dy += dy_dot * (x_dot - y_dot * np.sin(y))
        dx += dy_dot * y_dot
        dy_dot *= np.cos(y) + x
    dx += dy
    return dx


def speed_grad(x, v):
    """Gradient of speed (tests/test_golden_modes.py:90) with respect to x."""
    # forward sweep
    y_dot_tape = []
    y_tape = []
    position, velocity = iterate_jvp_fwd(x, 3, v, y_dot_tape, y_tape)
    # reverse sweep
    dposition = velocity
    dvelocity = position
    dx = iterate_jvp_bwd(dposition, dvelocity, x, 3, v, y_dot_tape, y_tape)
    return float(dx)
