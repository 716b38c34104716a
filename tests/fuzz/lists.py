"""Random statements with lists: of numbers, of arrays, and of lists. None is ever empty."""

from __future__ import annotations

from tests.fuzz.arrays import array
from tests.fuzz.expressions import constant, item, leaf, number, test, vector
from tests.fuzz.scope import Scope
from tests.fuzz.stores import operator, right_side

Lines = list[str]


def make(s: Scope) -> Lines | None:
    """A list of numbers."""
    name = s.target("floats")
    if name is None:
        return None
    v, x = s.fresh("v"), s.pick("vector")
    inner = s.branch()
    inner.assign(v, "float")
    options = [
        f"[{number(s, 1)}, {number(s, 1)}]", f"[{number(s, 1)}]", f"[{leaf(s)}] * 3",
        f"[{number(s, 1)}] + [{v} * {leaf(s)} for {v} in range(3)]",
    ]  # fmt: skip
    if x:
        options += [
            f"[{number(inner, 1)} for {v} in {x}]", f"list({x})", f"[*{x}[1:], {leaf(s)}]",
            f"[{leaf(s)}] + [{number(inner, 1)} for {v} in {x} if {v} > {constant(s)}]",
            f"list(map(lambda {v}: {number(inner, 1)}, {x}))", f"sorted({x})",
        ]  # fmt: skip
    for other in s.of("floats"):
        options += [] if s.apart else [other]
        options += [
            f"{other}[:]", f"list({other})", f"{other}.copy()", f"{other} + [{leaf(s)}]",
            f"[{v} * {leaf(s)} for {v} in {other}]", f"[*{other}, {leaf(s)}]",
            f"sorted({other})", f"{other}[::-1]", f"{other}[-1:] + {other}",
        ]  # fmt: skip
    text = s.rng.choice(options)
    s.assign(name, "floats")
    return [f"{name} = {text}"]


def change(s: Scope) -> Lines | None:
    """A list changed in place."""
    xs = s.writable("floats")
    if xs is None:
        return None
    e = number(s, s.rng.choice([1, 1, 2]))
    op = operator(s)
    name = s.target("float")
    options = [
        f"{xs}.append({e})", f"{xs}.append({e})", f"{xs}.extend([{e}, {leaf(s)}])",
        f"{xs}.insert({s.rng.choice(['0', '1', f'len({xs}) // 2'])}, {e})",
        f"{item(s, xs)} {op}= {right_side(s, op, e)}",
        f"{item(s, xs)} {op}= {right_side(s, op, e)}",
        f"{xs}[0], {xs}[-1] = {xs}[-1], {xs}[0]", f"{xs} += [{e}]", f"{xs}.reverse()",
        f"{xs}[:1] = [{e}, {leaf(s)}]", f"{xs}.sort()", f"{xs}[-1:] = []\n{xs}.append({e})",
        f"if len({xs}) > 1:\n    del {xs}[0]", f"{xs}[:] = [{e}]",
    ]  # fmt: skip
    lines = s.rng.choice(options).split("\n")
    if name and s.rng.random() < 0.3:
        where = s.rng.choice(["", "", "0", "-1"])
        known = name in s.kinds
        s.assign(name, "float")
        if s.rng.random() < 0.5:
            return [f"{xs}.append({e})", f"{name} = {xs}.pop({where})"]
        head = [] if known else [f"{name} = {constant(s)}"]
        return [*head, f"if len({xs}) > 1:", f"    {name} = {xs}.pop({where})"]
    return lines


