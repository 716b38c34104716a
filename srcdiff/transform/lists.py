"""The adjoints of statements that grow, shrink and change lists.

The adjoint of a list is a list that is as long at every point of the reverse sweep:

    xs.append(v)        →       dv += dxs.pop()
    v = xs.pop()        →       dxs.append(dv)
    y = xs[k]           →       dxs[k] += dy
    xs[k] = v           →       dv += dxs[k]
                                dxs[k] = 0.0

So whatever changes the length of a list that carries a derivative has an adjoint, also where
nothing reads the list afterwards. It comes before the undo, as the length is then the later one.
"""

from __future__ import annotations

from collections.abc import Iterable

from srcdiff.analysis.activity import smooth_names
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import NOTHING, Array, Kind, ListOf, dtype_of, is_number
from srcdiff.ir.lists import append, appended, length, pop, popped, zero_item
from srcdiff.ir.walk import base_name, names_in
from srcdiff.transform.pull import NEW, Puller, Seed
from srcdiff.transform.statements import (
    STORED,
    Adjoint,
    Context,
    added,
    ordered,
    split,
    store_update,
    summed,
)

Names = frozenset[str]


def check_lists(active: Iterable[str], kinds: Kinds) -> Names:
    """The variables among these that are lists.

    Raises:
        UnsupportedError: one holds what is neither a real number nor an array of floats.
    """
    found: set[str] = set()
    for s, env in kinds.before.items():
        for name in sorted(frozenset(active) & env.keys()):
            kind = env[name]
            if not isinstance(kind, ListOf):
                continue
            found.add(name)
            if not _carries(kind.item):
                raise UnsupportedError(
                    f"the items of the list {name!r} are differentiated, and not all of them are "
                    "known to be real numbers, or all of them arrays of one number of dimensions.",
                    s.span,
                    None,
                    "use lists of numbers or of arrays alone.",
                )
    return frozenset(found)


def _carries(item: Kind) -> bool:
    dtype = dtype_of(item)
    if item == NOTHING or (is_number(item) and dtype is not None and dtype.kind in "iuf"):
        return True
    return isinstance(item, Array) and item.dtype.kind == "f"


def list_change(s: n.Stmt) -> n.Var | None:
    """The list that a statement makes longer or shorter by one item."""
    change = appended(s)
    return popped(s) if change is None else change[0]


def changed_list(s: n.Stmt, context: Context, useful: Names) -> Adjoint:
    """The adjoint of `xs.append(v)` and of `v = xs.pop()`."""
    change = appended(s)
    if change is not None:
        return _appended(*change, context)
    source = popped(s)
    assert source is not None
    assert isinstance(s, n.Assign)
    assert isinstance(s.target, n.Var)
    adjoint = n.Var(context.adjoints.name(source.name))
    if s.target.name not in useful:
        return Adjoint((append(adjoint, zero_item(s.target, context.infer(s.value))),))
    own = n.Var(context.adjoints.name(s.target.name))
    return Adjoint((append(adjoint, own), n.Assign(own, context.zero(s.target.name))))


def _appended(xs: n.Var, value: n.Expr, context: Context) -> Adjoint:
    last = pop(n.Var(context.adjoints.name(xs.name)))
    if not smooth_names(value, context.infer) & context.varied:
        return Adjoint((n.Effect(last),))
    if isinstance(value, n.Var):
        return Adjoint((n.Update(n.Var(context.adjoints.name(value.name)), "add", last),))
    puller = context.puller({})
    seed = puller.declare(context.infer(value))
    pulled = context.seed(seed, xs.name)
    puller.pull(value, pulled)
    begin = n.Assign(seed, last)
    updates = added(summed(puller.out, context.adjoints), context)
    rest = (*puller.out.lets, *updates)
    if xs.name in names_in(value):
        return Adjoint((begin,), rest)
    return Adjoint((begin, *rest))


# --- items --------------------------------------------------------------------------------------


def is_item(target: n.Expr, infer: Inference) -> bool:
    """Whether a target is an item of a list."""
    return (
        isinstance(target, n.Index)
        and isinstance(target.base, n.Var)
        and isinstance(infer(target.base), ListOf)
    )


def item_store(target: n.Index, value: n.Expr, context: Context, undo: bool) -> Adjoint:
    """The adjoint of `xs[k] = value`: the item is replaced, whatever shape it had."""
    _check_key(target, context)
    place = context.adjoints.place(target)
    old, new = context.infer(target), context.infer(value)
    puller = context.puller({STORED.name: new, NEW.name: new}, value)
    puller.pull(value, context.seed(STORED, base_name(target)))
    sums = summed(puller.out, context.adjoints)
    own = sums.pop(place, zero_item(target, old))
    others = added(sums, context)
    touching = any(base_name(p) == base_name(place) for p in sums)
    body = ordered(place, puller.out.lets, others, own, touching, False)
    lets = body[: len(body) - len(others) - 1]
    return split(lets, body[len(lets) :], target, undo, context)


def item_update(target: n.Index, op: str, value: n.Expr, context: Context, undo: bool) -> Adjoint:
    """The adjoint of `xs[k] op= value`."""
    _check_key(target, context)
    if op in ("add", "sub"):
        return store_update(target, op, value, context, undo)
    return item_store(target, n.Op(op, (target, value)), context, undo)


