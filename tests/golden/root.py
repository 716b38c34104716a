def root_grad(a):
    """Gradient of root (tests/golden_programs.py:89) with respect to a."""
    # forward sweep
    x = a / 3.0
    r = x ** 3 + x - a
    trips = 0
    x_tape = []
    r_tape = []
    while abs(r) > 1e-12:
        x_tape.append(x)
        x -= r / (3.0 * x ** 2 + 1.0)
        r_tape.append(r)
        r = x ** 3 + x - a
        trips += 1
    # reverse sweep
    dx = 1.0
    da = 0.0
    dr = 0.0
    for _ in range(trips):
        r = r_tape.pop()
        dx += dr * (3.0 * x ** 2 + 1.0)
        da -= dr
        x = x_tape.pop()
        dr = -dx / (3.0 * x ** 2 + 1.0)
        dx += 6.0 * (dx * (r / (3.0 * x ** 2 + 1.0)) / (3.0 * x ** 2 + 1.0)) * x
    dx += dr * (3.0 * x ** 2 + 1.0)
    da -= dr
    da += dx / 3.0
    return da
