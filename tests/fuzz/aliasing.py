"""Random second names: views, rows, rotated buffers, and stores through them."""

from __future__ import annotations

from tests.fuzz.arrays import array
from tests.fuzz.expressions import constant, number, test
from tests.fuzz.scope import SHAPES, Scope
from tests.fuzz.stores import operator, right_side
from tests.fuzz.views import view

Lines = list[str]


def name_view(s: Scope) -> Lines | None:
    """A name for a view, of which there may be views again."""
    kind = s.rng.choice(list(SHAPES))
    name, text = s.target(kind), view(s, kind)
    if name is None or text is None:
        return None
    if s.rng.random() < 0.12:
        text = f"{text} if {test(s, 0)} else {view(s, kind)}"
    s.assign(name, kind)
    # What is not to be written into by its first name is not by its second.
    s.frozen.discard(name)
    if s.frozen:
        s.frozen.add(name)
    return [f"{name} = {text}"]


def name_array(s: Scope) -> Lines | None:
    """A new array of any shape."""
    kind = s.rng.choice(list(SHAPES))
    name = s.target(kind)
    if name is None:
        return None
    shape = SHAPES[kind]
    size = str(shape[0]) if len(shape) == 1 else str(shape)
    text = s.rng.choice([array(s, kind, 1), array(s, kind, 1), f"np.zeros({size})"])
    if text.isidentifier() or (not s.has("views") and not text.startswith("np.zeros")):
        text = f"1.0 * {text}"
    s.assign(name, kind)
    s.frozen.discard(name)
    return [f"{name} = {text}"]


def rotate(s: Scope) -> Lines | None:
    """Names that change their arrays: two or three, in and out of loops."""
    for kind in s.rng.sample(list(SHAPES), len(SHAPES)):
        names = [x for x in s.of(kind) if x not in s.reserved and x not in s.frozen]
        if len(names) < 2:
            continue
        chosen = s.rng.sample(names, min(len(names), s.rng.choice([2, 2, 3])))
        return [f"{', '.join(chosen)} = {', '.join([*chosen[1:], chosen[0]])}"]
    return None


def march(s: Scope) -> Lines | None:
    """A time stepper: a new buffer is filled from the old, and they change places."""
    old, new = s.writable("vector"), s.target("vector")
    if old is None or new is None or old == new or {old, new} & (s.reserved | s.frozen):
        return None
    fresh = s.rng.choice(["np.zeros(4)", f"{old}.copy()", f"np.empty_like({old})"])
    lines = [] if new in s.kinds and s.rng.random() < 0.5 else [f"{new} = {fresh}"]
    if "empty" in fresh and lines:
        lines.append(f"{new}[:] = {old}")
    s.assign(new, "vector")
    i, steps = s.fresh("i"), s.rng.choice(["2", "3", "3", "4"])
    inner = s.branch()
    inner.assign(i, "int")
    op = s.rng.choice(["", "", "+"])
    body = s.rng.choice(
        [
            f"{new}[1:-1] {op}= {old}[1:-1] + 0.2 * ({old}[2:] - {old}[:-2])",
            f"{new}[1:] {op}= {old}[:-1] * {number(inner, 1)}",
            f"{new}[:] = np.sin({old}) + {number(inner, 0)}",
            f"np.multiply({old}, {constant(s)}, out={new})",
            f"{new}[{i} % 4] {op}= {old}[({i} + 1) % 4] * {number(inner, 0)}",
        ]
    )
    swap = f"{old}, {new} = {new}, {old}"
    third = [x for x in s.of("vector") if x not in {old, new} | s.reserved | s.frozen]
    if third and s.rng.random() < 0.4:
        other = s.rng.choice(third)
        swap = f"{old}, {new}, {other} = {new}, {other}, {old}"
    if s.rng.random() < 0.15:
        tmp = s.fresh("tmp")
        swap = f"{tmp} = {old}\n{old} = {new}\n{new} = {tmp}"
    inside = [body, *swap.split("\n")]
    if s.rng.random() < 0.25:
        inside.insert(1, f"if {number(inner, 0)} > {constant(s)}:\n    {new}[0] = {old}[1] * 0.5")
    text = "\n".join(inside).split("\n")
    return [*lines, f"for {i} in range({steps}):", *[f"    {line}" for line in text]]


def loop_over_rows(s: Scope) -> Lines | None:
    """Rows as loop variables, written into."""
    kind, part = s.rng.choice(
        [("matrix", "vector"), ("transposed", "column"), ("square", "couple")]
    )
    m = view(s, kind, store=True)
    if m is None:
        return None
    v, i = s.fresh("row"), s.fresh("i")
    inner = s.branch()
    inner.assign(v, part)
    header = s.rng.choice(
        [f"for {v} in {m}:", f"for {v} in {m}:", f"for {i}, {v} in enumerate({m}):"]
    )
    if "enumerate" in header:
        inner.assign(i, "int")
    op = operator(s)
    value = array(inner, part, 1) if s.rng.random() < 0.6 else number(inner, 1)
    key = s.rng.choice([":", ":", "0", "1:", "::-1", "..."])
    if key != ":" and key != "...":
        value = number(inner, 1)
    target = f"{v}[{key}]" if op == "" or s.rng.random() < 0.7 else v
    body = [f"{target} {op}= {right_side(inner, op, value)}"]
    floats = [x for x in s.of("float") if x not in s.reserved]
    if floats and s.rng.random() < 0.4:
        body.insert(s.rng.randrange(2), f"{s.rng.choice(floats)} += np.sum({v}) * {constant(s)}")
    return [header, *[f"    {line}" for line in body]]


ALIASING_MAKERS = (
    (8, name_view), (5, name_array), (4, rotate), (3, march), (4, loop_over_rows),
)  # fmt: skip
