"""May-alias: which names may share memory, as pairs of names before each statement.

Pairs, not classes: a swap permutes them. The memory of the arguments belongs to the caller; each
array parameter begins apart from the others (overlapping arguments are caught at the call).

A list has two names: its own, for the list, and that of its contents, `xs[]`, for the arrays that
it holds. Two lists may hold the same array and be two lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from srcdiff.analysis.bind import bind_call
from srcdiff.analysis.keys import copies
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array, Known, ListOf, RangeOf, is_number
from srcdiff.ir.lists import appended, mapped, method_of
from srcdiff.ir.reads import stores_into
from srcdiff.ir.walk import (
    argument_at,
    base_name,
    children,
    expressions,
    lent_names,
    mutated_names,
    statements,
    subexpressions,
    target_names,
)
from srcdiff.rules.outputs import output_place

Pairs = frozenset[tuple[str, str]]

# Memory that is reachable from outside the function by a global name.
OUTSIDE = "<outside>"

# Memory that a list holds twice is paired with this.
TWICE = "<twice>"

# Memory that the tape keeps a reference to: this and the name of the variable that was saved.
SAVED = "<saved> "

# The memory of earlier values of a variable: this and its name.
EARLIER = "<earlier> "


def roots(e: n.Expr, infer: Inference) -> frozenset[str]:
    """The names whose memory the expression's value may share."""
    kind = infer(e)
    if is_number(kind) or isinstance(kind, Known | RangeOf):
        return frozenset()
    match e:
        case n.Var() if isinstance(kind, ListOf):
            return frozenset((e.name, contents(e.name)))
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
        case n.Tuple() | n.List() | n.Dict():
            return _of_all(e.items, infer)
        case n.Op() if e.op in ("and", "or"):
            return _of_all(e.args, infer)
        case n.OpaqueExpr() if _is_list_made(e):
            return _of_comprehension(e, infer)
        case n.OpaqueExpr():
            return frozenset((*e.reads, OUTSIDE))
    held = _of_list(e, infer)
    if held is not None:
        return held
    bound = bind_call(e, infer)
    if bound is not None and isinstance(e, n.Call) and _is_broadcast(e):
        # Its elements lie on one another, whoever's they are: nothing may be written into it.
        return _of_all(bound.operands.values(), infer) | {OUTSIDE}
    if isinstance(e, n.Call) and infer.world.is_fresh(e):
        return frozenset()
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.memory is not None:
        return _of_memory(e, e.callee.memory, infer)
    if bound is not None:
        return _of_all(
            (bound.operands[name] for name in bound.rule.shares if name in bound.operands), infer
        )
    return _of_unknown(e, infer)


def _is_list_made(e: n.Expr) -> bool:
    """Whether an expression is a list comprehension, kept as it stands."""
    return (
        isinstance(e, n.OpaqueExpr) and e.inner is not None and type(e.node).__name__ == "ListComp"
    )


def _of_comprehension(e: n.OpaqueExpr, infer: Inference) -> frozenset[str]:
    """What the items may share memory with: what is iterated is taken for what it holds."""
    assert e.inner is not None
    found = roots(e.inner.element, infer)
    if not found:
        return found
    return frozenset((*e.reads, OUTSIDE))


def _of_memory(e: n.Call, memory: n.Memory, infer: Inference) -> frozenset[str]:
    """What the result of one of the user's functions may share memory with."""
    found = _of_all((argument_at(e, place) for place in memory.shares), infer)
    return found | {OUTSIDE} if memory.outside else found


def _of_list(e: n.Expr, infer: Inference) -> frozenset[str] | None:
    """An item of a list, and a list made of another's items, share memory with the items."""
    if isinstance(e, n.Op) and isinstance(infer(e), ListOf):
        return frozenset().union(*(_held(arg, infer) for arg in e.args))
    if not isinstance(e, n.Call):
        return None
    if isinstance(e.callee, n.Field) and e.callee.name in ("pop", "copy"):
        if isinstance(infer(e.callee.base), ListOf):
            return _held(e.callee.base, infer)
    if isinstance(e.callee, n.Ref) and e.callee.value is list and isinstance(infer(e), ListOf):
        made = mapped(e)
        if made is None:
            return _held(e.args[0], infer)
        kind = infer(made[1])
        assert isinstance(kind, ListOf)
        item = roots(n.Call(made[0], (n.Var("<item>"),)), infer.with_name("<item>", kind.item))
        return _held(made[1], infer) if "<item>" in item else item
    return None


