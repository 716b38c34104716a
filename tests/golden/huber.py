def huber_grad(x, delta):
    """Gradient of huber (tests/golden_programs.py:254) with respect to x and delta."""
    if x > delta:
        ddelta = x - 0.5 * delta - 0.5 * delta
        dx = delta
    elif x < -delta:
        ddelta = -(x + 0.5 * delta + 0.5 * delta)
        dx = -delta
    else:
        dx = x
        ddelta = 0.0
    return dx, ddelta
