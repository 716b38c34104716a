"""A lowered function made ready: normalised for its kinds, with all facts that reversing needs."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace

from srcdiff.analysis.activity import Activity, activity, differentiable, smooth_names
from srcdiff.analysis.alias import aliases, in_place_names
from srcdiff.analysis.effects import check_effects, check_statements
from srcdiff.analysis.iterables import is_empty
from srcdiff.analysis.kinds import Kinds, World, infer_kinds
from srcdiff.analysis.liveness import liveness
from srcdiff.analysis.outputs import check_apart, check_outputs
from srcdiff.analysis.sharing import check_sharing, groups
from srcdiff.analysis.unknowns import check_known
from srcdiff.assemble.containers import Setting, containers_taken_apart, plain_forms
from srcdiff.assemble.writes import (
    updates_in_place,
    with_lists_followed,
    with_memory,
    writing_calls_apart,
)
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import FLOAT, Array, DictOf, Kind, Known, ListOf, Maybe, TupleOf, arrays_of
from srcdiff.ir.walk import (
    blocks,
    expressions,
    map_block,
    map_expressions,
    mutated_names,
    names_of,
    rebuild,
    statements,
    subexpressions,
    target_names,
    with_blocks,
)
from srcdiff.normalize.arrays import single_indexing
from srcdiff.normalize.calls import calls_to_statements
from srcdiff.normalize.choices import choices_to_ifs
from srcdiff.normalize.comments import without_comments
from srcdiff.normalize.inline import inline_calls
from srcdiff.normalize.jumps import explicit_ends, jumps_to_tails
from srcdiff.normalize.keys import steady_keys
from srcdiff.normalize.lifting import recursive_closures_lifted
from srcdiff.normalize.lists import plain_lists
from srcdiff.normalize.loops import index_loops, steady_loops
from srcdiff.normalize.nonlocals import nonlocals_to_results
from srcdiff.normalize.rebinding import Facts as RebindingFacts
from srcdiff.normalize.rebinding import names_by_kind
from srcdiff.normalize.starts import array_starts
from srcdiff.normalize.tuples import tuples_to_names
from srcdiff.normalize.unpack import unpack
from srcdiff.normalize.writes import tests_apart
from srcdiff.transform.lent import NOTHING_LENT, Lent
from srcdiff.transform.naming import name_costly
from srcdiff.transform.primal import Primal


def normalized(
    function: n.Function, names: Names, setting: Setting, wrt: Iterable[str] | None = None
) -> n.Function:
    """The function in the form that the analyses take, with decided branches pruned.

    Without `wrt`, whatever can carry a derivative is taken to do so.
    """
    function = inline_calls(function, names, setting.world.written_out)
    function = nonlocals_to_results(function, names)
    if setting.world.containers is None:
        # Else they are followed with what they are given.
        function = recursive_closures_lifted(function)
    function = setting.world.without_objects(function, setting.kinds)
    names.reserve(names_of(function))
    function = plain_forms(function, names, setting, wrt)
    function = setting.world.first_order(function, setting.kinds)
    names.reserve(names_of(function))
    function = with_derivatives(function, setting.world)
    function = with_memory(explicit_ends(jumps_to_tails(function, names)), setting)
    followed = with_lists_followed(function, names, setting)
    if followed is not function:
        return normalized(followed, names, setting, wrt)
    apart = tests_apart(function)
    if apart is not function:
        function = explicit_ends(jumps_to_tails(apart, names))
    function = containers_taken_apart(function, names, setting, wrt)
    function = calls_to_statements(function, names, setting.is_user_function)
    function = writing_calls_apart(function, names, setting)
    function = steady_keys(steady_loops(unpack(function, names), names), names)
    kinds = infer_kinds(function, setting.kinds, setting.world)
    started = array_starts(function, setting.kinds, functools.partial(_kind_at, kinds))
    if started is not function:
        function, kinds = started, infer_kinds(started, setting.kinds, setting.world)
    return replace(function, body=_pruned(function.body, kinds))


def _kind_at(kinds: Kinds, s: n.Stmt, e: n.Expr) -> Kind | None:
    return kinds.at(s)(e) if kinds.reached(s) else None


def with_derivatives(function: n.Function, world: World) -> n.Function:
    """The function with `grad(f)` and its like as references to derivatives."""
    function = without_comments(function)

    def known(e: n.Expr) -> n.Expr:
        e = rebuild(e, known)
        return (world.transformed(e) or e) if isinstance(e, n.Call) else e

    return replace(function, body=map_block(function.body, known))


def _pruned(block: n.Block, kinds: Kinds) -> n.Block:
    """The block without branches that the kinds rule out, and with calls of derivatives as calls
    of the functions that these are for their arguments.
    """
    out: list[n.Stmt] = []
    for s in block:
        if not kinds.reached(s):
            out += _unbound(kinds, s)
            break
        if isinstance(s, n.For) and is_empty(kinds.at(s)(s.iter)):
            continue
        if isinstance(s, n.If):
            test = kinds.at(s)(s.test)
            if isinstance(test, Known) and (
                test.value is None or isinstance(test.value, bool | str)
            ):
                out += _pruned(s.body if test.value else s.orelse, kinds)
                continue
        inner = tuple(_pruned(b, kinds) for b in blocks(s))
        out.append(with_blocks(_specialised(s, kinds), inner))
    return tuple(out)


def _unbound(kinds: Kinds, s: n.Stmt) -> n.Block:
    """What Python does where a variable is read that is not bound."""
    if s not in kinds.unbound:
        return ()
    error = n.Ref("UnboundLocalError", UnboundLocalError, UnboundLocalError)
    text = "cannot access local variable {!r} where it is not associated with a value"
    message = n.Const(text.format(kinds.unbound[s]))
    return (n.Raise(n.Call(error, (message,)), span=s.span),)


def _specialised(s: n.Stmt, kinds: Kinds) -> n.Stmt:
    infer = kinds.at(s)

    def special(e: n.Expr) -> n.Expr:
        new = rebuild(e, special)
        if not isinstance(e, n.Call) or not isinstance(new, n.Call):
            return new
        return kinds.world.specialised(new, infer) or new

    calls = (x for e in expressions(s) for x in subexpressions(e) if isinstance(x, n.Call))
    found = any(kinds.world.specialised(call, infer) for call in calls)
    return map_expressions(s, special) if found else s


def prepare(
    function: n.Function,
    wrt: Iterable[str],
    setting: Setting,
    wanted: tuple[bool, ...] = (),
    lent: Lent = NOTHING_LENT,
) -> Primal:
    """The function normalised, and its facts for derivatives with respect to `wrt`.

    `wanted` tells for each item of the tuple that it returns whether its derivative is asked for;
    `lent` is what its caller lends it to write into.
    """
    wrt = tuple(wrt)
    names = Names(names_of(function))
    function = normalized(function, names, setting, wrt)
    function = updates_in_place(function, lent.written)
    function = _plain_lists(function, setting, names)
    kinds = infer_kinds(function, setting.kinds, setting.world)
    renamed = _names_by_kind(function, kinds, names)
    if renamed is not function:
        function = renamed
        kinds = infer_kinds(function, setting.kinds, setting.world)

    def facts_of(function: n.Function, kinds: Kinds) -> Activity:
        found = _groups(function, kinds, lent)
        return activity(function, kinds, wrt, wanted, found, lent.useful)

    facts = facts_of(function, kinds)
    function = _smooth_forms(function, kinds, facts, names)
    function, kinds = _without_tuples(function, setting, names)
    facts = facts_of(function, kinds)
    named = name_costly(function, kinds, facts, names)
    if named.body != function.body:
        function = named
        kinds = infer_kinds(function, setting.kinds, setting.world)
    live = liveness(function, lent.written)
    shared = aliases(function, kinds, lent.shared, earlier=True)
    found = groups(function, kinds, live, shared)
    facts = activity(function, kinds, wrt, wanted, found, lent.useful)
    one_shape = _one_shape(function, kinds, setting.kinds)
    check_outputs(function, kinds)
    check_apart(function, kinds, shared)
    check_statements(function, kinds, facts)
    check_known(function, kinds, facts)
    check_effects(function, kinds, facts)
    check_sharing(function, kinds, live, shared, found)
    return Primal(function, kinds, facts, live, shared, names, one_shape, found)


def _names_by_kind(function: n.Function, kinds: Kinds, names: Names) -> n.Function:
    """The function with a name for each kind of value, where a name stands for lists and others."""
    if not any(isinstance(kind, ListOf) for env in kinds.before.values() for kind in env.values()):
        return function

    def kind_before(s: n.Stmt, e: n.Expr) -> Kind | None:
        if not kinds.reached(s) or (isinstance(e, n.Var) and e.name not in kinds.before[s]):
            return None
        return kinds.at(s)(e)

    live = liveness(function)
    return names_by_kind(function, names, RebindingFacts(kind_before, live.after, live.carried))


def _groups(function: n.Function, kinds: Kinds, lent: Lent) -> tuple[frozenset[str], ...]:
    """The groups of variables that share memory, where any is written into."""
    if not in_place_names(function, kinds):
        return ()
    live = liveness(function, lent.written)
    return groups(function, kinds, live, aliases(function, kinds, lent.shared))


def _changed_names(block: n.Block) -> frozenset[str]:
    """The lists that a block makes longer or shorter."""
    return frozenset().union(*map(mutated_names, statements(block)))


def _plain_lists(function: n.Function, setting: Setting, names: Names) -> n.Function:
    kinds = infer_kinds(function, setting.kinds, setting.world)

    def kind_at(s: n.Stmt, e: n.Expr) -> Kind | None:
        return kinds.at(s)(e) if kinds.reached(s) else None

    return plain_lists(function, names, kind_at)


def _smooth_forms(function: n.Function, kinds: Kinds, facts: Activity, names: Names) -> n.Function:
    """Conditional expressions and loops over arrays in the form that carries a derivative."""

    def choice(s: n.Stmt, e: n.Choose) -> bool:
        if not kinds.reached(s):
            return False
        return bool(smooth_names(e, kinds.at(s)) & facts.varied_before.get(s, frozenset()))

    in_place = in_place_names(function, kinds)

    def over_active(s: n.For) -> bool:
        if not kinds.reached(s):
            return False
        infer = kinds.at(s)
        active = smooth_names(s.iter, infer) & facts.varied_before.get(s, frozenset())
        kind = infer(s.iter)
        grows = isinstance(s.iter, n.Var) and s.iter.name in _changed_names(s.body)
        if isinstance(kind, Array):
            # Rows that are written into are views.
            return bool(active) or (kind.ndim > 1 and bool(in_place & {*target_names(s.target)}))
        return isinstance(kind, ListOf) and bool(active) and not grows

    def kind_at(s: n.Stmt, e: n.Expr) -> Kind | None:
        return kinds.at(s)(e) if kinds.reached(s) else None

    # Facts are keyed by statements: loops come first, whose change leaves simple ones as they are.
    function = index_loops(function, names, over_active)
    function = single_indexing(function, names, kind_at)
    return choices_to_ifs(function, names, choice)


def _without_tuples(
    function: n.Function, setting: Setting, names: Names
) -> tuple[n.Function, Kinds]:
    """The function with its local tuples and dicts taken apart, those inside of others too; and
    the kinds of its variables.
    """
    while True:
        kinds = infer_kinds(function, setting.kinds, setting.world)
        new = tuples_to_names(function, names, functools.partial(_keys, kinds))
        if new is function:
            return function, kinds
        function = new


def _keys(kinds: Kinds, name: str) -> tuple[int | str, ...] | None:
    """The keys of the items of a variable that is always a tuple, or a dict, of such items."""
    seen = {env[name] for env in kinds.before.values() if name in env}
    found = {
        tuple(range(len(kind.items))) if isinstance(kind, TupleOf) else kind.keys
        for kind in seen
        if isinstance(kind, TupleOf | DictOf)
    }
    whole = all(isinstance(kind, TupleOf | DictOf) for kind in seen)
    wanted = any(differentiable(kind) for kind in seen)
    return found.pop() if whole and wanted and len(found) == 1 else None


def _one_shape(function: n.Function, kinds: Kinds, params: Mapping[str, Kind]) -> frozenset[str]:
    """The variables that have one shape whenever they are bound: numbers, and arrays whose sizes
    are those of parameters and the same in each assignment.
    """
    found: dict[str, Kind | None] = dict(params)
    sizes = parameter_sizes(params)
    for s in statements(function.body):
        if not kinds.reached(s):
            continue
        for name, kind in kinds.before[s].items():
            known = found.setdefault(name, kind)
            if known is not None and not _same_shape(known, kind, sizes):
                found[name] = None
    return frozenset(name for name, kind in found.items() if kind is not None)


def _same_shape(a: Kind, b: Kind, sizes: frozenset[str]) -> bool:
    if any(isinstance(kind, ListOf | Maybe) for kind in (a, b)):
        return a == b == Maybe(FLOAT)
    if isinstance(a, Array) != isinstance(b, Array):
        return False
    if not isinstance(a, Array) or not isinstance(b, Array):
        return True
    fixed = all(isinstance(d, int) or d.name in sizes for d in a.dims)
    return fixed and a.dims == b.dims


def parameter_sizes(params: Mapping[str, Kind]) -> frozenset[str]:
    """The names of the sizes of the parameters, which mean the same throughout a function."""
    out = set()
    for kind in params.values():
        for _, array in arrays_of(kind):
            out |= {d.name for d in array.dims if not isinstance(d, int)}
    return frozenset(out)