def read(s: Scope) -> Lines | None:
    """A list summed, looped over, reduced."""
    xs, name = s.pick("floats"), s.target("float")
    if xs is None or name is None:
        return None
    v, w, i = s.fresh("v"), s.fresh("w"), s.fresh("i")
    inner = s.branch()
    inner.assign(v, "float")
    if name in s.kinds and s.rng.random() < 0.5:
        header = s.rng.choice(
            [
                f"for {v} in {xs}:", f"for {i}, {v} in enumerate({xs}):",
                f"for {v} in reversed({xs}):", f"for {v}, {w} in zip({xs}, {xs}[1:]):",
                f"for {v} in {xs}[:3]:", f"for {v}, {w} in zip({xs}, {s.pick('vector') or xs}):",
            ]
        )  # fmt: skip
        more = f" + {w}" if f", {w} " in header else ""
        return [header, f"    {name} = {constant(s)} * {name} + {number(inner, 1)}{more}"]
    text = s.rng.choice(
        [
            f"sum({xs})", f"max({xs})", f"min({xs}) * {xs}[0]", f"np.sum(np.array({xs}))",
            f"sum({number(inner, 1)} for {v} in {xs})", f"np.mean({xs})", f"len({xs}) * {xs}[-1]",
            f"functools.reduce(lambda {v}, {w}: {constant(s)} * {v} + {w}, {xs})",
            f"sorted({xs})[-1]", f"sum([{v} * {v} for {v} in {xs} if {v} > 0.1])",
            f"max({xs}, key=lambda {v}: -{v})", f"float(np.prod(np.array({xs})))",
            f"({xs}[0] if any({v} > 0.5 for {v} in {xs}) else {xs}[-1] * 2.0)",
            f"sum(map(lambda {v}: {v} * {leaf(s)}, {xs}))", f"sum({xs}, {leaf(s)})",
            f"sum({v} * {w} for {v}, {w} in zip({xs}, {xs}[::-1]))",
        ]
    )  # fmt: skip
    s.assign(name, "float")
    return [f"{name} = {text}"]


def grow(s: Scope) -> Lines | None:
    """A list that grows in a loop by what was put into it last."""
    xs = s.writable("floats")
    if xs is None:
        return None
    i = s.fresh("i")
    inner = s.branch()
    inner.assign(i, "int")
    step = f"{xs}.append({xs}[-1] * {constant(s)} + {number(inner, 1)})"
    if s.rng.random() < 0.3:
        step = f"{xs}[-1] = {xs}[-1] * {constant(s)} + {xs}[0]"
    lines = [f"for {i} in range({s.rng.choice(['2', '3'])}):", f"    {step}"]
    if s.rng.random() < 0.3:
        lines.append(f"    if {test(inner, 0)}:")
        lines.append(
            f"        {s.rng.choice([f'{xs}.append({i} * 0.5)', 'break', f'{xs}[0] *= 2.0'])}"
        )
    return lines


def make_of_arrays(s: Scope) -> Lines | None:
    name = s.target("vectors")
    if name is None:
        return None
    i = s.fresh("i")
    inner = s.branch()
    inner.assign(i, "int")
    v = vector(s, 1, fresh=True)
    options = [
        f"[{v}]", f"[{v}, {vector(s, 0)}]", f"[{vector(inner, 1, fresh=True)} for {i} in range(3)]",
        f"[np.zeros(4) for {i} in range(2)]",
    ]  # fmt: skip
    A = s.pick("matrix")
    if A:
        options += [f"[{i} * 2.0 for {i} in {A}]"]
        if not s.apart:
            options += [f"list({A})", f"[{i} for {i} in {A}]", f"[{A}[0], {A}[-1]]"]
    for other in s.of("vectors") if not s.apart else []:
        options += [other, f"{other}[:]", f"{other} + [{v}]", f"{other}[::-1]"]
    text = s.rng.choice(options)
    s.assign(name, "vectors")
    return [f"{name} = {text}"]


