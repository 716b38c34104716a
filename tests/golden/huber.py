import numpy as np


def huber_grad(x, delta):
    """Gradient of huber (tests/golden_programs.py:253) with respect to x and delta."""
    # reverse sweep
    if x > delta:
        ddelta = x - 0.5 * delta - 0.5 * delta
        dx = delta
    elif x < -delta:
        ddelta = -(x + 0.5 * delta) - 0.5 * delta
        dx = -delta
    else:
        dx = x
        ddelta = 0.0
    return dx, ddelta
