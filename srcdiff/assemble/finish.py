"""The passes that make one readable function of two sweeps, as a list of named steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.alias import aliases, near, partners
from srcdiff.analysis.keys import copies
from srcdiff.analysis.kinds import Kinds, World, infer_kinds
from srcdiff.analysis.unbound import read_unbound
from srcdiff.assemble.sweeps import is_sweep_call
from srcdiff.ir import nodes as n
from srcdiff.ir.build import ZERO, negated
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import (
    NOTHING,
    UNKNOWN,
    Kind,
    ListOf,
    Number,
    arrays_of,
    is_number,
    is_some_array,
    join,
)
from srcdiff.ir.lists import is_zeros, zeros
from srcdiff.ir.names import NOT_BOUND
from srcdiff.ir.reads import mentions, value_reads
from srcdiff.ir.walk import (
    base_name,
    blocks,
    bound_names,
    expressions,
    map_block,
    names_in,
    names_of,
    statements,
    subexpressions,
    substitute,
    target_names,
    with_blocks,
)
from srcdiff.normalize.jumps import falls_through
from srcdiff.optimize.accumulate import accumulate
from srcdiff.optimize.copies import propagate
from srcdiff.optimize.dead import dead
from srcdiff.optimize.ownership import own
from srcdiff.optimize.recompute import recompute
from srcdiff.optimize.refold import refold
from srcdiff.optimize.sink import sink_shadows
from srcdiff.optimize.wholes import whole_names
from srcdiff.tape.attempts import steady_tapes
from srcdiff.tape.plan import Planner
from srcdiff.transform.lent import NOTHING_LENT, Lent

_MARK = n.Comment("reverse sweep")


@dataclass(frozen=True)
class Plan:
    """Two sweeps and what the function made of them is to return.

    Attributes:
        adjoints: adjoint variable -> primal variable.
        seed_order: names of local seeds, in order.
        copies: what is run before the forward sweep.
        wanted: the adjoints that must have a value at the end.
        results: gives the returned expression, for the kinds of variables at the end.
    """

    name: str
    params: tuple[n.Param, ...]
    kinds: Mapping[str, Kind]
    world: World
    names: Names
    adjoints: Mapping[str, str]
    seed_order: tuple[str, ...]
    copies: n.Block
    forward: n.Block
    reverse: n.Block
    wanted: tuple[str, ...]
    results: Callable[[Callable[[str], Kind]], n.Expr]
    doc: str
    # The kinds of the primal's variables.
    slot_kinds: Kinds
    # Of a pair: the parameters of the reverse sweep that hold the adjoints of the results.
    inputs: frozenset[str] = frozenset()
    # Lists that callees keep their tapes in.
    lists: tuple[str, ...] = ()
    # The variable that holds the primal's value.
    value: str | None = None
    # Lists of the primal's that are empty where the reverse sweep begins.
    empty: frozenset[str] = frozenset()
    # How many reverse sweeps the function is made of, these two counted as one.
    order: int = 1
    # Adjoints that are arrays beside the primal's, bound and restored as those are.
    shadows: frozenset[str] = frozenset()
    # Names under which the adjoints of fresh arrays are read.
    fresh: frozenset[str] = frozenset()
    # The kinds that were found last, if any, of the function as it was then.
    found: list[Kinds] = field(default_factory=list)
    # What the function's caller lends it to write into.
    lent: Lent = NOTHING_LENT

    # The adjoints that are the caller's arrays.
    handed: frozenset[str] = frozenset()


def _seeds(plan: Plan) -> frozenset[str]:
    return frozenset(plan.seed_order) | plan.fresh


def finish(plan: Plan) -> n.Function:
    """The finished function, both sweeps in one."""
    function = _recomputed(plan, _polished(plan))
    function = _planned(plan, function, _planner(plan, function))
    return _returned(plan, function)


@dataclass(frozen=True)
class Sweeps:
    """The two sweeps of a pair, as functions without parameters.

    Attributes:
        tapes: the lists that both are handed.
        fresh: whether what the reverse sweep returns shares memory with nothing else.
    """

    forward: n.Function
    backward: n.Function
    tapes: tuple[str, ...]
    fresh: bool


def finish_pair(plan: Plan, tape_name: Callable[[str], str]) -> Sweeps:
    """The two sweeps of a pair; `tape_name` gives the name of a tape for a wish."""
    function = _recomputed(plan, _polished(plan))
    fresh = _is_fresh(plan, function)
    planner = _planner(plan, function, tape_name)
    function = _planned(plan, function, planner)
    mark = function.body.index(_MARK)
    kept = (s for s in function.body[:mark] if not isinstance(s, n.Comment))
    forward = tuple(s for s in kept if not _is_kept(s))
    if plan.value is not None:
        forward = _folded_return((*forward, n.Return(n.Var(plan.value))))
    first = replace(function, body=forward)
    result = plan.results(lambda name: UNKNOWN)
    ends: n.Block = () if result == n.Const(None) else (n.Return(result),)
    second = replace(function, body=(*function.body[mark + 1 :], *ends))
    used = {name for s in statements(function.body) for e in expressions(s) for name in names_in(e)}
    tapes = [*planner.parameters, *(name for name in plan.lists if name in used)]
    return Sweeps(first, second, tuple(dict.fromkeys(tapes)), fresh)


def _keeping(names: frozenset[str]) -> n.Block:
    """A statement that reads these variables: their contents are needed there."""
    return (n.Effect(n.Tuple(tuple(map(n.Var, sorted(names))))),) if names else ()


def _is_kept(s: n.Stmt) -> bool:
    return isinstance(s, n.Effect) and isinstance(s.value, n.Tuple)


def _is_fresh(plan: Plan, function: n.Function) -> bool:
    """Whether each adjoint that is returned lies in memory of its own."""
    kinds = _kinds(plan, function)
    if not all(kinds.reached(s) for s in statements(function.body)):
        return False
    pairs = aliases(function, kinds).at_end
    return not any(partners(name, pairs) for name in plan.wanted)


def _folded_return(body: n.Block) -> n.Block:
    """`value = e; return value` as `return e`."""
    *before, last, end = body if len(body) > 1 else (n.Comment(""), *body)
    if isinstance(last, n.Assign) and isinstance(end, n.Return) and last.target == end.value:
        return (*before, replace(end, value=last.value))
    return body


def _seeds_in_order(plan: Plan, function: n.Function) -> n.Function:
    """The function with seeds named from the first on: some were folded away."""
    used = names_of(function)
    kept = [name for name in plan.seed_order if name in used]
    new = {old: n.Var(name) for old, name in zip(kept, plan.seed_order, strict=False)}
    new = {old: name for old, name in new.items() if name.name != old}
    if not new:
        return function
    return replace(function, body=map_block(function.body, lambda e: substitute(e, new)))


def _signs(plan: Plan, function: n.Function) -> n.Function:
    """Adjoints updated by `dx -= y` and not by `dx += -y`."""
    return replace(function, body=_signed(function.body, plan.adjoints.keys() | plan.shadows))


_OPPOSITE = {"add": "sub", "add_at": "sub_at"}


def _signed(block: n.Block, adjoints: Collection[str]) -> n.Block:
    out: list[n.Stmt] = []
    for s in block:
        s = with_blocks(s, tuple(_signed(b, adjoints) for b in blocks(s)))
        if isinstance(s, n.Update) and s.op in _OPPOSITE and base_name(s.target) in adjoints:
            positive = negated(s.value)
            s = s if positive is None else replace(s, op=_OPPOSITE[s.op], value=positive)
        out.append(s)
    return tuple(out)


def _polished(plan: Plan) -> n.Function:
    function = _joined(plan)
    for step in (
        _copies,
        _dead,
        _sunk,
        _copies,
        _refold,
        _dead,
        _refold,
        _dead,
        _unused,
        _seeds_in_order,
        _own,
        _signs,
    ):
        function = step(plan, function)
    return function


def _planner(
    plan: Plan, function: n.Function, tape_name: Callable[[str], str] | None = None
) -> Planner:
    """A planner that knows the kind of what each slot keeps."""
    kinds = _kinds(plan, function)
    copied = {
        s.slot
        for s in statements(function.body)
        if isinstance(s, n.Save) and kinds.reached(s) and isinstance(s.slot.place, n.Index)
        if copies(s.slot.place.key, kinds.at(s))
    }
    return Planner(
        plan.names,
        _slot_kinds(function, kinds),
        _sizes(plan),
        frozenset(copied),
        tape_name,
        bound={p.name for p in plan.params},
    )


def _slot_kinds(function: n.Function, kinds: Kinds) -> Callable[[n.Slot], Kind]:
    """The kind of what each slot keeps."""
    slots = {
        s.slot: kinds.at(s).whole(s.slot.place)
        for s in statements(function.body)
        if isinstance(s, n.Save) and kinds.reached(s)
    }
    return lambda slot: slots.get(slot, UNKNOWN)


def zero_of(plan: Plan, adjoint: str) -> n.Expr:
    """The zero of an adjoint: 0.0 for a number, an array like the primal's otherwise."""
    primal = plan.adjoints[adjoint]
    kind = _list_kind(plan, primal)
    if kind is not None:
        return n.List(()) if primal in plan.empty else zeros(n.Var(primal), kind)
    return np_call("zeros_like", n.Var(primal)) if _is_array(plan, primal) else ZERO


