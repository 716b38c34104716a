"""Functions that call themselves, directly or through others."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo.registry import program

RATE = 0.3


# ------------------------------------------------------------------ numbers


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 4), seeds=2, analytic=True)
def power_by_recursion(x, n):
    if n == 0:
        return 1.0
    return x * power_by_recursion(x, n - 1)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 5))
def three_terms_back(x, n):
    if n < 2:
        return x
    return three_terms_back(x, n - 1) * math.sin(x) + three_terms_back(x, n - 2)


@program(args=lambda rng: (rng.uniform(2.0, 8.0), rng.uniform(0.5, 1.5)), argnums=(0, 1))
def depth_by_value(x, a):
    if abs(x) < 0.5:
        return x * a
    y = depth_by_value(0.5 * x + 0.01 * a, a)
    return y * x - a


def horner(x, k, total=0.0):
    if k == 0:
        return total
    return horner(x, k - 1, total * x + k)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def recursion_with_an_accumulator(x):
    return horner(x, 5) + horner(x, k=2, total=x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1))
def accumulator_of_the_function_itself(x, w, n=4, total=1.0):
    if n == 0:
        return total * w
    return accumulator_of_the_function_itself(x, w, n - 1, total=math.sin(total * x) + w)


def two_results(x, n):
    if n == 0:
        return x, 2.0 * x
    a, b = two_results(x * 0.9, n - 1)
    return a * b, b + math.sin(a)


@program(args=lambda rng: (rng.uniform(0.5, 1.0),), argnums=0)
def recursion_with_two_results(x):
    a, b = two_results(x, 3)
    _, c = two_results(a, 2)
    return a * b + c


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 3))
def recursion_that_rebinds(x, n):
    if n > 0:
        x = x * x * 0.7
        y = recursion_that_rebinds(x, n - 1)
        x = x + y
        return x * recursion_that_rebinds(y, n - 2)
    return x + 0.5


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 3))
def overwrites_what_it_passes(y, n):
    if n == 0:
        return y * 1.1
    z = math.sin(y)
    z = overwrites_what_it_passes(z * y, n - 1)
    z = overwrites_what_it_passes(z * z + y, n - 1)
    for _ in range(n):
        y = overwrites_what_it_passes(y * z, n - 2) if n > 1 else y * z
    return math.tanh(z * y)


def overwrites_both(a, b, n):
    if n == 0:
        return a * b, a + b
    a, b = overwrites_both(a * b, b * b, n - 1)
    b, a = overwrites_both(a * a, a * b, n - 1)
    return np.sin(a * b), a * b


@program(args=lambda rng: (rng.uniform(0.3, 0.9), rng.uniform(0.3, 0.9)), argnums=(0, 1))
def overwrites_two_that_it_passes(a, b):
    a, b = overwrites_both(a, b, 2)
    return a * b


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 3))
def recursion_in_a_conditional(x, n):
    return x if n == 0 else np.cos(recursion_in_a_conditional(x * x, n - 1)) + x


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 3))
def recursion_with_a_global(x, n):
    if n == 0:
        return x * RATE
    y = recursion_with_a_global(x * RATE + 1.0, n - 1)
    return y * y + x


def descended(x, *, n=3):
    if n == 0:
        return x
    return descended(x * 1.5, n=n - 1) * x


@program(args=lambda rng: (rng.uniform(0.5, 1.5),))
def keyword_only_depth(x):
    return descended(x) + descended(x, n=2)


def bisected(x, low, high):
    middle = 0.5 * (low + high)
    if high - low < 1e-3:
        return middle
    if middle * middle > x:
        return bisected(x, low, middle)
    return bisected(x, middle, high)


@program(args=lambda rng: (rng.uniform(1.0, 3.0),))
def newton_after_bisection(x):
    guess = bisected(x, 0.0, 4.0)
    return 0.5 * (guess + x / guess)


def simpson(a, m, b):
    return (b - a) * (np.exp(-a * a) + 4.0 * np.exp(-m * m) + np.exp(-b * b)) / 6.0


def adaptive(a, b, whole, tolerance):
    m = 0.5 * (a + b)
    left, right = simpson(a, 0.5 * (a + m), m), simpson(m, 0.5 * (m + b), b)
    if abs(left + right - whole) < tolerance:
        return left + right + (left + right - whole) / 15.0
    return adaptive(a, m, left, 0.5 * tolerance) + adaptive(m, b, right, 0.5 * tolerance)


@program(args=lambda rng: (rng.uniform(0.1, 0.5), rng.uniform(1.5, 2.5)), argnums=(0, 1))
def adaptive_integral(a, b):
    return adaptive(a, b, simpson(a, 0.5 * (a + b), b), 1e-6)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


@program(args=lambda rng: (rng.uniform(0.5, 1.5),))
def passive_recursion(x):
    y = x
    for _ in range(ackermann(1, 2)):
        y = y * x + 0.1
    return y * ackermann(2, 2) if ackermann(2, 1) == 5 else y


# ------------------------------------------------------------------ through others


def even_part(x, n):
    if n == 0:
        return x
    return np.sin(odd_part(x, n - 1)) * x


def odd_part(x, n):
    if n == 0:
        return x * x
    y = even_part(x * 1.1, n - 1)
    return np.exp(-y) * y


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 3), seeds=2)
def mutual_recursion(x, n):
    return even_part(x, n) * odd_part(x, n + 1)


def first_of_three(x, n):
    if n <= 0:
        return x
    return second_of_three(x * 0.9, n - 1) * third_of_three(x, n - 2)


def second_of_three(x, n):
    if n <= 0:
        return x * x
    y = third_of_three(x, n - 1)
    return y * second_of_three(x, n - 2) + y


def third_of_three(x, n):
    if n <= 0:
        return 2.0 * x
    z = first_of_three(np.sin(x), n - 1)
    return z * z


@program(args=lambda rng: (rng.uniform(0.5, 1.0), 5))
def three_that_call_each_other(x, n):
    return third_of_three(x, n) + second_of_three(x, n - 1)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 3))
def through_another(x, n):
    if n == 0:
        return x * x
    return via(x, n) * x


def via(x, n):
    s = 0.1
    for k in range(n):
        s = 0.3 * s * x + through_another(0.5 * s + 0.4 * x, k)
    return s


# ------------------------------------------------------------------ arrays


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 5),), seeds=2)
def tree_product(x):
    if len(x) == 1:
        return x[0]
    m = len(x) // 2
    a = tree_product(x[:m])
    b = tree_product(x[m:])
    return a * b + np.sin(a)


def butterflies(x):
    if len(x) == 1:
        return x
    m = len(x) // 2
    a = butterflies(x[:m])
    b = butterflies(x[m:])
    y = np.zeros(len(x))
    y[:m] = a + b
    y[m:] = (a - b) * a
    return y


@program(args=lambda rng: (rng.standard_normal(8), rng.standard_normal(8)), argnums=(0, 1))
def array_tree(x, w):
    return np.sum(butterflies(x * w) * w)


def matrix_power(A, n):
    if n == 0:
        return np.eye(len(A))
    if n % 2 == 0:
        B = matrix_power(A, n // 2)
        return B @ B
    return A @ matrix_power(A, n - 1)


def refined(v, n):
    w = v.copy()
    if n == 0:
        return np.tanh(w)
    w[1:] *= w[:-1]
    w = refined(w * v, n - 1)
    w = refined(w, n - 1) * w
    w[0] = w[0] * w[1]
    return w


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 3), 2))
def overwrites_arrays_that_it_passes(v, n):
    return np.sum(refined(v, n))


@program(args=lambda rng: (0.5 * rng.standard_normal((3, 3)), 6))
def repeated_squaring(A, n):
    return np.sum(matrix_power(A, n) ** 2)


def same_memory(v, n):
    if n == 0:
        return v
    return same_memory(v, n - 1)


@program(args=lambda rng: (rng.standard_normal(4),))
def recursion_that_returns_its_argument(v):
    w = same_memory(v, 3)
    return np.sum(w * v) + np.sum(same_memory(w * w, 2) * w)


@program(args=lambda rng: (rng.standard_normal(5), rng.standard_normal(5), 2), argnums=(0, 1))
def narrower_each_time(x, w, n):
    if n == 0:
        return np.sum(np.tanh(x * w))
    return narrower_each_time(x[1:], w[:-1], n - 1) * x[0] + w[0]


@program(args=lambda rng: (rng.uniform(0.1, 1.2, 3), 2), seeds=5)
def early_returns_in_loops(v, depth):
    for i in range(len(v)):
        if v[i] > 1.0:
            return v[i] * 2.0
        if depth > 0:
            w = early_returns_in_loops(0.5 * v, depth - 1)
            if w > 0.6:
                return w * v[i]
            v = v + 0.1 * w
    return np.sum(v)


@program(args=lambda rng: (rng.standard_normal((4, 4)),), seeds=2)
def determinant(A):
    if len(A) == 1:
        return A[0, 0]
    B = A[1:, 1:] - np.outer(A[1:, 0], A[0, 1:]) / A[0, 0]
    return A[0, 0] * determinant(B)


@program(args=lambda rng: (rng.standard_normal(3).astype(np.float32), 2), tolerance=1e-5)
def recursion_in_single_precision(x, n):
    if n == 0:
        return np.sum(x * x)
    return recursion_in_single_precision(x * x, n - 1) * x[0]


# ------------------------------------------------------------------ structure known beforehand


def evaluated(tree, x):
    if isinstance(tree, tuple):
        left, right = tree
        return np.sin(evaluated(left, x)) * evaluated(right, x) + x
    return tree * x


@program(args=lambda rng: (rng.uniform(0.5, 1.5),))
def nested_tuples(x):
    return evaluated(((1.0, (0.5, 2.0)), (3.0, 0.7)), x)
