"""Containers taken apart, as far as kinds allow: what is iterated, spread out and unpacked.

Each step may tell more about the kinds of what comes after it, so that they are inferred anew until
nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from srcdiff.analysis.activity import Activity, activity, smooth_names
from srcdiff.analysis.kinds import Kinds, World, infer_kinds
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.fresh import Names
from srcdiff.ir.functional import is_functional
from srcdiff.ir.kinds import FunctionOf, Kind
from srcdiff.ir.walk import expressions, mutated_names, names_of, statements, subexpressions
from srcdiff.normalize.changes import changes_to_bindings
from srcdiff.normalize.changes import concerns as has_change
from srcdiff.normalize.columns import lists_to_columns
from srcdiff.normalize.comprehensions import Comprehended, comprehensions_to_loops
from srcdiff.normalize.comprehensions import concerns as has_comprehension
from srcdiff.normalize.consumers import concerns as has_consumer
from srcdiff.normalize.consumers import consumers_to_loops
from srcdiff.normalize.grids import grids_to_arrays
from srcdiff.normalize.inplace import calls_to_stores
from srcdiff.normalize.inplace import concerns as writes
from srcdiff.normalize.iteration import Indices, Iterated, loops_by_index
from srcdiff.normalize.picks import choices_by_index
from srcdiff.normalize.renamed import lists_renamed
from srcdiff.normalize.shorthand import concerns as has_shorthand
from srcdiff.normalize.shorthand import shorthands_written_out
from srcdiff.normalize.sorting import is_sorted, sorted_to_lists
from srcdiff.normalize.splitting import Splitting, split_arguments
from srcdiff.normalize.stars import Starry, without_stars
from srcdiff.normalize.stars import concerns as has_stars
from srcdiff.rules.registry import lookup


@dataclass(frozen=True)
class Setting:
    """What a function is specialised for."""

    kinds: Mapping[str, Kind]
    world: World
    is_user_function: Callable[[Any], bool]


def containers_taken_apart(
    function: n.Function, names: Names, setting: Setting, wrt: Iterable[str] | None
) -> n.Function:
    """The function with containers that carry derivatives taken apart.

    Without `wrt`, whatever can carry a derivative is taken to do so.
    """
    wrt = None if wrt is None else tuple(wrt)
    indices = Indices(names)
    ours = setting.is_user_function
    while any(_concerns(s, ours) for s in statements(function.body)):
        kinds = infer_kinds(function, setting.kinds, setting.world)
        facts = None if wrt is None else activity(function, kinds, wrt)
        known = _iterated(kinds, facts, ours)
        starry = Starry(known.reached, known.infer, known.active, known.only_reads)
        new = without_stars(function, names, starry)
        if new is function:
            new = shorthands_written_out(function, known)
        if new is function:
            new = calls_to_stores(function, names, known)
        if new is function:
            new = consumers_to_loops(function, names, known)
        if new is function:
            new = changes_to_bindings(function, names, known, _ever_varied(kinds, facts))
        if new is function:
            new = sorted_to_lists(function, names, known)
        if new is function and facts is not None:
            new = grids_to_arrays(function, known, _ever_varied(kinds, facts))
        if new is function and facts is not None:
            new = comprehensions_to_loops(function, names, _comprehended(function, known, kinds))
        if new is function and facts is not None:
            varied = _ever_varied(kinds, facts)
            new = lists_renamed(function, known, varied)
            if new is function:
                new = lists_to_columns(function, names, known, varied)
        if new is function:
            new = choices_by_index(function, names, known)
        if new is function:
            new = loops_by_index(function, names, indices, known)
        if new is function and facts is not None:
            new = split_arguments(function, names, _splitting(known, setting))
        if new is function:
            break
        function = new
    return function


def plain_forms(
    function: n.Function, names: Names, setting: Setting, wrt: Iterable[str] | None
) -> n.Function:
    """The function with what takes functions and iterables as loops, while it still has its own
    functions as values.
    """
    concerned = (has_consumer, has_change, has_comprehension)
    while any(concerns(s) for s in statements(function.body) for concerns in concerned):
        kinds = infer_kinds(function, setting.kinds, setting.world)
        facts = None if wrt is None else activity(function, kinds, tuple(wrt))
        known = _iterated(kinds, facts, setting.is_user_function)
        new = consumers_to_loops(function, names, known)
        if new is function:
            new = changes_to_bindings(function, names, known, _ever_varied(kinds, facts))
        if new is function:
            calling = replace(_comprehended(function, known, kinds), active=_calls_local(known))
            new = comprehensions_to_loops(function, names, calling)
        if new is function:
            break
        function = new
    return function


def _calls_local(known: Iterated) -> Callable[[n.Stmt, n.Expr], bool]:
    """Whether an expression mentions functions that are made while the program runs, and values
    that carry a derivative.
    """

    def calls(s: n.Stmt, e: n.Expr) -> bool:
        infer = known.infer(s)
        if not isinstance(e, n.OpaqueExpr) or e.inner is None:
            return False
        inner = e.inner
        local = {name for name in e.reads if is_functional(infer(n.Var(name)))}
        parts = (inner.element, *(p for c in inner.clauses for p in (c.iter, *c.tests)))
        made = [x for p in parts for x in subexpressions(p) if isinstance(x, n.Closure)]
        if not local and not made:
            return False
        captured = {name for x in made for name in x.code.captured} | set(e.reads)
        for name in local:
            kind = infer(n.Var(name))
            captured |= set(kind.code.captured) if isinstance(kind, FunctionOf) else set()
        return any(known.active(s, n.Var(name)) for name in sorted(captured))

    return calls


def _ever_varied(kinds: Kinds, facts: Activity | None) -> frozenset[str]:
    """The variables that carry a derivative anywhere."""
    if facts is not None:
        return frozenset().union(*facts.varied_after.values())
    found: set[str] = set()
    for s, env in kinds.before.items():
        found |= {name for name in env if smooth_names(n.Var(name), kinds.at(s))}
    return frozenset(found)


def _concerns(s: n.Stmt, ours: Callable[[Any], bool]) -> bool:
    """Whether a statement may hold a container to be taken apart: most functions have none."""
    if has_stars(s) or has_comprehension(s) or has_shorthand(s) or writes(s):
        return True
    if has_consumer(s) or has_change(s):
        return True
    for e in expressions(s):
        for x in subexpressions(e):
            if isinstance(x, n.Call) and isinstance(x.callee, n.Ref):
                if is_sorted(x) or ours(x.callee.value) or lookup(x.callee.value) is not None:
                    return True
    if isinstance(s, n.For):
        return not (
            isinstance(s.iter, n.Call)
            and isinstance(s.iter.callee, n.Ref)
            and s.iter.callee.value is range
        )
    return False


def _comprehended(function: n.Function, known: Iterated, kinds: Kinds) -> Comprehended:
    def element(s: n.Stmt, e: n.Comprehension) -> Kind:
        return kinds.at(s).element(e)

    def rewritten(e: n.OpaqueExpr, names: Mapping[str, n.Expr]) -> n.OpaqueExpr:
        def new(path: tuple[str, ...]) -> n.Expr:
            place = names[path[0]]
            for step in path[1:]:
                place = n.Field(place, step)
            return place

        found = kinds.world.rewritten(e, frozenset(names), new)
        assert isinstance(found, n.OpaqueExpr)
        return found

    mentioned = names_of(function)
    return Comprehended(
        known.reached, known.infer, known.active, known.only_reads, element, mentioned, rewritten
    )


def _splitting(known: Iterated, setting: Setting) -> Splitting:
    world = setting.world

    def callee(value: Any) -> Callee | None:
        plain = isinstance(value, FunctionType | Callee) and setting.is_user_function(value)
        return world.callee(value) if plain else None

    return Splitting(
        known.reached,
        known.infer,
        known.active,
        known.only_reads,
        callee,
        world.variant,
        world.is_pure,
    )


def _iterated(kinds: Kinds, facts: Activity | None, ours: Callable[[Any], bool]) -> Iterated:
    def active(s: n.Stmt, e: n.Expr) -> bool:
        smooth = smooth_names(e, kinds.at(s))
        return bool(smooth if facts is None else smooth & facts.varied_before.get(s, frozenset()))

    def carries(s: n.For) -> bool:
        inside = (x for x in (s, *statements(s.body)) if kinds.reached(x))
        return facts is None or any(active(x, e) for x in inside for e in expressions(x))

    def only_reads(s: n.Stmt) -> bool:
        calls = (x for e in expressions(s) for x in subexpressions(e) if isinstance(x, n.Call))
        return not mutated_names(s) and not any(map(changes, calls))

    def changes(call: n.Call) -> bool:
        named = isinstance(call.callee, n.Ref) and ours(call.callee.value)
        return named and not kinds.world.is_pure(call)

    return Iterated(kinds.reached, kinds.at, carries, active, only_reads)
