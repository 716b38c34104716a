import numpy as np


def stack_grad(x, n):
    """Gradient of stack (tests/golden_programs.py:379) with respect to x."""
    # forward sweep
    tape = []
    y = x
    y_tape = np.empty(len(range(n)))
    for t in range(n):
        tape.append(y)
        y_tape[t] = y
        y = np.sin(y) + x * y
    dy = 1.0
    dy_tape = np.empty(len(range(n)))
    y_tape_2 = np.empty(len(range(n)))
    for t in reversed(range(n)):
        y = tape.pop()
        dy_tape[t] = dy
        dy *= np.cos(y) + x
        y_tape_2[t] = y
    # reverse sweep
    ddy = 1.0
    dtape = []
    dx_2 = 0.0
    for t in range(n):
        y = y_tape_2[t]
        dy = dy_tape[t]
        d = dy * ddy
        dy_2 = -d * np.sin(y)
        dx_2 += d
        ddy *= np.cos(y) + x
        dy_2 += dy
        ddy += y
        dtape.append(dy_2)
    dy_2 = 0.0
    for t in reversed(range(n)):
        y = y_tape[t]
        dx_2 += dy_2 * y
        dy_2 *= np.cos(y) + x
        dy_2 += dtape.pop()
    dx_2 += dy_2
    return float(dx_2)
