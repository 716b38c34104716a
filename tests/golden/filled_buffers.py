import numpy as np


def _fill_bwd(x, dout):
    """Reverse sweep of _fill (golden_programs.py:468): updates dout in place."""
    dx = dout[:] * np.cos(x)
    dout[:] = 0.0
    return dx


def _fill_fwd(out, x, out_tape):
    """Forward sweep of _fill (golden_programs.py:468): keeps what the reverse sweep needs on its tapes."""
    out_tape.append(out[:].copy())
    out[:] = np.sin(x)
    return out


def _fill_bwd_3(out, x, dout, out_tape):
    """Reverse sweep of _fill (golden_programs.py:468): undoes out, updates dout in place."""
    out[:] = out_tape.pop()  # undo the overwrite
    dx = dout[:] * np.cos(x)
    dout[:] = 0.0
    return dx


def _fill(out, x):
    out[:] = np.sin(x)
    return out


def filled_buffers_grad(x):
    """Gradient of filled_buffers (tests/golden_programs.py:473) with respect to x."""
    # forward sweep
    out_tape = []
    buf = np.zeros_like(x)
    _fill(buf, x)
    total = np.sum(buf)
    x_2 = buf * x
    _fill_fwd(buf, x_2, out_tape)
    # reverse sweep
    dtotal = np.sum(buf)
    dbuf = np.full_like(buf, total)
    d = _fill_bwd_3(buf, x_2, dbuf, out_tape)
    dbuf += d * x
    dx = buf * d
    dbuf += dtotal
    dx += _fill_bwd(x, dbuf)
    return dx
