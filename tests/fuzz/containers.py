"""Random statements with lists, functions inside functions, and loops over several things."""

from __future__ import annotations

from tests.fuzz.expressions import constant, number
from tests.fuzz.scope import VECTOR, Scope

Lines = list[str]


def listed(s: Scope) -> Lines | None:
    """A list that grows in a loop, and is read, popped or summed after it."""
    target = s.target("float")
    if target is None:
        return None
    name, i = s.fresh("parts"), s.fresh("i")
    first = number(s, 1)
    inner = s.branch()
    inner.assign(i, "int")
    step = f"{name}[-1] * {constant(s)} + {number(inner, 1)}"
    read = s.rng.choice(
        [
            f"{target} = {name}[{s.rng.randrange(3)}] * {name}[-1]",
            f"{target} = {name}.pop()",
            f"{target} = {name}.pop() * {name}[0]",
            f"{target} = sum({name})",
            f"{name}[1] = {name}[0] * {name}[2]\n{target} = {name}[1]",
        ]
    )
    s.assign(target, "float")
    return [
        f"{name} = [{first}]",
        f"for {i} in range({s.rng.choice(['2', '3', '1 + 1'])}):",
        f"    {name}.append({step})",
        *read.split("\n"),
    ]


def function_inside(s: Scope) -> Lines | None:
    """A lambda or an inner function that reads names around it, called once or twice."""
    target = s.target("float")
    if target is None:
        return None
    name, u = s.fresh("h"), s.fresh("u")
    inner = s.branch()
    inner.assign(u, "float")
    body = f"np.sin({u} * {number(inner, 1)}) + {u}"
    call = f"{name}({number(s, 1)})"
    if s.rng.random() < 0.5:
        call = f"{name}({call})"
    s.assign(target, "float")
    if s.rng.random() < 0.5:
        return [f"{name} = lambda {u}: {body}", f"{target} = {call}"]
    return [f"def {name}({u}):", f"    return {body}", f"{target} = {call}"]


def loop_over_several(s: Scope) -> Lines | None:
    """`enumerate`, `zip` or `reversed`, adding to a number."""
    target = next((n for n in s.of("float") if n not in s.reserved), None)
    if target is None:
        return None
    i, v, w = s.fresh("i"), s.fresh("v"), s.fresh("w")
    x, y = s.pick("vector"), s.pick("vector")
    inner = s.branch()
    if x is None or y is None or s.rng.random() < 0.3:
        header = f"for {i} in reversed(range({VECTOR})):"
        inner.assign(i, "int")
    elif s.rng.random() < 0.5:
        header = f"for {i}, {v} in enumerate({x}):"
        inner.assign(i, "int")
        inner.assign(v, "float")
    else:
        header = f"for {v}, {w} in zip({x}, {y}):"
        inner.assign(v, "float")
        inner.assign(w, "float")
    return [header, f"    {target} = {constant(s)} * {target} + {number(inner, 1)}"]


CONTAINERS = (listed, function_inside, loop_over_several)
