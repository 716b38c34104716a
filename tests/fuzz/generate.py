"""Random programs: the text of a function `f`, of its helpers, and arguments, all from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.fuzz.classes import random_class
from tests.fuzz.flow import indented
from tests.fuzz.helpers import random_helper
from tests.fuzz.scope import PROFILES, ROWS, VECTOR, Blueprint, Helper, Profile, Scope
from tests.fuzz.statements import Writer

IMPORTS = {  # what needs them
    "contextlib.": "import contextlib",
    "functools.": "import functools",
    "namedtuple(": "from collections import namedtuple",
    "@dataclass": "from dataclasses import dataclass",
}

CONSTANTS = """RATE = 0.8
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
    """A module's text, the arguments of its function `f`, and what to differentiate by.

    `others` are more tuples of arguments, for which the same derivative serves. Where `f` returns
    several values, `weights` has one for each, and what is differentiated is the weighted sum.
    """

    text: str
    arguments: tuple[Any, ...]
    argnums: tuple[int, ...]
    label: str
    others: tuple[tuple[Any, ...], ...] = ()
    weights: tuple[Any, ...] | None = None


def generate(seed: int, profile: str = "all", outputs: bool = False) -> FuzzProgram:
    """The program of a seed; with `outputs` one that returns a number and an array."""
    rng = random.Random(f"{profile} {seed}")
    chosen = PROFILES[profile]
    if profile == "all" and rng.random() < 0.25:
        chosen = replace(chosen, arrays=False, statements=(4, 16))
    if chosen.sampled:
        features = sorted(chosen.features)
        several = rng.sample(features, rng.randint(2, 5))
        chosen = replace(chosen, features=frozenset(several))
    stores = chosen.arrays and ("stores" in chosen.features or rng.random() < 0.75)
    parts: list[str] = []
    classes: dict[str, Blueprint] = {}
    if "objects" in chosen.features:
        for name in ["Body", "Model"][: rng.randint(1, 2)]:
            classes[name], lines = random_class(rng, chosen, stores, name)
            parts.append("\n".join(lines) + "\n")
    helpers: list[Helper] = []
    for k in range(rng.randint(*chosen.helpers)):
        helper, lines = random_helper(rng, chosen, stores, helpers, f"g{k + 1}", classes)
        parts.append("\n".join(lines) + "\n")
        helpers.append(helper)
    kinds = _parameters(rng, chosen)
    scope = Scope(rng, chosen, stores, helpers, kinds=dict(kinds), classes=classes)
    writer = Writer("outputs" if outputs else "float", rng.randint(*chosen.statements))
    body = writer.body(scope, begun=True)
    parts.append("\n".join([f"def f({', '.join(kinds)}):", *indented(body)]) + "\n")
    text = "\n\n".join(parts)
    arguments = tuple(_argument(rng, kind) for kind in kinds.values())
    others = tuple(tuple(_other(rng, a) for a in arguments) for _ in range(2))
    active = [k for k, kind in enumerate(kinds.values()) if kind != "int"]
    if rng.random() < 0.3:
        active = sorted(rng.sample(active, rng.randint(1, len(active))))
    weights = (1.3, np.array([0.7, -1.1, 0.4, 1.9])) if outputs else None
    label = f"{profile} {seed}"
    return FuzzProgram(_header(text) + text, arguments, tuple(active), label, others, weights)


def _header(text: str) -> str:
    imports = [line for word, line in IMPORTS.items() if word in text]
    plain = sorted(["import math", *(line for line in imports if line.startswith("import"))])
    plain += sorted(line for line in imports if line.startswith("from"))
    return "\n".join([*plain, "", "import numpy as np", "", CONSTANTS, "", ""])


def _parameters(rng: random.Random, profile: Profile) -> dict[str, str]:
    """The names and kinds of f's parameters, in a random order; one at least is a float."""
    counts = {"float": rng.randint(1, 3), "int": int(rng.random() < 0.3)}
    if profile.arrays:
        counts["vector"] = rng.randint(1, 2)
        likely = 0.8 if "views" in profile.features or "inplace" in profile.features else 0.4
        counts["matrix"] = int(rng.random() < likely)
    named = [(name, kind) for kind, n in counts.items() for name in PARAMETERS[kind][:n]]
    rng.shuffle(named)
    return dict(named)


def _value(rng: random.Random) -> float:
    return round(rng.uniform(-1.5, 1.5), 3)


def _argument(rng: random.Random, kind: str) -> Any:
    if kind == "float":
        return np.float64(_value(rng)) if rng.random() < 0.15 else _value(rng)
    if kind == "int":
        return rng.randint(0, 4)
    shape = (VECTOR,) if kind == "vector" else (ROWS, VECTOR)
    flat = np.array([_value(rng) for _ in range(int(np.prod(shape)))])
    array = flat.reshape(shape)
    return np.asfortranarray(array) if rng.random() < 0.2 else array


def _other(rng: random.Random, a: Any) -> Any:
    """Another value of the same type, and in memory the same way round."""
    if isinstance(a, np.ndarray):
        other = np.empty_like(a)
        for index in np.ndindex(a.shape):
            other[index] = _value(rng)
        return other
    return rng.randint(0, 4) if isinstance(a, int) else type(a)(_value(rng))
