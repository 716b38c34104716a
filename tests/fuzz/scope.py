"""What a random function knows while it is being written: its names, kinds and helpers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

VECTOR = 4  # the length of every vector, and the columns of every matrix
ROWS = 3  # the rows of every matrix

POOLS = {
    "float": ["a", "b", "c", "s", "t", "w"],
    "int": ["k", "m", "n"],
    "bool": ["p", "q"],
    "vector": ["x", "y", "z"],
    "matrix": ["A", "B"],
}


@dataclass(frozen=True)
class Helper:
    """A function that others may call. Parameters beyond `required` have defaults.

    `more`: what is added to each call, as where the function calls itself.
    """

    name: str
    parameters: tuple[tuple[str, str], ...]  # names and kinds
    required: int
    returns: str  # "float", "vector" or "pair"
    more: str = ""


@dataclass(frozen=True)
class Profile:
    """What programs may contain, and how large they grow."""

    name: str
    arrays: bool
    helpers: tuple[int, int]
    statements: tuple[int, int]
    containers: bool = False
    recursive: bool = False  # helpers call themselves and each other


PROFILES = {
    "scalar": Profile("scalar", arrays=False, helpers=(0, 0), statements=(4, 14)),
    "arrays": Profile("arrays", arrays=True, helpers=(0, 0), statements=(4, 14)),
    "calls": Profile("calls", arrays=True, helpers=(1, 4), statements=(3, 9)),
    "recursion": Profile("recursion", True, helpers=(1, 3), statements=(2, 6), recursive=True),
    "containers": Profile(
        "containers", arrays=True, helpers=(0, 1), statements=(3, 9), containers=True
    ),
    "all": Profile("all", arrays=True, helpers=(0, 3), statements=(4, 20)),
}


@dataclass
class Scope:
    """Names in reach at one point of a function."""

    rng: random.Random
    profile: Profile
    stores: bool  # arrays are stored into, so that no array gets a second name
    helpers: list[Helper]
    kinds: dict[str, str] = field(default_factory=dict)  # certainly assigned
    maybe: dict[str, str] = field(default_factory=dict)  # assigned on some path only
    index: list[str] = field(default_factory=list)  # ints known to be in range(VECTOR)
    rows: list[str] = field(default_factory=list)  # ints known to be in range(ROWS)
    reserved: set[str] = field(default_factory=set)  # not to be assigned here
    frozen: set[str] = field(default_factory=set)  # arrays not to be stored into
    loops: int = 0  # how many loops stand around
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def of(self, kind: str) -> list[str]:
        return [name for name, k in self.kinds.items() if k == kind]

    def pick(self, kind: str) -> str | None:
        names = self.of(kind)
        risky = [name for name, k in self.maybe.items() if k == kind and name not in self.kinds]
        if risky and self.rng.random() < 0.04:
            return self.rng.choice(risky)
        return self.rng.choice(names) if names else None

    def target(self, kind: str) -> str | None:
        """A name of this kind to assign to, old or new."""
        names = [name for name in POOLS[kind] if name not in self.reserved]
        return self.rng.choice(names) if names else None

    def fresh(self, stem: str) -> str:
        return f"{stem}{next(self.counter)}"

    def assign(self, name: str, kind: str) -> None:
        self.kinds[name] = kind
        for known in (self.index, self.rows):
            if name in known:
                known.remove(name)

    def branch(self) -> Scope:
        """A copy for the inside of a block."""
        return Scope(
            self.rng, self.profile, self.stores, self.helpers, dict(self.kinds), dict(self.maybe),
            list(self.index), list(self.rows), set(self.reserved), set(self.frozen), self.loops,
            self.counter,
        )  # fmt: skip

    def join(self, *inner: Scope) -> None:
        """After blocks of which any one may have run."""
        for scope in inner:
            for name, kind in (scope.kinds | scope.maybe).items():
                if name not in self.kinds:
                    self.maybe[name] = kind
            self.index = [name for name in self.index if name in scope.index]
            self.rows = [name for name in self.rows if name in scope.rows]
