def function_grad_bwd(d, y):
    """Reverse sweep of function_grad (test_golden_modes.py:82), for the adjoint of its result."""
    d2dy = d
    d2x = 2.0 * (d2dy * y)
    return d2x


def function_grad(y, x):
    """Gradient of function (test_golden_modes.py:82) with respect to y."""
    dy = 2.0 * x * y
    return dy


def slope_at_one_grad(x):
    """Gradient of slope_at_one (tests/test_golden_modes.py:81) with respect to x."""
    # forward sweep
    function_grad_value = function_grad(1.0, x)
    # reverse sweep
    dx = function_grad_value
    dfunction_grad_value = x
    dx += function_grad_bwd(dfunction_grad_value, 1.0)
    return float(dx)
