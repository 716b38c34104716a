"""Expressions that make arrays of every shape that programs have."""

from __future__ import annotations

from tests.fuzz.expressions import SMOOTH, constant, index, leaf, number, vector
from tests.fuzz.scope import ROWS, SHAPES, VECTOR, Scope
from tests.fuzz.views import view


def array(s: Scope, kind: str, depth: int) -> str:
    """An expression of this shape."""
    if kind == "vector" and s.rng.random() < 0.5:
        return vector(s, depth)
    shape = SHAPES[kind]
    roll = s.rng.random()
    if depth <= 0 or roll < 0.25:
        found = view(s, kind)
        if found is not None and s.rng.random() < 0.9:
            return found
        size = str(shape[0]) if len(shape) == 1 else str(shape)
        if len(shape) == 1 and shape[0] < 5 and s.rng.random() < 0.5:
            return f"np.array([{', '.join(leaf(s) for _ in range(shape[0]))}])"
        return s.rng.choice([f"np.full({size}, 1.0 * {leaf(s)})", f"np.ones({size})"])
    if roll < 0.55:
        a, b = array(s, kind, depth - 1), array(s, kind, depth - 1)
        return f"({a} {s.rng.choice('+-**')[0]} {b})"
    if roll < 0.68:
        return f"({number(s, depth - 1)} {s.rng.choice('+-*')} {array(s, kind, depth - 1)})"
    if roll < 0.84:
        return s.rng.choice(SMOOTH).format(f="np", n="np", e=array(s, kind, depth - 1))
    a = array(s, kind, depth - 1)
    options = [
        f"np.where({a} > {constant(s)}, {array(s, kind, 0)}, {leaf(s)})",
        f"np.maximum({a}, {leaf(s)})",
        f"{a} / (1.3 + {array(s, kind, 0)} ** 2)",
        f"-({a})",
        f"({a}).copy()",
    ]
    if kind == "column":
        options.append(f"{array(s, 'matrix', 0)} @ {array(s, 'vector', 0)}")
    if kind == "square":
        options += [f"({a} @ {array(s, 'square', 0)})", f"{array(s, 'couple', 0)}[:, None] * {a}"]
    if kind in ("matrix", "transposed"):
        options.append(f"({a} * {array(s, 'vector' if kind == 'matrix' else 'column', 0)})")
    return s.rng.choice(options)


def total(s: Scope, kind: str) -> str:
    """A float of an array of this kind."""
    x = array(s, kind, 1)
    size = SHAPES[kind]
    element = "[0]" if len(size) == 1 else "[0, -1]"
    return s.rng.choice([f"np.sum({x})", f"np.mean({x})", f"({x}){element}", f"({x}).sum()"])


def int_index(s: Scope, x: str, kind: str) -> str:
    """An index of one element, as it stands between brackets."""
    sizes = SHAPES[kind]
    known = {VECTOR: s.index, ROWS: s.rows}
    parts = [index(s, known.get(size, []), size, x if k == 0 else f"{x}[0]")
             for k, size in enumerate(sizes)]  # fmt: skip
    return ", ".join(parts)
