"""Random programs: the text of a function `f`, of its helpers, and arguments, all from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.fuzz.expressions import call, number
from tests.fuzz.scope import PROFILES, ROWS, VECTOR, Helper, Profile, Scope
from tests.fuzz.statements import Writer, indented

HEADER = """import math

import numpy as np

RATE = 0.8
TABLE = np.array([0.4, -0.9, 1.3])
"""

PARAMETERS = {
    "float": ["a", "b", "c"],
    "vector": ["x", "y"],
    "matrix": ["A"],
    "int": ["n"],
}


@dataclass(frozen=True)
class FuzzProgram:
    """A module's text, the arguments of its function `f`, and what to differentiate by."""

    text: str
    arguments: tuple[Any, ...]
    argnums: tuple[int, ...]
    label: str


def generate(seed: int, profile: str = "all") -> FuzzProgram:
    rng = random.Random(f"{profile} {seed}")
    chosen = PROFILES[profile]
    if profile == "all" and rng.random() < 0.25:
        chosen = Profile("all", arrays=False, helpers=(0, 3), statements=(4, 16))
    stores = chosen.arrays and rng.random() < 0.75
    helpers: list[Helper] = []
    parts = [HEADER]
    for k in range(rng.randint(*chosen.helpers)):
        helper, lines = _helper(rng, chosen, stores, helpers, f"g{k + 1}")
        parts.append("\n".join(lines) + "\n")
        helpers.append(helper)
    kinds = _parameters(rng, chosen)
    scope = Scope(rng, chosen, stores, helpers, kinds=dict(kinds))
    body = Writer("float", rng.randint(*chosen.statements)).body(scope)
    parts.append("\n".join([f"def f({', '.join(kinds)}):", *indented(body)]) + "\n")
    arguments = tuple(_argument(rng, kind) for kind in kinds.values())
    active = [k for k, kind in enumerate(kinds.values()) if kind != "int"]
    if rng.random() < 0.3:
        active = sorted(rng.sample(active, rng.randint(1, len(active))))
    return FuzzProgram("\n\n".join(parts), arguments, tuple(active), f"{profile} {seed}")


def _parameters(rng: random.Random, profile: Profile) -> dict[str, str]:
    """The names and kinds of f's parameters, in a random order; one at least is a float."""
    counts = {"float": rng.randint(1, 3), "int": int(rng.random() < 0.3)}
    if profile.arrays:
        counts["vector"] = rng.randint(1, 2)
        counts["matrix"] = int(rng.random() < 0.4)
    named = [(name, kind) for kind, n in counts.items() for name in PARAMETERS[kind][:n]]
    rng.shuffle(named)
    return dict(named)


def _argument(rng: random.Random, kind: str) -> Any:
    def value() -> float:
        return round(rng.uniform(-1.5, 1.5), 3)

    if kind == "float":
        return np.float64(value()) if rng.random() < 0.15 else value()
    if kind == "int":
        return rng.randint(0, 4)
    shape = (VECTOR,) if kind == "vector" else (ROWS, VECTOR)
    flat = np.array([value() for _ in range(int(np.prod(shape)))])
    array = flat.reshape(shape)
    return np.asfortranarray(array) if rng.random() < 0.2 else array


def _helper(
    rng: random.Random, profile: Profile, stores: bool, helpers: list[Helper], name: str
) -> tuple[Helper, list[str]]:
    wanted = ["float", "float", "float", "int"] + ["vector", "vector", "matrix"] * profile.arrays
    kinds = rng.sample(wanted, rng.randint(1, 3))
    kinds.sort(key=lambda kind: kind == "float")  # defaults come last, and only floats have them
    used = {kind: iter(["u", "v", "o"]) for kind in kinds}
    stems = {"float": "", "int": "n_", "vector": "x_", "matrix": "M_"}
    named = [(stems[kind] + next(used[kind]), kind) for kind in kinds]
    floats = sum(kind == "float" for kind in kinds)
    defaults = rng.randint(0, floats) if rng.random() < 0.4 else 0
    returns = rng.choice(["float", "float", "pair"] + ["vector"] * profile.arrays)
    helper = Helper(name, tuple(named), len(named) - defaults, returns)
    scope = Scope(rng, profile, stores, list(helpers), kinds=dict(named))
    scope.frozen = {n for n, kind in named if kind in ("vector", "matrix")}
    if profile.recursive:
        return _recursive(helper, scope)
    body = Writer(returns, rng.randint(0, 4)).body(scope)
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
