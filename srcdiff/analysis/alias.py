"""May-alias: which names may share memory, as pairs of names before each statement.

Pairs, not classes: a swap permutes them. The memory of the arguments belongs to the caller; each
array parameter begins apart from the others (overlapping arguments are caught at the call).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from srcdiff.analysis.bind import bind_call
from srcdiff.analysis.keys import copies
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array, Known, RangeOf, is_number
from srcdiff.ir.reads import stores_into
from srcdiff.ir.walk import base_name, children, statements, target_names

Pairs = frozenset[tuple[str, str]]

# Memory that is reachable from outside the function by a global name.
OUTSIDE = "<outside>"

# Memory that the tape keeps a reference to: this and the name of the variable that was saved.
SAVED = "<saved> "


def roots(e: n.Expr, infer: Inference) -> frozenset[str]:
    """The names whose memory the expression's value may share."""
    kind = infer(e)
    if is_number(kind) or isinstance(kind, Known | RangeOf):
        return frozenset()
    match e:
        case n.Var():
            return frozenset((e.name,))
        case n.Global() | n.Ref():
            return frozenset((OUTSIDE,))
        case n.Const() | n.Compare():
            return frozenset()
        case n.Index():
            return _of_index(e, infer)
        case n.Choose():
            return roots(e.a, infer) | roots(e.b, infer)
        case n.Tuple() | n.List():
            return _of_all(e.items, infer)
        case n.Op() if e.op in ("and", "or"):
            return _of_all(e.args, infer)
        case n.OpaqueExpr():
            return frozenset((*e.reads, OUTSIDE))
    bound = bind_call(e, infer)
    if bound is not None and isinstance(e, n.Call) and _is_broadcast(e):
        # Its elements lie on one another, whoever's they are: nothing may be written into it.
        return _of_all(bound.operands.values(), infer) | {OUTSIDE}
    if isinstance(e, n.Call) and infer.world.is_fresh(e):
        return frozenset()
    if bound is not None:
        return _of_all(
            (bound.operands[name] for name in bound.rule.shares if name in bound.operands), infer
        )
    return _of_unknown(e, infer)


def _is_broadcast(e: n.Call) -> bool:
    return isinstance(e.callee, n.Ref) and e.callee.value is np.broadcast_to


def _of_index(e: n.Index, infer: Inference) -> frozenset[str]:
    """A basic index gives a view; an array of integers or a mask copies."""
    if isinstance(infer(e.base), Array) and copies(e.key, infer):
        return frozenset()
    return roots(e.base, infer)


def _of_all(items: Iterable[n.Expr], infer: Inference) -> frozenset[str]:
    return frozenset().union(*(roots(item, infer) for item in items))


def _of_unknown(e: n.Expr, infer: Inference) -> frozenset[str]:
    """A value that no rule describes may share anything that went into it."""
    kind = infer(e)
    if isinstance(e, n.Op) and isinstance(kind, Array):
        return frozenset()
    return _of_all(children(e), infer) - {OUTSIDE} | (
        frozenset((OUTSIDE,)) if isinstance(e, n.Call | n.Field) else frozenset()
    )


@dataclass
class Aliases:
    """Pairs of names that may share memory, before each statement and at the end."""

    before: dict[n.Stmt, Pairs] = field(default_factory=dict)
    at_end: Pairs = frozenset()

    def of(self, name: str, s: n.Stmt) -> frozenset[str]:
        """The other names that may share memory with `name` before the statement."""
        return partners(name, self.before.get(s, frozenset()))

    def ever(self) -> Pairs:
        """Every pair that may share memory at some point."""
        return self.at_end.union(*self.before.values())


def partners(name: str, pairs: Pairs) -> frozenset[str]:
    """The names paired with `name`."""
    return frozenset(b if a == name else a for a, b in pairs if name in (a, b))


def aliases(function: n.Function, kinds: Kinds, start: Pairs = frozenset()) -> Aliases:
    """The may-alias pairs of a function's variables."""
    facts = Aliases()
    facts.at_end = _Flow(kinds, facts).block(function.body, start)
    return facts


