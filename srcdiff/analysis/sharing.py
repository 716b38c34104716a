"""Sharing: the variables whose memory is written into while other names for it are in use.

    row = A[i]
    row[0] = x          (A and row form a group)

What is stored through one name is read through another, so the variables of a group carry a
derivative together, and their adjoints are arrays that share memory as they do: shadows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcdiff.analysis.alias import OUTSIDE, TWICE, Aliases, Pairs, roots, updated_item
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.analysis.liveness import Liveness
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import NOTHING, UNKNOWN, Array, Kind, Known, ListOf, RangeOf, is_number
from srcdiff.ir.lists import appended, popped
from srcdiff.ir.reads import stores_into
from srcdiff.ir.walk import (
    argument_at,
    base_name,
    blocks,
    bound_names,
    lent_names,
    mutated_names,
    statements,
    with_blocks,
    writing_call,
    written_arguments_of,
)

Names = frozenset[str]


@dataclass(frozen=True)
class Conflict:
    """A store into the memory of a variable that others, still in use, may share."""

    statement: n.Stmt
    name: str
    others: Names


def groups(
    function: n.Function, kinds: Kinds, live: Liveness, shared: Aliases
) -> tuple[Names, ...]:
    """The groups of variables that share memory which is written into, in a steady order.

    A variable that only reads shared memory while nobody writes into it is in no group: it is as
    good as a copy. So are views of which nothing else is used any more.
    """
    found: set[str] = set()
    for conflict in conflicts(function, kinds, live, shared):
        found |= {conflict.name} | conflict.others - {OUTSIDE}
    if not found:
        return ()
    pairs = _between_variables(shared.ever())
    members = _with_sources(frozenset(found), function, kinds, pairs)
    return _components(members, pairs)


def _between_variables(pairs: Pairs) -> list[tuple[str, str]]:
    """The pairs of variables, what a list holds counted as the list."""
    plain = ((a.removesuffix("[]"), b.removesuffix("[]")) for a, b in pairs)
    return [(a, b) for a, b in plain if a != b and not a.startswith("<") and not b.startswith("<")]


def _with_sources(
    found: Names, function: n.Function, kinds: Kinds, pairs: list[tuple[str, str]]
) -> Names:
    """The members, and the variables that lie between them: `b` of `b = a[1:]` and `c = b[0]`."""
    bindings = [
        (name, sources)
        for s in statements(function.body)
        if kinds.reached(s)
        for name, sources in _bindings(s, kinds.at(s))
    ]
    while True:
        near = found.union(*((a, b) for a, b in pairs if a in found or b in found))
        new = found.union(*(sources & near for name, sources in bindings if name in found))
        if new == found:
            return found
        found = new


def _bindings(s: n.Stmt, infer: Inference) -> Iterator[tuple[str, Names]]:
    """What a statement binds or puts into a list, each with the variables that its memory is of."""
    added = appended(s)
    if added is not None:
        yield added[0].name, _roots(added[1], infer)
    if not isinstance(s, n.Assign):
        return
    if not isinstance(s.target, n.Tuple):
        name = base_name(s.target)
        if name is not None:
            yield name, _roots(s.value, infer)
        return
    together = isinstance(s.value, n.Tuple) and len(s.value.items) == len(s.target.items)
    values = s.value.items if together else (s.value,) * len(s.target.items)  # type: ignore[attr-defined]
    for target, value in zip(s.target.items, values, strict=True):
        name = base_name(target)
        if name is not None:
            yield name, _roots(value, infer)


def _roots(e: n.Expr, infer: Inference) -> Names:
    return frozenset(x.removesuffix("[]") for x in roots(e, infer) if not x.startswith("<"))


def _components(members: Names, pairs: list[tuple[str, str]]) -> tuple[Names, ...]:
    """The members by the memory that they share."""
    out: list[Names] = []
    for name in sorted(members):
        near = {name}.union(*({a, b} for a, b in pairs if name in (a, b))) & members
        touching = [g for g in out if g & near]
        out = [*(g for g in out if g not in touching), frozenset(near).union(*touching)]
    return tuple(sorted(out, key=min))


def check_sharing(
    function: n.Function,
    kinds: Kinds,
    live: Liveness,
    shared: Aliases,
    found: tuple[Names, ...],
) -> None:
    """Refuses stores into shared memory that is not that of arrays of the function's own.

    Raises:
        UnsupportedError: the memory may be a global's, or a variable of the group is no array.
    """
    for conflict in conflicts(function, kinds, live, shared):
        others = sorted(conflict.others - {conflict.name})
        if OUTSIDE in others:
            raise _error(conflict.statement, conflict.name, "a global")
        for group in found:
            if conflict.name in group:
                plain = all(_is_arrays(kind) for x in group for kind in _kinds_of(x, kinds))
                if not plain:
                    where = repr(others[0]) if others else "another item"
                    raise _error(conflict.statement, conflict.name, where)


def _kinds_of(name: str, kinds: Kinds) -> set[Kind]:
    return {env[name] for env in kinds.before.values() if name in env} - {NOTHING}


def _is_arrays(kind: Kind) -> bool:
    """Whether values of the kind are arrays that can be written into, or lists of such."""
    if isinstance(kind, ListOf):
        return kind.item == NOTHING or _is_arrays(kind.item)
    return isinstance(kind, Array) and kind.ndim > 0


def _error(s: n.Stmt, name: str, where: str) -> UnsupportedError:
    return UnsupportedError(
        f"{name!r} is written into, and may share memory with {where}.",
        s.span,
        None,
        f"make {name!r} an array of its own with .copy().",
    )


# --- stores -------------------------------------------------------------------------------------


def conflicts(
    function: n.Function, kinds: Kinds, live: Liveness, shared: Aliases
) -> Iterator[Conflict]:
    """The stores into memory that other variables, still in use, may share."""
    holders = _own_containers(function)
    for s in statements(function.body):
        if not kinds.reached(s):
            continue
        infer = kinds.at(s)
        for name in sorted(_lent(s, infer, shared)):
            yield Conflict(s, name, frozenset())
        item = updated_item(s, infer)
        if item is not None and isinstance(s, n.Assign | n.Update):
            if isinstance(s.target, n.Index) and isinstance(s.target.base, n.Index):
                # `xs[k][i] = v` writes into what the list holds: its adjoint is a list of arrays.
                yield Conflict(s, item, frozenset())
            yield from _conflict(item, s, shared.written(s, infer), live)
            continue
        for name in sorted(written(s, infer)):
            others = shared.of(name, s)
            is_list = name in holders or isinstance(infer(n.Var(name)), ListOf)
            if is_list and _is_shallow(s):
                others = frozenset(o for o in others if _is_holder(o, infer))
            yield from _conflict(name, s, others, live)


def _lent(s: n.Stmt, infer: Inference, shared: Aliases) -> Names:
    """The arrays that a call writes into under names of its own, or that it is given twice."""
    call = writing_call(s)
    if call is None or not isinstance(call.callee, n.Ref) or call.callee.memory is None:
        return frozenset()
    memory = call.callee.memory
    found = {base_name(argument_at(call, place)) for place in memory.named}
    arguments = (*call.args, *(value for _, value in call.keywords))
    near = {arg: _near(arg, s, infer, shared) for arg in arguments}
    for k, arg in enumerate(arguments):
        for other in arguments[k + 1 :]:
            if near[arg] & near[other] and {arg, other} & {*written_arguments_of(call)}:
                found |= {base_name(arg), base_name(other)}
    return frozenset(name for name in found if name is not None)


def _near(e: n.Expr, s: n.Stmt, infer: Inference, shared: Aliases) -> Names:
    """The names whose memory an argument may share."""
    found = roots(e, infer)
    return found.union(*(shared.held(name, s) for name in found))


def _conflict(name: str, s: n.Stmt, others: Names, live: Liveness) -> Iterator[Conflict]:
    kept = {OUTSIDE, TWICE}
    used = frozenset(o for o in others if o in kept or o in live.after[s])
    if used:
        yield Conflict(s, name, used - {TWICE})


def written(s: n.Stmt, infer: Inference) -> Names:
    """The arrays and lists that a statement writes into."""
    out = frozenset(x for x in mutated_names(s) if isinstance(infer(n.Var(x)), ListOf))
    out |= lent_names(s)
    match s:
        case n.Assign():
            return out | stores_into(s.target)
        case n.Update():
            out |= stores_into(s.target)
            if isinstance(s.target, n.Var) and _may_be_array(infer(s.target)):
                out |= {s.target.name}
    return out


def _may_be_array(kind: Kind) -> bool:
    """Whether an update of the value may be one in place of an array."""
    return isinstance(kind, Array) or kind == UNKNOWN


def _own_containers(function: n.Function) -> Names:
    """The names that only ever stand for a list, dict or set written out in the function."""
    found: set[str] = set()
    others = set(function.param_names)
    for s in statements(function.body):
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var) and _is_display(s.value):
            found.add(s.target.name)
        else:
            others |= bound_names((with_blocks(s, tuple(() for _ in blocks(s))),))
    return frozenset(found - others)


def _is_display(e: n.Expr) -> bool:
    if isinstance(e, n.OpaqueExpr):
        displays = ("List", "ListComp", "Dict", "DictComp", "Set", "SetComp")
        return type(e.node).__name__ in displays
    return isinstance(e, n.List)


def _is_shallow(s: n.Stmt) -> bool:
    """Whether a store changes the container that it names, and nothing that this holds."""
    if isinstance(s, n.Effect) or popped(s) is not None:
        return True
    return (
        isinstance(s, n.Assign | n.Update)
        and isinstance(s.target, n.Index)
        and isinstance(s.target.base, n.Var)
        and (isinstance(s, n.Assign) or s.op != "matmul")
    )


def _is_holder(name: str, infer: Inference) -> bool:
    """Whether a name may stand for a container."""
    if name == OUTSIDE:
        return False
    kind = infer(n.Var(name))
    return not (is_number(kind) or isinstance(kind, Array | Known | RangeOf))
