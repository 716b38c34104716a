import numpy as np


def newton_fwd(y, guess, guess_tape, trips_tape):
    """Forward sweep of newton (golden_programs.py:225): keeps what the reverse sweep needs on its tapes."""
    trips = 0
    while abs(guess * guess - y) > 0.001:
        guess_tape.append(guess)
        guess = 0.5 * (guess + y / guess)
        trips += 1
    value = guess
    trips_tape.append(trips)
    return value


def newton_bwd(d, y, guess, guess_tape, trips_tape):
    """Reverse sweep of newton (golden_programs.py:225), for the adjoint of its result."""
    trips = trips_tape.pop()
    dguess = d
    dy = 0.0
    for _ in range(trips):
        guess = guess_tape.pop()
        dy += 0.5 * dguess / guess
        dguess = 0.5 * dguess - 0.5 * dguess * (y / guess) / guess
    return dy, dguess


def roots_grad(x, guess):
    """Gradient of roots (tests/golden_programs.py:231) with respect to x and guess."""
    # forward sweep
    guess_tape = []
    trips_tape = []
    newton_value_tape = np.empty(len(x))
    for i in range(len(x)):
        newton_value = newton_fwd(x[i], guess, guess_tape, trips_tape)
        newton_value_tape[i] = newton_value
    # reverse sweep
    dguess = 0.0
    dx = np.zeros_like(x)
    for i in reversed(range(len(x))):
        newton_value = newton_value_tape[i]
        dnewton_value = np.cos(newton_value)
        d, d_2 = newton_bwd(dnewton_value, x[i], guess, guess_tape, trips_tape)
        dx[i] += d
        dguess += d_2
    return dx, float(dguess)