def _is_broadcast(e: n.Call) -> bool:
    return isinstance(e.callee, n.Ref) and e.callee.value is np.broadcast_to


def _of_index(e: n.Index, infer: Inference) -> frozenset[str]:
    """A basic index gives a view; an array of integers or a mask copies."""
    if isinstance(infer(e.base), Array) and copies(e.key, infer):
        return frozenset()
    return _held(e.base, infer)


def contents(name: str) -> str:
    """What a list of this name holds."""
    return f"{name}[]"


def _held(e: n.Expr, infer: Inference) -> frozenset[str]:
    """What the items of a value may share memory with, or the value itself if it has none."""
    if isinstance(infer(e), ListOf):
        if isinstance(e, n.Var):
            return frozenset((contents(e.name),))
        if isinstance(e, n.Choose):
            return _held(e.a, infer) | _held(e.b, infer)
    return roots(e, infer)


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
        """The other variables that may share memory with `name` before the statement; of a list,
        those that may be the same list.
        """
        return partners(name, self.before.get(s, frozenset()))

    def held(self, name: str, s: n.Stmt) -> frozenset[str]:
        """The same, the contents of lists under names of their own."""
        return _partners(name, self.before.get(s, frozenset()))

    def written(self, s: n.Assign | n.Update, infer: Inference) -> frozenset[str]:
        """The other variables that may share the memory that an item's update writes into."""
        name = updated_item(s, infer)
        return frozenset() if name is None else partners(contents(name), self.before[s]) - {name}

    def ever(self) -> Pairs:
        """Every pair that may share memory at some point."""
        return self.at_end.union(*self.before.values())


def updated_item(s: n.Stmt, infer: Inference) -> str | None:
    """The list of whose items one is written into, as by `xs[k] += y` where it is an array."""
    if not isinstance(s, n.Assign | n.Update) or not isinstance(s.target, n.Index):
        return None
    depth, base = 0, s.target.base
    while isinstance(base, n.Index):
        depth, base = depth + 1, base.base
    if not isinstance(base, n.Var) or not isinstance(infer(base), ListOf):
        return None
    writes = depth > 0 or (isinstance(s, n.Update) and not is_number(infer(s.target)))
    return base.name if writes else None


def partners(name: str, pairs: Pairs) -> frozenset[str]:
    """The variables paired with `name`: a list is, where its contents are."""
    return frozenset(x.removesuffix("[]") for x in _partners(name, pairs)) - {name}


def near(name: str, pairs: Pairs) -> frozenset[str]:
    """The variables paired with `name`, or with what it holds if it is a list."""
    return partners(name, pairs) | partners(contents(name), pairs) - {name}


def _partners(name: str, pairs: Pairs) -> frozenset[str]:
    return frozenset(b if a == name else a for a, b in pairs if name in (a, b))


def aliases(
    function: n.Function, kinds: Kinds, start: Pairs = frozenset(), earlier: bool = False
) -> Aliases:
    """The may-alias pairs of a function's variables.

    `earlier`: what a variable was bound to before has a name too, as a tape may keep it.
    """
    facts = Aliases()
    facts.at_end = _Flow(kinds, facts, earlier).block(function.body, start)
    return facts


class _Flow:
    def __init__(self, kinds: Kinds, facts: Aliases, earlier: bool) -> None:
        self._kinds = kinds
        self._facts = facts
        self._earlier = earlier
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
                return self._bound(_assigned_sources(s.target, s.value, infer), s, pairs)
            case n.Effect():
                added = appended(s)
                if added is not None:
                    pairs = _put_in(added[0].name, roots(added[1], infer), pairs, infer)
            case n.If():
                return self.block(s.body, pairs) | self.block(s.orelse, pairs)
            case n.While() | n.For():
                return self._loop(s, pairs)
            case n.Save():
                return pairs | _saved(s.slot, pairs, infer)
            case n.Opaque():
                sources = frozenset((*s.reads, OUTSIDE))
                for name in s.writes:
                    pairs = _bound_together({name: sources}, pairs)
        return pairs

    def _bound(self, sources: dict[str, frozenset[str]] | None, s: n.Assign, pairs: Pairs) -> Pairs:
        if sources is None:
            return _stored(s.target, s.value, pairs, self._kinds.at(s))
        if self._earlier:
            sources = sources | {EARLIER + x: frozenset((x, EARLIER + x)) for x in sources}
        return _bound_together(sources, pairs)

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
                inside = _iterated(s, pairs, self._kinds.at(s))
            new = pairs | self.block(s.body, inside)
            if new == pairs:
                break
            pairs = new
        self._seen[s] = (entry, pairs)
        return pairs


