"""Comprehensions over objects, and Python that is not modelled and mentions their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from srcdiff.aggregates import containers
from srcdiff.aggregates.machine import Frame, Machine
from srcdiff.aggregates.values import Items, Plain, Value
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import UNKNOWN, TupleOf, carries
from srcdiff.ir.walk import subexpressions, target_names


def opaque(m: Machine, e: n.OpaqueExpr, wish: str | None) -> Value:
    """An expression that is kept, or a comprehension."""
    if e.entries is not None and m.world.containers:
        return _dict_display(m, e.entries, e, wish)
    if e.pairs is not None and m.world.containers:
        return _dict_of_pairs(m, e.pairs, e, wish)
    if e.inner is None or not _concerns(m, e):
        return Plain(rewritten(m, e))  # type: ignore[arg-type]
    frame = m.frames[-1]
    m.frames.append(frame)
    try:
        known = m.trial(partial(_elements, m, e.inner))[1] is not None
        m.frames[-1] = frame
        if not known:
            return _as_loop(m, e, e.inner, wish)
        items = _elements(m, e.inner) or []
    finally:
        m.frames.pop()
    if all(isinstance(v, Plain) for v in items):
        return Plain(n.List(tuple(v.expr for v in items if isinstance(v, Plain)), span=e.span))
    return containers.container(m, list, dict(enumerate(items)), wish, e.span)


def _dict_display(
    m: Machine,
    entries: tuple[tuple[n.Expr | None, n.Expr], ...],
    e: n.OpaqueExpr,
    wish: str | None,
) -> Value:
    """`{1: a, **other}`."""
    parts: list[Value] = []
    for key, value in entries:
        v = m.value(value, wish)
        parts.append(v if key is None else Items((Items((m.value(key), v)),)))
    found = containers.merged(m, parts, e.span, wish)
    if found is None:
        raise m.undecided("which keys this dict has is not known.", e.span, "use lists.")
    return found


def _dict_of_pairs(m: Machine, pairs: n.Comprehension, e: n.OpaqueExpr, wish: str | None) -> Value:
    """A dict comprehension, its items one by one."""
    frame = m.frames[-1]
    m.frames.append(frame)
    try:
        items = _elements(m, pairs)
    finally:
        m.frames.pop()
    found = None if items is None else containers.merged(m, [Items(tuple(items))], e.span, wish)
    if found is None:
        raise m.undecided("which keys this dict has is not known.", e.span, "use lists.")
    return found


def written_out(m: Machine, e: n.OpaqueExpr) -> Value | None:
    """The elements of a comprehension one by one, where it is known how many there are."""
    if e.inner is None:
        return None
    frame = m.frames[-1]
    m.frames.append(frame)
    m.forced += 1
    try:
        known = m.trial(partial(_elements, m, e.inner))[1] is not None
        m.frames[-1] = frame
        items = _elements(m, e.inner) if known else None
    finally:
        m.forced -= 1
        m.frames.pop()
    return None if items is None else containers.tuple_of(m, tuple(items), e.span)


def _bind_here(m: Machine, target: n.Expr, v: Value) -> None:
    """A variable of a comprehension for one element: it is another one for the next."""
    frame = m.frames[-1]
    if isinstance(target, n.Tuple):
        for t, item in zip(target.items, containers.iterated(m, v, target.span), strict=True):
            _bind_here(m, t, item)
        return
    assert isinstance(target, n.Var)
    names = dict(frame.names)
    if isinstance(v, Plain) and isinstance(v.expr, n.Var | n.Const | n.Ref):
        names[target.name] = v.expr
    else:
        name = m.fresh(target.name)
        m.bind(name, v, target.span)
        names[target.name] = n.Var(name)
    m.frames[-1] = replace(frame, names=names)


def _concerns(m: Machine, e: n.OpaqueExpr) -> bool:
    """Whether objects occur in a comprehension, or its names mean something else here."""
    assert e.inner is not None
    names = m.frames[-1].names
    for name in e.reads:
        new = names.get(name, n.Var(name))
        if new != n.Var(name) or name in m.state.env:
            return True
    return m.world.concerns_objects(e)


def _own_names(m: Machine, inner: n.Comprehension) -> dict[str, n.Expr]:
    """Variables for those of a comprehension, which mean nothing outside of it."""
    names = [name for clause in inner.clauses for name in target_names(clause.target)]
    return {name: n.Var(m.fresh(name)) for name in dict.fromkeys(names)}


def _elements(m: Machine, inner: n.Comprehension) -> list[Value] | None:
    """The elements one by one; None where it is not known how many there are."""
    try:
        return m.in_order(_steps(m, inner, 0))
    except _NotKnown:
        return None


class _NotKnown(Exception):
    """It is not known how many elements there are."""


def _steps(m: Machine, inner: n.Comprehension, depth: int) -> Iterator[Callable[[], Value]]:
    """What evaluates one element after the other."""
    if depth == len(inner.clauses):
        yield partial(_element, m, inner)
        return
    clause = inner.clauses[depth]
    over = m.value(clause.iter)
    items = containers.known_items(m, over)
    if items is None or (isinstance(over, Plain) and not _is_written_out(m, inner, over)):
        raise _NotKnown
    with m.holding(items):
        for v in items:
            _bind_here(m, clause.target, v)
            decided = [m.test(t) for t in clause.tests]
            if any(not isinstance(d, bool) for d in decided):
                raise m.undecided(
                    "whether an object is among these is known only when the program runs.",
                    clause.tests[0].span,
                    "add what is wanted up in a loop.",
                )
            if all(decided):
                yield from _steps(m, inner, depth + 1)


def _element(m: Machine, inner: n.Comprehension) -> Value:
    found = m.value(inner.element)
    if isinstance(found, Plain) and _has_calls(found):
        return Plain(m.named(found.expr, "item"))
    return found


def _has_calls(v: Value) -> bool:
    if not isinstance(v, Plain):
        return False
    return any(isinstance(x, n.OpaqueExpr) for x in subexpressions(v.expr))


# More items of a tuple than these are left to a loop.
_FEW = 8


def _has_numbers(m: Machine, v: Value) -> bool:
    """Whether an item may carry a derivative."""
    kind = m.kind(v.expr) if isinstance(v, Plain) else UNKNOWN
    parts = kind.items if isinstance(kind, TupleOf) else (kind,)
    return any(map(carries, parts))


def _is_written_out(m: Machine, inner: n.Comprehension, over: Plain) -> bool:
    """Whether a loop over numbers makes objects, so that each has to be known."""

    def first() -> bool:
        items = containers.known_items(m, over)
        _bind_here(m, inner.clauses[-1].target, (items or [over])[0])
        return isinstance(m.value(inner.element), Plain)

    if m.forced or isinstance(over.expr, n.Tuple | n.List):
        return True
    items = containers.known_items(m, over) or []
    if not items or (len(items) <= _FEW and any(_has_numbers(m, v) for v in items)):
        return True
    if len(inner.clauses) > 1:
        return True
    try:
        return not m.trial(first)[1]
    except UnsupportedError:
        return True


def _as_loop(m: Machine, e: n.OpaqueExpr, inner: n.Comprehension, wish: str | None) -> Value:
    """A loop that appends to a list."""
    name = m.fresh(wish or "items")
    frame = m.frames[-1]
    own = {"<list>": n.Var(name), **_own_names(m, inner)}
    m.frames[-1] = replace(frame, names={**frame.names, **own})
    whole = n.Var("<list>", span=e.span)
    append = n.Call(n.Field(whole, "append"), (inner.element,), span=e.span)
    body: n.Block = (n.Effect(append, span=e.span),)
    for clause in reversed(inner.clauses):
        for t in reversed(clause.tests):
            body = (n.If(t, body, span=t.span),)
        body = (n.For(clause.target, clause.iter, body, span=clause.iter.span),)
    m.emit(n.Assign(n.Var(name), n.List(()), span=e.span))
    where = m.where
    m.steps.block(m, body)
    m.where = where
    return Plain(n.Var(name, span=e.span))


def rewritten(m: Machine, e: n.OpaqueExpr | n.Opaque) -> n.OpaqueExpr | n.Opaque:
    """Python that is kept, with the variables that fields and names have become."""
    frame: Frame = m.frames[-1]

    def name(path: tuple[str, ...]) -> n.Expr | None:
        place: n.Expr = n.Var(path[0], span=e.span)
        for step in path[1:]:
            place = n.Field(place, step, span=e.span)
        return m.plain(m.value(place), e.span, "used here in a way that is not followed")

    changed = [
        name_
        for name_ in e.reads
        if frame.names.get(name_, n.Var(name_)) != n.Var(name_) or name_ in m.state.env
    ]
    if not changed:
        return e
    found: n.OpaqueExpr | n.Opaque = m.world.rewritten(e, frozenset(changed), name)
    return found
