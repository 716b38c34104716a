"""Dead code: what is computed and never read goes, its saves on tapes included.

`raise`, `assert` and calls for their effect always stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcdiff.analysis.alias import SAVED
from srcdiff.ir import nodes as n
from srcdiff.ir.lists import method_of, popped
from srcdiff.ir.reads import mentions, stores_into
from srcdiff.ir.walk import (
    base_name,
    expressions,
    names_in,
    passed,
    quiet,
    statements,
    subexpressions,
    target_names,
)

# What does more than compute, whatever is read of it.
_ACTING = (n.Effect, n.Opaque, n.Raise, n.Assert, n.Open)

Names = frozenset[str]
IsPure = Callable[[n.Call | n.OpaqueExpr], bool]
Shared = Callable[[str], Names]


def dead(
    block: n.Block,
    live: Names,
    is_pure: IsPure,
    shared: Shared,
    held: Shared,
    returned: Names = frozenset(),
) -> n.Block:
    """The block without what nobody reads.

    Args:
        block: statements whose jumps are at the tails of their paths.
        live: the variables read after the block.
        is_pure: whether a call may be left out.
        shared: the variables whose memory a variable may share; of a list, those that may be it.
        held: the same, and those that may share memory with what a list holds.
        returned: the variables that are read wherever the function returns.
    """
    while True:
        run = _Dead(is_pure, shared, held, returned)
        new, _ = run.block(block, live, None)
        if _count(new) == _count(block):
            return new
        block = new


def _count(block: n.Block) -> int:
    return sum(1 for _ in statements(block))


class _Dead:
    def __init__(self, is_pure: IsPure, shared: Shared, held: Shared, returned: Names) -> None:
        self._returned = returned
        self._is_pure = is_pure
        self._shared = shared
        self._held = held
        # Slots that a live Restore reads; their Saves stand earlier in the text.
        self._slots: set[n.Slot] = set()
        self._seen: dict[n.Stmt, tuple[Names, int, Names]] = {}
        # How many attempts the statement at hand is tried in.
        self._tried = 0

    def block(
        self, block: n.Block, live: Names, jump: tuple[Names, Names] | None
    ) -> tuple[n.Block, Names]:
        out: list[n.Stmt] = []
        for s in reversed(block):
            kept, live = self._statement(s, live, jump)
            if isinstance(kept, n.Open) and out and isinstance(out[-1], n.Close) and quiet(kept):
                # It has nothing to be quiet about.
                out.pop()
            elif kept is not None:
                out.append(kept)
        return tuple(reversed(out)), live

    def _statement(
        self, s: n.Stmt, live: Names, jump: tuple[Names, Names] | None
    ) -> tuple[n.Stmt | None, Names]:
        match s:
            case n.Break() if jump is not None:
                return s, jump[0]
            case n.Continue() if jump is not None:
                return s, jump[1]
            case n.Return():
                return s, mentions(s) | self._returned
            case n.Raise():
                return s, mentions(s)
            case n.Attempt():
                return self._attempt(s, live, jump)
            case n.If():
                return self._if(s, live, jump)
            case n.While() | n.For():
                return self._loop(s, live)
            case n.Save():
                if s.slot not in self._slots:
                    return None, live
                return s, live | mentions(s)
            case n.Restore():
                return self._restore(s, live)
            case n.Effect() if (xs := method_of(s.value, "append", "pop")) is not None:
                # Of no use where nobody reads the list, or a list that it may share memory with.
                unused = not ({xs} | self._shared(xs)) & live
                if unused and self._arguments_pure(s) and not self._tried:
                    return None, live
                return s, live | mentions(s)
            case n.Comment() | n.Assert() | n.Effect() | n.Opaque():
                return s, live | mentions(s)
            case n.Open() | n.Finally() | n.Close() | n.Passed():
                return s, live | mentions(s)
        return self._write(s, live)

    def _restore(self, s: n.Restore, live: Names) -> tuple[n.Stmt | None, Names]:
        if not self._needed(s.slot.place, live):
            return None, live
        self._slots.add(s.slot)
        live = (live - frozenset(target_names(s.slot.place))) | mentions(s)
        # What is read under this name lies in memory that the tape kept.
        name = base_name(s.slot.place)
        return s, live | {f"{SAVED}{name}"}

    def _attempt(
        self, s: n.Attempt, live: Names, jump: tuple[Names, Names] | None
    ) -> tuple[n.Stmt | None, Names]:
        """What is tried stays, as it tells which way is taken."""
        at = passed(s.orelse)
        body, a = self.block(s.body, live, jump)
        rest, b = self.block(s.orelse[at:], live, jump)
        acts = any(isinstance(x, _ACTING) for x in statements(s.orelse[:at]))
        if not body and len(rest) < 2 and not acts and not names_in(s.test) & live:
            if all(map(self._pure, statements(s.orelse[:at]))):
                return None, live
        self._tried += 1
        tried, c = self.block(s.orelse[:at], b | a, jump)
        self._tried -= 1
        return replace(s, body=body, orelse=tried + rest), a | c | mentions(s)

    def _write(self, s: n.Stmt, live: Names) -> tuple[n.Stmt | None, Names]:
        assert isinstance(s, n.Assign | n.Update)
        if self._tried:
            return s, live | mentions(s)
        source = popped(s)
        if source is not None:
            used = self._needed(s.target, live)
            if not used and not ({source.name} | self._shared(source.name)) & live:
                return None, live
            kept = s if used else n.Effect(s.value, span=s.span, note=s.note)
            return kept, (live - frozenset(target_names(s.target))) | mentions(s)
        if not self._needed(s.target, live, isinstance(s, n.Update)) and self._pure(s):
            return None, live
        killed = frozenset(target_names(s.target)) if isinstance(s, n.Assign) else frozenset()
        return s, (live - killed) | mentions(s)

    def _needed(self, target: n.Expr, live: Names, update: bool = False) -> bool:
        names = frozenset(target_names(target))
        inside = update or (isinstance(target, n.Index) and isinstance(target.base, n.Index))
        for name in stores_into(target):
            names |= {name} | (self._held(name) if inside else self._shared(name))
        # An update may be in place.
        names |= self._shared(target.name) if isinstance(target, n.Var) and update else frozenset()
        return bool(names & live)

    def _pure(self, s: n.Stmt) -> bool:
        return all(
            self._is_pure(x)
            for e in expressions(s)
            for x in subexpressions(e)
            if isinstance(x, n.Call | n.OpaqueExpr)
        )

    def _arguments_pure(self, s: n.Effect) -> bool:
        """Whether evaluating what is put into a list does nothing else."""
        return isinstance(s.value, n.Call) and all(
            self._is_pure(x)
            for arg in s.value.args
            for x in subexpressions(arg)
            if isinstance(x, n.Call | n.OpaqueExpr)
        )

    def _if(
        self, s: n.If, live: Names, jump: tuple[Names, Names] | None
    ) -> tuple[n.Stmt | None, Names]:
        body, a = self.block(s.body, live, jump)
        orelse, b = self.block(s.orelse, live, jump)
        if not body and not orelse and self._pure(s) and not self._tried:
            return None, live
        if not body and orelse:
            test = s.test.args[0] if _is_not(s.test) else n.Op("not", (s.test,))  # type: ignore[attr-defined]
            return n.If(test, orelse, span=s.span), a | b | mentions(s)
        return replace(s, body=body, orelse=orelse), a | b | mentions(s)

    def _loop(self, s: n.While | n.For, live: Names) -> tuple[n.Stmt | None, Names]:
        head = live
        target = frozenset(target_names(s.target)) if isinstance(s, n.For) else frozenset()
        seen = self._seen.get(s)
        if seen is not None and seen[0] <= live:
            head |= seen[2]
        while True:
            slots = len(self._slots)
            body, before = self.block(s.body, head, (live, head))
            if isinstance(s, n.For):
                before -= frozenset(target_names(s.target))
            if body:
                before |= mentions(s)
            if before <= head and len(self._slots) == slots:
                break
            head |= before
        self._seen[s] = (live, len(self._slots), head)
        if not _acts(body) and not target & live and self._pure(s) and not self._tried:
            return None, live
        return replace(s, body=body), head | mentions(s)


def _acts(body: n.Block) -> bool:
    """Whether a loop body does more than jump."""
    return any(not isinstance(s, n.Break | n.Continue | n.If) for s in statements(body))


def _is_not(test: n.Expr) -> bool:
    return isinstance(test, n.Op) and test.op == "not"