class _Flow:
    def __init__(self, kinds: Kinds, facts: Aliases) -> None:
        self._kinds = kinds
        self._facts = facts
        self._seen: dict[n.Stmt, tuple[Pairs, Pairs]] = {}

    def block(self, block: n.Block, pairs: Pairs) -> Pairs:
        for s in block:
            if not self._kinds.reached(s):
                break
            self._facts.before[s] = pairs
            pairs = self._statement(s, pairs)
        return pairs

    def _statement(self, s: n.Stmt, pairs: Pairs) -> Pairs:
        infer = self._kinds.at(s)
        match s:
            case n.Assign():
                return _assigned(s.target, s.value, pairs, infer)
            case n.If():
                return self.block(s.body, pairs) | self.block(s.orelse, pairs)
            case n.While() | n.For():
                return self._loop(s, pairs)
            case n.Save() if isinstance(s.slot.place, n.Var) and not s.slot.copy:
                if roots(s.slot.place, infer):
                    saved = SAVED + s.slot.place.name
                    pairs |= _pairs(saved, _closure(frozenset((s.slot.place.name,)), pairs))
            case n.Opaque():
                for name in s.writes:
                    pairs = _bound(name, frozenset((*s.reads, OUTSIDE)), pairs)
        return pairs

    def _loop(self, s: n.While | n.For, pairs: Pairs) -> Pairs:
        seen = self._seen.get(s)
        if seen is not None and seen[0] == pairs:
            self._facts.before[s] = seen[1]
            return seen[1]
        entry = pairs
        while True:
            self._facts.before[s] = pairs
            inside = pairs
            if isinstance(s, n.For):
                inside = _assigned(s.target, s.iter, pairs, self._kinds.at(s))
            new = pairs | self.block(s.body, inside)
            if new == pairs:
                break
            pairs = new
        self._seen[s] = (entry, pairs)
        return pairs


def _assigned(target: n.Expr, value: n.Expr, pairs: Pairs, infer: Inference) -> Pairs:
    if isinstance(target, n.Var):
        return _bound(target.name, roots(value, infer), pairs)
    if isinstance(target, n.Tuple):
        values: Callable[[int], n.Expr] = lambda i: value  # noqa: E731
        if isinstance(value, n.Tuple) and len(value.items) == len(target.items):
            items = value.items
            values = lambda i: items[i]  # noqa: E731
        sources = {
            name: roots(values(i), infer)
            for i, item in enumerate(target.items)
            for name in target_names(item)
        }
        return _bound_together(sources, pairs)
    if isinstance(target, n.Index | n.Field):
        # An object that holds arrays: storing one makes it reachable through the holder.
        base = base_name(target)
        if base is not None and not isinstance(infer(n.Var(base)), Array):
            return pairs | _pairs(base, _closure(roots(value, infer), pairs))
    return pairs


def _bound(name: str, sources: frozenset[str], pairs: Pairs) -> Pairs:
    return _bound_together({name: sources}, pairs)


def _bound_together(sources: dict[str, frozenset[str]], pairs: Pairs) -> Pairs:
    """Several names bound at once, as a swap does: the sources are those before."""
    closures = {name: _closure(found, pairs) for name, found in sources.items()}
    kept = frozenset(p for p in pairs if p[0] not in sources and p[1] not in sources)
    for name, closure in closures.items():
        kept |= _pairs(name, closure - sources.keys())
        for other, other_closure in closures.items():
            if name < other and closure & other_closure:
                kept |= _pairs(name, frozenset((other,)))
    return kept


def _closure(names: frozenset[str], pairs: Pairs) -> frozenset[str]:
    return names.union(*(partners(name, pairs) for name in names))


def _pairs(name: str, others: frozenset[str]) -> Pairs:
    return frozenset((min(name, o), max(name, o)) for o in others if o != name)


# The memory of an argument: this and the name of the parameter.
ARGUMENT = "<argument> "


def written_arguments(function: n.Function, kinds: Kinds) -> list[str]:
    """The parameters whose arguments the function writes into: not those that it copies first."""
    start = frozenset((ARGUMENT + name, name) for name in function.param_names)
    facts = aliases(function, kinds, start)
    written: set[str] = set()
    for s in statements(function.body):
        if isinstance(s, n.Assign | n.Update) and kinds.reached(s):
            for name in _written_by(s, kinds):
                written |= {o for o in facts.of(name, s) if o.startswith(ARGUMENT)}
    return [name for name in function.param_names if ARGUMENT + name in written]


def in_place_names(function: n.Function, kinds: Kinds) -> frozenset[str]:
    """The names through which the function writes into arrays."""
    out: set[str] = set()
    for s in statements(function.body):
        if isinstance(s, n.Assign | n.Update) and kinds.reached(s):
            out |= _written_by(s, kinds)
    return frozenset(out)


def _written_by(s: n.Assign | n.Update, kinds: Kinds) -> frozenset[str]:
    out = stores_into(s.target)
    if isinstance(s, n.Update) and isinstance(s.target, n.Var) and _is_array(kinds, s):
        out |= {s.target.name}
    return out


def _is_array(kinds: Kinds, s: n.Update) -> bool:
    kind = kinds.at(s)(s.target)
    return not (is_number(kind) or isinstance(kind, Known))
