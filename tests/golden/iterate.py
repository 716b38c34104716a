import numpy as np


def iterate_grad(x, n):
    """Gradient of iterate (tests/golden_programs.py:99) with respect to x."""
    # forward sweep
    y = x
    y_tape = np.empty(len(range(n)))
    for t in range(n):
        y_tape[t] = y
        y = np.sin(y) + x * y
    # reverse sweep
    dy = 1.0
    dx = 0.0
    for t in reversed(range(n)):
        y = y_tape[t]
        dx += dy * y
        dy *= np.cos(y) + x
    dx += dy
    return float(dx)
