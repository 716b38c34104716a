"""Random classes: what their objects hold, and methods that read and update it."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.fuzz.expressions import constant, leaf, number
from tests.fuzz.flow import indented
from tests.fuzz.records import bind_object
from tests.fuzz.scope import Blueprint, Helper, Profile, Scope
from tests.fuzz.statements import Writer

Lines = list[str]
NAMES = {"float": ["u", "v"], "vector": ["x"], "matrix": ["M"], "floats": ["log"]}


def random_class(
    rng: random.Random, profile: Profile, stores: bool, name: str
) -> tuple[Blueprint, Lines]:
    """A plain class, a dataclass, a namedtuple or a class with a base class."""
    style = rng.choice(["plain", "plain", "dataclass", "dataclass", "namedtuple", "derived"])
    kinds = rng.choice(
        [["float"], ["float", "float"], ["float", "vector"], ["float", "vector"],
         ["float", "float", "vector"], ["float", "matrix"], ["vector"], ["float", "floats"]]
    )  # fmt: skip
    if "lists" not in profile.features:
        kinds = [kind for kind in kinds if kind != "floats"]
    names = {kind: iter(known) for kind, known in NAMES.items()}
    blueprint = Blueprint(
        name, tuple((next(names[kind]), kind) for kind in kinds), frozen=style == "namedtuple"
    )
    lines = _beginning(style, blueprint)
    for k in range(rng.randint(1, 2)):
        blueprint, more = _method(rng, profile, stores, blueprint, f"m{k + 1}")
        lines += ["", *indented(more)]
    if rng.random() < 0.4:
        scope = _scope(rng, profile, stores, blueprint)
        blueprint = replace(blueprint, properties=("size",))
        lines += ["", "    @property", "    def size(self):", f"        return {number(scope, 1)}"]
    if rng.random() < 0.4 and "floats" not in kinds:
        blueprint, more = _operator(rng, blueprint)
        lines += ["", *indented(more)]
    if rng.random() < 0.3 and "floats" not in kinds and "matrix" not in kinds:
        given = {"float": "p * 0.5", "vector": "np.full(4, q)"}
        values = ", ".join(given[kind] for kind in kinds)
        blueprint = replace(blueprint, makers=("of",))
        lines += ["", "    @classmethod", "    def of(cls, p, q):", f"        return cls({values})"]
    return blueprint, lines


def _beginning(style: str, blueprint: Blueprint) -> Lines:
    name, attributes = blueprint.name, [a for a, _ in blueprint.attributes]
    if style == "dataclass":
        types = {"float": "float", "floats": "list"}
        fields = [f"{a}: {types.get(kind, 'np.ndarray')}" for a, kind in blueprint.attributes]
        return ["@dataclass", f"class {name}:", *indented(fields)]
    if style == "namedtuple":
        fields = [f'"{a}"' for a in attributes]
        return [f'class {name}(namedtuple("{name}", [{", ".join(fields)}])):', "    __slots__ = ()"]
    init = [f"def __init__(self, {', '.join(attributes)}):"]
    stored = [f"    self.{a} = {a}" for a in attributes]
    if style == "plain":
        return [f"class {name}:", *indented(init + stored)]
    base = f"{name}Base"
    return [
        f"class {base}:", "    def __init__(self, first):", f"        self.{attributes[0]} = first",
        "", "", f"class {name}({base}):",
        *indented([*init, f"    super().__init__({attributes[0]})", *stored[1:]]),
    ]  # fmt: skip


def _scope(rng: random.Random, profile: Profile, stores: bool, blueprint: Blueprint) -> Scope:
    scope = Scope(rng, profile, stores, [])
    bind_object(scope, "self", blueprint)
    scope.reserved.add("self")
    return scope


def _method(
    rng: random.Random, profile: Profile, stores: bool, blueprint: Blueprint, name: str
) -> tuple[Blueprint, Lines]:
    scope = _scope(rng, profile, stores, blueprint)
    scope.assign("p", "float")
    returns = rng.choice(["float", "none", "none"])
    called = "__call__" if rng.random() < 0.15 else name
    body = Writer(returns, rng.randint(1, 3)).body(scope)
    if returns == "none" and not blueprint.frozen:
        floats = [a for a, kind in blueprint.attributes if kind == "float"]
        if floats:
            target = rng.choice(floats)
            body.insert(-1, f"self.{target} = {constant(scope)} * self.{target} + {leaf(scope)}")
    if body[-1] == "return" and len(body) > 1:
        body.pop()
    helper = Helper(called, (("p", "float"),), 1, returns)
    if called == "__call__":
        helper = replace(helper, name="__call__")
    lines = [f"def {called}(self, p):", *indented(body)]
    return replace(blueprint, methods=(*blueprint.methods, helper)), lines


def _operator(rng: random.Random, blueprint: Blueprint) -> tuple[Blueprint, Lines]:
    """An operator between two objects, which gives a third."""
    sign, name = rng.choice([("+", "__add__"), ("-", "__sub__"), ("*", "__mul__")])
    values = ", ".join(f"self.{a} {sign} other.{a}" for a, _ in blueprint.attributes)
    lines = [f"def {name}(self, other):", f"    return {blueprint.name}({values})"]
    return replace(blueprint, operators=(sign,)), lines
