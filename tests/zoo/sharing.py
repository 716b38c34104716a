"""Arrays written into under several names: views, rows, aliases, buffers that change places."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (4, 4)),))
def rows_by_name(A):
    s = 0.0
    for i in range(A.shape[0]):
        row = A[i]
        for j in range(1, A.shape[1]):
            row[j] = row[j] * row[j - 1]
        s += np.sum(np.sin(row))
    return s + np.sum(A**2)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 6), rng.uniform(0.5, 1.5, 6)), argnums=(0, 1))
def leapfrog_with_swap(u, c):
    dt, steps = 0.1, 4
    u_prev = u.copy()
    u_next = u.copy()
    for t in range(steps):
        force = u[2:] - 2.0 * u[1:-1] + u[:-2] - np.sin(u[1:-1])
        u_next[1:-1] = 2.0 * u[1:-1] - u_prev[1:-1] + (dt * c[1:-1]) ** 2 * force
        u_prev, u, u_next = u, u_next, u_prev
    return np.sum(u**2)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 6),))
def two_buffers_by_temporary(u):
    v = np.zeros_like(u)
    for t in range(3):
        v[1:-1] = np.sin(u[1:-1]) + u[2:] * u[:-2]
        tmp = u
        u = v
        v = tmp
    return np.sum(u * v)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (4, 4)),))
def view_of_a_view_scaled(A):
    B = A * 2.0
    inn = B[1:-1, 1:-1]
    inn *= inn
    top = inn[0]
    top[:] = np.exp(top)
    top += B[0, 1:-1]
    return np.sum(B**2) + np.sum(inn)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),))
def two_names_stored_by_both(x):
    y = x * 1.0
    z = y
    z[0] = y[1] * y[2]
    y[1] = z[0] ** 2
    return np.sum(y * z)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (4, 4)),))
def rows_of_a_loop(A):
    A = A + 0.0
    for row in A:
        row[:] = row * row[0]
    return np.sum(A**3)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (4, 4)),))
def rows_enumerated(A):
    B = np.array(A)
    for i, row in enumerate(B):
        row *= i + row[0]
    return np.sum(B**2)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (4, 4)),))
def reshape_and_ravel(A):
    B = A.copy()
    v = B.reshape(-1)
    v[::2] = np.sin(v[::2])
    w = B.ravel()
    w[1] = v[0] * v[2]
    return np.sum(B**2)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (4, 4)),))
def transpose_written_into(A):
    B = A.copy()
    C = B.T
    C[0, :] = C[1, :] ** 2
    D = C[1:]
    D[:, 0] *= B[0, 0]
    return np.sum(B**3)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),))
def arrays_kept_in_a_list(x):
    hs = []
    for k in range(3):
        h = x * (k + 1.0)
        h[0] = np.sin(h[1])
        hs.append(h)
    hs[1][2] = hs[0][0] * hs[2][1]
    g = hs[0]
    g[1] = 2.0 * g[2] * hs[1][2]
    return sum(np.sum(h**2) for h in hs)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),))
def alias_by_branch(x, flag=1.0):
    a = x * 2.0
    b = x**2
    if x[0] > 0:
        t = a
    else:
        t = b
    t[1] = t[0] * t[2]
    return np.sum(a * b + np.sin(t))


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),))
def ping_pong_in_a_list(x):
    bufs = [x.copy(), np.zeros_like(x)]
    for t in range(4):
        src, dst = bufs[t % 2], bufs[(t + 1) % 2]
        dst[1:] = src[1:] * src[:-1]
        dst[0] = np.sin(src[0])
    return np.sum(bufs[0] * bufs[1])


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (4, 4)),))
def view_of_the_argument(A):
    A[0] = A[1] * A[2]
    r = A[1]
    r[0] = A[0, 0] ** 2
    return np.sum(A**2)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),))
def halves_in_a_while(x):
    a = x.copy()
    left, right = a[:2], a[2:]
    n = 0
    while np.sum(a) < 30.0 and n < 5:
        left[0] = left[0] * 1.5 + right[0]
        right[:] = right * 1.1 + left[0]
        n += 1
    return np.sum(a**2)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (4, 4)),))
def gram_schmidt_columns(A):
    B = A.copy()
    n = B.shape[1]
    for k in range(n):
        q = B[:, k]
        q /= np.sqrt(np.sum(q**2))
        for j in range(k + 1, n):
            w = B[:, j]
            w -= np.sum(q * w) * q
    return np.sum(np.sin(B)) + np.sum(B[0] ** 3)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (4, 4)),))
def row_bound_anew(A):
    B = A.copy()
    r = B[0]
    for i in range(1, 3):
        r[0] = r[0] * r[1]
        r = B[i]
        r[1] = r[1] + np.sin(B[i - 1, 0])
    return np.sum(B**2)


@program(args=lambda rng: (rng.standard_normal(4),))
def alias_of_the_parameter(x):
    y = x
    y[0] = np.sin(y[1])
    return np.sum(y * x)


@program(args=lambda rng: (rng.standard_normal((3, 4)),))
def row_read_after_the_store(x):
    y = x * 2.0
    row = y[0]
    y[0, 0] = row[1] ** 2
    return np.sum(row * row)


@program(args=lambda rng: (rng.standard_normal(4), 5))
def buffers_swapped_around_an_element(x, n):
    y = x * 2.0
    z = x * 3.0
    for _ in range(n):
        z[0] = y[1] * y[2] * 0.1
        y, z = z, y
    return np.sum(y) + np.sum(z**2)


@program(args=lambda rng: (rng.standard_normal(4),))
def array_held_twice(x):
    y = x * 2.0
    parts = [y, y]
    y = x
    parts[0] += np.sin(x)
    parts[1][2] *= parts[0][0]
    return np.sum(parts[1] ** 2) + y[0]


@program(args=lambda rng: (rng.standard_normal(4),))
def item_updated_and_read_by_name(x):
    y = x * 2.0
    parts = [y, x**2]
    parts[0] += x[::-1]
    y[1] = y[0] * parts[1][2]
    return np.sum(parts[0] * y)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (3, 5)), 3))
def diffusion_with_interior_view(u, steps):
    u = u.copy()
    new = np.empty_like(u)
    inside, result = u[1:-1, 1:-1], new[1:-1, 1:-1]
    for _ in range(steps):
        new[:] = u
        result += 0.1 * (u[:-2, 1:-1] + u[2:, 1:-1] - 2.0 * inside) * inside
        u[:] = new
    return np.sum(u**2)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (4, 4)),))
def elimination_by_rows(A):
    U = A + 4.0 * np.eye(4)
    n = len(U)
    for k in range(n):
        pivot = U[k]
        for i in range(k + 1, n):
            row = U[i]
            factor = row[k] / pivot[k]
            row[k:] -= factor * pivot[k:]
    return np.sum(np.log(np.abs(np.diag(U))))


@program(args=lambda rng: (rng.standard_normal((3, 3)), rng.standard_normal(3)), argnums=(0, 1))
def state_with_named_parts(W, x):
    state = np.zeros((2, 3))
    position, speed = state[0], state[1]
    position[:] = x
    for _ in range(3):
        speed += 0.1 * (W @ position)
        position += 0.1 * speed
    return np.sum(state**2)


@program(args=lambda rng: (rng.standard_normal(6),))
def windows_of_an_array(x):
    a = x * 1.0
    windows = [a[i : i + 3] for i in range(4)]
    for w in windows:
        w[1] = w[0] * w[2]
        w *= 0.9
    return np.sum(a**2)


@program(args=lambda rng: (rng.standard_normal(4),))
def scratch_shared_by_branches(x):
    scratch = np.zeros(4)
    total = 0.0
    for i in range(4):
        out = scratch if i % 2 else scratch[::-1]
        out[0] = x[i] ** 2
        out[1] += x[i]
        total += np.sum(scratch * x)
    return total


@program(args=lambda rng: (rng.standard_normal((2, 3)),))
def reshaped_row_in_a_loop(A):
    flat = (A * 2.0).reshape(-1)
    total = 0.0
    for i in range(3):
        square = flat.reshape(3, 2)
        square[i] = square[i - 1] * flat[i]
        total = total + np.sum(square[:, 0])
    return total + np.sum(flat**2)


@program(args=lambda rng: (rng.standard_normal(5), rng.standard_normal(5)), argnums=(0, 1))
def momentum_buffers(x, g):
    m = np.zeros_like(x)
    v = np.zeros_like(x)
    buffers = [m, v]
    for t in range(3):
        grad = g * x
        buffers[0] *= 0.9
        buffers[0] += 0.1 * grad
        buffers[1] *= 0.99
        buffers[1] += 0.01 * grad**2
        x = x - m / (np.sqrt(v) + 1.0)
    return np.sum(x**2)


@program(args=lambda rng: (rng.standard_normal((3, 3)),))
def diagonal_blocks(A):
    B = A @ A.T
    top, bottom = B[:2, :2], B[1:, 1:]
    top += bottom
    bottom *= top[0, 0]
    return np.sum(np.sin(B))


@program(args=lambda rng: (rng.standard_normal(4),))
def three_buffers_by_list_rotation(x):
    a, b, c = x * 1.0, x * 2.0, np.zeros_like(x)
    for t in range(4):
        c[1:-1] = a[1:-1] * b[:-2] - 0.3 * b[2:]
        c[0], c[-1] = a[0], np.sin(b[-1])
        a, b, c = b, c, a
    return np.sum(a * b)
