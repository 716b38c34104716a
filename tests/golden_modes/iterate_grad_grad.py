import numpy as np


def iterate_grad_grad(x, n):
    """Gradient of iterate_grad (tests/test_golden_modes.py:28) with respect to x."""
    # forward sweep
    y = x
    y_tape = np.empty(len(range(n)))
    for t in range(n):
        y_tape[t] = y
        y = np.sin(y) + x * y
    dy = 1.0
    dy_tape = np.empty(len(range(n)))
    for t in reversed(range(n)):
        y = y_tape[t]
        dy_tape[t] = dy
        dy *= np.cos(y) + x
    # reverse sweep
    d2dy = 1.0
    d2x = 0.0
    d2y_tape = np.zeros_like(y_tape)
    for t in range(n):
        y = y_tape[t]
        dy = dy_tape[t]
        d = dy * d2dy
        d2y = -d * np.sin(y)
        d2x += d
        d2dy *= np.cos(y) + x
        d2dy += y
        d2y += dy
        d2y_tape[t] += d2y
    d2y = 0.0
    for t in reversed(range(n)):
        y = y_tape[t]
        d2x += d2y * y
        d2y *= np.cos(y) + x
        d2y += d2y_tape[t]
        d2y_tape[t] = 0.0
    d2x += d2y
    return float(d2x)