def _is_array(plan: Plan, primal: str) -> bool:
    """Whether any value of the variable is an array."""
    seen = [env[primal] for env in plan.slot_kinds.before.values() if primal in env]
    return any(map(is_some_array, seen))


def _list_kind(plan: Plan, primal: str) -> ListOf | None:
    """What a variable holds that is a list."""
    found: Kind = ListOf(NOTHING)
    for env in plan.slot_kinds.before.values():
        if primal in env:
            found = join(found, env[primal], primal)
    return found if isinstance(found, ListOf) and found.item != NOTHING else None


def _is_zero(e: n.Expr) -> bool:
    if e == ZERO or is_zeros(e):
        return True
    return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is np.zeros_like


def _joined(plan: Plan) -> n.Function:
    reverse, merged = accumulate(
        plan.reverse,
        plan.adjoints,
        lambda a: zero_of(plan, a),
        _is_zero,
        plan.wanted,
        plan.handed,
    )
    lists: n.Block = ()
    if not plan.inputs:
        lists = tuple(n.Assign(n.Var(name), n.List(())) for name in plan.lists)
    bound = _surely_bound((*plan.copies, *plan.forward), plan)
    unbound = {plan.adjoints[a] for a in merged} - bound
    if unbound:
        # Where the primal may read it unbound, it must raise as the primal does.
        given = frozenset(p.name for p in plan.params)
        unbound -= read_unbound((*plan.copies, *plan.forward), given)
    # Not a number: a zero like it broadcasts, and nothing is made of it unnoticed.
    nan = n.Ref("np.nan", np.nan, np)
    lists += tuple(
        n.Assign(n.Var(v), nan, note=NOT_BOUND) for v in sorted(unbound) if _is_array(plan, v)
    )
    empty = (v for v in sorted(unbound) if _list_kind(plan, v) is not None)
    lists += tuple(n.Assign(n.Var(v), n.List(())) for v in empty)
    forward = (*lists, *plan.forward, *_keeping(plan.lent.written))
    body = (*plan.copies, n.Comment("forward sweep"), *forward, _MARK, *reverse)
    return n.Function(plan.name, plan.params, body, plan.doc, order=plan.order)


