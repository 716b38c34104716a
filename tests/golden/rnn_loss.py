import numpy as np


def rnn_loss_grad(W, U, V, xs, ys):
    """Gradient of rnn_loss (tests/golden_programs.py:366) with respect to W, U and V."""
    # forward sweep
    h = np.zeros(len(W))
    hs = []
    h_tape = []
    for x in xs:
        h_tape.append(h)
        h = np.tanh(W @ h + U @ x)
        hs.append(h)
    # reverse sweep
    dV = np.zeros_like(V)
    dhs = list(map(np.zeros_like, hs))
    for t in reversed(range(len(hs))):
        d = 2.0 * (V @ hs[t] - ys[t])
        dV += np.outer(d, hs[t])
        dhs[t] += V.T @ d
    dU = np.zeros_like(U)
    dW = np.zeros_like(W)
    dh = np.zeros_like(h)
    for x in xs[::-1]:
        dh += dhs.pop()
        d = dh * (1.0 - h * h)
        h = h_tape.pop()
        dW += np.outer(d, h)
        dU += np.outer(d, x)
        dh = W.T @ d
    return dW, dU, dV