def _holds(name: str, infer: Inference) -> bool:
    """Whether a name may stand for a container."""
    kind = infer(n.Var(name))
    return not (is_number(kind) or isinstance(kind, Array | Known | RangeOf))


def _put_in(base: str, sources: frozenset[str], pairs: Pairs, infer: Inference) -> Pairs:
    """An object that holds arrays: storing one makes it reachable through every such holder."""
    found = _closure(sources, pairs)
    out = pairs
    for name in sorted(_closure(frozenset((base,)), pairs)):
        if not name.endswith("[]") and (name == base or _holds(name, infer)):
            kind = infer(n.Var(name))
            inner = contents(name) if isinstance(kind, ListOf) else name
            out |= _pairs(inner, found)
            if inner in found:
                out |= _pairs(inner, frozenset((TWICE,)))
    return out


def _saved(slot: n.Slot, pairs: Pairs, infer: Inference) -> Pairs:
    """The memory of which a tape keeps a reference: of a copied list, that of its items."""
    place = slot.place
    if isinstance(place, n.Var):
        found = roots(place, infer)
        if slot.copy:
            found = _held(place, infer) if isinstance(infer(place), ListOf) else frozenset()
    elif isinstance(place, n.Index) and isinstance(infer(place.base), ListOf):
        found = roots(place, infer)
    else:
        return frozenset()
    return _pairs(f"{SAVED}{base_name(place)}", _closure(found, pairs)) if found else frozenset()


def _iterated(s: n.For, pairs: Pairs, infer: Inference) -> Pairs:
    """The loop's variable bound to an item."""
    sources = _held(s.iter, infer)
    return _bound_together(dict.fromkeys(_names(s.target), sources), pairs)


def _names(target: n.Expr) -> list[str]:
    """The variables of a target, and what they hold if they are lists."""
    return [x for name in target_names(target) for x in (name, contents(name))]


def _assigned_sources(
    target: n.Expr, value: n.Expr, infer: Inference
) -> dict[str, frozenset[str]] | None:
    """What each variable that an assignment binds may share memory with; None for a store."""
    if isinstance(target, n.Var):
        return _sources(target.name, value, infer)
    if not isinstance(target, n.Tuple):
        return None
    if isinstance(value, n.Tuple) and len(value.items) == len(target.items):
        sources: dict[str, frozenset[str]] = {}
        for item, v in zip(target.items, value.items, strict=True):
            if isinstance(item, n.Var):
                sources |= _sources(item.name, v, infer)
            else:
                sources |= dict.fromkeys(_names(item), roots(v, infer))
        return sources
    return dict.fromkeys(_names(target), roots(value, infer))


def _stored(target: n.Expr, value: n.Expr, pairs: Pairs, infer: Inference) -> Pairs:
    """An object that is put into another can be reached through it."""
    base = base_name(target)
    if base is not None and not isinstance(infer(n.Var(base)), Array):
        return _put_in(base, roots(value, infer), pairs, infer)
    return pairs


def _sources(name: str, value: n.Expr, infer: Inference) -> dict[str, frozenset[str]]:
    """What a variable, and what it holds, may share memory with once the value is assigned."""
    found = roots(value, infer)
    if not isinstance(infer(value), ListOf):
        return {name: found, contents(name): frozenset()}
    own = frozenset[str]() if _is_new_list(value, infer) else found
    inner = _held(value, infer)
    made = isinstance(value, n.Op | n.List) or _is_list_made(value)
    if inner and made and not _apart(value, infer):
        inner |= {TWICE}
    return {name: own, contents(name): inner}


