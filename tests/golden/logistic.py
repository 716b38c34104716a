import numpy as np


def logistic_grad(w, X, t, decay):
    """Gradient of logistic (tests/golden_programs.py:191) with respect to w."""
    # forward sweep
    margins = t * (X @ w)
    # reverse sweep
    dmargins = -1.0 / len(margins) / (1.0 + np.exp(-margins)) * np.exp(-margins)
    dw = 2.0 * decay * w
    dw += X.T @ (t * dmargins)
    return dw
