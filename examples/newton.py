"""A gradient through a `while` loop that runs until it has converged.

`root(a)` solves x**3 + x = a by Newton's method. Differentiating that equation says what the
gradient has to be, whatever the iteration did: dx/da = 1 / (3 * x**2 + 1).
"""

import numpy as np

from srcdiff import differentiate


@differentiate
def root(a):
    x = a / 3.0
    r = x**3 + x - a
    while abs(r) > 1e-12:
        x -= r / (3.0 * x**2 + 1.0)
        r = x**3 + x - a
    return x


for a in [0.5, 2.0, 10.0]:
    x, gradient = root.value_and_grad(a)
    implicit = 1.0 / (3.0 * x**2 + 1.0)
    print(f"a = {a:4}  x = {x:.12f}  dx/da = {gradient:.12f}  implicitly {implicit:.12f}")
    assert np.isclose(gradient, implicit, rtol=1e-9)

print("\nWhat srcdiff wrote:\n")
print(root.grad.source_for(2.0))
