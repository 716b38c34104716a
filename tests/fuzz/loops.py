"""Random loops, over numbers and arrays and while a test holds, with jumps in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.fuzz.expressions import constant, number, test
from tests.fuzz.flow import indented
from tests.fuzz.scope import ROWS, VECTOR, Scope

if TYPE_CHECKING:
    from tests.fuzz.statements import Writer

Lines = list[str]


def for_loop(w: Writer, s: Scope, depth: int) -> Lines:
    inner = s.branch()
    inner.loops += 1
    name = s.rng.choice(["i", "j", "l"])
    x = s.pick("vector")
    roll = s.rng.random()
    plain = s.profile.recursive
    if x and not s.apart and not plain and roll < 0.12:
        name, header = iterated(s, inner, name, x)
    elif roll < 0.16 and not plain:
        name = f"v{name}"
        header = f"for {name} in ({number(s, 1)}, {constant(s)}, {number(s, 1)}):"
        inner.assign(name, "float")
        inner.reserved.add(name)
    elif x and not s.apart and roll < (0.2 if plain else 0.26):
        name = f"v{name}"
        header = f"for {name} in {s.rng.choice([x, f'{x}[1:]', f'np.sin({x})'])}:"
        inner.assign(name, "float")
        inner.reserved.add(name)
    elif s.of("matrix") and not s.apart and roll < (0.3 if plain else 0.34):
        name = f"row{name}"
        header = f"for {name} in {s.pick('matrix')}:"
        inner.assign(name, "vector")
    else:
        inside, text = s.rng.choice(
            [
                (VECTOR, f"range(len({x}))" if x else f"range({VECTOR})"),
                (VECTOR, f"range(1, len({x}) - 1)" if x else "range(1, 3)"),
                (VECTOR, f"range({VECTOR - 1}, -1, -1)"),
                (VECTOR, "range(0, 4, 2)"),
                (ROWS, f"range({ROWS})"),
                (ROWS, "range(2)"),
                (ROWS, s.rng.choice(["range(0)", "range(2, 2)", "range(1, 3)"])),
                (0, f"range({s.pick('int') or 3})"),
                (0, "range(5, -3, -3)"),
            ]
        )
        header = f"for {name} in {text}:"
        inner.assign(name, "int")
        if inside:
            inner.index.append(name)
        if inside == ROWS:
            inner.rows.append(name)
    inner.maybe = {}  # what the body alone assigns is unbound on the first trip
    lines = [header, *indented(w.block(inner, depth + 1, s.rng.randint(1, 3)))]
    if s.rng.random() < 0.06 and inner.kinds.get(name) == "int":
        lines.append(f"    {name} = {s.rng.choice(['0', f'{name} + 1'])}")
    if inner.kinds.get(name) == "int" and re.search(r"range\((4|3|2|len\(\w\))\):", header):
        lines[1:1] = indented(later_trips(s, name)) if s.rng.random() < 0.2 else []
    s.join(inner)
    if name not in s.kinds:
        s.maybe[name] = inner.kinds[name]
    return [*lines, *otherwise(w, s, depth)]


def iterated(s: Scope, inner: Scope, name: str, x: str) -> tuple[str, str]:
    """A loop over vectors by `enumerate`, `zip` or `reversed`: its variable and its header."""
    y = s.pick("vector") or x
    v, u = f"v{name}", f"w{name}"
    header = s.rng.choice(
        [
            f"for {name}, {v} in enumerate({x}):",
            f"for {name}, {v} in enumerate({x}[1:], start=1):",
            f"for {v} in reversed({x}):",
            f"for {v}, {u} in zip({x}, {y}[1:]):",
            f"for {name}, ({v}, {u}) in enumerate(zip({x}, np.cos({y}))):",
        ]
    )
    for bound, kind in ((name, "int"), (v, "float"), (u, "float")):
        if re.search(rf"\b{bound}\b", header.partition(" in ")[0]):
            inner.assign(bound, kind)
            inner.reserved.add(bound)
            if bound != v and bound not in s.kinds:
                s.maybe[bound] = kind
    if name in inner.kinds and "enumerate" in header:
        inner.index.append(name)
    return v, header


def otherwise(w: Writer, s: Scope, depth: int) -> Lines:
    """Now and then, the else of a loop."""
    if s.profile.recursive or s.rng.random() > 0.1:
        return []
    inner = s.branch()
    lines = w.block(inner, depth + 1, s.rng.randint(1, 2))
    s.join(inner)
    return ["else:", *indented(lines)]


def later_trips(s: Scope, loop: str) -> Lines:
    """A value of the trip before, read from the second trip on."""
    names = [name for name in s.of("float") if name not in s.reserved]
    if not names:
        return []
    before, target = s.fresh("prev"), s.rng.choice(names)
    return [
        f"if {loop} > 0:",
        f"    {target} += {before} * {constant(s)}",
        f"{before} = {number(s, 1)}",
    ]


def while_loop(w: Writer, s: Scope, depth: int) -> Lines:
    inner = s.branch()
    inner.loops += 1
    inner.maybe = {}
    size = s.rng.randint(1, 3)
    if s.rng.random() < 0.35:
        z = s.fresh("z")
        lines = [f"{z} = 1.0 + abs({number(s, 1)})"]
        inner.assign(z, "float")
        inner.reserved.add(z)
        shrink = s.rng.choice([f"{z} = {z} * 0.5", f"{z} *= 0.6 + 0.1 * math.sin({number(s, 0)})"])
        bound = s.rng.choice(["0.2", "0.4", "0.7"])
        body = [shrink, *w.block(inner, depth + 1, size)]
        lines += [f"while {z} > {bound}:", *indented(body)]
        s.assign(z, "float")
        s.reserved.add(z)
    else:
        count, limit = s.fresh("trips"), s.rng.randint(1, 4)
        lines = [f"{count} = 0"]
        inner.assign(count, "int")
        inner.reserved.add(count)
        ask = test(s, 1)
        body = [f"{count} += 1", *w.block(inner, depth + 1, size)]
        if s.rng.random() < 0.25:
            body.insert(0, f"if {count} >= {limit} or {ask}:")
            body.insert(1, "    break")
            lines.append("while True:")
        else:
            lines.append(f"while {count} < {limit} and {ask}:")
        lines += indented(body)
        s.assign(count, "int")
        s.reserved.add(count)
    s.join(inner)
    return [*lines, *otherwise(w, s, depth)]
