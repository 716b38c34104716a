"""What a random function knows while it is being written: its names, kinds and helpers.

A name is the text of anything that can be read and assigned to: `a`, but also `body.mass`,
`params["rate"]` or `pair[0]`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

VECTOR = 4  # the length of every vector, and the columns of every matrix
ROWS = 3  # the rows of every matrix

SHAPES: dict[str, tuple[int, ...]] = {
    "vector": (VECTOR,),
    "column": (ROWS,),
    "couple": (2,),
    "flat": (ROWS * VECTOR,),
    "matrix": (ROWS, VECTOR),
    "transposed": (VECTOR, ROWS),
    "square": (2, 2),
}

POOLS = {
    "float": ["a", "b", "c", "s", "t", "w"],
    "int": ["k", "m", "n"],
    "bool": ["p", "q"],
    "vector": ["x", "y", "z"],
    "matrix": ["A", "B"],
    "column": ["r", "o"],
    "couple": ["d", "e"],
    "flat": ["F", "G"],
    "transposed": ["T", "U"],
    "square": ["Q", "P"],
    "floats": ["xs", "ys"],
    "vectors": ["vs", "ws"],
    "lists": ["xss"],
}


@dataclass(frozen=True)
class Helper:
    """A function that others may call. Parameters beyond `required` have defaults.

    `more`: what is added to each call, as where the function calls itself.
    """

    name: str
    parameters: tuple[tuple[str, str], ...]  # names and kinds
    required: int
    returns: str  # "float", "vector", "pair" or "none"
    more: str = ""
    writes: bool = False  # into its arguments


@dataclass(frozen=True)
class Blueprint:
    """A class: what its objects hold, and what can be done with them."""

    name: str
    attributes: tuple[tuple[str, str], ...]  # names and kinds
    methods: tuple[Helper, ...] = ()
    properties: tuple[str, ...] = ()  # floats
    operators: tuple[str, ...] = ()  # between two objects: another object
    frozen: bool = False  # attributes cannot be assigned to
    makers: tuple[str, ...] = ()  # class methods that make one of two floats


@dataclass(frozen=True)
class Profile:
    """What programs may contain, and how large they grow.

    `features` are names of groups of statements: stores, inplace (functions that write), views,
    lists, dicts, objects, writers (helpers that write into arguments), flow, and containers.
    """

    name: str
    arrays: bool
    helpers: tuple[int, int]
    statements: tuple[int, int]
    features: frozenset[str] = frozenset()
    recursive: bool = False  # helpers call themselves and each other
    sampled: bool = False  # each program has some of the features


def _profile(
    name: str, features: str, statements: tuple[int, int], helpers: tuple[int, int] = (0, 0)
) -> Profile:
    return Profile(name, True, helpers, statements, frozenset(features.split()))


NEW = "inplace views lists dicts objects writers flow"
PROFILES = {
    "scalar": Profile("scalar", arrays=False, helpers=(0, 0), statements=(4, 14)),
    "arrays": _profile("arrays", "", (4, 14)),
    "calls": _profile("calls", "", (3, 9), helpers=(1, 4)),
    "recursion": Profile("recursion", True, (1, 3), (2, 6), recursive=True),
    "containers": _profile("containers", "containers", (3, 9), helpers=(0, 1)),
    "inplace": _profile("inplace", "stores inplace", (4, 12)),
    "views": _profile("views", "stores inplace views", (4, 12)),
    "writers": _profile("writers", "stores views writers", (3, 8), helpers=(1, 3)),
    "lists": _profile("lists", "stores lists containers", (4, 10)),
    "dicts": _profile("dicts", "stores dicts", (4, 10)),
    "objects": _profile("objects", "stores objects", (3, 8), helpers=(0, 1)),
    "flow": _profile("flow", "flow", (4, 10), helpers=(0, 1)),
    "all": Profile("all", True, (0, 3), (4, 20), frozenset(["containers"])),
    "everything": replace(
        _profile("everything", f"stores containers {NEW}", (5, 14), helpers=(0, 2)), sampled=True
    ),
}


@dataclass
class Scope:
    """Names in reach at one point of a function."""

    rng: random.Random
    profile: Profile
    stores: bool  # arrays are stored into
    helpers: list[Helper]
    kinds: dict[str, str] = field(default_factory=dict)  # certainly assigned
    maybe: dict[str, str] = field(default_factory=dict)  # assigned on some path only
    index: list[str] = field(default_factory=list)  # ints known to be in range(VECTOR)
    rows: list[str] = field(default_factory=list)  # ints known to be in range(ROWS)
    reserved: set[str] = field(default_factory=set)  # not to be assigned here
    frozen: set[str] = field(default_factory=set)  # arrays not to be stored into
    loops: int = 0  # how many loops stand around
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    classes: Mapping[str, Blueprint] = field(default_factory=dict)

    def has(self, feature: str) -> bool:
        return feature in self.profile.features

    @property
    def apart(self) -> bool:
        """Whether arrays that are stored into must have one name each."""
        return self.stores and not self.has("views")

    def of(self, kind: str) -> list[str]:
        return [name for name, k in self.kinds.items() if k == kind]

    def pick(self, kind: str) -> str | None:
        names = self.of(kind)
        risky = [name for name, k in self.maybe.items() if k == kind and name not in self.kinds]
        if risky and self.rng.random() < 0.03:
            return self.rng.choice(risky)
        return self.rng.choice(names) if names else None

    def target(self, kind: str) -> str | None:
        """A name of this kind to assign to, old or new."""
        parts = [name for name in self.of(kind) if "." in name or "[" in name]
        names = POOLS[kind]
        if parts and self.rng.random() < 0.4:
            names = parts
        names = [name for name in names if name not in self.reserved]
        return self.rng.choice(names) if names else None

    def writable(self, kind: str) -> str | None:
        """A name of this kind to store into."""
        names = [name for name in self.of(kind) if name not in self.frozen]
        return self.rng.choice(names) if names else None

    def fresh(self, stem: str) -> str:
        return f"{stem}{next(self.counter)}"

    def assign(self, name: str, kind: str) -> None:
        self.kinds[name] = kind
        for known in (self.index, self.rows):
            if name in known:
                known.remove(name)

    def forget(self, name: str) -> None:
        """The name, and what could be read through it, is gone."""
        for known in (self.kinds, self.maybe):
            for other in list(known):
                if other == name or other.startswith((f"{name}.", f"{name}[")):
                    del known[other]

    def branch(self) -> Scope:
        """A copy for the inside of a block."""
        return replace(
            self, kinds=dict(self.kinds), maybe=dict(self.maybe), index=list(self.index),
            rows=list(self.rows), reserved=set(self.reserved), frozen=set(self.frozen),
        )  # fmt: skip

    def join(self, *inner: Scope) -> None:
        """After blocks of which any one may have run."""
        for scope in inner:
            for name in [name for name in self.kinds if name not in scope.kinds]:
                self.maybe[name] = self.kinds.pop(name)
            for name, kind in (scope.kinds | scope.maybe).items():
                if name not in self.kinds:
                    self.maybe[name] = kind
            self.index = [name for name in self.index if name in scope.index]
            self.rows = [name for name in self.rows if name in scope.rows]
