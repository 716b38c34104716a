def function_bwd(d, y):
    """Reverse sweep of function (golden_programs.py:348), for the adjoint of its result."""
    dy = 3.0 * d * y ** 2
    da = -d
    return dy, da


def slope_bwd(d, y):
    """Reverse sweep of slope (golden_programs.py:348), for the adjoint of its result."""
    dy = 6.0 * d * y
    return dy


def function(y, a):
    return y ** 3 - a


def slope(y):
    return 3.0 * y ** 2


def root_of_fwd(function_a, y, steps, y_tape, function_value_tape, slope_value_tape):
    """Forward sweep of root_of (golden_programs.py:340): keeps what the reverse sweep needs on its tapes."""
    for _ in range(steps):
        function_value = function(y, function_a)
        slope_value = slope(y)
        y_tape.append(y)
        y = y - function_value / slope_value
        function_value_tape.append(function_value)
        slope_value_tape.append(slope_value)
    return y


def root_of_bwd(d, y, steps, y_tape, function_value_tape, slope_value_tape):
    """Reverse sweep of root_of (golden_programs.py:340), for the adjoint of its result."""
    dy = d
    dfunction_a = 0.0
    for _ in reversed(range(steps)):
        slope_value = slope_value_tape.pop()
        function_value = function_value_tape.pop()
        y = y_tape.pop()
        dfunction_value = -dy / slope_value
        dslope_value = dy * (function_value / slope_value) / slope_value
        dy += slope_bwd(dslope_value, y)
        d_2, d_3 = function_bwd(dfunction_value, y)
        dy += d_2
        dfunction_a += d_3
    return dfunction_a


def cube_root_grad(a, steps):
    """Gradient of cube_root (tests/golden_programs.py:346) with respect to a."""
    # forward sweep
    y_tape = []
    function_value_tape = []
    slope_value_tape = []
    root_of_fwd(a, 1.0, steps, y_tape, function_value_tape, slope_value_tape)
    # reverse sweep
    da = root_of_bwd(1.0, 1.0, steps, y_tape, function_value_tape, slope_value_tape)
    return float(da)
