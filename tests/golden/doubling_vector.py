import numpy as np


def doubling_grad(a):
    """Gradient of doubling (tests/golden_programs.py:54) with respect to a."""
    # forward sweep
    b = a * 2
    trips = 0
    while np.linalg.norm(b) < 1000:
        b = b * 2
        trips += 1
    branch = b.sum() > 0
    # reverse sweep
    if branch:
        db = np.ones_like(b)
    else:
        db = np.full_like(b, 100.0)
    for _ in range(trips):
        db *= 2
    da = db * 2
    return da
