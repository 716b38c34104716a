"""Arrays and objects changed in place: LU, a leapfrog, a helper that fills its argument, an object.

Each function is ordinary NumPy. Its gradient is printed as source, and checked against a difference
quotient along a random direction.
"""

import numpy as np

from srcdiff import grad


def log_det(A):
    """The logarithm of a determinant, by elimination in place."""
    A = A.copy()
    n = len(A)
    for k in range(n):
        for i in range(k + 1, n):
            A[i, k] /= A[k, k]
            A[i, k + 1 :] -= A[i, k] * A[k, k + 1 :]
    return np.sum(np.log(np.abs(np.diag(A))))


def wave(u, steps):
    """A wave equation by leapfrog: three buffers that change places."""
    u_prev = u.copy()
    u_next = u.copy()
    for t in range(steps):
        force = u[2:] - 2.0 * u[1:-1] + u[:-2] - np.sin(u[1:-1])
        u_next[1:-1] = 2.0 * u[1:-1] - u_prev[1:-1] + 0.01 * force
        u_prev, u, u_next = u, u_next, u_prev
    return np.sum(u**2)


def relax(v, k):
    """One sweep of diffusion, in the array that is given."""
    for i in range(1, len(v) - 1):
        v[i] += k * (v[i - 1] - 2.0 * v[i] + v[i + 1])


def smooth(A, k):
    """A helper writes into a view of its caller's array."""
    for _ in range(3):
        relax(A[1:-1, :], k)
    return np.sum(A**2)


class Oscillator:
    """A mass on a spring."""

    def __init__(self, x, v, k):
        self.x = x
        self.v = v
        self.k = k

    def step(self, dt):
        """Updates the state."""
        self.v -= dt * self.k * self.x
        self.x += dt * self.v

    def energy(self):
        """Kinetic and potential energy."""
        return 0.5 * self.v**2 + 0.5 * self.k * self.x**2


def oscillate(x, k):
    """The energy after some steps of a method that updates its object."""
    o = Oscillator(x, 0.0, k)
    for _ in range(20):
        o.step(0.1)
    return o.energy()


def show(function, *args):
    """Prints a gradient's source, and how well it agrees with a difference quotient."""
    argnums = tuple(i for i, x in enumerate(args) if not isinstance(x, int))
    derivative = grad(function, argnums=argnums)
    found = derivative(*args)
    print(derivative.source)
    rng = np.random.default_rng(0)
    h, way = 1e-6, [rng.standard_normal(np.shape(args[i])) for i in argnums]

    def moved(sign):
        new = list(args)
        for i, w in zip(argnums, way, strict=True):
            new[i] = args[i] + sign * h * w
        return function(*new)

    slope = sum(np.sum(d * w) for d, w in zip(found, way, strict=True))
    difference = (moved(1.0) - moved(-1.0)) / (2.0 * h)
    print(f"# along a random direction: {slope:.6f}, by differences {difference:.6f}\n")
    assert np.isclose(slope, difference, rtol=1e-6)


rng = np.random.default_rng(1)
show(log_det, rng.random((5, 5)) + 5.0 * np.eye(5))
show(wave, rng.random(8), 10)
show(smooth, rng.random((6, 4)), 0.1)
show(oscillate, 1.0, 2.0)
