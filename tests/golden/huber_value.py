def huber_value_and_grad(x, delta):
    """Value and gradient of huber (tests/golden_programs.py:254) with respect to x and delta."""
    # forward sweep
    if x > delta:
        value = delta * (x - 0.5 * delta)
    elif x < -delta:
        value = -delta * (x + 0.5 * delta)
    else:
        y = x * x
        value = 0.5 * y
    # reverse sweep
    if x > delta:
        ddelta = x - 0.5 * delta - 0.5 * delta
        dx = delta
    elif x < -delta:
        ddelta = -(x + 0.5 * delta + 0.5 * delta)
        dx = -delta
    else:
        dx = x
        ddelta = 0.0
    return value, (dx, ddelta)
