"""Which variables may be read before they are bound, path by path.

    if n > 2:
        y = x * x
    ...
    if n > 2:
        total += np.sum(y)

`y` is bound wherever it is read: the tests are the same, and `n` has not changed. A state is what
has been decided on a path (the outcomes of tests, and the values of variables that only ever hold
constants, such as the flag of a jump), with the variables that are bound on all such paths.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from srcdiff.ir import nodes as n
from srcdiff.ir.reads import mentions
from srcdiff.ir.walk import (
    bound_names,
    names_in,
    statements,
    stored_names,
    subexpressions,
    target_names,
)

Names = frozenset[str]
# What is decided: expressions with their values. The value of a flag stands under its name, and
# what a variable was made of likewise.
Decided = frozenset[tuple[n.Expr, object]]
States = dict[Decided, Names]

# Beyond as many states, what has been decided is forgotten.
_MOST = 32


def read_unbound(block: n.Block, bound: Names) -> Names:
    """The variables that some path through the block may read before it binds them.

    `bound` are those that are bound at its beginning.
    """
    flow = _Flow(_flags(block))
    flow.block(block, {frozenset(): bound})
    return frozenset(flow.found)


def _flags(block: n.Block) -> Names:
    """The variables that only ever hold constants."""
    constant: set[str] = set()
    other: set[str] = set()
    for s in statements(block):
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var):
            known = isinstance(s.value, n.Const) and isinstance(s.value.value, bool | int)
            (constant if known else other).add(s.target.name)
        else:
            other |= bound_names((s,)) if not isinstance(s, n.If) else set()
    return frozenset(constant - other)


@dataclass
class _Jumps:
    """The states in which a loop is left by `break`, and in which a trip ends early."""

    breaks: list[States] = field(default_factory=list)
    continues: list[States] = field(default_factory=list)


class _Flow:
    def __init__(self, flags: Names) -> None:
        self._flags = flags
        self.found: set[str] = set()

    def block(self, block: n.Block, states: States, jumps: _Jumps | None = None) -> States:
        """The states after the block; none where its end is not reached."""
        for s in block:
            if not states:
                break
            states = self._statement(s, states, jumps)
        return states

    def _statement(self, s: n.Stmt, states: States, jumps: _Jumps | None) -> States:
        for bound in states.values():
            self.found |= mentions(s) - bound
        match s:
            case n.If():
                yes, no = self._decide(s.test, states)
                return _joined([self.block(s.body, yes, jumps), self.block(s.orelse, no, jumps)])
            case n.While() | n.For():
                return self._loop(s, states)
            case n.Break() if jumps is not None:
                jumps.breaks.append(states)
                return {}
            case n.Continue() if jumps is not None:
                jumps.continues.append(states)
                return {}
            case n.Return() | n.Raise():
                return {}
        written = bound_names((s,)) | stored_names((s,))
        after = _forget(states, written)
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var):
            fact: tuple[n.Expr, object] | None = None
            if s.target.name in self._flags and isinstance(s.value, n.Const):
                fact = (s.target, s.value.value)
            elif isinstance(s.value, n.Compare) and s.target.name not in names_in(s.value):
                fact = (s.target, s.value)
            if fact is not None:
                after = _joined([{decided | {fact}: b} for decided, b in after.items()])
        return {decided: bound | written for decided, bound in after.items()}

    def _decide(self, test: n.Expr, states: States) -> tuple[States, States]:
        """The states in which a test is true, and in which it is false."""
        yes: list[States] = []
        no: list[States] = []
        for decided, bound in states.items():
            known = dict(decided)
            asked = known.get(test)
            asked = asked if isinstance(asked, n.Expr) else test
            value = _outcome(asked, known)
            for outcome, side in ((True, yes), (False, no)):
                if value is None and self._lasts(asked):
                    side.append({decided | {(asked, outcome)}: bound})
                elif value is None or value is outcome:
                    side.append({decided: bound})
        return _joined(yes), _joined(no)

    def _lasts(self, test: n.Expr) -> bool:
        """Whether the test has the same outcome again, as long as no variable of it is written."""
        outside = (n.Call, n.OpaqueExpr, n.Global, n.Field)
        return not any(isinstance(e, outside) for e in subexpressions(test))

    def _loop(self, s: n.While | n.For, states: States) -> States:
        written = bound_names((s,)) | stored_names((s,))
        states = _forget(states, written)
        forever = isinstance(s, n.While) and isinstance(s.test, n.Const) and bool(s.test.value)
        targets = frozenset(target_names(s.target)) if isinstance(s, n.For) else frozenset()
        while True:
            jumps = _Jumps()
            begun = {decided: bound | targets for decided, bound in states.items()}
            end = _joined([self.block(s.body, begun, jumps), *jumps.continues])
            # A trip may have decided what the next one decides otherwise.
            head = _joined([states, _forget(end, written)])
            if head == states:
                return _joined([{} if forever else head, *jumps.breaks])
            states = head


def _outcome(test: n.Expr, decided: dict[n.Expr, object]) -> bool | None:
    if test in decided:
        return bool(decided[test])
    if isinstance(test, n.Compare) and test.ops == ("eq",):
        flag, value = test.args
        if flag in decided and isinstance(value, n.Const):
            return bool(decided[flag] == value.value)
    return None


def _forget(states: States, written: Names) -> States:
    """The states without what was decided by variables that are written now."""
    if not written:
        return states
    kept = [
        {frozenset(fact for fact in decided if not _names(fact) & written): bound}
        for decided, bound in states.items()
    ]
    return _joined(kept)


def _names(fact: tuple[n.Expr, object]) -> Names:
    """The variables that the fact is about."""
    e, value = fact
    return names_in(e) | names_in(value) if isinstance(value, n.Expr) else names_in(e)


def _joined(several: list[States]) -> States:
    out: States = {}
    for states in several:
        for decided, bound in states.items():
            out[decided] = out[decided] & bound if decided in out else bound
    if len(out) > _MOST:
        return {frozenset(): frozenset.intersection(*out.values())}
    return out
