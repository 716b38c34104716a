import numpy as np


def mlp_grad(X, y, W, b, v, c):
    """Gradient of mlp (tests/golden_programs.py:185) with respect to W, b, v and c."""
    # forward sweep
    h = np.tanh(X @ W + b)
    out = h @ v + c
    # reverse sweep
    dout = 2.0 * (out - y) / len(out)
    dh = np.outer(dout, v)
    dv = h.T @ dout
    dc = np.sum(dout)
    d = dh * (1.0 - h * h)
    dW = X.T @ d
    db = np.sum(d, axis=0)
    return dW, db, dv, float(dc)