def _apart(e: n.Expr, infer: Inference) -> bool:
    """Whether no two items of a new list may share memory, by the names they are made of."""
    if isinstance(e, n.List):
        found = [roots(item, infer) for item in e.items]
    elif isinstance(e, n.Op) and e.op == "add":
        found = [_held(arg, infer) for arg in e.args]
    else:
        return False
    return sum(map(len, found)) <= 1


def _is_new_list(e: n.Expr, infer: Inference) -> bool:
    """Whether the expression makes a list."""
    if isinstance(e, n.Index):
        return isinstance(e.key, n.Slice) and isinstance(infer(e.base), ListOf)
    if isinstance(e, n.Call):
        return _of_list(e, infer) is not None and method_of(e, "pop") is None
    return isinstance(e, n.List | n.Op) or _is_list_made(e)


def _bound_together(sources: dict[str, frozenset[str]], pairs: Pairs) -> Pairs:
    """Several names bound at once, as a swap does: the sources are those before."""
    for name in [x for x in sources if not x.endswith("[]") and not x.startswith(EARLIER)]:
        sources.setdefault(contents(name), frozenset())
    closures = {name: _closure(found, pairs) for name, found in sources.items()}
    kept = frozenset(p for p in pairs if p[0] not in sources and p[1] not in sources)
    for name, closure in closures.items():
        kept |= _pairs(name, closure - sources.keys())
        for other, other_closure in closures.items():
            if name < other and _meet(name, closure, other, other_closure):
                kept |= _pairs(name, frozenset((other,)))
    return kept


def _meet(a: str, near_a: frozenset[str], b: str, near_b: frozenset[str]) -> bool:
    """Whether two new values may share memory. Two that share some with the earlier values of one
    variable need not share it with each other.
    """
    common = {x for x in near_a & near_b if not x.startswith(EARLIER) or x in (a, b)}
    return bool(common)


def _closure(names: frozenset[str], pairs: Pairs) -> frozenset[str]:
    return names.union(*(_partners(name, pairs) for name in names))


def _pairs(name: str, others: frozenset[str]) -> Pairs:
    return frozenset((min(name, o), max(name, o)) for o in others if o != name)


# The memory of an argument: this and the name of the parameter.
ARGUMENT = "<argument> "


def argument_pairs(function: n.Function) -> Pairs:
    """Each parameter paired with the memory of its argument."""
    names = function.param_names
    return frozenset((ARGUMENT + p, name) for p in names for name in (p, contents(p)))


def written_arguments(function: n.Function, kinds: Kinds) -> list[str]:
    """The parameters whose arguments the function writes into: not those that it copies first."""
    facts = aliases(function, kinds, argument_pairs(function))
    written: set[str] = set()
    for s in statements(function.body):
        if not kinds.reached(s):
            continue
        near = frozenset().union(*(facts.of(name, s) for name in written_by(s, kinds)))
        if isinstance(s, n.Assign | n.Update):
            near |= facts.written(s, kinds.at(s))
        written |= {name for name in near if name.startswith(ARGUMENT)}
    return [name for name in function.param_names if ARGUMENT + name in written]


def in_place_names(function: n.Function, kinds: Kinds) -> frozenset[str]:
    """The names through which the function writes into arrays."""
    out: set[str] = set()
    for s in statements(function.body):
        if kinds.reached(s):
            out |= written_by(s, kinds)
    return frozenset(out)


def written_by(s: n.Stmt, kinds: Kinds) -> frozenset[str]:
    """The arrays and lists that a statement writes into."""
    out = frozenset(x for x in mutated_names(s) if isinstance(kinds.at(s)(n.Var(x)), ListOf))
    out |= lent_names(s) | _outputs(s)
    if isinstance(s, n.Assign | n.Update):
        out |= stores_into(s.target)
    if isinstance(s, n.Update) and isinstance(s.target, n.Var) and _is_array(kinds, s):
        out |= {s.target.name}
    return out


def _outputs(s: n.Stmt) -> frozenset[str]:
    """The arrays that calls with `out` write into, which are not written as stores."""
    calls = (x for e in expressions(s) for x in subexpressions(e) if isinstance(x, n.Call))
    places = (place for call in calls if (place := output_place(call)) is not None)
    return frozenset(name for place in places if (name := base_name(place)) is not None)


def _is_array(kinds: Kinds, s: n.Update) -> bool:
    kind = kinds.at(s)(s.target)
    return not (is_number(kind) or isinstance(kind, Known))
