"""The gradient of a loop that writes into its argument.

Each cell reacts with itself and exchanges with its neighbours, in place. The reaction is not
linear, so the gradient needs values that the loop overwrites. The generated source shows where
they are kept: look for `A_tape`.
"""

import numpy as np

from srcdiff import differentiate


@differentiate
def react(A, steps):
    for t in range(steps):
        for i in range(1, len(A) - 1):
            A[i] = A[i] * (1.0 - 0.1 * A[i]) + 0.05 * (A[i - 1] + A[i + 1])
    return np.sum(A**2)


def finite_differences(A, steps, h=1e-6):
    gradient = np.empty_like(A)
    for i in range(len(A)):
        above, below = A.copy(), A.copy()
        above[i] += h
        below[i] -= h
        gradient[i] = (react(above, steps) - react(below, steps)) / (2.0 * h)
    return gradient


A = np.random.default_rng(seed=7).uniform(0.5, 1.5, size=6)
steps = 5

before = A.copy()
gradient = react.grad(A, steps)
assert np.array_equal(A, before)  # react(A, steps) writes into A; its gradient does not

expected = finite_differences(A, steps)
print("gradient\n", gradient)
print("finite differences\n", expected)
assert np.allclose(gradient, expected, rtol=1e-6, atol=1e-8)

print("\nWhat srcdiff wrote:\n")
print(react.grad.source_for(A, steps))
