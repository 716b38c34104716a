"""Programs with containers, checked in both modes: lists, tuples, dicts, iterators, trees."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Any

import numpy as np

PROGRAMS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

V = np.array([0.5, 1.5, -0.3, 0.8])
W = np.array([[0.3, -0.2, 0.5, 0.1], [0.7, 0.4, -0.6, 0.2], [0.1, 0.9, 0.3, -0.5]])


def case(*args: Any) -> Callable[[Any], Any]:
    """Registers a program, to be differentiated in its first argument."""

    def register(f: Any) -> Any:
        PROGRAMS.append((f, args))
        return f

    return register


@case(V)
def l_append_extend(x):
    xs = []
    for i in range(len(x)):
        xs.append(x[i] * i)
    xs.extend([x[0], x[1] ** 2])
    xs.extend(x[1:])
    return sum(v * v for v in xs)


@case(V)
def l_insert(x):
    xs = [x[0], x[1]]
    xs.insert(0, x[2] * x[0])
    xs.insert(2, x[3])
    return xs[0] + 2 * xs[1] * xs[2] + 3 * xs[3] ** 2


@case(V)
def l_insert_loop(x):
    xs = []
    for v in x:
        xs.insert(0, v * v)
    total = 0.0
    for i, v in enumerate(xs):
        total += (i + 1) * v
    return total


@case(V)
def l_pop_index(x):
    xs = [v * v for v in x]
    a = xs.pop(0)
    b = xs.pop(1)
    c = xs.pop(-1)
    return a + 2 * b + 3 * c * xs[0]


@case(V)
def l_pop0_loop(x):
    queue = [x[0], x[1]]
    total = 0.0
    n = 0
    while queue:
        v = queue.pop(0)
        total += v * v * (n + 1)
        n += 1
        if n < 5:
            queue.append(v * 0.5 + x[2])
    return total


@case(V)
def l_del(x):
    xs = [v * 2.0 for v in x]
    del xs[1]
    del xs[-1]
    return xs[0] * xs[1]


@case(V)
def l_slices_read(x):
    xs = list(x)
    a = xs[1:]
    b = xs[:-1]
    return sum(p * q for p, q in zip(a, b)) + xs[-1] * xs[-2]


@case(V)
def l_slice_stored(x):
    xs = [0.0] * 4
    xs[1:3] = [x[0] * x[1], x[2]]
    xs[0] = x[3]
    return xs[0] + xs[1] * 2 + xs[2] * 3 + xs[3]


@case(V)
def l_nested_grid(x):
    grid = [[0.0] * 3 for _ in range(2)]
    for i in range(2):
        for j in range(3):
            grid[i][j] = x[i] * x[j] + i * j
    total = 0.0
    for row in grid:
        for v in row:
            total += v * v
    return total


@case(V)
def l_nested_lit(x):
    m = [[x[0], x[1]], [x[2], x[3]]]
    return m[0][0] * m[1][1] - m[0][1] * m[1][0]


@case(V)
def l_nested_comp(x):
    m = [[a * b for a in x] for b in x]
    return sum(sum(row) for row in m) + m[1][2] ** 2


@case(V)
def l_concat(x):
    xs = [x[0], x[1]] + [x[2] * x[3]]
    ys = xs + xs
    xs += [x[1] ** 2]
    return sum(ys) * 2.0 + sum(xs)


@case(V)
def l_mul_store(x):
    n = len(x)
    c = [0.0] * (n + 1)
    c[0] = 1.0
    for i in range(n):
        c[i + 1] = c[i] * x[i] + 0.5
    for i in range(n):
        c[i] += c[i + 1] * x[i]
    return sum(c)


@case(V)
def l_reverse(x):
    xs = [v for v in x]
    xs.reverse()
    return xs[0] * 3 + xs[1] ** 2


@case(V)
def l_sort(x):
    xs = [v * v for v in x]
    xs.sort()
    return xs[0] * 1 + xs[1] * 2 + xs[2] * 3


@case(V)
def l_sort_rev(x):
    xs = [v * v for v in x]
    xs.sort(reverse=True)
    return xs[0] * 1 + xs[1] * 2 + xs[2] * 3


@case(V)
def l_sorted_key(x):
    xs = sorted([v for v in x], key=lambda v: -v * v)
    ys = sorted(x, reverse=True)
    return xs[0] * 2 + xs[1] * ys[0] + ys[3] ** 2


@case(V)
def l_sorted_pairs(x):
    pairs = sorted(((v * v, i) for i, v in enumerate(x)), key=lambda p: p[0])
    total = 0.0
    for k, (v, i) in enumerate(pairs):
        total += v * (k + 1) * (i + 1)
    return total


@case(V)
def l_copy_clear(x):
    xs = [v * v for v in x]
    ys = xs.copy()
    xs.clear()
    xs.append(x[0])
    return sum(ys) + xs[0] * len(xs) + len(ys)


@case(V)
def l_copy_independent(x):
    xs = [v * v for v in x]
    ys = xs[:]
    ys[0] = x[1]
    zs = list(xs)
    zs[1] *= 3.0
    return xs[0] + ys[0] * 2 + sum(zs)


@case(V)
def l_arrays(x):
    hs = []
    h = x
    for t in range(3):
        h = np.tanh(h * 1.1 + t * 0.1)
        hs.append(h)
    return np.sum(hs[-1]) + np.sum(hs[0] * hs[1])


@case(V)
def l_arrays_stack(x):
    hs = [x * k for k in range(1, 4)]
    s = np.stack(hs)
    c = np.concatenate(hs)
    a = np.array(hs)
    return np.sum(s**2) + np.sum(c**3) + np.sum(a[1] * a[2])


@case(V)
def l_vstack(x):
    rows = []
    for k in range(3):
        rows.append(np.sin(x * k))
    M = np.vstack(rows)
    H = np.hstack(rows)
    return np.sum(M @ M.T) + np.sum(H**2)


@case(V)
def l_stack_axis(x):
    rows = [x, x**2]
    return np.sum(np.stack(rows, axis=1)[2] * np.array([1.0, 2.0])) + np.sum(
        np.column_stack(rows) ** 2
    )


@case(V)
def l_diff_shapes(x):
    parts = [x[:1], x[1:3], x[3:]]
    total = 0.0
    for p in parts:
        total += np.sum(p**2) * len(p)
    return total


@case(V)
def l_np_array(x):
    xs = [x[0] * x[1], x[2], x[3] ** 2]
    a = np.array(xs)
    return np.dot(a, a)


@case(V)
def deque_queue(x):
    q = deque()
    q.append(x[0])
    q.append(x[1] * x[2])
    q.appendleft(x[3])
    a = q.popleft()
    b = q.pop()
    return a * b + q[0] ** 2


@case(V)
def deque_maxlen(x):
    window = deque(maxlen=2)
    total = 0.0
    for v in x:
        window.append(v)
        total += sum(window) ** 2
    return total


@case(V)
def deque_history(x):
    hist = deque([0.0, 0.0], maxlen=2)
    y = 0.0
    for v in x:
        y = v + 0.5 * hist[-1] - 0.2 * hist[0]
        hist.append(y)
    return y * y


@case(V)
def memo_list(x):
    n = 6
    table = [None] * n
    table[0] = x[0]
    table[1] = x[1]
    for i in range(2, n):
        table[i] = table[i - 1] * x[2] + table[i - 2] * x[3]
    return table[-1]


def helper_list(x):
    out = []
    for v in x:
        out.append(np.sin(v))
    return out


def consume(xs):
    t = 0.0
    for v in xs:
        t += v * v
    return t


@case(V)
def l_returned_passed(x):
    ys = helper_list(x)
    return consume(ys) + ys[0]


def helper_pairs(x):
    out = []
    for i, v in enumerate(x):
        out.append((v * v, v + i))
    return out


def consume_pairs(pairs):
    t = 0.0
    for a, b in pairs:
        t += a * b
    return t


@case(V)
def l_tuples_returned_passed(x):
    ps = helper_pairs(x)
    return consume_pairs(ps)


@case(V)
def l_tuples_local(x):
    ps = [(v, v * v) for v in x]
    ps.append((x[0], x[1]))
    t = 0.0
    for a, b in ps:
        t += a * b
    return t + ps[-1][0] * ps[0][1]


@case(((0.5, 1.5), (0.2, 0.8)))
def tuples_arg_loop(pairs):
    return sum(a * b for a, b in pairs)


@case([(0.5, 1.5), (0.2, 0.8), (1.0, 2.0)])
def list_tuples_arg(pairs):
    return consume_pairs(pairs)


@case(V)
def rpn(x):
    program = ["x", "y", "*", "x", "+", "y", "-", "dup", "*"]
    stack = []
    for op in program:
        if op == "x":
            stack.append(x[0])
        elif op == "y":
            stack.append(x[1])
        elif op == "dup":
            stack.append(stack[-1])
        else:
            b = stack.pop()
            a = stack.pop()
            if op == "*":
                stack.append(a * b)
            elif op == "+":
                stack.append(a + b)
            else:
                stack.append(a - b)
    return stack[0]


@case(V)
def event_queue(x):
    events = [(0.0, 0), (0.1, 1), (0.2, 2)]
    s = 1.0
    while events:
        t, k = events.pop(0)
        s = s * x[k] + t
        if t < 0.3:
            events.append((t + 0.35, k))
    return s


@case(V)
def stack_tuples(x):
    stack = [(x[0], 0)]
    total = 0.0
    while stack:
        v, depth = stack.pop()
        total += v * v
        if depth < 3:
            stack.append((v * x[1], depth + 1))
            stack.append((v + x[2], depth + 2))
    return total


@case(V)
def t_nested(x):
    t = (x[0], (x[1], [x[2], x[3]]))
    a, (b, (c, d)) = t
    return a * b + c * d + t[1][1][0] ** 2


@case(V)
def t_swap(x):
    a, b, c, d = x
    for _ in range(3):
        a, b, c = b, c, a * d
    return a + 2 * b + 3 * c


@case(V)
def t_compare(x):
    a, b = (x[0], x[1]), (x[2], x[3])
    if a > b:
        return a[0] * b[1]
    return a[1]


@case(V)
def t_state(x):
    state = (x[0], x[1])
    for _ in range(3):
        state = (state[1], state[0] * x[2] - state[1] * x[3])
    return state[0] + state[1] ** 2


@case(V)
def t_concat(x):
    t = (x[0], x[1]) + (x[2],)
    t = t + (x[3],)
    t += (x[0] * x[1],)
    return sum(t) + t[-1] ** 2 + len(t)


@case(V)
def t_mul(x):
    t = (x[0],) * 3
    return t[0] * t[1] * t[2]


@case(V)
def t_tuple_call(x):
    t = tuple(v * v for v in x)
    return t[0] + t[-1] * 2


@case({"w1": W, "b1": np.array([0.1, 0.2, 0.3]), "w2": np.array([1.0, -1.0, 0.5])}, V)
def d_mlp(params, x):
    h = np.tanh(params["w1"] @ x + params["b1"])
    return params["w2"] @ h


@case(V)
def d_built(x):
    d = {}
    d["a"] = x[0] * x[1]
    d["b"] = x[2]
    d["a"] += x[3]
    return d["a"] * d["b"]


@case(V)
def d_update_loss(x):
    d = {"loss": 0.0, "n": 0}
    for v in x:
        d["loss"] += v * v
        d["n"] += 1
    return d["loss"] / d["n"]


@case(V)
def d_get(x):
    d = {"a": x[0], "b": x[1]}
    return d.get("a") * d.get("c", x[2]) + d.get("b", 0.0)


@case(V)
def d_setdefault(x):
    d = {"a": x[0]}
    d.setdefault("b", x[1] ** 2)
    d.setdefault("a", x[3])
    return d["a"] * d["b"]


@case(V)
def d_update(x):
    d = {"a": x[0], "b": x[1]}
    d.update({"b": x[2], "c": x[3]})
    d.update(e=x[0] * x[1])
    return d["a"] * d["b"] + d["c"] * d["e"]


@case(V)
def d_pop(x):
    d = {"a": x[0], "b": x[1] ** 2}
    v = d.pop("b")
    return d["a"] * v + len(d)


@case(V)
def d_items(x):
    d = {"a": x[0], "b": x[1] ** 2}
    t = 0.0
    for k, v in d.items():
        t += v * (2.0 if k == "a" else 3.0)
    for v in d.values():
        t *= v
    for k in d:
        t += d[k]
    for k in d.keys():
        t += d[k] ** 2
    return t + sum(d.values()) + max(d.values())


@case(V)
def d_dict_call(x):
    d = dict(a=x[0], b=x[1])
    e = dict(d, c=x[2])
    f = dict([("p", x[3])])
    g = dict(zip(("u", "v"), (x[0], x[1])))
    return e["a"] * e["b"] * e["c"] + f["p"] * g["u"] + g["v"]


@case(V)
def d_comp(x):
    d = {k: x[i] * i for i, k in enumerate(["a", "b", "c"])}
    return d["b"] * d["c"] + d["a"]


@case(V)
def d_merge(x):
    a = {"p": x[0], "q": x[1]}
    b = {**a, "q": x[2], "r": x[3]}
    c = a | {"s": x[0] ** 2}
    return b["p"] * b["q"] * b["r"] + c["s"] * c["q"]


@case(V)
def d_memo_int(x):
    memo = {0: x[0], 1: x[1]}
    for i in range(2, 6):
        memo[i] = memo[i - 1] * x[2] + memo[i - 2]
    return memo[5]


@case(V)
def d_memo_tuple(x):
    n = 3
    cache = {}
    for i in range(n):
        for j in range(n):
            if i == 0 or j == 0:
                cache[(i, j)] = x[i] * x[j]
            else:
                cache[i, j] = cache[(i - 1, j)] + 0.5 * cache[(i, j - 1)] * x[3]
    return cache[(n - 1, n - 1)]


@case(V)
def d_ordered(x):
    d = OrderedDict()
    d["a"] = x[0]
    d["b"] = x[1] * x[2]
    return d["a"] * d["b"]


@case(V)
def d_counter(x):
    c = Counter("abca")
    return x[0] ** c["a"] + x[1] * c["b"]


@case(V)
def d_nested(x):
    p = {"layer": {"w": x[0], "b": x[1]}, "out": [x[2], x[3]]}
    p["layer"]["w"] = p["layer"]["w"] * 2.0
    return p["layer"]["w"] * p["out"][0] + p["layer"]["b"] * p["out"][1]


@case(V)
def graph(x):
    adj = {0: [1, 2], 1: [0, 3], 2: [0], 3: [1]}
    h = x
    for _ in range(2):
        new = []
        for node in range(4):
            s = h[node]
            for nb in adj[node]:
                s = s + 0.3 * h[nb]
            new.append(np.tanh(s))
        h = np.array(new)
    return np.sum(h)


@case(V)
def sets_passive(x):
    seen = set()
    t = 0.0
    for i in [0, 1, 1, 2, 0, 3]:
        if i in seen:
            continue
        seen.add(i)
        t += x[i] ** 2
    return t * len(seen)


@case(V)
def c_cond(x):
    return sum([v**2 for v in x if v > 0]) + sum(v if v > 0 else -2 * v for v in x)


@case(V)
def c_nested2(x):
    return sum(a * b * (i + j) for i, a in enumerate(x) for j, b in enumerate(x) if i < j)


@case(V)
def c_closure2(x):
    def g(i):
        return x[i] * i

    return sum(g(i) for i in range(4)) + sum([(lambda t: t * i)(x[i]) for i in range(3)])


@case(V)
def c_call(x):
    def act(v):
        return np.tanh(v)

    ys = [act(v) for v in x]
    return sum(ys) + max(act(v) for v in x) * min([v * v for v in x])


@case(V)
def c_minmax(x):
    a = max(v * v for v in x)
    b = min(x[0], x[1], x[2])
    c = max([x[0], x[3]])
    d = max(x, key=lambda v: -v)
    e = min([], default=x[0])
    return a * b + c * d + e


@case(V)
def c_anyall(x):
    if any(v < 0 for v in x) and all(abs(v) < 10 for v in x):
        return sum(v**3 for v in x)
    return x[0]


@case(V)
def c_prod(x):
    return (
        math.prod(x)
        + math.prod(v + 1 for v in x)
        + math.fsum(v * v for v in x)
        + math.prod([v for v in x], start=2.0)
    )


@case(V)
def c_fromiter(x):
    a = np.fromiter((v * v for v in x), dtype=float)
    b = np.fromiter((v * v for v in x), float, count=4)
    return np.sum(a * x) + b[0]


@case(V)
def c_zip_strict(x):
    y = x[::-1]
    return (
        sum(a * b for a, b in zip(x, y, strict=True))
        + sum(i * a for i, a in enumerate(x, start=1))
        + sum(i * a for i, a in enumerate(x, 2))
    )


@case(V)
def m_map(x):
    a = sum(map(lambda v: v * v, x))
    b = list(map(lambda p, q: p * q, x, x[::-1]))
    c = sum(map(math.sin, [float(x[0]), x[1]]))
    d = [*map(np.tanh, x)]
    return a + b[1] + c + d[0]


@case(V)
def m_filter(x):
    return sum(filter(lambda v: v > 0, x)) + sum(list(filter(lambda v: v < 1, [v * v for v in x])))


@case(V)
def m_reversed(x):
    t = 0.0
    for v in reversed(x):
        t = t * 0.5 + v
    for v in reversed([x[0], x[1] * x[2]]):
        t = t * 0.5 + v
    ys = list(reversed([v * v for v in x]))
    return t + ys[0]


@case(V)
def m_sum_arrays(x):
    xs = [x * k for k in range(3)]
    return (
        np.sum(sum(xs) ** 2)
        + np.sum(sum((x * k for k in range(1, 3)), x))
        + sum([x[0], x[1]], 5.0)
        + sum(x[1:], x[0])
    )


@case(V)
def m_builtins(x):
    q, r = divmod(float(x[1]) * 3, 1.0)
    return abs(x[2]) + pow(x[0], 3) + pow(x[1], 2.5) + r + round(x[0], 1) * x[1]


@case(V)
def f_reduce(x):
    a = functools.reduce(operator.add, [v * v for v in x])
    b = functools.reduce(lambda acc, v: acc * 0.5 + v, x, 1.0)
    c = functools.reduce(lambda a, b: a * b, x)
    d = functools.reduce(operator.mul, (x[0], x[1], x[2]), 2.0)
    return a + b + c + d


@case(V)
def f_reduce_mat(x):
    A = np.outer(x, x)
    Ms = [A + k * np.eye(4) for k in range(3)]
    M = functools.reduce(np.matmul, Ms)
    M2 = functools.reduce(lambda p, q: p @ q, Ms, np.eye(4))
    return np.trace(M) + np.sum(M2)


@case(V)
def i_accumulate(x):
    a = list(itertools.accumulate(x))
    b = list(itertools.accumulate(x, operator.mul))
    c = list(itertools.accumulate(x, lambda s, v: s * 0.5 + v, initial=1.0))
    return sum(a) + sum(b) + c[-1]


@case(V)
def i_misc(x):
    t = 0.0
    for a, b in itertools.product(x, x):
        t += a * b * b
    for v in itertools.chain(x, [x[0] * x[1]]):
        t += v**2
    for a, b in itertools.pairwise(x):
        t += (a - b) ** 2
    for a, b in itertools.combinations(x, 2):
        t += a * b
    for v in itertools.islice(x, 1, 3):
        t *= v
    for v, c in zip(x, itertools.repeat(2.0)):
        t += v * c
    for v, c in zip(x, itertools.cycle([1.0, -1.0])):
        t += v * c
    for k, v in zip(itertools.count(1), x):
        t += v * k
    return t


@case(V)
def i_combi_idx(x):
    t = 0.0
    for i, j in itertools.combinations(range(4), 2):
        t += (x[i] - x[j]) ** 2
    for i, j in itertools.product(range(2), repeat=2):
        t += x[i] * x[j]
    for p in itertools.permutations(range(3)):
        t += x[p[0]] * x[p[1]] ** 2
    return t


@case(V)
def s_star(x):
    first, *rest = x
    a, *mid, b = [v * v for v in x]
    *init, last = (x[0], x[1], x[2])
    return first * sum(rest) + a * b + sum(mid) + last * init[0]


def two(x):
    return x[0], x[1], x[2] * x[3]


@case(V)
def s_del_name(x):
    y = x * 2
    z = y**2
    del y
    return np.sum(z)


@case(V)
def s_enum_pairs(x):
    pairs = [(1.0, 2), (3.0, 1)]
    t = 0.0
    for i, (a, b) in enumerate(pairs):
        t += x[i] * a * x[b]
    return t


def total(t):
    if isinstance(t, (list, tuple)):
        return sum(total(s) for s in t)
    if isinstance(t, dict):
        return sum(total(v) for v in t.values())
    return t * t


@case((0.5, (1.0, [2.0, 3.0])))
def tree_tuple(t):
    return total(t)


@case({"a": 0.5, "b": {"c": 1.5, "d": (0.1, 0.2)}})
def tree_dict(t):
    return total(t)


@case(V)
def tree_local(x):
    return total((x[0], (x[1], x[2])))


@case(V)
def tree_local_list(x):
    return total([x[0], [x[1], x[2]], x[3]])


@case({"w": [W, W.T], "b": np.array([0.1, 0.2, 0.3])})
def tree_l2(params):
    def l2(t):
        if isinstance(t, dict):
            return sum(l2(v) for v in t.values())
        if isinstance(t, list):
            return sum(l2(v) for v in t)
        return np.sum(t**2)

    return l2(params)


@case(V)
def list_sort_np(x):
    s = list(np.sort(x))
    return s[0] + 2 * s[1] * s[2]


@case(V)
def rnn(x):
    states = [np.zeros(3)]
    for t in range(4):
        h = np.tanh(W[:, :3] @ states[-1] + x[t])
        states.append(h)
    return sum(np.sum(h**2) for h in states) + np.sum(states[-1])


@case(V)
def horner(x):
    acc = 0.0
    for c in reversed([1.0, x[1], x[2], x[3]]):
        acc = acc * x[0] + c
    return acc


@case(V)
def matrix_of_lists(x):
    A = [[x[0], 1.0], [0.5, x[1]]]
    B = [[x[2], x[3]], [1.0, 2.0]]
    C = [[sum(A[i][k] * B[k][j] for k in range(2)) for j in range(2)] for i in range(2)]
    return C[0][0] * C[1][1] - C[0][1] * C[1][0]


@case(V)
def dp_table(x):
    n, m = 4, 3
    D = [[0.0 for _ in range(m)] for _ in range(n)]
    for i in range(n):
        for j in range(m):
            best = 0.0
            if i > 0 and j > 0:
                best = -math.log(
                    math.exp(-D[i - 1][j]) + math.exp(-D[i][j - 1]) + math.exp(-D[i - 1][j - 1])
                )
            elif i > 0:
                best = D[i - 1][j]
            elif j > 0:
                best = D[i][j - 1]
            D[i][j] = (x[i] - 0.3 * j) ** 2 + best
    return D[n - 1][m - 1]


@case(V)
def records(x):
    data = [{"t": 0.1 * i, "v": x[i]} for i in range(4)]
    return sum(d["v"] ** 2 * d["t"] for d in data)


@case(V)
def history_dict(x):
    hist = {"loss": [], "norm": []}
    y = x
    for _ in range(3):
        y = np.sin(y)
        hist["loss"].append(np.sum(y**2))
        hist["norm"].append(np.max(y))
    return sum(hist["loss"]) + hist["norm"][-1]


@case(V)
def list_mul_adds(x):
    counts = [0.0, 0.0]
    for i, v in enumerate(x):
        counts[i % 2] += v**2
        counts[0] *= 1.5
    a, b = counts
    return a * b


@case(V)
def list_eq_branch(x):
    xs = [x[0], x[1]]
    if not xs:
        return x[3]
    if len(xs) == 2 and xs[0] < xs[1]:
        return xs[0] * xs[1]
    return xs[0]


@case(np.array([0.02, 0.025, 0.03, 0.035]))
def bootstrap(par):
    discounts = []
    for i, r in enumerate(par):
        annuity = sum(discounts)
        discounts.append((1.0 - r * annuity) / (1.0 + r))
    zeros = [-math.log(d) / (i + 1) for i, d in enumerate(discounts)]
    return sum(z * z for z in zeros)


@case(V)
def viterbi_soft(x):
    trans = [[0.7, 0.3], [0.4, 0.6]]
    alpha = [0.5, 0.5]
    for v in x:
        emit = [math.exp(-v * v), math.exp(-((v - 1.0) ** 2))]
        alpha = [emit[j] * sum(alpha[i] * trans[i][j] for i in range(2)) for j in range(2)]
    return math.log(sum(alpha))


@case(V)
def viterbi_hard(x):
    scores = [0.0, 0.0]
    back = []
    for v in x:
        new = []
        ptr = []
        for j in range(2):
            options = [scores[i] - 0.3 * abs(i - j) for i in range(2)]
            k = options.index(max(options))
            ptr.append(k)
            new.append(options[k] - (v - j) ** 2)
        scores = new
        back.append(ptr)
    return max(scores)


@case(V)
def beam(x):
    beams = [(0.0, 0)]
    for v in x:
        cand = []
        for score, state in beams:
            cand.append((score - v * v, 0))
            cand.append((score - (v - 1.0) ** 2 - 0.1 * state, 1))
        cand.sort(key=lambda c: c[0], reverse=True)
        beams = cand[:2]
    return beams[0][0]


@case(V)
def polynomials(x):
    def polyadd(p, q):
        n = max(len(p), len(q))
        out = [0.0] * n
        for i, c in enumerate(p):
            out[i] += c
        for i, c in enumerate(q):
            out[i] += c
        return out

    def polymul(p, q):
        out = [0.0] * (len(p) + len(q) - 1)
        for i, a in enumerate(p):
            for j, b in enumerate(q):
                out[i + j] += a * b
        return out

    def polyval(p, t):
        acc = 0.0
        for c in reversed(p):
            acc = acc * t + c
        return acc

    p = [x[0], x[1]]
    q = [x[2], 1.0, x[3]]
    return polyval(polymul(polyadd(p, q), q), 0.5)


@case(
    {
        "W1": W,
        "b1": np.array([0.1, 0.2, 0.3]),
        "W2": np.array([[1.0, -1.0, 0.5]]),
        "b2": np.array([0.1]),
    },
    V,
)
def mlp_step(params, x):
    def forward(p, x):
        h = np.tanh(p["W1"] @ x + p["b1"])
        return (p["W2"] @ h + p["b2"])[0]

    new = {k: v * 0.9 for k, v in params.items()}
    return forward(new, x) + 0.01 * sum(np.sum(v**2) for v in params.values())


@case(
    [{"W": W[:, :3], "b": np.zeros(3)}, {"W": W[:1, :3], "b": np.array([0.1])}],
    np.array([0.1, 0.2, 0.3]),
)
def mlp_list_of_dicts(layers, x):
    h = x
    for layer in layers:
        h = np.tanh(layer["W"] @ h + layer["b"])
    return np.sum(h)


@case(V)
def counts_by_name(x):
    totals = {}
    names = ["a", "b", "a", "c"]
    for name, v in zip(names, x):
        totals[name] = totals.get(name, 0.0) + v * v
    return totals["a"] * totals["b"] + totals["c"]


@case(V)
def path_integral(x):
    points = [(0.0, 0.0)]
    for i in range(len(x)):
        px, py = points[-1]
        points.append((px + math.cos(x[i]), py + math.sin(x[i])))
    return (
        sum(math.hypot(b[0] - a[0] + 0.1, b[1] - a[1]) for a, b in zip(points, points[1:]))
        + points[-1][0] ** 2
    )


@case(V)
def triangle(x):
    rows = [[x[0]]]
    for i in range(1, 4):
        prev = rows[-1]
        row = [prev[0] * x[1]]
        for j in range(1, i):
            row.append(prev[j - 1] + prev[j])
        row.append(prev[-1] * x[2])
        rows.append(row)
    return sum(rows[-1])


@case(V)
def binomial_tree(x):
    n = 4
    s, u, d = 10.0 * x[0], 1.1 + 0.01 * x[1], 0.9
    values = [max(s * u**j * d ** (n - j) - 5.0, 0.0) for j in range(n + 1)]
    for i in range(n, 0, -1):
        values = [0.5 * (values[j] + values[j + 1]) for j in range(i)]
    return values[0]


@case(V)
def lu_lists(x):
    A = [[2.0 + x[i] if i == j else 0.3 * x[j] for j in range(4)] for i in range(4)]
    b = [1.0, 2.0, 3.0, 4.0]
    n = len(A)
    for k in range(n):
        for i in range(k + 1, n):
            f = A[i][k] / A[k][k]
            for j in range(k, n):
                A[i][j] -= f * A[k][j]
            b[i] -= f * b[k]
    y = [0.0] * n
    for i in range(n - 1, -1, -1):
        s = sum(A[i][j] * y[j] for j in range(i + 1, n))
        y[i] = (b[i] - s) / A[i][i]
    return sum(y)


@case(V)
def matvec_lists(x):
    M = [[1.0, 2.0, 0.0, 1.0], [0.5, 0.1, 0.2, 0.3]]
    y = [sum(a * b for a, b in zip(row, x)) for row in M]
    return y[0] * y[1]


@case(V)
def kalman_dict(x):
    state = {"m": 0.0, "P": 1.0}
    for z in x:
        P_ = state["P"] + 0.1
        K = P_ / (P_ + 0.5)
        state["m"] = state["m"] + K * (z - state["m"])
        state["P"] = (1 - K) * P_
    return state["m"] ** 2 + state["P"]


@case(V)
def adam(x):
    theta = {"w": x[0], "b": x[1]}
    m = {k: 0.0 for k in theta}
    v = {k: 0.0 for k in theta}
    for t in range(1, 4):
        g = {"w": 2 * theta["w"] * x[2], "b": theta["b"] - x[3]}
        for k in theta:
            m[k] = 0.9 * m[k] + 0.1 * g[k]
            v[k] = 0.99 * v[k] + 0.01 * g[k] ** 2
            theta[k] -= 0.1 * m[k] / (math.sqrt(v[k]) + 1e-2)
    return theta["w"] * theta["b"]


@case(V)
def moving_avg(x):
    window = deque(maxlen=3)
    out = []
    for v in x:
        window.append(v)
        out.append(sum(window) / len(window))
    return sum(o * o for o in out)


@case(V)
def bfs_queue(x):
    tree = {0: [1, 2], 1: [3], 2: [], 3: []}
    queue = deque([(0, 1.0)])
    total = 0.0
    while queue:
        node, w = queue.popleft()
        total += w * x[node]
        for child in tree[node]:
            queue.append((child, w * x[node] * 0.5))
    return total


@case(V)
def swap_lists(x):
    a = [x[0], x[1]]
    b = [x[2], x[3]]
    for _ in range(3):
        a, b = b, [u * v for u, v in zip(a, b)]
    return sum(a) + sum(b)


@case(V)
def bubble(x):
    xs = [v for v in x]
    n = len(xs)
    for i in range(n):
        for j in range(n - 1 - i):
            if xs[j] > xs[j + 1]:
                xs[j], xs[j + 1] = xs[j + 1], xs[j]
    return sum((i + 1) * v for i, v in enumerate(xs))


@case(V)
def flatten(x):
    nested = [[x[0], x[1]], [x[2]], [x[3] ** 2]]
    flat = [v for row in nested for v in row]
    return sum(v * (i + 1) for i, v in enumerate(flat))


@case(V)
def config(x):
    cfg = dict(lr=0.1, steps=3, act="tanh")
    f = {"tanh": np.tanh, "sin": np.sin}[cfg["act"]]
    y = x
    for _ in range(cfg["steps"]):
        y = y - cfg["lr"] * f(y)
    return np.sum(y)


@case(V)
def residuals(x):
    data = [(0.0, 1.0), (1.0, 1.5), (2.0, 2.5)]
    res = [x[0] + x[1] * t - y for t, y in data]
    return sum(r**2 for r in res) / len(res) + max(abs(r) for r in res)


@case((0.5, 1.5), [0.1, 0.2])
def tuple_param(p, ts):
    a, b = p
    ys = [a * math.exp(-b * t) for t in ts]
    return sum(ys)


@case([0.5, 1.5, 2.0])
def list_param(xs):
    xs = [v * v for v in xs]
    xs.append(xs[0] * xs[1])
    return sum(xs)


@case([0.5, 1.5, 2.0])
def list_param_mut(xs):
    xs.append(xs[0] * 2)
    xs[1] = xs[1] ** 2
    return sum(xs)


@case([[0.5, 1.5], [2.0, 0.3]])
def nested_list_param(A):
    return A[0][0] * A[1][1] - A[0][1] * A[1][0] + sum(sum(r) for r in A)


@case([W, W * 2])
def list_arrays_param(Ws):
    h = np.ones(4)
    t = 0.0
    for Wk in Ws:
        t += np.sum(np.tanh(Wk @ h))
    return t


@case({"a": 1.0, "b": [1.0, 2.0], "c": {"d": np.array([1.0, 2.0])}})
def tree_param(p):
    s = p["a"]
    for v in p["b"]:
        s = s * v
    return s + np.sum(p["c"]["d"] ** 2) * p["a"]


@case(V)
def cumulative(x):
    out = [x[0]]
    for v in x[1:]:
        out.append(out[-1] + v)
    mean = [s / (i + 1) for i, s in enumerate(out)]
    return max(out) - min(mean)


@case(V)
def ziplist(x):
    pairs = list(zip(x, x[1:]))
    total = 0.0
    for a, b in pairs:
        total += (b - a) ** 2
    return total + len(pairs)


@case(V)
def any_none(x):
    best = None
    for v in x:
        if best is None or v > best:
            best = v
    return best**2


@case(V)
def dict_of_arrays(x):
    d = {"pos": np.zeros(2), "vel": np.array([1.0, 0.5])}
    for _ in range(3):
        d["vel"] = d["vel"] - 0.1 * x[:2] * d["pos"]
        d["pos"] = d["pos"] + 0.1 * d["vel"] * x[2]
    return np.sum(d["pos"] ** 2)


@case(V)
def nested_update(x):
    net = {"l1": {"w": x[0], "b": 0.1}, "l2": {"w": x[1], "b": 0.2}}
    for name in net:
        net[name]["w"] *= 2.0
    h = x[2]
    for name, layer in net.items():
        h = np.tanh(layer["w"] * h + layer["b"])
    return h


@case(V)
def return_dict_helper(x):
    def stats(v):
        m = np.mean(v)
        return {"mean": m, "var": np.mean((v - m) ** 2)}

    s = stats(x)
    return s["mean"] / math.sqrt(s["var"])


@case(V)
def return_mixed(x):
    def sim(y, n):
        traj = []
        for _ in range(n):
            y = y + 0.1 * np.sin(y)
            traj.append(y)
        return y, traj

    y, traj = sim(x, 3)
    return np.sum(y) + sum(np.sum(t**2) for t in traj)


@case(V)
def trapz(x):
    ts = [0.1 * i for i in range(5)]
    f = [t * x[0] + math.sin(x[1] * t) for t in ts]
    return sum(
        0.5 * (f0 + f1) * (t1 - t0) for f0, f1, t0, t1 in zip(f[:-1], f[1:], ts[:-1], ts[1:])
    )


@case(V)
def while_pop_array(x):
    work = [x]
    total = 0.0
    while work:
        a = work.pop()
        if len(a) == 1:
            total += a[0] ** 3
        else:
            m = len(a) // 2
            work.append(a[:m])
            work.append(a[m:])
    return total


@case(V)
def setdefault_lists(x):
    d = {}
    for k, v in zip(["a", "b", "a", "b"], x):
        d.setdefault(k, []).append(v)
    return sum(d["a"]) * sum(d["b"])


@case(V)
def remove_item(x):
    xs = [x[0], x[1], x[2]]
    names = ["a", "b"]
    names.remove("a")
    del xs[0]
    return xs[0] * xs[1] * len(names)


@case(V)
def alias_dict(x):
    d = {"a": x[0]}
    e = d
    e["a"] = x[1] * 2
    return d["a"] ** 2


@case(V)
def alias_dict_in_list(x):
    d = {"a": x[0]}
    rows = [d, d]
    d["a"] = x[1] * 3
    return rows[0]["a"] * rows[1]["a"]


@case(V)
def row_eq(x):
    grid = [[x[0], x[1]], [x[2], x[3]]]
    if grid[0] == grid[1]:
        return x[0]
    return grid[0][0] ** 2


@case(V)
def row_copy(x):
    grid = [[x[0], x[1]], [x[2], x[3]]]
    r = grid[0][:]
    r[0] = 5.0
    return grid[0][0] * r[1]


@case(V)
def row_replace(x):
    grid = [[x[0], x[1]], [x[2], x[3]]]
    r = grid[0]
    grid[0] = [1.0, 2.0]
    return grid[0][0] * r[1] * r[0]


@case(V)
def swap_rows(x):
    A = [[x[0], x[1]], [x[2], x[3]]]
    A[0], A[1] = A[1], A[0]
    A[0][0] = A[0][0] * 2
    return A[0][0] * A[1][1]


@case(V)
def helper_mutates_dict(x):
    def f(d):
        d["a"] = d["a"] * x[1]

    p = {"a": x[0]}
    f(p)
    f(p)
    return p["a"] ** 2


def mutator(d, v):
    d["k"] = d["k"] + v * v
    return d


@case(V)
def helper_mutates_dict2(x):
    p = {"k": x[0]}
    q = mutator(p, x[1])
    return p["k"] * q["k"]


def adder(xs, v):
    xs.append(v * v)


def adder2(d, v):
    d["xs"].append(v * v)


@case(V)
def helper_mutates_list_in_dict(x):
    d = {"xs": [x[0]], "n": 1.0}
    adder2(d, x[1])
    return sum(d["xs"]) * d["xs"][-1]


@case(V)
def dict_order(x):
    d = {"a": x[0], "b": x[1]}
    d["c"] = x[2]
    a = d.pop("a")
    d["a"] = a * 2
    t = 0.0
    for i, (k, v) in enumerate(d.items()):
        t += (i + 1) * v
    return t


@case(V)
def closure_dict(x):
    d = {"a": x[0]}

    def bump():
        d["a"] = d["a"] * 2

    bump()
    return d["a"] * x[1]


@case(V)
def del_while(x):
    xs = [v for v in x]
    i = 0
    while i < len(xs):
        if xs[i] < 0:
            del xs[i]
        else:
            i += 1
    return sum(v * (k + 1) for k, v in enumerate(xs))


@case(V)
def pop_neg(x):
    xs = [v for v in x]
    i = -2
    a = xs.pop(i)
    xs.insert(-1, a * 2)
    xs.insert(100, a)
    return sum(v * (k + 1) for k, v in enumerate(xs)) * a


@case(V)
def ints_in_lists(x):
    xs = [0] * 3
    xs[0] = x[0]
    xs[1] += x[1]
    return xs[0] * xs[1] + xs[2]


@case(V)
def grid_ints(x):
    g = [[0] * 2 for _ in range(2)]
    g[0][0] += x[0] * 0.5
    g[1][1] = x[1]
    return g[0][0] * g[1][1] + g[0][1]


@case(V)
def none_arrays(x):
    hs = [None] * 3
    hs[0] = x
    for t in range(1, 3):
        hs[t] = np.tanh(hs[t - 1] * 1.2)
    return np.sum(hs[2] * hs[1])


@case(V)
def list_read_by_several(x):
    xs = [v * v for v in x]
    a = np.array(xs)
    return np.sum(a**2) + sum(xs) ** 2 + max(xs) * xs[0] + np.sum(np.sort(xs))


@case(V)
def iadd_array(x):
    xs = [x[0]]
    xs += list(x)
    xs += [v * 2 for v in x if v > 0]
    return sum((k + 1) * v for k, v in enumerate(xs))


@case(V)
def nested_tuple_swap(x):
    s = ((x[0], x[1]), x[2])
    for _ in range(2):
        (a, b), c = s
        s = ((b, c), a * b)
    return s[0][0] + 2 * s[0][1] + 3 * s[1]
