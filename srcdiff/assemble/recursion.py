"""Facts about functions that call each other, found by a fixed point.

A fact of a function may ask for facts of those that it calls. One that is asked for while it is
being found is answered by what is known of it so far, and all that was found from that is found
again, until nothing changes. Functions that are in no cycle are looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

V = TypeVar("V")

# Facts only ever grow, in a few steps; more rounds than these are a mistake of ours.
_ROUNDS = 100


@dataclass(eq=False)
class Solver(Generic[V]):
    """Finds facts that may depend on each other.

    Args:
        same: whether two values of a fact are one to those who ask for it.
    """

    same: Callable[[V, V], bool]
    _settled: dict[Hashable, V] = field(default_factory=dict)
    # What was found last; for facts in a cycle not the last word.
    _found: dict[Hashable, V] = field(default_factory=dict)
    # The facts being found, outermost first, each with those of them that it asked for.
    _running: dict[Hashable, set[Hashable]] = field(default_factory=dict)
    # The facts found in this round from others that are still being found: these others.
    _waits: dict[Hashable, frozenset[Hashable]] = field(default_factory=dict)
    _cyclic: set[Hashable] = field(default_factory=set)
    _changes: int = 0

    def is_settled(self, key: Hashable) -> bool:
        """Whether the fact will not change any more."""
        return key in self._settled

    def is_running(self, key: Hashable) -> bool:
        """Whether the fact is being found."""
        return key in self._running

    def is_cyclic(self, key: Hashable) -> bool:
        """Whether the fact was met while it was being found."""
        return key in self._cyclic

    def running(self) -> list[Hashable]:
        """The facts that are being found, outermost first."""
        return list(self._running)

    def is_in_cycle(self) -> bool:
        """Whether a fact that is being found was asked for meanwhile."""
        return any(asked & self._running.keys() for asked in self._running.values())

    def found(self, key: Hashable) -> V | None:
        """What was found last, if anything was."""
        return self._found.get(key)

    def forget(self, key: Hashable) -> None:
        """Begins anew with a fact that is being found: the question has changed."""
        self._found.pop(key, None)
        self._changes += 1

    def ask(self, key: Hashable, start: V, find: Callable[[], V]) -> V:
        """The fact; `start` is what is known of it before anything is."""
        if key in self._settled:
            return self._settled[key]
        if key in self._running:
            self._cyclic.add(key)
            self._note({key})
            return self._found.get(key, start)
        if key in self._waits:
            self._note(self._waits[key])
            return self._found[key]
        for _ in range(_ROUNDS):
            if self._round(key, start, find):
                return self._found[key]
        raise AssertionError(f"no fixed point: {key}")

    def _round(self, key: Hashable, start: V, find: Callable[[], V]) -> bool:
        """Finds the fact once; whether it need not be found again now."""
        before, waiting = self._changes, set(self._waits)
        self._running[key] = set()
        try:
            value = find()
        finally:
            asked = self._running.pop(key)
        if not self.same(self._found.get(key, start), value):
            self._changes += 1
        self._found[key] = value
        if asked:
            self._cyclic.add(key)
        outer = frozenset(asked - {key})
        if outer:
            self._wait(key, outer)
            return True
        if key in asked and self._changes != before:
            self._waits = {k: w for k, w in self._waits.items() if k in waiting}
            return False
        for inner in [k for k in self._waits if k not in waiting]:
            self._settled[inner] = self._found[inner]
            del self._waits[inner]
        self._settled[key] = value
        return True

    def _wait(self, key: Hashable, outer: frozenset[Hashable]) -> None:
        """The fact hangs on these, and so does what hangs on it."""
        self._note(outer)
        for other, waits in self._waits.items():
            if key in waits:
                self._waits[other] = (waits - {key}) | outer
        self._waits[key] = outer

    def _note(self, keys: set[Hashable] | frozenset[Hashable]) -> None:
        if self._running:
            next(reversed(self._running.values())).update(keys)
