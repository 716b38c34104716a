"""The gradient of a function: both sweeps in one function, with their passes run."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from srcdiff.analysis.alias import in_place_names, written_arguments
from srcdiff.analysis.growth import empty_at_end
from srcdiff.analysis.kinds import Inference, World
from srcdiff.assemble.finish import Plan, finish
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.build import ONE
from srcdiff.ir.fills import np_call
from srcdiff.ir.kinds import (
    UNKNOWN,
    Array,
    Kind,
    Known,
    ListOf,
    Maybe,
    Number,
    Scalar,
    TupleOf,
    Unknown,
    dtype_of,
    is_number,
)
from srcdiff.ir.walk import rebuild, statements
from srcdiff.normalize.trees import Apart, Tree, made
from srcdiff.transform.keeping import strided_owned
from srcdiff.transform.primal import Primal
from srcdiff.transform.pull import Seed
from srcdiff.transform.reverse import Calls, Reverser


@dataclass(frozen=True)
class Wanted:
    """What the derivative returns.

    Attributes:
        wrt: the parameters, in order.
        value: whether the primal's value comes too.
        as_tuple: whether the gradients come as a tuple.
        has_aux: whether the primal returns `(value, aux)`.
    """

    wrt: tuple[str, ...]
    value: bool
    as_tuple: bool
    has_aux: bool
    # What became of the parameters that are tuples, lists and dicts.
    apart: Apart | None = None

    @property
    def leaves(self) -> tuple[str, ...]:
        """The variables whose adjoints are wanted."""
        return self.wrt if self.apart is None else self.apart.leaves(self.wrt)


def check_result(kind: Kind | None, name: str, sizes: Callable[[Kind], str]) -> None:
    """Refuses a result of which there is no gradient.

    Raises:
        TypeError: it is not a real number, or an array that may have one element.
    """
    more = "; vjp and jacobian are for results that are not a real number"
    if kind is None or (isinstance(kind, Known) and kind.value is None):
        raise TypeError(f"the gradient of {name} is not defined: it returns None{more}")
    if isinstance(kind, TupleOf):
        raise TypeError(f"the gradient of {name} is not defined: it returns a tuple{more}")
    if isinstance(kind, ListOf):
        raise TypeError(f"the gradient of {name} is not defined: it returns a list{more}")
    if isinstance(kind, Known) and not isinstance(kind.value, bool):
        what = type(kind.value).__name__
        raise TypeError(f"the gradient of {name} is not defined: it returns a {what}{more}")
    dtype = dtype_of(kind)
    what = f"dtype {dtype}" if dtype is not None else f"type {type(kind).__name__}"
    one = is_number(kind) or (isinstance(kind, Array) and all(_may_be_one(d) for d in kind.dims))
    if dtype is None or dtype.kind != "f" or not one:
        raise TypeError(
            f"the gradient of {name} is not defined: its result has shape {sizes(kind)} and {what}"
            f"{more}"
        )


def _may_be_one(dim: object) -> bool:
    return dim == 1 or (not isinstance(dim, int) and not dim.not_one)  # type: ignore[attr-defined]


def gradient(
    primal: Primal,
    wanted: Wanted,
    params: Mapping[str, Kind],
    world: World,
    calls: Calls,
    doc: str,
) -> n.Function:
    """The function that computes the gradient."""
    wish = "value" if wanted.value else "aux"
    kept = wanted.value or wanted.has_aux
    value = n.Var(primal.names.fresh(wish)) if kept else None
    reverser = Reverser(primal, lambda s: _seeds(s, wanted), value, calls, wanted=wanted.leaves)
    reverser.kept = lambda e, infer: _kept(e, wanted, infer, _undoes(primal, calls))
    reverser.result_check = lambda s: _size_check(s, primal, wanted)
    sweeps = reverser.run()
    inner = params if wanted.apart is None else wanted.apart.kinds
    strided = reverser.shadows.asked_of
    copies = tuple(
        strided_owned(name) if name in strided else owned(name, inner[name], wanted.value)
        for name in written_params(primal)
    )
    copies = copies if wanted.apart is None else (*wanted.apart.start, *copies)
    adjoints = {name: reverser.adjoints.name(name) for name in wanted.leaves}
    plan = Plan(
        name=f"{primal.function.name}_{'value_and_grad' if wanted.value else 'grad'}",
        params=primal.function.params if wanted.apart is None else wanted.apart.params,
        kinds=params,
        world=world,
        names=primal.names,
        adjoints=reverser.value_adjoints,
        shadows=reverser.shadows.names,
        fresh=reverser.shadows.seed_names,
        seed_order=reverser.temporaries.all,
        order=primal.function.order + 1,
        copies=copies,
        forward=sweeps.forward,
        reverse=sweeps.reverse,
        wanted=tuple(adjoints.values()),
        results=lambda kinds: _results(wanted, adjoints, value, params, kinds),
        doc=doc,
        slot_kinds=primal.kinds,
        empty=empty_at_end(primal.function),
        lists=tuple(name for names in reverser.lists.values() for name in names),
    )
    return finish(plan)


def owned(name: str, kind: Kind, keep_order: bool) -> n.Stmt:
    """A parameter's array replaced by a copy of its own.

    For the value the axes keep their order in memory, by which NumPy chooses the order of sums.
    """
    if not isinstance(kind, Array | Unknown):
        deep = n.Ref("copy.deepcopy", copy.deepcopy, copy)
        return n.Assign(n.Var(name), n.Call(deep, (n.Var(name),)))
    keywords: tuple[tuple[str, n.Expr], ...] = ()
    if keep_order and isinstance(kind, Array) and kind.ndim > 1:
        keywords = (("order", n.Const("K")),)
    return n.Assign(n.Var(name), n.Call(n.Field(n.Var(name), "copy"), (), keywords))


def _seeds(s: n.Return, wanted: Wanted) -> list[tuple[n.Expr, Seed]]:
    if s.value is None:
        return []
    value = s.value
    if wanted.has_aux:
        if not isinstance(value, n.Tuple) or len(value.items) != 2:
            raise UnsupportedError(
                "with has_aux the function must return a pair.", s.span, None, "return value, aux."
            )
        value = value.items[0]
    return [(value, Seed(ONE))]


def _size_check(s: n.Return, primal: Primal, wanted: Wanted) -> n.Block:
    """A check that an array result has one element, where that is not known before."""
    pairs = _seeds(s, wanted)
    if not pairs:
        return ()
    value = pairs[0][0]
    kind = primal.kinds.at(s).whole(value)
    if isinstance(kind, Maybe):
        return _none_check(value, primal.function.name)
    if not isinstance(kind, Array) or all(d == 1 for d in kind.dims):
        return ()
    result = n.Var(primal.names.fresh("result"))
    error = n.Ref("TypeError", TypeError, TypeError)
    message = n.Const(
        f"the gradient of {primal.function.name} is not defined: its result has not one element; "
        "vjp and jacobian are for results that are not a real number"
    )
    test = n.Compare(("ne",), (n.Field(result, "size"), n.Const(1)))
    return (n.Assign(result, value), n.If(test, (n.Raise(n.Call(error, (message,))),)))


def _none_check(value: n.Expr, name: str) -> n.Block:
    error = n.Ref("TypeError", TypeError, TypeError)
    message = n.Const(f"{name} returned None, of which there is no derivative")
    test = n.Compare(("is",), (value, n.Const(None)))
    return (n.If(test, (n.Raise(n.Call(error, (message,))),)),)


def _undoes(primal: Primal, calls: Calls) -> bool:
    """Whether the reverse sweep may undo stores: those of the function, or of one that it calls."""
    if in_place_names(primal.function, primal.kinds):
        return True
    every = statements(primal.function.body)
    return any(isinstance(s, n.Assign | n.Effect) and calls.is_call(s.value) for s in every)


def _kept(value: n.Expr, wanted: Wanted, infer: Inference, undone: bool) -> n.Expr:
    """What is kept of the result: all of it, or what comes beside the value. Arrays there are
    copied where the reverse sweep may write into them.
    """
    if not isinstance(value, n.Tuple) or not wanted.has_aux:
        return value
    value, aux = value.items
    if undone:
        aux = _copied(aux, infer)
    return n.Tuple((value, aux)) if wanted.value else aux


def _copied(e: n.Expr, infer: Inference) -> n.Expr:
    """A value with copies of the arrays in it."""
    if isinstance(e, n.Tuple | n.List | n.Dict):
        return rebuild(e, lambda item: _copied(item, infer))
    if isinstance(e, n.Var | n.Index | n.Field) and isinstance(infer(e), Array):
        return n.Call(n.Field(e, "copy"))
    return e


def written_params(primal: Primal) -> list[str]:
    """The parameters whose memory the primal writes into."""
    return written_arguments(primal.function, primal.kinds)


def _results(
    wanted: Wanted,
    adjoints: Mapping[str, str],
    value: n.Var | None,
    params: Mapping[str, Kind],
    kind_of: Callable[[str], Kind],
) -> n.Expr:
    def leaf(name: str, kind: Kind) -> n.Expr:
        if name not in adjoints:
            return n.Const(None)
        return converted(n.Var(adjoints[name]), kind_of(adjoints[name]), kind, name)

    def whole(tree: Tree) -> n.Expr:
        if tree.name is not None:
            return leaf(tree.name, tree.kind)
        return made(tree, tuple(whole(item) for _, item in tree.items))

    trees: Mapping[str, Tree] = {} if wanted.apart is None else wanted.apart.trees
    items = [
        whole(trees[name]) if name in trees else leaf(name, params[name]) for name in wanted.wrt
    ]
    gradients: n.Expr = n.Tuple(tuple(items)) if wanted.as_tuple else items[0]
    if value is None:
        return gradients
    return n.Tuple((value, gradients) if wanted.value else (gradients, value))


def converted(e: n.Expr, kind: Kind, target: Kind, name: str) -> n.Expr:
    """The adjoint with the type and dtype of the argument that it belongs to."""
    if isinstance(target, ListOf):
        return _converted_list(e, target.item)
    if isinstance(target, Number):
        if isinstance(kind, Number) and kind.type is target.type and not kind.mixed:
            return e
        return n.Call(n.Ref(target.type.__name__, target.type, target.type), (e,))
    if isinstance(target, Scalar):
        if kind == target:
            return e
        return n.Call(n.Ref(f"np.{target.dtype.name}", target.dtype.type, np), (e,))
    assert isinstance(target, Array)
    if isinstance(kind, Array) and kind.ndim and kind.dtype == target.dtype:
        return e
    if isinstance(kind, Array) and kind.ndim:
        return n.Call(n.Field(e, "astype"), (_dtype(target.dtype),))
    if kind == UNKNOWN and target.ndim:
        # Its shape is not known here: it may be a zero that stands for an array of them.
        return n.Op("add", (np_call("zeros_like", n.Var(name)), e))
    keywords = {} if dtype_of(kind) == target.dtype else {"dtype": _dtype(target.dtype)}
    return np_call("array", e, **keywords)


def _converted_list(e: n.Expr, item: Kind) -> n.Expr:
    """A list of adjoints with numbers of the type of the argument's."""
    if not isinstance(item, Number | Scalar):
        return e
    to = n.Ref("float", float, float) if isinstance(item, Number) else _dtype(item.dtype)
    return n.Call(n.Ref("list", list, list), (n.Call(n.Ref("map", map, map), (to, e)),))


def _dtype(dtype: np.dtype[np.generic]) -> n.Expr:
    return n.Ref(f"np.{dtype.name}", dtype.type, np)


def has_effects(function: n.Function) -> bool:
    """Whether the function does anything but compute."""
    return any(
        isinstance(s, n.Effect | n.Opaque | n.Raise | n.Assert) for s in statements(function.body)
    )
