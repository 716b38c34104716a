"""Random statements of the rest of the language: exceptions, contexts, `match`, inner state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.expressions import constant, index, leaf, number, test
from tests.fuzz.scope import VECTOR, Scope

if TYPE_CHECKING:
    from tests.fuzz.statements import Writer

Lines = list[str]


def indented(lines: Lines) -> Lines:
    return ["    " + line for line in lines]


def tried(w: Writer, s: Scope, depth: int) -> Lines | None:
    """An exception, raised under a test and handled."""
    error, other = s.rng.sample(["ValueError", "KeyError", "RuntimeError"], 2)
    body, handler = s.branch(), s.branch()
    lines = w.block(body, depth + 1, s.rng.randint(0, 2))
    lines += [f"if {test(body, 1)}:", f'    raise {error}("out of range")']
    lines += w.block(body, depth + 1, s.rng.randint(0, 2))
    handler.maybe = {**body.kinds, **body.maybe}
    caught = s.rng.choice([error, error, f"({error}, {other})", f"{error} as error"])
    out = ["try:", *indented(lines), f"except {caught}:"]
    out += indented(w.block(handler, depth + 1, 1))
    scopes = [body, handler]
    if s.rng.random() < 0.2:
        scopes.append(body.branch())
        out += ["else:", *indented(w.block(scopes[-1], depth + 1, 1))]
    s.join(*scopes)
    if s.rng.random() < 0.2:
        out += ["finally:", *indented(w.block(s, depth + 1, 1))]
    return out


def looked_up(w: Writer, s: Scope, depth: int) -> Lines | None:
    """A `try` whose body computes nothing that is differentiated."""
    name = s.target("int")
    if name is None:
        return None
    k = s.pick("int") or "3"
    lines = s.rng.choice(
        [
            ["try:", f"    {name} = {{0: 1, 1: 2}}[{k}]", "except KeyError:", f"    {name} = 0"],
            ["try:", f"    {name} = [2, 1][{k}]", "except IndexError:", f"    {name} = 1"],
            ["try:", f'    {name} = int("{s.rng.choice(["3", "x"])}")', "except ValueError:",
             f"    {name} = 2"],
        ]
    )  # fmt: skip
    s.assign(name, "int")
    return lines


def within(w: Writer, s: Scope, depth: int) -> Lines | None:
    context = s.rng.choice(['np.errstate(all="ignore")', "contextlib.nullcontext()"])
    return [f"with {context}:", *indented(w.block(s, depth + 1, s.rng.randint(1, 2)))]


def matched(w: Writer, s: Scope, depth: int) -> Lines | None:
    k = s.pick("int")
    subject = f"{k} % 4" if k else f"int({number(s, 1)} > {constant(s)})"
    scopes = [s.branch(), s.branch()]
    out = [f"match {subject}:", f"    case {s.rng.choice(['0', '1', '0 | 2', '2 | 3'])}:"]
    out += indented(indented(w.block(scopes[0], depth + 1, 1)))
    if s.rng.random() < 0.4:
        scopes.append(s.branch())
        out += [f"    case {s.rng.choice(['1', '3', 'other if other > 1'])}:"]
        out += indented(indented(w.block(scopes[-1], depth + 1, 1)))
    out += ["    case _:", *indented(indented(w.block(scopes[1], depth + 1, 1)))]
    s.join(*scopes)
    return out


def walrus(w: Writer, s: Scope, depth: int) -> Lines | None:
    name = s.target("float")
    if name is None or not name.isidentifier():
        return None
    text = number(s, 1)
    s.assign(name, "float")
    inner = s.branch()
    lines = w.block(inner, depth + 1, 1)
    s.join(inner)
    return [f"if ({name} := {text}) > {constant(s)}:", *indented(lines)]


def inner_state(w: Writer, s: Scope, depth: int) -> Lines | None:
    """A function that updates a variable of the function around it."""
    name, add, v, target = s.fresh("held"), s.fresh("add"), s.fresh("v"), s.target("float")
    if target is None:
        return None
    inner = s.branch()
    inner.assign(v, "float")
    start, update = number(s, 1), number(inner, 1)
    x = s.pick("vector")
    calls = [f"{add}({number(s, 1)})"]
    if x and s.rng.random() < 0.6:
        calls = [f"for {v} in {x}:", f"    {add}({v})"]
    s.assign(target, "float")
    return [
        f"{name} = {start}", "", f"def {add}({v}):", f"    nonlocal {name}",
        f"    {name} = {constant(s)} * {name} + {update}", "", *calls, f"{target} = {name}",
    ]  # fmt: skip


def sentinel(w: Writer, s: Scope, depth: int) -> Lines | None:
    """None until there is a value."""
    name, v, x, target = s.fresh("best"), s.fresh("v"), s.pick("vector"), s.target("float")
    if x is None or target is None:
        return None
    inner = s.branch()
    inner.assign(v, "float")
    ask = s.rng.choice([f"{name} is None or {v} > {name}", f"{name} is None"])
    lines = [
        f"{name} = None",
        f"for {v} in {x}:",
        f"    if {ask}:",
        f"        {name} = {number(inner, 1)}",
    ]
    s.assign(target, "float")
    return [*lines, f"{target} = {name} * {leaf(s)}"]


def small(w: Writer, s: Scope, depth: int) -> Lines | None:
    """Annotations, chains, stars, `del`, asserts, texts, and folds."""
    name, other = s.target("float"), s.target("float")
    if name is None or other is None or not (name + other).isidentifier():
        return None
    e, v, u, tmp = number(s, 1), s.fresh("v"), s.fresh("u"), s.fresh("tmp")
    inner = s.branch()
    inner.assign(v, "float")
    x = s.pick("vector")
    options = [
        f"{name}: float = {e}", f"{name} = {other} = {e}",
        f"{name}, *{tmp} = {e}, {leaf(s)}, {leaf(s)}\n{name} += {tmp}[0] * {tmp}[-1]",
        f"{tmp} = {e}\n{name} = {tmp} * 2.0\ndel {tmp}",
        f'{name} = {e}\nassert {name} == {name}, f"lost {{{name}}}"',
        f'{name} = {e}\n{tmp} = f"{{{name}:.3f}}"',
        f'{name} = {e}\nif not isinstance({name}, float):\n    raise TypeError("no number")',
        f"{name} = functools.reduce(lambda {u}, {v}: {u} * 0.5 + {v}, [{e}, {leaf(s)}, 1.0])",
        f"{name} = max([{e}, {leaf(s)}], key=lambda {v}: {v} * {v})",
        f"{name} = None\nif {name} is None:\n    {name} = {e}",
        f"({name}, {tmp}), {u} = ({e}, {leaf(s)}), {leaf(s)}\n{name} = {name} * {tmp} + {u}",
    ]  # fmt: skip
    if x:
        i = index(s, s.index, VECTOR, x)
        options += [
            f"{name} = max({x})", f"{name} = sum({number(inner, 1)} for {v} in {x})",
            f"{name} = functools.reduce(lambda {u}, {v}: 0.7 * {u} + {v} * {v}, {x})",
            f"{name} = sum(map(lambda {v}: {number(inner, 1)}, {x}))",
            f"{name} = sum([{v} for {v} in {x} if {v} > {constant(s)}], {leaf(s)})",
            f"{name} = sum(filter(lambda {v}: {v} > 0.0, {x})) + {x}[{i}]",
            f"{name} = {x}[0] if all({v} > -2.0 for {v} in {x}) else {leaf(s)}",
            f"{name} = sorted({x}, key=lambda {v}: -{v})[1]",
            f"{tmp} = slice(1, 3)\n{name} = np.sum({x}[{tmp}])",
        ]  # fmt: skip
    text = s.rng.choice(options)
    s.assign(name, "float")
    if f"= {other} =" in text:
        s.assign(other, "float")
    return text.split("\n")


FLOW_MAKERS = (
    (6, tried), (3, looked_up), (4, within), (4, matched), (4, walrus), (4, inner_state),
    (3, sentinel), (8, small),
)  # fmt: skip
