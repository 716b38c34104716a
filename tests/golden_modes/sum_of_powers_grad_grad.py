import numpy as np


def sum_of_powers_grad_grad(x):
    """Gradient of sum_of_powers_grad (tests/test_golden_modes.py:77) with respect to x."""
    # forward sweep
    y_tape = []
    y_tape_2 = []
    y = 1.0
    y_tape_3 = np.empty(3)
    for k in range(3):
        y_tape.append(y)
        y_tape_3[k] = y
        y = y * x
    x_2 = 2.0 * x
    y_2 = 1.0
    y_2_tape = np.empty(2)
    for k_2 in range(2):
        y_tape_2.append(y_2)
        y_2_tape[k_2] = y_2
        y_2 = y_2 * x_2
    x_3 = 2.0 * x
    dy = 1.0
    dy_tape = np.empty(2)
    y_3_tape = np.empty(2)
    for k_3 in reversed(range(2)):
        y_3 = y_tape_2.pop()
        dy_tape[k_3] = dy
        dy *= x_3
        y_3_tape[k_3] = y_3
    dy_2 = 1.0
    dy_2_tape = np.empty(3)
    y_4_tape = np.empty(3)
    for k_4 in reversed(range(3)):
        y_4 = y_tape.pop()
        dy_2_tape[k_4] = dy_2
        dy_2 *= x
        y_4_tape[k_4] = y_4
    # reverse sweep
    d2dy_2 = 0.0
    d2x = 0.0
    d2y_tape = []
    for k_4 in range(3):
        y_4 = y_4_tape[k_4]
        dy_2 = dy_2_tape[k_4]
        d2x += dy_2 * d2dy_2
        d2dy_2 *= x
        d2y_4 = dy_2
        d2dy_2 += y_4
        d2y_tape.append(d2y_4)
    d2dy = 0.0
    d2x_3 = 0.0
    d2y_tape_2 = []
    for k_3 in range(2):
        y_3 = y_3_tape[k_3]
        dy = dy_tape[k_3]
        d2x_3 += dy * d2dy
        d2dy *= x_3
        d2y_3 = 2.0 * dy
        d2dy += y_3 * 2.0
        d2y_tape_2.append(d2y_3)
    d2x += 2.0 * d2x_3
    d2x_2 = 0.0
    d2y_2 = 0.0
    for k_2 in reversed(range(2)):
        y_2 = y_2_tape[k_2]
        d2x_2 += y_2 * d2y_2
        d2y_2 *= x_2
        d2y_2 += d2y_tape_2.pop()
    d2x += 2.0 * d2x_2
    d2y = 0.0
    for k in reversed(range(3)):
        y = y_tape_3[k]
        d2x += y * d2y
        d2y *= x
        d2y += d2y_tape.pop()
    return float(d2x)
