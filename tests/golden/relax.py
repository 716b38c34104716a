import numpy as np


def relaxed_fwd(x, w, n, y_tape):
    """Forward sweep of relaxed (golden_programs.py:312): keeps what the reverse sweep needs on its tapes."""
    if n == 0:
        value = x
    else:
        y = relaxed_fwd(w * x + np.sin(x), 0.5 * w, n - 1, y_tape)
        value = x * y - w
        y_tape.append(y)
    return value


def relaxed_bwd(d, x, w, n, y_tape):
    """Reverse sweep of relaxed (golden_programs.py:312), for the adjoint of its result."""
    if n == 0:
        dx = d.copy()
        dw = 0.0
    else:
        y = y_tape.pop()
        dx = d * y
        dy = x * d
        dw = -np.sum(d)
        d_2, d_3 = relaxed_bwd(dy, w * x + np.sin(x), 0.5 * w, n - 1, y_tape)
        dw += np.sum(d_2 * x) + 0.5 * d_3
        dx += d_2 * (w + np.cos(x))
    return dx, dw


def relax_grad(x, w, n):
    """Gradient of relax (tests/golden_programs.py:319) with respect to x and w."""
    # forward sweep
    y_tape = []
    relaxed_value = relaxed_fwd(x, w, n, y_tape)
    # reverse sweep
    drelaxed_value = 2.0 * relaxed_value
    d, d_2 = relaxed_bwd(drelaxed_value, x, w, n, y_tape)
    dx = d.copy()
    dw = d_2
    return dx, float(dw)
