"""What is read later, before anything else is known of a function: its jumps and `try`s are as the
user wrote them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.reads import mentions
from srcdiff.ir.walk import blocks, bound_names

Names = frozenset[str]
_NONE: Names = frozenset()


@dataclass(frozen=True)
class _Ways:
    """What is read where control may go from a statement other than to the next one."""

    breaks: Names = _NONE
    continues: Names = _NONE
    raises: Names = _NONE


@dataclass
class Reading:
    """For each `try`, what its handlers, and what comes after them, read."""

    handled: dict[n.Try, Names] = field(default_factory=dict)

    def block(self, block: n.Block, after: Names, ways: _Ways = _Ways()) -> Names:
        """The names read in the block or after it before they are bound."""
        for s in reversed(block):
            after = self._statement(s, after, ways) | ways.raises
        return after

    def _statement(self, s: n.Stmt, after: Names, ways: _Ways) -> Names:
        match s:
            case n.Return():
                return mentions(s)
            case n.Raise():
                return mentions(s) | ways.raises
            case n.Break():
                return ways.breaks
            case n.Continue():
                return ways.continues
            case n.If():
                sides = (self.block(b, after, ways) for b in blocks(s))
                return mentions(s).union(*sides)
            case n.While() | n.For():
                return self._loop(s, after, ways)
            case n.With():
                final = self.block(s.final, after, ways)
                inner = replace(ways, raises=ways.raises | final) if s.final else ways
                return self.block(s.body, final, inner) | mentions(s)
            case n.Try():
                return self._try(s, after, ways)
        names = bound_names((s,)) if isinstance(s, n.Assign) else _NONE
        return (after - names) | mentions(s)

    def _loop(self, s: n.While | n.For, after: Names, ways: _Ways) -> Names:
        head = after | mentions(s)
        while True:
            before = self.block(s.body, head, _Ways(after, head, ways.raises))
            if isinstance(s, n.For):
                before -= bound_names((n.Assign(s.target, s.iter),))
            if before <= head:
                return head
            head |= before

    def _try(self, s: n.Try, after: Names, ways: _Ways) -> Names:
        handled = _NONE.union(*(self.block(h.body, after, ways) for h in s.handlers))
        self.handled[s] = self.handled.get(s, _NONE) | handled
        inner = replace(ways, raises=ways.raises | handled)
        orelse = self.block(s.orelse, after, ways)
        return self.block(s.body, orelse, inner) | handled
