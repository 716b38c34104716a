"""The passes that make one readable function of two sweeps, as a list of named steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.alias import aliases, partners
from srcdiff.analysis.kinds import Kinds, World, infer_kinds
from srcdiff.ir import nodes as n
from srcdiff.ir.build import ZERO
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import INT, UNKNOWN, Array, Kind
from srcdiff.ir.walk import statements
from srcdiff.optimize.accumulate import accumulate
from srcdiff.optimize.copies import propagate
from srcdiff.optimize.dead import dead
from srcdiff.optimize.ownership import own
from srcdiff.optimize.refold import refold
from srcdiff.tape.plan import Planner

_MARK = n.Comment("reverse sweep")


@dataclass(frozen=True)
class Plan:
    """Two sweeps and what the function made of them is to return.

    Attributes:
        adjoints: adjoint variable -> primal variable.
        seeds: names of local seeds.
        copies: what is run before the forward sweep.
        wanted: the adjoints that must have a value at the end.
        results: gives the returned expression, for the kinds of variables at the end.
        handed: whether tapes are lists handed down by the caller.
    """

    name: str
    params: tuple[n.Param, ...]
    kinds: Mapping[str, Kind]
    world: World
    names: Names
    adjoints: Mapping[str, str]
    seeds: frozenset[str]
    copies: n.Block
    forward: n.Block
    reverse: n.Block
    wanted: tuple[str, ...]
    results: Callable[[Callable[[str], Kind]], n.Expr]
    doc: str
    slot_kinds: Kinds


def finish(plan: Plan) -> n.Function:
    """The finished function."""
    function = _joined(plan)
    for step in (_copies, _dead, _copies, _refold, _dead, _refold, _dead):
        function = step(plan, function)
    function = _own(plan, function)
    function = _planned(plan, function)
    return _returned(plan, function)


def zero_of(plan: Plan, adjoint: str) -> n.Expr:
    """The zero of an adjoint: 0.0 for a number, an array like the primal's otherwise."""
    primal = plan.adjoints[adjoint]
    return np_call("zeros_like", n.Var(primal)) if _is_array(plan, primal) else ZERO


def _is_array(plan: Plan, primal: str) -> bool:
    """Whether any value of the variable is an array."""
    seen = [env[primal] for env in plan.slot_kinds.before.values() if primal in env]
    return any(isinstance(kind, Array) and kind.ndim for kind in seen)


def _is_zero(e: n.Expr) -> bool:
    if e == ZERO:
        return True
    return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is np.zeros_like


def _joined(plan: Plan) -> n.Function:
    reverse = accumulate(
        plan.reverse, plan.adjoints, lambda a: zero_of(plan, a), _is_zero, plan.wanted
    )
    body = (*plan.copies, n.Comment("forward sweep"), *plan.forward, _MARK, *reverse)
    return n.Function(plan.name, plan.params, body, plan.doc)


def _kinds(plan: Plan, function: n.Function) -> Kinds:
    return infer_kinds(function, plan.kinds, plan.world)


def _sizes(plan: Plan) -> frozenset[str]:
    dims = (d for kind in plan.kinds.values() if isinstance(kind, Array) for d in kind.dims)
    return frozenset(d.name for d in dims if not isinstance(d, int))


def _copies(plan: Plan, function: n.Function) -> n.Function:
    ours = plan.seeds | plan.adjoints.keys()
    return propagate(
        function, _kinds(plan, function), lambda name: name in ours, plan.adjoints.get, _sizes(plan)
    )


def _dead(plan: Plan, function: n.Function) -> n.Function:
    pairs = aliases(function, _kinds(plan, function)).ever()
    live = frozenset(plan.wanted) | plan_values(plan)
    body = dead(function.body, live, plan.world.is_pure, lambda name: partners(name, pairs))
    return replace(function, body=body)


def plan_values(plan: Plan) -> frozenset[str]:
    """The variables besides adjoints that are returned."""
    from srcdiff.ir.walk import names_in

    return names_in(plan.results(lambda name: UNKNOWN))


def _refold(plan: Plan, function: n.Function) -> n.Function:
    adjoints = frozenset(plan.adjoints)
    at_end = n.Return(n.Tuple(tuple(n.Var(name) for name in sorted(plan_values(plan)))))
    function = replace(function, body=(*function.body, at_end))
    function = refold(function, _kinds(plan, function), plan.seeds, adjoints)
    return replace(function, body=function.body[:-1])


def _own(plan: Plan, function: n.Function) -> n.Function:
    return own(
        function, _kinds(plan, function), frozenset(plan.adjoints), frozenset(plan.wanted)
    )


def _planned(plan: Plan, function: n.Function) -> n.Function:
    kinds = _kinds(plan, function)
    slots = {s.slot: kinds.at(s)(s.slot.place) for s in statements(function.body) if isinstance(s, n.Save) and kinds.reached(s)}
    planner = Planner(plan.names, lambda slot: slots.get(slot, INT), _sizes(plan))
    mark = function.body.index(_MARK)
    forward, reverse = planner.plan(function.body[:mark], function.body[mark:])
    return replace(function, body=(*forward, *reverse))


def _returned(plan: Plan, function: n.Function) -> n.Function:
    """The function with its return; a sweep that is empty has no heading."""
    end = n.Return(None)
    kinds = _kinds(plan, replace(function, body=(*function.body, end)))
    env = kinds.before.get(end, {})
    result = n.Return(plan.results(lambda name: env.get(name, UNKNOWN)))
    body = list(function.body)
    out: list[n.Stmt] = []
    for s, following in zip(body, [*body[1:], result], strict=True):
        if isinstance(s, n.Comment) and isinstance(following, n.Comment | n.Return):
            continue
        out.append(s)
    return replace(function, body=(*out, result))