def change_arrays(s: Scope) -> Lines | None:
    """A list of arrays changed, and the arrays in it written into."""
    vs = s.writable("vectors")
    if vs is None:
        return None
    v = vector(s, 1, fresh=s.apart)
    op, x = operator(s), item(s, vs)
    row, name, i = s.fresh("row"), s.target("vector"), s.fresh("i")
    inner = s.branch()
    inner.assign(row, "vector")
    options = [
        f"{vs}.append({v})", f"{vs}.append({v})", f"{vs}.insert(0, {v})",
        f"{x}[{s.rng.randrange(4)}] {op}= {right_side(s, op, number(s, 1))}",
        f"{x}[1:] {op}= {right_side(s, op, array(s, 'column', 0))}",
        f"{x} {op}= {right_side(s, op, v)}", f"{x}[:] = {v}",
        f"{vs}[0], {vs}[-1] = {vs}[-1], {vs}[0]",
        f"for {row} in {vs}:\n    {row}[0] {op}= {right_side(s, op, number(inner, 1))}",
        f"for {row} in {vs}:\n    {row} *= {leaf(s)}",
        f"for {i} in range(len({vs})):\n    {vs}[{i}][{i} % 4] {op}= {right_side(s, op, leaf(s))}",
        "\n    ".join(
            [f"for {i} in range(2):", f"{row} = np.zeros(4)", f"{row}[{i}:] = {v}[{i}:]",
             f"{vs}.append({row})"]
        ),
    ]  # fmt: skip
    if name and name not in s.reserved and not s.apart:
        options += [f"{name} = {x}", f"{name} = {x}\n{name}[0] = {number(s, 1)}"]
        options += [f"{vs}.append({v})\n{name} = {vs}.pop()"]
    text = s.rng.choice(options)
    if name and text.split("\n")[-1].startswith((f"{name} ", f"{name}[")):
        s.assign(name, "vector")
    return text.split("\n")


def read_arrays(s: Scope) -> Lines | None:
    vs, name, x = s.pick("vectors"), s.target("float"), s.target("vector")
    if vs is None or name is None:
        return None
    row = s.fresh("row")
    if x and s.rng.random() < 0.4:
        s.assign(x, "vector")
        return [
            f"{x} = "
            + s.rng.choice(
                [f"sum({vs})", f"np.sum(np.array({vs}), axis=0)", f"np.mean({vs}, axis=0)",
                 f"np.max(np.stack({vs}), axis=0)", f"np.vstack({vs})[-1]"]
            )
        ]  # fmt: skip
    text = s.rng.choice(
        [
            f"sum(np.sum({row}) for {row} in {vs})", f"np.sum(np.array({vs}))",
            f"sum([{row} @ {row} for {row} in {vs}])", f"np.sum({item(s, vs)} ** 2)",
            f"np.sum(np.concatenate({vs})[:5])",
        ]
    )  # fmt: skip
    s.assign(name, "float")
    return [f"{name} = {text}"]


def lists_of_lists(s: Scope) -> Lines | None:
    name = s.target("lists")
    if name is None:
        return None
    if name not in s.kinds:
        j = s.fresh("j")
        text = s.rng.choice(
            [f"[[{number(s, 1)}], [{leaf(s)}, {leaf(s)}]]",
             f"[[{leaf(s)} * {j}, {leaf(s)}] for {j} in range(2)]"]
        )  # fmt: skip
        s.assign(name, "lists")
        return [f"{name} = {text}"]
    op, inner = operator(s), item(s, name)
    xs, e, v = s.pick("floats"), number(s, 1), s.fresh("v")
    options = [
        f"{inner}.append({e})", f"{item(s, inner)} {op}= {right_side(s, op, e)}",
        f"{name}.append([{e}])",
    ]  # fmt: skip
    if xs:
        options += [f"{name}.append({xs})", f"{name}[0] = {xs}"]
    target = s.target("float")
    if target and s.rng.random() < 0.5:
        s.assign(target, "float")
        options = [
            f"{target} = {item(s, inner)}", f"{target} = sum(sum({v}) for {v} in {name})",
            f"{target} = sum({inner})",
            f"{target} = 0.0\nfor {v} in {name}:\n    {target} += {v}[0]",
        ]  # fmt: skip
    return s.rng.choice(options).split("\n")


LIST_MAKERS = (
    (5, make), (7, change), (5, read), (3, grow), (3, make_of_arrays), (6, change_arrays),
    (3, read_arrays), (3, lists_of_lists),
)  # fmt: skip
