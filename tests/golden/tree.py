import numpy as np


def tree_fwd(x, a_tape, b_tape):
    """Forward sweep of tree (golden_programs.py:303): keeps what the reverse sweep needs on its tapes."""
    if len(x) == 1:
        value = x[0]
    else:
        m = len(x) // 2
        a = tree_fwd(x[:m], a_tape, b_tape)
        b = tree_fwd(x[m:], a_tape, b_tape)
        value = a * b + np.sin(a)
        a_tape.append(a)
        b_tape.append(b)
    return value


def tree_bwd(d, x, a_tape, b_tape):
    """Reverse sweep of tree (golden_programs.py:303), for the adjoint of its result."""
    if len(x) == 1:
        dx = np.zeros_like(x)
        dx[0] += d
    else:
        m = len(x) // 2
        b = b_tape.pop()
        a = a_tape.pop()
        da = d * (b + np.cos(a))
        db = a * d
        d_2 = tree_bwd(db, x[m:], a_tape, b_tape)
        dx = np.zeros_like(x)
        dx[m:] += d_2
        dx[:m] += tree_bwd(da, x[:m], a_tape, b_tape)
    return dx


def tree_grad(x):
    """Gradient of tree (tests/golden_programs.py:302) with respect to x."""
    # forward sweep
    a_tape = []
    b_tape = []
    tree_fwd(x, a_tape, b_tape)
    # reverse sweep
    dx = tree_bwd(1.0, x, a_tape, b_tape)
    return dx
