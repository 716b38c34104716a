"""Liveness: which variables may still be read after each statement."""

from __future__ import annotations

from dataclasses import dataclass, field

from srcdiff.ir import nodes as n
from srcdiff.ir.reads import mentions
from srcdiff.ir.walk import target_names

Names = frozenset[str]


@dataclass
class Liveness:
    """The live variables after each statement, and at the head of each loop."""

    after: dict[n.Stmt, Names] = field(default_factory=dict)
    head: dict[n.Stmt, Names] = field(default_factory=dict)
    # What a trip reads of the trip before it (or of what came before the loop).
    carried: dict[n.Stmt, Names] = field(default_factory=dict)


def liveness(function: n.Function, at_end: Names = frozenset()) -> Liveness:
    """Live variables of a function whose jumps are at the tails of their paths."""
    facts = Liveness()
    _Flow(facts, at_end).block(function.body, at_end)
    return facts


class _Flow:
    def __init__(self, facts: Liveness, at_end: Names) -> None:
        self._facts = facts
        self._at_end = at_end
        # Loop -> (live after it, live at its head): a fixed point that is still good.
        self._seen: dict[n.Stmt, tuple[Names, Names]] = {}

    def block(self, block: n.Block, live: Names, jump: tuple[Names, Names] | None = None) -> Names:
        """Live before the block; `jump` is what is live where break and continue lead."""
        for s in reversed(block):
            live = self._statement(s, live, jump)
        return live

    def _statement(self, s: n.Stmt, live: Names, jump: tuple[Names, Names] | None) -> Names:
        match s:
            case n.Break() if jump is not None:
                live = jump[0]
            case n.Continue() if jump is not None:
                live = jump[1]
            case n.Return():
                live = self._at_end
            case n.Raise():
                live = frozenset()
        self._facts.after[s] = self._facts.after.get(s, frozenset()) | live
        match s:
            case n.If():
                a, b = self.block(s.body, live, jump), self.block(s.orelse, live, jump)
                return a | b | mentions(s)
            case n.While() | n.For():
                return self._loop(s, live)
        return (live - _killed(s)) | mentions(s)

    def _loop(self, s: n.While | n.For, live: Names) -> Names:
        seen = self._seen.get(s)
        head = live | mentions(s)
        if seen is not None:
            if seen[0] == live:
                return seen[1]
            head |= seen[1] if seen[0] <= live else frozenset()
        while True:
            self._facts.head[s] = head
            before = self.block(s.body, head, (live, head))
            if isinstance(s, n.For):
                before -= frozenset(target_names(s.target))
            self._facts.carried[s] = before | (
                mentions(s) if isinstance(s, n.While) else frozenset()
            )
            if before <= head:
                break
            head |= before
        self._seen[s] = (live, head)
        return head


def _killed(s: n.Stmt) -> Names:
    match s:
        case n.Assign():
            return frozenset(target_names(s.target))
        case n.Restore():
            return frozenset(target_names(s.slot.place))
        case n.Open():
            return frozenset(x.name for _, x in s.items if x is not None)
        case n.Opaque():
            return frozenset(s.writes) - frozenset(s.reads)
    return frozenset()
