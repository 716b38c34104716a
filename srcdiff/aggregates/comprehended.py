"""Comprehensions over objects, and Python that is not modelled and mentions their fields."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from srcdiff.aggregates import containers, statements
from srcdiff.aggregates.machine import Frame, Machine
from srcdiff.aggregates.values import Plain, Value
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.walk import target_names


def opaque(m: Machine, e: n.OpaqueExpr, wish: str | None) -> Value:
    """An expression that is kept, or a comprehension."""
    if e.inner is None or not _concerns(m, e):
        return Plain(rewritten(m, e))  # type: ignore[arg-type]
    names = _own_names(m, e.inner)
    frame = m.frames[-1]
    m.frames.append(replace(frame, names={**frame.names, **names}))
    try:
        written, items = m.trial(partial(_items, m, e.inner, 0))
        if items is not None:
            items = _items(m, e.inner, 0)
            assert items is not None
            if all(isinstance(v, Plain) for v in items):
                exprs = tuple(v.expr for v in items if isinstance(v, Plain))
                return Plain(n.List(exprs, span=e.span))
            return containers.container(m, list, dict(enumerate(items)), wish, e.span)
        del written
        return _as_loop(m, e, e.inner, wish)
    finally:
        m.frames.pop()


def _own_names(m: Machine, inner: n.Comprehension) -> dict[str, n.Expr]:
    """The comprehension's variables, which mean nothing outside of it."""
    names = [name for clause in inner.clauses for name in target_names(clause.target)]
    return {name: n.Var(m.fresh(name)) for name in dict.fromkeys(names)}


def _concerns(m: Machine, e: n.OpaqueExpr) -> bool:
    """Whether objects occur in a comprehension, or its names mean something else here."""
    assert e.inner is not None
    names = m.frames[-1].names
    for name in e.reads:
        new = names.get(name, n.Var(name))
        if new != n.Var(name) or name in m.state.env:
            return True
    return any(m.world.concerns_objects(x) for x in e.free) or m.world.concerns_objects(e)


def _items(m: Machine, inner: n.Comprehension, depth: int) -> list[Value] | None:
    """The elements one by one; None where it is not known how many there are."""
    from srcdiff.aggregates.expressions import test, value

    if depth == len(inner.clauses):
        found = value(m, inner.element)
        if isinstance(found, Plain) and _has_calls(found):
            found = Plain(m.named(found.expr, "item"))
        return [found]
    clause = inner.clauses[depth]
    over = value(m, clause.iter)
    items = containers.known_items(m, over)
    if items is None or (isinstance(over, Plain) and not _is_written_out(m, inner, over)):
        return None
    out: list[Value] = []
    for v in items:
        statements.put(m, clause.target, v, clause.iter.span)
        decided = [test(m, t) for t in clause.tests]
        if any(not isinstance(d, bool) for d in decided):
            raise m.undecided(
                "whether an object is among these is known only when the program runs.",
                clause.tests[0].span,
                "add what is wanted up in a loop.",
            )
        if all(decided):
            more = _items(m, inner, depth + 1)
            if more is None:
                return None
            out += more
    return out


def _has_calls(v: Value) -> bool:
    from srcdiff.ir.walk import subexpressions

    if not isinstance(v, Plain):
        return False
    return any(isinstance(x, n.OpaqueExpr) for x in subexpressions(v.expr))


def _is_written_out(m: Machine, inner: n.Comprehension, over: Plain) -> bool:
    """Whether a loop over numbers makes objects, so that each has to be known."""
    from srcdiff.aggregates.expressions import value

    def first() -> bool:
        items = containers.known_items(m, over)
        clause = inner.clauses[-1]
        statements.put(m, clause.target, (items or [over])[0], None)
        return isinstance(value(m, inner.element), Plain)

    if isinstance(over.expr, n.Tuple | n.List):
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
    m.frames[-1] = replace(frame, names={**frame.names, "<list>": n.Var(name)})
    whole = n.Var("<list>", span=e.span)
    append = n.Call(n.Field(whole, "append"), (inner.element,), span=e.span)
    body: n.Block = (n.Effect(append, span=e.span),)
    for clause in reversed(inner.clauses):
        for t in reversed(clause.tests):
            body = (n.If(t, body, span=t.span),)
        body = (n.For(clause.target, clause.iter, body, span=clause.iter.span),)
    m.emit(n.Assign(n.Var(name), n.List(()), span=e.span))
    where = m.where
    statements.block(m, body)
    m.where = where
    return Plain(n.Var(name, span=e.span))


def rewritten(m: Machine, e: n.OpaqueExpr | n.Opaque) -> n.OpaqueExpr | n.Opaque:
    """Python that is kept, with the variables that fields and names have become."""
    from srcdiff.aggregates.expressions import plain, value

    frame: Frame = m.frames[-1]

    def name(path: tuple[str, ...]) -> n.Expr | None:
        place: n.Expr = n.Var(path[0], span=e.span)
        for step in path[1:]:
            place = n.Field(place, step, span=e.span)
        return plain(m, value(m, place), e.span, "used here in a way that is not followed")

    changed = [
        name_
        for name_ in e.reads
        if frame.names.get(name_, n.Var(name_)) != n.Var(name_) or name_ in m.state.env
    ]
    if not changed:
        return e
    found: n.OpaqueExpr | n.Opaque = m.world.rewritten(e, frozenset(changed), name)
    return found
