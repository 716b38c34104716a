"""Random helper functions: some call themselves, some write into their arguments."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from tests.fuzz.expressions import call, number
from tests.fuzz.flow import indented
from tests.fuzz.records import bind_object
from tests.fuzz.scope import Blueprint, Helper, Profile, Scope
from tests.fuzz.statements import Writer

STEMS = {"float": "", "int": "n_", "vector": "x_", "matrix": "M_", "column": "r_", "floats": "l_"}


def random_helper(
    rng: random.Random,
    profile: Profile,
    stores: bool,
    helpers: list[Helper],
    name: str,
    classes: Mapping[str, Blueprint],
) -> tuple[Helper, list[str]]:
    writes = "writers" in profile.features and rng.random() < 0.75
    wanted = ["float", "float", "float", "int"] + ["vector", "vector", "matrix"] * profile.arrays
    if writes:
        wanted = ["float", "vector", "vector", "vector", "matrix", "column"]
        wanted += ["floats"] * ("lists" in profile.features) + list(classes)
    kinds = rng.sample(wanted, rng.randint(1, 3))
    if writes and not set(kinds) - {"float"}:
        kinds.append("vector")
    kinds.sort(key=lambda kind: kind == "float")  # defaults come last, and only floats have them
    used = {kind: iter(["u", "v", "o"]) for kind in kinds}
    named = [(STEMS.get(kind, "it_") + next(used[kind]), kind) for kind in kinds]
    floats = sum(kind == "float" for kind in kinds)
    defaults = rng.randint(0, floats) if rng.random() < 0.4 else 0
    returns = rng.choice(["float", "float", "pair"] + ["vector"] * profile.arrays)
    if writes and rng.random() < 0.6:
        returns = "none"
    helper = Helper(name, tuple(named), len(named) - defaults, returns, writes=writes)
    scope = Scope(rng, profile, stores, list(helpers), classes=classes)
    for parameter, kind in named:
        if kind in classes:
            bind_object(scope, parameter, classes[kind])
        else:
            scope.assign(parameter, kind)
    if not writes:
        scope.frozen = {n for n, kind in named if kind not in ("float", "int")}
    if profile.recursive:
        return _recursive(helper, scope)
    body = Writer(returns, rng.randint(1 if writes else 0, 4)).body(scope)
    if body[-1] == "return" and len(body) > 1:
        body.pop()
    return helper, [f"def {name}({_written(helper, rng)}):", *indented(body)]


def _recursive(helper: Helper, scope: Scope) -> tuple[Helper, list[str]]:
    """A helper that calls itself, and those before it, at most `level` levels deep; it may have a
    twin, and they call each other.
    """
    names = [helper.name] + [f"{helper.name}b"] * (scope.rng.random() < 0.4)
    twins = [replace(helper, name=name) for name in names]
    level = scope.rng.randint(1, 2)
    lines: list[str] = []
    for twin in twins:
        inner = replace(scope, kinds=dict(scope.kinds), maybe={})
        base = Writer(helper.returns, 0).body(inner)
        inner.kinds["level"] = "int"
        inner.helpers = [replace(h, more="level=level - 1") for h in twins]
        again = call(inner, helper.returns, 1)
        known = [p for p, kind in helper.parameters if kind == helper.returns] + ["e"]
        e = inner.rng.choice(known)
        inner.helpers += [replace(h, more="level=level - 1") for h in scope.helpers]
        body = Writer(helper.returns, inner.rng.randint(1, 4)).body(inner)
        target, result = e, f"{body[-1]} + 0.3 * {e}"
        if helper.returns == "pair":
            floats = [p for p, kind in helper.parameters if kind == "float"]
            e, o = [*inner.rng.sample(floats, min(len(floats), 2)), "e", "o"][:2]
            target = f"{e}, {o}"
            result = f"return {number(inner, 1)} + 0.3 * {e}, {number(inner, 1)} * {o}"
        first, second = body[: len(body) // 2], body[len(body) // 2 : -1]
        if any(line.startswith("return") for line in first):
            first, second = [], body[:-1]
        body = [*first, f"{target} = {again}", *second, result]
        if (first and first[-1].endswith(":")) or (second and second[0].startswith((" ", "el"))):
            body = [f"{target} = {again}", *first, *second, result]
        parameters = ", ".join(filter(None, (_written(helper, scope.rng), f"level={level}")))
        head = ["if level <= 0:", *indented(base)]
        lines += [f"def {twin.name}({parameters}):", *indented([*head, *body]), "", ""]
    return helper, lines[:-2]


def _written(helper: Helper, rng: random.Random) -> str:
    """The parameters with their defaults."""
    written = [
        n if position < helper.required else f"{n}={rng.choice(['0.5', '1.2', '-0.7'])}"
        for position, (n, _) in enumerate(helper.parameters)
    ]
    return ", ".join(written)
