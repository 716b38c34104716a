"""The adjoints of statements about arrays that have shadows.

A shadow is an array that is updated in place, and bound and restored as its primal is. So a
statement that binds a view has no adjoint; one that binds a fresh array passes on what has come
together in its shadow:

    v = np.sin(x)       →       dx += dv * np.cos(x)
    v[k] = e                    as for any array, the seed copied where its memory is written to
    v *= x              →       the same, for v[...] = v * x
"""

from __future__ import annotations

from dataclasses import replace

from srcdiff.analysis.activity import smooth_names
from srcdiff.analysis.keys import key_entries
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array, ListOf
from srcdiff.ir.show import show
from srcdiff.ir.walk import map_block, rebuild
from srcdiff.transform.pull import Seed, is_view_of_variable
from srcdiff.transform.shadows import Shadows
from srcdiff.transform.statements import (
    Adjoint,
    Context,
    added,
    rebound,
    split,
    store,
    store_update,
    summed,
)

_WHOLE = n.Const(Ellipsis)


def shadowed(
    s: n.Assign | n.Update | n.Effect, context: Context, shadows: Shadows, undo: bool
) -> Adjoint:
    """The adjoint of a statement that binds or writes into an array with a shadow."""
    if isinstance(s, n.Update):
        return _updated(s, context, undo)
    if isinstance(s, n.Assign) and isinstance(s.target, n.Tuple):
        return _unpacked(s, s.target, context, shadows, undo)
    if isinstance(s, n.Assign) and isinstance(s.target, n.Index):
        if not isinstance(context.infer(s.target.base), ListOf):
            _check_place(s.target, context)
            return _plain(store(s.target, s.value, context, undo))
    fresh = shadows.seeds.get(s, ())
    if not fresh:
        return Adjoint()
    target = s.target if isinstance(s, n.Assign) else None
    root = s.value if isinstance(s, n.Assign) and not isinstance(s.value, n.List) else None
    kinds = {name.name: context.infer(value) for value, name in fresh}
    puller = context.puller(kinds, root)
    for value, name in fresh:
        puller.pull(value, Seed(name, may_be_zero=True))
    updates = added(summed(puller.out, context.adjoints), context)
    place = target if isinstance(target, n.Var | n.Index) else n.Var("_")
    return split(puller.out.lets, updates, place, undo, context)


def copied_view(s: n.Assign, flag: n.Var, context: Context, shadows: Shadows) -> Adjoint:
    """The adjoint of `v = B.reshape(-1)` where that made a copy."""
    assert isinstance(s.target, n.Var)
    seed = n.Var(shadows.of[s.target.name])
    puller = context.puller({seed.name: context.infer(s.value)})
    puller.pull(s.value, Seed(seed, may_be_zero=True))
    updates = added(summed(puller.out, context.adjoints), context)
    body = (*puller.out.lets, *updates)
    if not body:
        return Adjoint()
    return Adjoint((n.If(n.Op("not", (flag,)), body),))


def _unpacked(
    s: n.Assign, target: n.Tuple, context: Context, shadows: Shadows, undo: bool
) -> Adjoint:
    """`a, b = x, y`, some of which have shadows."""
    assert isinstance(s.value, n.Tuple)
    fresh = {id(value): name for value, name in shadows.seeds.get(s, ())}
    plain = [
        (t, v)
        for t, v in zip(target.items, s.value.items, strict=True)
        if isinstance(t, n.Var) and t.name not in shadows.of
        if t.name in context.varied or smooth_names(v, context.infer) & context.varied
    ]
    kinds = {name.name: context.infer(v) for v, name in shadows.seeds.get(s, ())}
    kinds.update({context.adjoints.name(t.name): context.infer(v) for t, v in plain})
    puller = context.puller(kinds)
    for value in s.value.items:
        if id(value) in fresh:
            puller.pull(value, Seed(fresh[id(value)], may_be_zero=True))
    for t, v in plain:
        puller.pull(v, context.seed(n.Var(context.adjoints.name(t.name)), t.name))
    lets, rest = rebound(puller, tuple(t for t, _ in plain), context)
    return Adjoint((), (*lets, *rest))


def _updated(s: n.Update, context: Context, undo: bool) -> Adjoint:
    """`v op= value` and `v[k] op= value`, in place."""
    depends = smooth_names(s.value, context.infer) & context.varied
    if s.op in ("add", "sub") and not depends:
        return Adjoint()
    target = s.target
    if isinstance(target, n.Var):
        target = n.Index(target, _WHOLE, span=target.span)
    assert isinstance(target, n.Index)
    if isinstance(context.infer(target), Array) and isinstance(context.infer(target.base), ListOf):
        target = n.Index(target, _WHOLE, span=target.span)
    _check_place(target, context)
    return _plain(store_update(target, s.op, s.value, context, undo))


def _check_place(target: n.Index, context: Context) -> None:
    base: n.Expr = target.base
    while isinstance(base, n.Index) and isinstance(context.infer(base.base), ListOf):
        base = base.base
    if not is_view_of_variable(base, context.infer):
        raise UnsupportedError(
            "this store is into something that is not a view of a variable.",
            target.span,
            None,
            "give the array a name first.",
        )
    if key_entries(target.key, context.infer) is None:
        raise UnsupportedError(
            f"it is not known what the index {show(target.key)} picks.",
            target.span,
            None,
            "index by integers, slices, or arrays of integers or bools.",
        )


def _plain(adjoint: Adjoint) -> Adjoint:
    """`dv[...]` as `dv`, but where it is stored into."""

    def whole(e: n.Expr) -> n.Expr:
        e = rebuild(e, whole)
        return e.base if isinstance(e, n.Index) and e.key == _WHOLE else e

    def read(block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if isinstance(s, n.Assign) and isinstance(s.target, n.Index):
                out.append(replace(s, value=whole(s.value)))
            else:
                out += map_block((s,), whole)
        return tuple(out)

    return Adjoint(read(adjoint.first), read(adjoint.second))
