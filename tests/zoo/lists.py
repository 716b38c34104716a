"""Lists that grow, shrink and change: stacks, histories, displays, lists made of lists."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo.registry import program


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 4), analytic=True)
def history(x, n):
    ys = []
    y = x
    for t in range(n):
        y = np.sin(y) + x * y
        ys.append(y)
    total = 0.0
    for t in range(len(ys)):
        total += ys[t] * ys[t] * (t + 1)
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 4), analytic=True)
def stack_of_numbers(x, n):
    tape = []
    y = x
    for t in range(n):
        tape.append(y)
        y = np.sin(y) + x * y
    dx = 0.0
    dy = 1.0
    for t in reversed(range(n)):
        y = tape.pop()
        dx += y * dy
        dy *= np.cos(y) + x
    return dx + dy


@program(args=lambda rng: (rng.standard_normal(3), rng.standard_normal((3, 3))), argnums=(0, 1))
def stack_of_arrays(x, W):
    tape = []
    y = x
    for t in range(3):
        tape.append(y)
        y = np.tanh(W @ y)
    dy = y * y
    dx = np.zeros_like(x)
    for t in reversed(range(3)):
        y_new = np.tanh(W @ tape[-1])
        y = tape.pop()
        dy = W.T @ (dy * (1.0 - y_new * y_new)) + y
        dx += dy
    return np.sum(dx * dx)


@program(args=lambda rng: (rng.uniform(1.0, 2.0),))
def stack_in_while(x):
    tape = []
    y = x
    while y < 30.0:
        tape.append(y)
        y = y * y + 0.5
    dy = 1.0
    while len(tape) > 0:
        dy = dy * 2.0 * tape.pop()
    return dy + y


@program(
    args=lambda rng: (
        rng.standard_normal((3, 3)),
        rng.standard_normal((3, 2)),
        rng.standard_normal((2, 3)),
        rng.standard_normal((4, 2)),
        rng.standard_normal((4, 2)),
    ),
    argnums=(0, 1, 2),
)
def rnn_loss(W, U, V, xs, ys):
    h = np.zeros(len(W))
    hs = []
    for x in xs:
        h = np.tanh(W @ h + U @ x)
        hs.append(h)
    loss = 0.0
    for t in range(len(hs)):
        loss += np.sum((V @ hs[t] - ys[t]) ** 2)
    return loss


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def display_read_by_index(a):
    x = [1.0, a, 3.0]
    return x[0] * x[1] + x[-2] * x[2]


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def display_to_array(a):
    b = [1, a * a, 2]
    return np.sum(b) * np.prod(np.array(b))


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 5),), analytic=True)
def filled_then_stored(x):
    xs = [0.0] * len(x)
    for i in range(len(x)):
        xs[i] = x[i] * x[i - 1]
    for i in range(1, len(x)):
        xs[i] *= xs[i - 1]
        xs[i - 1] = xs[i] * xs[i - 1] + xs[i - 1]
    total = 0.0
    for i in range(len(x)):
        total += xs[i] * i
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def items_updated(x):
    xs = [x[0], x[1], x[2]]
    for i in range(3):
        xs[i] += xs[i - 1] * x[3]
        xs[i - 2] -= 0.5 * xs[i]
    xs[1] /= xs[0]
    return xs[0] * xs[1] * xs[2]


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def iterated(x):
    ys = []
    for i in range(len(x)):
        ys.append(x[i] ** 2)
    total = 1.0
    for y in ys:
        total = total * y + np.sin(y)
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def summed(x):
    ys = []
    for i in range(len(x)):
        ys.append(x[i] ** (i + 1))
    s = sum(ys)
    return s * np.sum(ys) + np.sum(np.array(ys) ** 2) + np.max(ys)


@program(args=lambda rng: (rng.standard_normal((3, 4)),))
def stacked(A):
    rows = []
    for row in A:
        rows.append(np.exp(0.3 * row) * row)
    B = np.stack(rows)
    return np.sum(B @ A.T) + np.sum(sum(rows) ** 2) + np.sum(np.array(rows) ** 3)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def lists_joined(x):
    a = [x[0], x[1] * x[2]]
    b = [x[3]]
    c = a + b + [x[0] * x[3], 2.0]
    d = c[:]
    d[0] = d[1] * d[2]
    e = d.copy()
    e.append(c[0])
    return e[0] * e[3] + e[-1] * c[1] + e[4] * d[2]


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def list_made_in_each_trip(x):
    total = 0.0
    for i in range(len(x)):
        parts = []
        for j in range(i + 1):
            parts.append(x[i] * x[j])
        total += parts[0] * parts[-1]
        parts.append(total)
        total = parts[-1] * 0.5 + parts[i] ** 2
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def list_made_in_each_trip_and_read_after(x):
    total = 0.0
    for i in range(len(x)):
        parts = []
        for j in range(i + 1):
            parts.append(x[i] * x[j])
        total += parts[0] * parts[-1]
    parts.append(total)
    return parts[1] * parts[-1]


@program(args=lambda rng: (rng.standard_normal(5),), seeds=4)
def appended_in_branches(x):
    ups = []
    downs = [1.0]
    for i in range(len(x)):
        if x[i] > 0.0:
            ups.append(x[i] ** 2)
        elif len(ups) > 1:
            downs.append(ups.pop() * x[i])
        else:
            downs[-1] *= x[i]
    total = 0.0
    for u in ups:
        total += u
    for d in downs:
        total += d * d
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def fibonacci_list(x):
    ys = [x[0], x[1]]
    for t in range(6):
        ys.append(np.sin(ys[-1]) * ys[-2] + ys[t] * x[2])
    return ys[-1] * ys[3]


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 3),), analytic=True)
def popped_and_pushed(x):
    stack = [x[0], x[1], x[2]]
    while len(stack) > 1:
        a = stack.pop()
        b = stack.pop()
        stack.append(a * b + np.cos(a))
    return stack[0] ** 2


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 3),), analytic=True)
def popped_in_expressions(x):
    xs = []
    ys = []
    for v in x:
        xs.append(v)
        xs.append(v * v)
    while xs:
        ys.append(xs.pop() * 2.0)
        ys[-1] += xs.pop() ** 2
    return ys.pop() * x[0] + ys.pop() * ys.pop()


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def extended(x):
    xs = [x]
    xs += [x * x, 3.0]
    xs.extend([np.sin(x)])
    xs = xs + [xs[1] * 2.0]
    ys = [x]
    ys += xs
    ys.extend(xs)
    return ys[2] * ys[5] + ys[-1] * ys[4] + len(ys) * ys[0]


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 5), 1.1), argnums=(0,), seeds=3)
def list_with_break(x, limit):
    seen = []
    s = 0.0
    for i in range(len(x)):
        s = s * 0.5 + x[i] ** 2
        seen.append(s)
        if s > limit:
            break
    total = 0.0
    for t in range(len(seen)):
        total += seen[t] / (t + 1)
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def list_of_constants(x):
    weights = []
    for i in range(len(x)):
        weights.append(0.5 * i + 1.0)
    total = 0.0
    while weights:
        w = weights.pop()
        total = total * w + x[len(weights)] * np.sin(w * total)
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def list_swapped(x):
    xs = [x[0], x[1], x[2], x[3]]
    for i in range(3):
        xs[i], xs[i + 1] = xs[i + 1] * xs[i], xs[i]
    return xs[0] + 2.0 * xs[1] + xs[2] * xs[3]


def roots_of(a, b):
    out = []
    d = math.sqrt(a * a + b)
    out.append(a + d)
    out.append(a - d)
    return out[0] * out[1] + out[0]


@program(args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1))
def list_inside_a_call(x, y):
    s = 0.0
    for i in range(3):
        s += roots_of(x * (i + 1), y + s)
    return s


@program(args=lambda rng: (rng.standard_normal((3, 3)), rng.standard_normal(3)), argnums=(0, 1))
def arrays_replaced(W, x):
    hs = [x, W @ x]
    for t in range(3):
        hs[0] = np.tanh(W @ hs[1])
        hs[1] = hs[0] * hs[1] + hs[1]
        hs.append(hs[0])
    return np.sum(hs[1] * hs[-1]) + hs[2][0] * hs[3][1] + np.sum(hs[2][1:] ** 2)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def made_in_one_branch(x):
    total = 0.0
    for i in range(len(x)):
        if i % 2 == 0:
            xs = [x[i]]
            xs.append(x[i] * total)
            total += xs[0] * xs[1]
        else:
            total = np.sin(total) * x[i]
    return total


@program(args=lambda rng: (rng.standard_normal(4), rng.uniform(0.1, 0.5)), argnums=(0, 1))
def list_made_an_array_under_its_name(z, q):
    x, xs = 0.0, []
    for k in range(len(z)):
        x = x + q * (z[k] - x)
        xs.append(x)
    xs = np.array(xs)
    xs = xs[1:] - xs[:-1]
    return np.sum(xs**2)


@program(args=lambda rng: (rng.standard_normal(4),))
def array_made_a_list_in_each_trip(x):
    total = 0.0
    for i in range(3):
        part = x * (i + 1.0)
        part = [part[0], part[1] * part[2]]
        part.append(part[0] * x[3])
        part = np.array(part)
        total += np.sum(np.sin(part))
    return total