def _surely_bound(block: n.Block, plan: Plan) -> frozenset[str]:
    """The variables that are bound after a block, whatever path was taken."""
    out = frozenset(p.name for p in plan.params)
    for s in block:
        if isinstance(s, n.Assign):
            out |= frozenset(target_names(s.target))
        elif isinstance(s, n.If):
            sides = [_surely_bound(b, plan) for b in blocks(s) if falls_through(b)]
            out |= frozenset.intersection(*sides) if sides else frozenset()
    return out


def _kinds(plan: Plan, function: n.Function) -> Kinds:
    earlier = plan.found.pop() if plan.found else None
    plan.found.append(infer_kinds(function, plan.kinds, plan.world, earlier))
    return plan.found[-1]


def _sizes(plan: Plan) -> frozenset[str]:
    dims = (d for kind in plan.kinds.values() for _, a in arrays_of(kind) for d in a.dims)
    return frozenset(d.name for d in dims if not isinstance(d, int))


def _copies(plan: Plan, function: n.Function) -> n.Function:
    ours = _seeds(plan) | plan.adjoints.keys()
    # Locals of the forward sweep are out of reach of a reverse sweep of its own.
    reach = {p.name for p in plan.params} if plan.inputs else None

    def primal_of(adjoint: str) -> str | None:
        name = plan.adjoints.get(adjoint)
        return name if reach is None or name in reach else None

    kinds = _kinds(plan, function)
    return propagate(function, kinds, lambda name: name in ours, primal_of, _sizes(plan))


