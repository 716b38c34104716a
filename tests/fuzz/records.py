"""Random statements with dicts, tuples and objects of the program's classes."""

from __future__ import annotations

from tests.fuzz.arrays import array
from tests.fuzz.expressions import call, constant, leaf, number, vector
from tests.fuzz.scope import Blueprint, Scope
from tests.fuzz.stores import operator, right_side

Lines = list[str]
KEYS = ["rate", "u", "v", "k"]


def new_value(s: Scope, kind: str) -> str:
    """A value of this kind for a container to hold; it may share its memory with a name."""
    if kind == "float":
        return number(s, 1)
    if kind == "floats":
        return f"[{number(s, 1)}, {leaf(s)}]"
    return vector(s, 1, fresh=s.apart) if kind == "vector" else array(s, kind, 1)


# ------------------------------------------------------------------ dicts


def make_dict(s: Scope) -> Lines | None:
    """A dict with strings for keys, known from here on by its entries."""
    name = s.fresh("params")
    items = dict.fromkeys(s.rng.sample(KEYS, s.rng.randint(1, 3)), "float")
    if s.profile.arrays and s.rng.random() < 0.6:
        items["x"] = "vector"
    values = {key: new_value(s, kind) for key, kind in items.items()}
    text = "{" + ", ".join(f'"{key}": {value}' for key, value in values.items()) + "}"
    if s.rng.random() < 0.2:
        text = f"dict({', '.join(f'{key}={value}' for key, value in values.items())})"
    s.assign(name, "dict" if "x" in items else "numbers")
    for key, kind in items.items():
        s.assign(f'{name}["{key}"]', kind)
    return [f"{name} = {text}"]


def change_dict(s: Scope) -> Lines | None:
    """New entries, entries changed by methods, and by other names of the dict."""
    names = s.of("dict") + s.of("numbers")
    if not names:
        return None
    name = s.rng.choice(names)
    known = [k for k in s.kinds if k.startswith(f"{name}[") and s.kinds[k] == "float"]
    e, op, new = number(s, 1), operator(s), s.rng.choice(KEYS)
    entry, target = f'{name}["{new}"]', s.target("float")
    options = [f"{entry} = {e}", f"{name}.update({new}={e})", f'{name} |= {{"{new}": {e}}}']
    if target:
        options.append(f'{target} = {name}.setdefault("{new}", {e})')
        options.append(f'{entry} = {e}\n{target} = {name}.pop("{new}") * 2.0')
    if known:
        options += [f"{s.rng.choice(known)} {op}= {right_side(s, op, e)}"] * 3
    text = s.rng.choice(options)
    if ".pop(" in text:
        s.forget(entry)
    elif entry not in s.kinds and (text.startswith(entry) or new in text):
        s.assign(entry, "float")
    if target and text.split("\n")[-1].startswith(f"{target} ="):
        s.assign(target, "float")
    if s.rng.random() < 0.15:
        other = s.fresh("params")
        s.assign(other, s.kinds[name])
        for k in [k for k in s.kinds if k.startswith(f"{name}[")]:
            s.assign(other + k[len(name) :], s.kinds[k])
        if s.apart:
            return [*text.split("\n"), f'{other} = {{**{name}, "{new}": {leaf(s)}}}']
        return [
            *text.split("\n"),
            f"{other} = {s.rng.choice([name, f'dict({name})', f'{name}.copy()'])}",
        ]
    return text.split("\n")


def read_dict(s: Scope) -> Lines | None:
    """Dicts read as a whole, by loops, and with defaults."""
    target = s.target("float")
    names = s.of("numbers") if s.rng.random() < 0.7 else s.of("dict") + s.of("numbers")
    if target is None or not names:
        return None
    name, key, value = s.rng.choice(names), s.fresh("key"), s.fresh("value")
    options = [
        f'{name}.get("{s.rng.choice(KEYS)}", {leaf(s)})',
        f'{name}["u"] if "u" in {name} else {leaf(s)}',
    ]
    if s.kinds[name] == "numbers":
        options += [
            f"sum({name}.values())", f"sum({value} * {leaf(s)} for {value} in {name}.values())",
            f"sum({name}[{key}] for {key} in {name})", f"max({name}.values())",
            f"sum({{{key}: {value} * 2.0 for {key}, {value} in {name}.items()}}.values())",
        ]  # fmt: skip
        if target in s.kinds and s.rng.random() < 0.4:
            header = s.rng.choice(
                [f"for {key}, {value} in {name}.items():", f"for {value} in {name}.values():"]
            )
            return [header, f"    {target} = {constant(s)} * {target} + {value}"]
        if s.rng.random() < 0.15:
            return [f"for {key} in {name}:", f"    {name}[{key}] *= {constant(s)}"]
    s.assign(target, "float")
    return [f"{target} = {s.rng.choice(options)}"]


