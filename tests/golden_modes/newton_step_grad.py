def f_bwd(d, t):
    """Reverse sweep of f (test_golden_modes.py:86), for the adjoint of its result."""
    dt = 3.0 * d * t ** 2
    return dt


def f_grad_bwd(d, t):
    """Reverse sweep of f_grad (test_golden_modes.py:86), for the adjoint of its result."""
    d2dt = d
    d2t = 6.0 * d2dt * t
    return d2t


def f(t):
    return t ** 3 - 2.0


def f_grad(t):
    """Gradient of f (test_golden_modes.py:86) with respect to t."""
    dt = 3.0 * t ** 2
    return dt


def newton_step_grad(x):
    """Gradient of newton_step (tests/test_golden_modes.py:85) with respect to x."""
    # forward sweep
    f_value = f(x)
    f_grad_value = f_grad(x)
    # reverse sweep
    dx = 1.0
    df_value = -1.0 / f_grad_value
    df_grad_value = f_value / f_grad_value / f_grad_value
    dx += f_grad_bwd(df_grad_value, x)
    dx += f_bwd(df_value, x)
    return float(dx)
