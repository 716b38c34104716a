"""Functions as values: closures, lambdas, functions as arguments and results, partials, methods."""

# Closures over loop variables are meant, and so are lambdas with names.
# ruff: noqa: B023, E731, PLC3002

from __future__ import annotations

import functools

import numpy as np

from tests.zoo.registry import program

SCALE = 1.7


def apply(function, x):
    return function(x) * 2.0


def compose(f, g):
    return lambda x: f(g(x))


def make_adder(amount):
    return lambda value: value + amount


def make_pair(a):
    b = a * 2.0

    def inner(y):
        return b * y

    def outer(y):
        return inner(y) + a

    return outer, b


def newton(function, slope, x, steps):
    for _ in range(steps):
        x = x - function(x) / slope(x)
    return x


def runge_kutta(rhs, y, h):
    first = rhs(y)
    second = rhs(y + 0.5 * h * first)
    return y + h * second


def weigh(a, b, power=2):
    return a * b**power


def identity(x):
    return x


class Spring:
    scale = 0.5

    def __init__(self, stiffness, weights):
        self.stiffness = stiffness
        self.weights = weights

    def force(self, x):
        return -self.stiffness * x * self.damping(x)

    def damping(self, x):
        return 1.0 + self.scale * x * x + self.weights.sum()

    def __call__(self, x):
        return self.force(x) * x

    @staticmethod
    def doubled(x):
        return 2.0 * x * x


SPRING = Spring(1.5, np.array([0.25, 0.5]))
THIRD_OF = functools.partial(weigh, 0.3)
ADD = make_adder(0.3)
FORCE = SPRING.force
SOFT_SPRING = Spring(0.7, np.array([0.5]))
ACTIVATIONS = {"tanh": np.tanh, "cube": lambda t: t * t * t}
LAYERS = (np.tanh, lambda t: t * SCALE)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def nested_function(x):
    def g(y):
        return x * y

    return g(2.0) + np.sin(g(x))


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def captured_when_called(x):
    k = 3.0
    g = lambda y: k * y * x
    total = g(x)
    k = x * x
    total += g(1.0)
    for k in range(3):
        total += g(x)
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def defaults_when_made(x):
    total = 0.0
    for i in range(4):
        g = lambda y, i=i, k=x * i: y * i + k
        total += g(x)
        if i == 1:
            h = g
    return total + g(x) * total + h(x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def kept_default(x):
    g = lambda y, k=x: y * k
    h = g
    for i in range(4):
        x = x * 0.5 + 0.1 * i
        f = lambda y, k=x * x: y + k
    return f(x) * g(x) * h(x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def nested_calling_each_other(x):
    def a(y):
        return x * y

    def b(y):
        z = a(y) + x
        return a(z) * y

    return b(x) * b(2.0)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def nested_twice(x):
    def g(y):
        z = 2.0 * x

        def h(w):
            return w * z * x

        return h(y) + h(1.0)

    return g(x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def function_arguments(x):
    return apply(lambda y: y * x, x + 1.0) + apply(np.sin, x) + apply(identity, x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def two_lambdas_on_a_line(x):
    f, g = (lambda t: t * x), (lambda t: t + x)
    f, g = g, f
    return f(2.0) * g(3.0) + (lambda t: t * x)(x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def function_results(x):
    add = make_adder(x * x)
    outer, b = make_pair(x)
    return add(2.0) * add(x) + make_adder(x)(3.0) + outer(x) * b


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def compositions(x):
    scaled = lambda t: t * x
    inner = compose(np.sin, lambda t: t * t)
    return compose(scaled, inner)(x) + compose(compose(np.cos, scaled), np.exp)(x)


@program(args=lambda rng: (rng.uniform(1.0, 2.0),), analytic=True)
def newton_of_a_closure(a):
    return newton(lambda x: x * x - a, lambda x: 2.0 * x, 1.0, 6)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5, 3)), argnums=(0, 1))
def integrate(rate, y):
    def rhs(v):
        return -rate * v * v

    for _ in range(4):
        y = runge_kutta(rhs, y, 0.1)
    return np.sum(y)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def partials(x):
    p = functools.partial(weigh, x)
    q = functools.partial(p, power=3)
    return p(2.0) + q(x) + apply(functools.partial(weigh, x * x), x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), SPRING))
def methods(x, spring):
    force = spring.force
    return spring.force(x) + spring(x) * force(x) + spring.doubled(x) + apply(spring, x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), SOFT_SPRING))
def method_of_an_argument(x, spring):
    return spring.force(x) * spring.stiffness + apply(spring.damping, x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), np.tanh), analytic=True)
def given_function(x, function):
    return function(x) * x + apply(function, x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), ADD), analytic=True)
def given_closure(x, function):
    return function(x) * x + apply(function, x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), THIRD_OF), analytic=True)
def given_partial(x, function):
    return function(x) * x + apply(function, x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), FORCE))
def given_method(x, function):
    return function(x) * x


@program(args=lambda rng: (rng.uniform(0.5, 1.5), True, "cube"), analytic=True)
def chosen_function(x, smooth, name):
    act = np.tanh if smooth else np.abs
    if name == "cube":
        g = lambda t: t * t * t * x
    else:
        g = lambda t: t + x
    return act(x) * g(x) + ACTIVATIONS[name](x) + LAYERS[1](x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4), rng.uniform(0.5, 1.5)), argnums=(0, 1))
def closures_over_arrays(v, k):
    def weighted(w):
        return np.sum(v * w) * k

    def row(i):
        return v[i] * k

    total = weighted(v) + weighted(np.ones(4))
    for i in range(len(v)):
        total += row(i) * row(0)
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5),))
def early_returns(x):
    def g(y):
        if y > 100.0:
            return y
        for i in range(3):
            if i == 2:
                return y * x * i
        return x

    return g(x) + g(2.0)


@program(args=lambda rng: (rng.standard_normal(5),))
def soft_selection_by_nested_recursion(x):
    n = len(x)

    def best(i):
        if i >= n:
            return 0.0
        return np.log(np.exp(x[i] + best(i + 2)) + np.exp(best(i + 1)))

    return best(0)


@program(args=lambda rng: (rng.standard_normal(4),))
def tree_summed_by_nested_recursion(x):
    def total(t):
        if isinstance(t, list):
            return sum(total(s) for s in t)
        return x[t] ** 2

    return total([0, [1, 2], [[3]]])


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4), 5))
def nested_powers_by_squaring(x, k):
    def power(b, e):
        if e == 0:
            return 1.0
        half = power(b, e // 2)
        return half * half * (b if e % 2 else 1.0)

    return sum(power(v, k) for v in x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 5),))
def halves_that_fill_an_array(x):
    out = np.zeros_like(x)

    def go(lo, hi):
        if hi - lo == 1:
            out[lo] = x[lo] ** 2
            return x[lo]
        mid = (lo + hi) // 2
        s = go(lo, mid) * go(mid, hi)
        out[lo] += s
        return s

    r = go(0, len(x))
    return r * np.sum(out)