def _check_key(target: n.Index, context: Context) -> None:
    kind = context.infer(target.key)
    dtype = dtype_of(kind)
    if not is_number(kind) or dtype is None or dtype.kind not in "iu":
        raise UnsupportedError(
            "storing into a slice of a list is not supported.",
            target.span,
            None,
            "store the items in a loop.",
        )


# --- whole lists --------------------------------------------------------------------------------


def list_assignment(target: n.Var, value: n.Expr, context: Context, useful: Names) -> Adjoint:
    """The adjoint of `xs = value`, where the value is a list made of items and other lists.

    The items of its adjoint are read before the undo, as the list is then as long as they are.
    """
    seed = n.Var(context.adjoints.name(target.name))
    # Whatever the list was before, nothing reads it any more.
    end = n.Assign(seed, n.List(()))
    if target.name not in useful or not smooth_names(value, context.infer) & context.varied:
        return Adjoint((), (end,))
    puller = context.puller({seed.name: context.infer(value)})
    own = target.name in names_in(value)
    if own:
        # The old list has an adjoint of its own, which is as long as that was.
        seed = puller.declare(context.infer(value))
    _pull_list(value, seed, n.Const(0), puller, context)
    updates = added(summed(puller.out, context.adjoints), context)
    if own:
        begin = n.Assign(seed, n.Var(context.adjoints.name(target.name)))
        return Adjoint((), (begin, end, *puller.out.lets, *updates))
    return Adjoint((*puller.out.lets, *updates), (end,))


def _pull_list(e: n.Expr, seed: n.Var, start: n.Expr, puller: Puller, context: Context) -> None:
    """Pulls the items of a list's adjoint, those from `start` on, to what the list was made of."""
    if not smooth_names(e, context.infer) & context.varied:
        return
    source = _copied_list(e)
    if source is not None and isinstance(context.infer(source), ListOf):
        puller.over_list(source, lambda k: n.Index(seed, _sum(start, k)))
    elif _is_slice(e, context.infer):
        assert isinstance(e, n.Index)
        _pull_slice(e, seed, start, puller, context)
    elif isinstance(e, n.List):
        for i, item in enumerate(e.items):
            puller.pull(item, Seed(n.Index(seed, _sum(start, n.Const(i))), may_be_zero=True))
    elif isinstance(e, n.Op) and e.op == "add":
        first, second = e.args
        _pull_list(first, seed, start, puller, context)
        _pull_list(second, seed, _after(first, start), puller, context)
    else:
        raise UnsupportedError(
            "a list of values that are differentiated is not supported in this expression.",
            e.span,
            None,
            "make the list with a display, or with append in a loop.",
        )


def _is_slice(e: n.Expr, infer: Inference) -> bool:
    """Whether an expression is a slice of a list that has a name."""
    named = isinstance(e, n.Index) and isinstance(e.base, n.Var) and isinstance(e.key, n.Slice)
    return named and isinstance(infer(e.base), ListOf)  # type: ignore[attr-defined]


def _pull_slice(e: n.Index, seed: n.Var, start: n.Expr, puller: Puller, context: Context) -> None:
    """Adds a list's adjoint to the items of another's that it is a slice of."""
    assert isinstance(e.base, n.Var)
    assert isinstance(e.key, n.Slice)
    k = context.adjoints.index()
    place = n.Index(n.Var(context.adjoints.name(e.base.name)), _taken(e.base, e, k))
    add = n.Update(place, "add", n.Index(seed, _sum(start, k)))
    puller.out.lets.append(n.For(k, n.Call(n.Ref("range", range, range), (length(e),)), (add,)))


def _taken(xs: n.Var, e: n.Index, k: n.Var) -> n.Expr:
    """The index in a list of the k-th item of its slice."""
    key = e.key
    assert isinstance(key, n.Slice)
    if key.step in (None, n.Const(1)):
        if key.lower is None or (isinstance(key.lower, n.Const) and key.lower.value >= 0):
            return _sum(key.lower or n.Const(0), k)
        if isinstance(key.lower, n.Const) and key.upper is None:
            return n.Op("sub", (k, length(e)))
    if key == n.Slice(None, None, n.Const(-1)):
        return n.Op("sub", (n.Const(-1), k))
    return n.Index(n.Index(n.Call(n.Ref("range", range, range), (length(xs),)), key), k)


def _copied_list(e: n.Expr) -> n.Var | None:
    """The list of which an expression is a copy, or which it is."""
    source: n.Expr = e
    if isinstance(e, n.Index) and e.key == n.Slice():
        source = e.base
    elif isinstance(e, n.Call) and isinstance(e.callee, n.Field) and e.callee.name == "copy":
        source = e.callee.base
    elif isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is list:
        source = e.args[0] if len(e.args) == 1 else e
    return source if isinstance(source, n.Var) else None


def _after(e: n.Expr, start: n.Expr) -> n.Expr:
    """Where the items begin that follow those of a list."""
    if isinstance(e, n.Op):
        return _after(e.args[1], _after(e.args[0], start))
    return _sum(start, n.Const(len(e.items)) if isinstance(e, n.List) else length(e))


def _sum(a: n.Expr, b: n.Expr) -> n.Expr:
    if isinstance(a, n.Const) and isinstance(b, n.Const):
        return n.Const(a.value + b.value)
    if n.Const(0) in (a, b):
        return b if a == n.Const(0) else a
    return n.Op("add", (a, b))