def memo(s: Scope) -> Lines | None:
    """A dict with numbers for keys, filled in a loop."""
    target = s.target("float")
    if target is None:
        return None
    name, i = s.fresh("memo"), s.fresh("i")
    inner = s.branch()
    inner.assign(i, "int")
    start, step = number(s, 1), number(inner, 1)
    read = s.rng.choice([f"{name}[2]", f"{name}[1] * {name}[2]", f"sum({name}.values())"])
    s.assign(target, "float")
    return [
        f"{name} = {{0: {start}}}",
        f"for {i} in range(1, {s.rng.choice(['3', '4'])}):",
        f"    {name}[{i}] = {name}[{i} - 1] * {constant(s)} + {step}",
        f"{target} = {read}",
    ]


def make_tuple(s: Scope) -> Lines | None:
    """A tuple, and a list of fixed length, known by their items."""
    name = s.fresh("pair")
    kinds = [s.rng.choice(["float", "float", "vector"]) for _ in range(s.rng.choice([2, 3]))]
    items = ", ".join(new_value(s, kind) for kind in kinds)
    listed = s.rng.random() < 0.3 and len(set(kinds)) == 1
    for k, kind in enumerate(kinds):
        s.assign(f"{name}[{k}]", kind)
        if not listed:
            s.reserved.add(f"{name}[{k}]")
    s.assign(name, "tuple")
    if not listed and s.rng.random() < 0.4:
        parts = [s.fresh("part") for _ in kinds]
        for part, kind in zip(parts, kinds, strict=True):
            s.assign(part, kind)
        return [f"{name} = ({items})", f"{', '.join(parts)} = {name}"]
    return [f"{name} = [{items}]" if listed else f"{name} = ({items})"]


# ------------------------------------------------------------------ objects


def bind_object(s: Scope, name: str, blueprint: Blueprint) -> None:
    """From here on the name stands for an object of the class."""
    s.assign(name, blueprint.name)
    for attribute, kind in blueprint.attributes:
        s.assign(f"{name}.{attribute}", kind)
        if blueprint.frozen:
            s.reserved.add(f"{name}.{attribute}")
    for attribute in blueprint.properties:
        s.assign(f"{name}.{attribute}", "float")
        s.reserved.add(f"{name}.{attribute}")


def make_object(s: Scope) -> Lines | None:
    if not s.classes:
        return None
    blueprint = s.rng.choice(list(s.classes.values()))
    name = s.fresh("it")
    known = s.of(blueprint.name)
    if known and s.rng.random() < 0.3:
        a, b = s.rng.choice(known), s.rng.choice(known)
        options = [f"{a} {op} {b}" for op in blueprint.operators]
        if not s.apart:
            options.append(a)
        text = s.rng.choice(options) if options else None
    elif blueprint.makers and s.rng.random() < 0.3:
        text = f"{blueprint.name}.{s.rng.choice(blueprint.makers)}({number(s, 1)}, {number(s, 0)})"
    else:
        values = [(a, new_value(s, kind)) for a, kind in blueprint.attributes]
        keywords = s.rng.random() < 0.3
        given = [f"{a}={value}" if keywords else value for a, value in values]
        text = f"{blueprint.name}({', '.join(given)})"
    if text is None:
        return None
    bind_object(s, name, blueprint)
    return [f"{name} = {text}"]


def call_method(s: Scope) -> Lines | None:
    """A method, or a helper, called for what it changes or returns."""
    target, text = s.target("float"), call(s, "none", 1)
    if text is not None and s.rng.random() < 0.7:
        return [text]
    text = call(s, "float", 1)
    if target is None or text is None:
        return None
    s.assign(target, "float")
    return [f"{target} = {text}"]


def objects_in_loop(s: Scope) -> Lines | None:
    """Objects in a list, looped over."""
    names = [name for name, kind in s.kinds.items() if kind in s.classes and name not in s.frozen]
    targets = [name for name in s.of("float") if name not in s.reserved]
    if not names or not targets:
        return None
    first = s.rng.choice(names)
    blueprint = s.classes[s.kinds[first]]
    several = s.rng.sample(s.of(blueprint.name), min(2, len(s.of(blueprint.name))))
    it = s.fresh("it")
    inner = s.branch()
    bind_object(inner, it, blueprint)
    target = s.rng.choice(targets)
    lines = [f"{target} = {constant(s)} * {target} + {number(inner, 1)}"]
    floats = [f"{it}.{a}" for a, kind in blueprint.attributes if kind == "float"]
    if floats and not blueprint.frozen and s.rng.random() < 0.6:
        op = operator(s)
        lines.append(f"{s.rng.choice(floats)} {op}= {right_side(inner, op, number(inner, 1))}")
    text = call(inner, "none", 1)
    if text and s.rng.random() < 0.5:
        lines.append(text)
    return [f"for {it} in [{', '.join(several)}]:", *[f"    {line}" for line in lines]]


DICT_MAKERS = ((5, make_dict), (7, change_dict), (5, read_dict), (2, memo), (3, make_tuple))
WRITER_MAKERS = ((9, call_method),)
OBJECT_MAKERS = ((6, make_object), (7, call_method), (3, objects_in_loop))
