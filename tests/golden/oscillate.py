import numpy as np


def spring_bwd(d, x, v, k):
    """Reverse sweep of spring (golden_programs.py:213), for the adjoint of its result."""
    dk = -d * x
    dx = -k * d
    dv = -d * (0.1 * abs(v) + 0.1 * v * np.sign(v))
    return dx, dv, dk


def spring(x, v, k):
    return -k * x - 0.1 * v * abs(v)


def oscillate_grad(x, v, k, dt, steps):
    """Gradient of oscillate (tests/golden_programs.py:217) with respect to x, v and k."""
    # forward sweep
    v_tape = np.empty(len(range(steps)))
    x_tape = np.empty(len(range(steps)))
    for t in range(steps):
        spring_value = spring(x, v, k)
        v_tape[t] = v
        v += dt * spring_value
        x_tape[t] = x
        x += dt * v
    # reverse sweep
    dx = 2.0 * x
    dv = 2.0 * v
    dk = 0.0
    for t in reversed(range(steps)):
        x = x_tape[t]
        dv += dt * dx
        v = v_tape[t]
        dspring_value = dt * dv
        d, d_2, d_3 = spring_bwd(dspring_value, x, v, k)
        dx += d
        dv += d_2
        dk += d_3
    return float(dx), float(dv), float(dk)
