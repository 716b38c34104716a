import numpy as np


def logistic_grad(w, X, t, decay):
    """Gradient of logistic (tests/golden_programs.py:192) with respect to w."""
    # forward sweep
    margins = t * (X @ w)
    exp = np.exp(-margins)
    # reverse sweep
    dexp = 1.0 / len(exp) / (1.0 + exp)
    dw = 2.0 * decay * w
    dmargins = -dexp * exp
    dw += X.T @ (t * dmargins)
    return dw
