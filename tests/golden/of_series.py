def series_fwd(x, coefficients_0, coefficients_1, scale, total_tape, total_tape_2, total_tape_3):
    """Forward sweep of series (golden_programs.py:412): keeps what the reverse sweep needs on its tapes."""
    total = 0.0
    c = coefficients_0
    total_tape.append(total)
    total = total * x + c
    c = coefficients_1
    total_tape_2.append(total)
    total = total * x + c
    value = scale * total
    total_tape_3.append(total)
    return value


def series_bwd(d, x, scale, total_tape, total_tape_2, total_tape_3):
    """Reverse sweep of series (golden_programs.py:412), for the adjoint of its result."""
    total = total_tape_3.pop()
    dscale = d * total
    dtotal = scale * d
    total = total_tape_2.pop()
    dx = total * dtotal
    dtotal *= x
    total = total_tape.pop()
    dx += total * dtotal
    dcoefficients_0 = dtotal
    return dx, dcoefficients_0, dscale


def of_series_grad(x, y):
    """Gradient of of_series (tests/golden_programs.py:419) with respect to x and y."""
    # forward sweep
    total_tape = []
    total_tape_2 = []
    total_tape_3 = []
    series_fwd(x, y, 2.0, y, total_tape, total_tape_2, total_tape_3)
    # reverse sweep
    d, d_2, d_3 = series_bwd(1.0, x, y, total_tape, total_tape_2, total_tape_3)
    dx = d
    dy = d_2 + d_3
    return float(dx), float(dy)
