import numpy as np


def durbin_grad(r):
    """Gradient of durbin (tests/golden_programs.py:145) with respect to r."""
    # forward sweep
    n = len(r)
    y = np.zeros(n)
    z = np.zeros(n)
    y[0] = -r[0]
    alpha = -r[0]
    beta = 1.0
    beta_tape = np.empty(len(range(n)))
    alpha_tape = np.empty(len(range(n)))
    y_tape = []
    y_tape_2 = np.empty(len(range(n)))
    for k in range(1, n):
        beta_tape[k] = beta
        beta *= 1.0 - alpha * alpha
        total = 0.0
        for i in range(k):
            total += r[k - i - 1] * y[i]
        alpha_tape[k] = alpha
        alpha = -(r[k] + total) / beta
        for i in range(k):
            z[i] = y[i] + alpha * y[k - i - 1]
        for i in range(k):
            y_tape.append(y[i])
            y[i] = z[i]
        y_tape_2[k] = y[k]
        y[k] = alpha
    # reverse sweep
    dy = 2.0 * y
    dalpha = 0.0
    dbeta = 0.0
    dr = np.zeros_like(r)
    dz = np.zeros_like(z)
    for k in reversed(range(1, n)):
        y[k] = y_tape_2[k]  # undo the overwrite
        dalpha += dy[k]
        dy[k] = 0.0
        for i in reversed(range(k)):
            y[i] = y_tape.pop()  # undo the overwrite
            dz[i] += dy[i]
            dy[i] = 0.0
        for i in reversed(range(k)):
            d = dz[i]
            dz[i] = 0.0
            dy[i] += d
            dalpha += d * y[k - i - 1]
            dy[k - i - 1] += alpha * d
        d = -dalpha / (beta if dalpha != 0.0 else 1.0)
        alpha_new = alpha
        alpha = alpha_tape[k]
        dr[k] += d
        dbeta -= dalpha * (alpha_new if dalpha != 0.0 else 1.0) / (beta if dalpha != 0.0 else 1.0)
        for i in reversed(range(k)):
            dr[k - i - 1] += d * y[i]
            dy[i] += r[k - i - 1] * d
        beta = beta_tape[k]
        dalpha = -2.0 * (beta * dbeta) * alpha
        dbeta *= 1.0 - alpha * alpha
    dr[0] -= dalpha
    dr[0] -= dy[0]
    return dr
