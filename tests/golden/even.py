import numpy as np


def odd_fwd(x, n, y_tape, odd_value_tape):
    """Forward sweep of odd (golden_programs.py:330): keeps what the reverse sweep needs on its tapes."""
    if n == 0:
        value = x * x
    else:
        y = even_fwd(x * 1.1, n - 1, odd_value_tape, y_tape)
        value = np.exp(-y) * y
        y_tape.append(y)
    return value


def odd_bwd(d, x, n, y_tape, odd_value_tape):
    """Reverse sweep of odd (golden_programs.py:330), for the adjoint of its result."""
    if n == 0:
        dx = 2.0 * d * x
    else:
        y = y_tape.pop()
        dy = d * (np.exp(-y) - y * np.exp(-y))
        dx = even_bwd(dy, x * 1.1, n - 1, odd_value_tape, y_tape) * 1.1
    return dx


def even_fwd(x, n, odd_value_tape, y_tape):
    """Forward sweep of even (golden_programs.py:324): keeps what the reverse sweep needs on its tapes."""
    if n == 0:
        value = x
    else:
        odd_value = odd_fwd(x, n - 1, y_tape, odd_value_tape)
        value = np.sin(odd_value) * x
        odd_value_tape.append(odd_value)
    return value


def even_bwd(d, x, n, odd_value_tape, y_tape):
    """Reverse sweep of even (golden_programs.py:324), for the adjoint of its result."""
    if n == 0:
        dx = d
    else:
        odd_value = odd_value_tape.pop()
        dodd_value = d * x * np.cos(odd_value)
        dx = np.sin(odd_value) * d
        dx += odd_bwd(dodd_value, x, n - 1, y_tape, odd_value_tape)
    return dx


def even_grad(x, n):
    """Gradient of even (tests/golden_programs.py:324) with respect to x."""
    # forward sweep
    odd_value_tape = []
    y_tape = []
    even_fwd(x, n, odd_value_tape, y_tape)
    # reverse sweep
    dx = even_bwd(1.0, x, n, odd_value_tape, y_tape)
    return float(dx)