def _dead(plan: Plan, function: n.Function) -> n.Function:
    pairs = aliases(function, _kinds(plan, function)).ever()
    live = frozenset(plan.wanted) | _values(plan) | _lent_at_end(plan)
    body = dead(
        function.body,
        live,
        plan.world.is_pure,
        lambda name: partners(name, pairs),
        lambda name: near(name, pairs),
    )
    return replace(function, body=body)


def _sunk(plan: Plan, function: n.Function) -> n.Function:
    if not plan.shadows or plan.inputs:
        return function
    mark = function.body.index(_MARK)
    forward, reverse = function.body[:mark], function.body[mark + 1 :]
    kinds = _kinds(plan, function)
    forward, reverse = sink_shadows(forward, reverse, plan.shadows, kinds)
    return replace(function, body=(*forward, _MARK, *reverse))


def _unused(plan: Plan, function: n.Function) -> n.Function:
    """Forward sweeps whose results nobody reads are run for their tapes alone."""
    used = _values(plan) | frozenset(plan.wanted)
    for s in statements(function.body):
        used |= mentions(s)
    return replace(function, body=_without(function.body, used))


def _without(block: n.Block, used: frozenset[str]) -> n.Block:
    out: list[n.Stmt] = []
    for s in block:
        s = with_blocks(s, tuple(_without(b, used) for b in blocks(s)))
        if isinstance(s, n.Assign) and is_sweep_call(s.value):
            if isinstance(s.target, n.Var) and s.target.name not in used:
                s = n.Effect(s.value, span=s.span)
        out.append(s)
    return tuple(out)


def _values(plan: Plan) -> frozenset[str]:
    """The variables besides adjoints that are returned."""
    value = frozenset() if plan.value is None else frozenset((plan.value,))
    return names_in(plan.results(lambda name: UNKNOWN)) | value


def _lent_at_end(plan: Plan) -> frozenset[str]:
    """The caller's arrays that it reads after the reverse sweep."""
    return plan.handed | plan.lent.undone


def _refold(plan: Plan, function: n.Function) -> n.Function:
    adjoints = frozenset(plan.adjoints)
    names = _values(plan) | _lent_at_end(plan)
    at_end = n.Return(n.Tuple(tuple(n.Var(name) for name in sorted(names))))
    function = replace(function, body=(*function.body, at_end))
    adjoints |= plan.shadows
    function = refold(function, _kinds(plan, function), _seeds(plan), adjoints)
    return replace(function, body=function.body[:-1])


