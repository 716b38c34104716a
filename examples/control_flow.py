"""A first gradient, through a loop and a branch that depend on the data.

The function is `f` of "Automatic Differentiation" (section 2.5.4) in Dive into Deep Learning,
written with NumPy. However often the loop doubles `a`, and whichever branch is taken, the result
is some number k times `a`. So for a scalar the gradient must be k, which is `f(a) / a`.
"""

import numpy as np

from srcdiff import differentiate


@differentiate
def f(a):
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c.sum()


rng = np.random.default_rng(seed=4)
scalar = np.float64(rng.normal())
vector = rng.normal(size=3)
matrix = rng.normal(size=(2, 2))

for name, a in [("scalar", scalar), ("vector", vector), ("matrix", matrix)]:
    value, gradient = f.value_and_grad(a)
    print(f"{name} a:\n{a}")
    print(f"f(a) is {value}, and its gradient")
    print(f"{gradient}\n")

check = np.isclose(f.grad(scalar), f(scalar) / scalar)
print(f"The gradient at the scalar is f(a) / a: {check}")
assert check

print("\nWhat srcdiff wrote for a scalar:\n")
print(f.grad.source_for(scalar))
print("\nWhat srcdiff wrote for a vector:\n")
print(f.grad.source_for(vector))
