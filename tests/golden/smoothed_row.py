import numpy as np


def mixed_bwd(d, i, rate, x):
    """Reverse sweep of mixed (golden_programs.py:355), for the adjoint of its result."""
    drate = d * (x[i - 1] - x[i])
    dx = np.zeros_like(x)
    dx[i] += (1.0 - rate) * d
    dx[i - 1] += rate * d
    return drate, dx


def mixed(i, rate, x):
    return (1.0 - rate) * x[i] + rate * x[i - 1]


def smoothed_row_grad(x, rate):
    """Gradient of smoothed_row (tests/golden_programs.py:351) with respect to x and rate."""
    # forward sweep
    y = x.copy()
    mixed_value_tape = np.empty(len(x))
    for i in range(1, len(x)):
        mixed_value = mixed(i, rate, x)
        y[i] = mixed_value ** 2
        mixed_value_tape[i] = mixed_value
    # reverse sweep
    dy = np.ones_like(y)
    drate = 0.0
    dx = np.zeros_like(x)
    for i in reversed(range(1, len(x))):
        mixed_value = mixed_value_tape[i]
        dmixed_value = 2.0 * dy[i] * mixed_value
        dy[i] = 0.0
        d, d_2 = mixed_bwd(dmixed_value, i, rate, x)
        drate += d
        dx += d_2
    dx += dy
    return dx, float(drate)