def _own(plan: Plan, function: n.Function) -> n.Function:
    returned = frozenset(plan.wanted)
    if not plan.inputs:
        value = frozenset() if plan.value is None else frozenset((plan.value,))
        returned = value_reads(plan.results(lambda name: UNKNOWN)) | value
    # What stands for the items of arguments is not returned: only its shape may be read.
    returned -= bound_names(plan.copies)
    adjoints = frozenset(plan.adjoints) | returned
    values = returned - plan.adjoints.keys()
    adjoints -= plan.shadows
    return own(function, _kinds(plan, function), adjoints, returned, values)


def _recomputed(plan: Plan, function: n.Function) -> n.Function:
    """The function without tapes for numbers that still lie in an array."""
    kinds = _kinds(plan, function)
    pairs = aliases(function, kinds).ever()
    # What is local to the forward sweep of a pair is out of reach of its reverse sweep.
    reach = {p.name for p in plan.params} if plan.inputs else names_of(function)
    mark = function.body.index(_MARK)
    slot_kind = _slot_kinds(function, kinds)
    steady = frozenset(p.name for p in plan.params) - bound_names(function.body[:mark])
    forward, reverse = recompute(
        function.body[:mark],
        function.body[mark:],
        lambda slot: is_number(slot_kind(slot)),
        lambda name: name in reach and not partners(name, pairs),
        lambda slot: steady if _is_int(slot_kind(slot)) else frozenset(),
    )
    body = (*forward, *reverse)
    # What was only computed to be kept need not be computed before.
    return function if body == function.body else _dead(plan, replace(function, body=body))


def _is_int(kind: Kind) -> bool:
    return isinstance(kind, Number) and kind.type is int


def _planned(plan: Plan, function: n.Function, planner: Planner) -> n.Function:
    mark = function.body.index(_MARK)
    forward, reverse = planner.plan(function.body[:mark], function.body[mark:])
    if any(isinstance(s, n.Attempt) for s in statements(forward)):
        kinds = _kinds(plan, function)
        lists = {*planner.lists, *plan.lists}
        forward = steady_tapes(forward, lists, plan.names, lambda s: _is_number(s, kinds))
    return _with_indices(plan, replace(function, body=whole_names(forward, reverse)))


def _is_number(s: n.Stmt, kinds: Kinds) -> bool:
    return isinstance(s, n.Update) and kinds.reached(s) and is_number(kinds.at(s)(s.target))


def _with_indices(plan: Plan, function: n.Function) -> n.Function:
    """The function with names for the variables of loops that nobody read before: `_` is no index
    of a tape.
    """
    read = {
        name
        for s in statements(function.body)
        for e in expressions(s)
        for x in subexpressions(e)
        if isinstance(x, n.Index)
        for name in names_in(x.key)
        if not name.strip("_0123456789")
    }
    new = {name: n.Var(plan.names.fresh("k")) for name in sorted(read)}
    if not new:
        return function
    return replace(function, body=map_block(function.body, lambda e: substitute(e, new)))


def _returned(plan: Plan, function: n.Function) -> n.Function:
    """The function with its return; a sweep that is empty has no heading."""
    end = n.Return(None)
    kinds = _kinds(plan, replace(function, body=(*function.body, end)))
    env = kinds.before.get(end, {})
    result = plan.results(lambda name: env.get(name, UNKNOWN))
    ends: n.Block = () if result == n.Const(None) else (n.Return(result),)
    return replace(function, body=(*_headed(function.body), *ends))


def _headed(body: n.Block) -> n.Block:
    """The body with headings for its sweeps, where there are two."""
    mark = body.index(_MARK)
    start = next(i for i, s in enumerate(body) if isinstance(s, n.Comment))
    if mark > start + 1 and len(body) > mark + 1:
        return body
    return tuple(s for s in body if not isinstance(s, n.Comment))
