"""How functions are called: stars, keyword-only and positional-only parameters, tuples, dicts."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program

GAINS = (0.5, 1.5)
SETTINGS = {"slope": 0.7, "power": 2}
TABLE = (0.3, 0.9)


def total(x, *ws, scale=1.0):
    s = 0.0
    for w in ws:
        s = s * x + w * scale
    return s * len(ws) * ws[0]


def line(x, /, slope, *, offset=0.5):
    return x * slope + offset


def settings(x, **options):
    y = x * options["slope"]
    if "offset" in options:
        y = y + options["offset"] * options.get("damping", 2.0)
    for name, value in options.items():
        y = y * value if name == "slope" else y + 1.0
    return y


def everything(x, y=2.0, *rest, k, table=TABLE, **options):
    s = x * y * k + (table[0] + table[1]) * x
    for i, r in enumerate(rest):
        s += r * r * i
    return s * options.get("gain", 1.0)


def of_pair(pair, q):
    (a, b), c = pair
    return a * b * c + q


def of_dict(state, dt):
    x, v = state["x"], state["v"]
    return {"x": x + dt * v, "v": v - dt * np.sin(x)}


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1), analytic=True
)
def starred_parameters(x, y):
    return total(x, y, x * y, 3.0) + total(y, 1.0, 2.0, scale=x) * total(x, *GAINS)


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1), analytic=True
)
def positional_and_keyword_only(x, y):
    return line(x, y) * line(y, 2.0, offset=x) + line(x, slope=y, offset=1.0)


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1), analytic=True
)
def double_starred_parameters(x, y):
    a = settings(x, slope=y, offset=x * y)
    b = settings(y, slope=2.0)
    return a * b + settings(x, slope=0.5, damping=y, offset=0.3)


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1), analytic=True
)
def all_kinds_of_parameters(x, y):
    a = everything(x, k=y) + everything(x, y, x, y, x * y, k=2.0)
    return a * everything(y, k=x, gain=x, other="unused")


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), (0.5, 2.0), {"slope": 0.3, "offset": 2.0}),
    analytic=True,
)
def calls_with_stars(x, pair, options):
    a = total(x, *pair) * total(x, x, *pair, scale=2.0)
    b = settings(x, **options) + settings(x, **{"slope": x})
    c = settings(x, damping=x, **options) + line(*pair, offset=x)
    return a * b + c * np.maximum(*pair)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 0.7), argnums=(0, 1), analytic=True)
def tuples_and_dicts_as_arguments(x, y):
    state = {"x": x, "v": y}
    pair = ((x, y), x * y)
    s = of_pair(pair, y) * of_pair(((1.0, x), y), q=x)
    return s * settings(state["x"], slope=state["v"]) + state["x"] * len(state)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 0.7), argnums=(0, 1), analytic=True)
def starred_targets(x, y):
    first, *mid, last = (x, y, x * y, x + y)
    s = 0.0
    for m in mid:
        s += m * m
    a, *rest = (s, first)
    (*b, c), d = (x, y, s), rest[0]
    for p, *q in ((x, 1.0, y), (y, 2.0, x)):
        s += p * q[0] * q[1]
    return a * last * c * d + b[0] * b[1] * s


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def passive_dicts(x):
    s = x
    options = {"k": 2.0, "m": 3}
    for name, value in options.items():
        s = s * value
    for name in options:
        s = s + len(name) * options["k"]
    for value in options.values():
        s = s * x + value
    return s * SETTINGS["slope"] * x ** SETTINGS["power"] + settings(x, **SETTINGS)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 0.4), argnums=(0, 1), analytic=True)
def active_dicts(x, y):
    parts = {"a": x * y, "b": x + y, "c": 2.0}
    s = 0.0
    for name, value in parts.items():
        if name == "b":
            continue
        s = s * x + value
    for i, value in enumerate(parts.values()):
        s += value * i
    return s * parts["b"]
