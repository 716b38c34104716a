import numpy as np


def root_grad_grad(a):
    """Gradient of root_grad (tests/test_golden_modes.py:35) with respect to a."""
    # forward sweep
    x = a / 3.0
    r = x ** 3 + x - a
    trips = 0
    x_tape = []
    r_tape = []
    trips_2 = 0
    x_tape_2 = []
    r_tape_2 = []
    while abs(r) > 1e-12:
        x_tape.append(x)
        x_tape_2.append(x)
        x -= r / (3.0 * x ** 2 + 1.0)
        r_tape.append(r)
        r_tape_2.append(r)
        r = x ** 3 + x - a
        trips += 1
        trips_2 += 1
    dx = 1.0
    dr = 0.0
    x_tape_3 = np.empty(len(range(trips)))
    dr_tape = np.empty(len(range(trips)))
    dx_tape = np.empty(len(range(trips)))
    r_tape_3 = np.empty(len(range(trips)))
    for k in range(trips):
        r = r_tape.pop()
        dx += dr * (3.0 * x ** 2 + 1.0)
        x_tape_3[k] = x
        x = x_tape.pop()
        dr_tape[k] = dr
        dr = -dx / (3.0 * x ** 2 + 1.0)
        dx_tape[k] = dx
        dx += 6.0 * (dx * (r / (3.0 * x ** 2 + 1.0)) / (3.0 * x ** 2 + 1.0)) * x
        r_tape_3[k] = r
    # reverse sweep
    d2dx = 1.0 / 3.0
    d2dr = -1.0
    d2dr += d2dx * (3.0 * x ** 2 + 1.0)
    d2x = 6.0 * (dr * d2dx) * x
    d2r_tape = [0.0] * len(r_tape)
    d2x_tape = [0.0] * len(x_tape)
    for k in reversed(range(trips)):
        r = r_tape_3[k]
        dx = dx_tape[k]
        d = 6.0 * (d2dx * x)
        d_2 = d / (3.0 * x ** 2 + 1.0)
        d_3 = dx * d_2
        d2r = d_3 / (3.0 * x ** 2 + 1.0)
        d2x += 6.0 * (dx * (r / (3.0 * x ** 2 + 1.0)) / (3.0 * x ** 2 + 1.0)) * d2dx - (6.0 * (d_3 * (r / (3.0 * x ** 2 + 1.0)) / (3.0 * x ** 2 + 1.0)) * x + 6.0 * (d * (dx * (r / (3.0 * x ** 2 + 1.0)) / (3.0 * x ** 2 + 1.0)) / (3.0 * x ** 2 + 1.0)) * x)
        d2dx += d_2 * (r / (3.0 * x ** 2 + 1.0))
        dr_new = dr
        dr = dr_tape[k]
        d2dx -= d2dr / (3.0 * x ** 2 + 1.0)
        d2x -= 6.0 * (d2dr * dr_new / (3.0 * x ** 2 + 1.0)) * x
        d2x_tape.append(d2x)
        x = x_tape_3[k]
        d2dr = -1.0
        d2dr += d2dx * (3.0 * x ** 2 + 1.0)
        d2x = 6.0 * (dr * d2dx) * x
        d2r_tape.append(d2r)
    d2a = 0.0
    d2r = 0.0
    for k in range(trips_2):
        r = r_tape_2.pop()
        d2x += d2r * (3.0 * x ** 2 + 1.0)
        d2a -= d2r
        d2r = d2r_tape.pop()
        x = x_tape_2.pop()
        d2r -= d2x / (3.0 * x ** 2 + 1.0)
        d2x += 6.0 * (d2x * (r / (3.0 * x ** 2 + 1.0)) / (3.0 * x ** 2 + 1.0)) * x
        d2x += d2x_tape.pop()
    d2x += d2r * (3.0 * x ** 2 + 1.0)
    d2a -= d2r
    d2a += d2x / 3.0
    return float(d2a)
