def diffuse_grad(A, steps):
    """Gradient of diffuse (tests/golden_programs.py:70) with respect to A."""
    A = A.copy()
    # forward sweep
    for t in range(steps):
        for i in range(1, len(A) - 1):
            A[i] = 0.5 * (A[i - 1] + A[i + 1])
    # reverse sweep
    dA = 2.0 * A
    for t in reversed(range(steps)):
        for i in reversed(range(1, len(A) - 1)):
            d = dA[i]
            dA[i] = 0.0
            dA[i - 1] += 0.5 * d
            dA[i + 1] += 0.5 * d
    return dA
