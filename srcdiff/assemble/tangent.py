"""Forward mode of a function: one sweep that returns the value and its tangent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from srcdiff.analysis.alias import OUTSIDE, aliases, in_place_names, near, partners, roots
from srcdiff.analysis.kinds import Inference, Kinds, World, infer_kinds
from srcdiff.assemble.gradient import converted, owned, written_params
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import FLOAT, Array, Kind, ListOf, TupleOf, dtype_of
from srcdiff.ir.walk import blocks, map_block, substitute, with_blocks
from srcdiff.normalize.trees import Apart
from srcdiff.optimize.dead import dead
from srcdiff.transform.adjoints import Tangents
from srcdiff.transform.forward import Calls, Forwarder
from srcdiff.transform.keeping import strided_owned
from srcdiff.transform.lent import NOTHING_LENT, Lent
from srcdiff.transform.primal import Primal
from srcdiff.transform.push import Pusher, zero_like, zero_start


@dataclass(frozen=True)
class Pushforward:
    """What is made of a primal in forward mode.

    Attributes:
        primal: the function and its facts.
        wrt: the parameters that have a tangent.
        kinds: the kinds of the parameters.
        world: what lies outside.
        calls: gives calls of the user's functions their tangents.
        has_aux: whether the primal returns `(value, aux)`.
        value: whether the value is returned too.
        inner: whether other functions of the text call it, and keep to what it shares.
        trees: where parameters were taken apart, how; and the whole function's `wrt` and kinds.
    """

    primal: Primal
    wrt: tuple[str, ...]
    kinds: Mapping[str, Kind]
    world: World
    calls: Calls
    has_aux: bool = False
    value: bool = True
    inner: bool = False
    trees: Trees | None = None
    # What its caller lends it to write into.
    lent: Lent = NOTHING_LENT


@dataclass(frozen=True)
class Trees:
    """Parameters that are tuples, lists and dicts, taken apart into those of the primal.

    Attributes:
        apart: how.
        wrt: the parameters of the whole function that have a tangent.
        kinds: the kinds of its parameters.
    """

    apart: Apart
    wrt: tuple[str, ...]
    kinds: Mapping[str, Kind]


def pushforward(what: Pushforward, name: str, doc: str) -> n.Function:
    """The function that returns the value and its tangent.

    The tangents of parameters are keyword-only parameters behind the primal's own; those of an
    inner function are plain parameters.
    """
    primal = what.primal
    tangents = Tangents(primal.names)
    params = {p: tangents.name(p) for p in what.wrt}
    # In a steady order, so that names do not depend on that of a set.
    for variable in sorted(primal.activity.active_names()):
        tangents.name(variable)
    forwarder = Forwarder(primal, tangents, what.calls, lambda s, p: _result(s, p, what))
    body = forwarder.run()
    body = (*_start(what, tangents, forwarder.asked_of), *body)
    own, known = primal.function.params, what.kinds
    if what.trees is not None:
        own, known = what.trees.apart.params, what.trees.kinds
        params, start = _whole_tangents(what.trees, tangents, primal.names)
        body = (*what.trees.apart.start, *start, *body)
    kinds = {**known, **{t: known[p] for p, t in params.items()}}
    function = n.Function(name, _params(own, what.inner, params), body, doc)
    mine = {*what.lent.written, *(tangents.name(p) for p in what.lent.adjoints)}
    function = _alive(function, kinds, what.world, frozenset(mine))
    facts = infer_kinds(function, kinds, what.world)
    return _Owning(function, facts, forwarder.borrowed, what.inner).run()


def _whole_tangents(
    trees: Trees, tangents: Tangents, names: Names
) -> tuple[dict[str, str], n.Block]:
    """The tangents of the whole function's parameters, and what takes them apart."""
    taken = trees.apart.trees
    params = {
        p: names.fresh(tangents.wish(p)) if p in taken else tangents.name(p) for p in trees.wrt
    }
    new = {p: n.Var(t) for p, t in params.items()}
    for name in sorted({str(leaf.name) for tree in taken.values() for leaf in tree.leaves()}):
        new[name] = n.Var(tangents.of.get(name, "_"))
    return params, map_block(trees.apart.start, lambda e: substitute(e, new))


def _params(
    own: tuple[n.Param, ...], inner: bool, tangents: Mapping[str, str]
) -> tuple[n.Param, ...]:
    if inner:
        plain = (replace(p, passing=1, default=None, has_default=False) for p in own)
        return (*plain, *(n.Param(t, 1) for t in tangents.values()))
    given = tuple(n.Param(t, 3) for t in tangents.values())
    rest = tuple(p for p in own if p.passing == 4)
    return (*(p for p in own if p.passing != 4), *given, *rest)


def _start(what: Pushforward, tangents: Tangents, asked_of: frozenset[str]) -> n.Block:
    """Copies of what is written into, and zeros for parameters that get a tangent on the way."""
    primal, out = what.primal, []
    # What other functions of the text pass is theirs to be written into.
    written = frozenset() if what.inner else frozenset(written_params(primal))
    active = primal.activity.active_names()
    for name in primal.function.param_names:
        place = n.Var(name)
        if name in written:
            kept = name in asked_of
            out.append(strided_owned(name) if kept else owned(name, what.kinds[name], True))
        if name in what.wrt:
            if name in written:
                own = n.Var(tangents.name(name))
                # Where a view is asked for, the tangent must lie in memory as the primal does.
                like = name in asked_of
                copy = np_call("full_like", place, own) if like else n.Call(n.Field(own, "copy"))
                out.append(n.Assign(own, copy))
        elif name in active:
            zero = zero_start(place, what.kinds[name])
            out.append(n.Assign(n.Var(tangents.name(name)), zero))
    return tuple(out)


def _alive(
    function: n.Function, kinds: Mapping[str, Kind], world: World, lent: frozenset[str]
) -> n.Function:
    """The function without tangents that nobody reads; its caller reads what is `lent`."""
    pairs = aliases(function, infer_kinds(function, kinds, world)).ever()
    body = dead(
        function.body,
        lent,
        world.is_pure,
        lambda name: partners(name, pairs),
        lambda name: near(name, pairs),
        lent,
    )
    return replace(function, body=body)


def _result(s: n.Return, pusher: Pusher, what: Pushforward) -> n.Expr | None:
    """`value, tangent`, or `value, tangent, aux`."""
    if what.lent.written and s.value in (None, n.Const(None)):
        return s.value
    value = n.Const(None) if s.value is None else s.value
    if what.inner and isinstance(value, n.Tuple):
        # One tuple, so that each item is a value of its own to a derivative of this.
        return n.Tuple((*value.items, *(_tangent(item, pusher) for item in value.items)))
    if not what.value:
        return _tangent(value, pusher)
    if not what.has_aux:
        return n.Tuple((value, _tangent(value, pusher)))
    if not isinstance(value, n.Tuple) or len(value.items) != 2:
        raise UnsupportedError(
            "with has_aux the function must return a pair.", s.span, None, "return value, aux."
        )
    return n.Tuple((value.items[0], _tangent(value.items[0], pusher), value.items[1]))


def _tangent(value: n.Expr, pusher: Pusher) -> n.Expr:
    """The tangent of a result, of its structure and types; None for what has no derivative."""
    kind = pusher.infer(value)
    if isinstance(value, n.Tuple):
        return n.Tuple(tuple(_tangent(item, pusher) for item in value.items))
    tangent = pusher.full(value)
    if tangent is None:
        return _typed_zero(value, kind)
    if isinstance(kind, TupleOf | ListOf) or dtype_of(kind) is None:
        return tangent
    return converted(tangent, pusher.infer(tangent), kind, "")


def _typed_zero(value: n.Expr, kind: Kind) -> n.Expr:
    zero = zero_like(value, kind)
    if isinstance(kind, Array | TupleOf | ListOf) or zero == n.Const(None):
        return zero
    return converted(zero, FLOAT, kind, "")


class _Owning:
    """Copies tangents that are another's array where either is written into, and results that
    would share memory with an argument or with each other.
    """

    def __init__(
        self, function: n.Function, kinds: Kinds, borrowed: set[n.Stmt], inner: bool
    ) -> None:
        self._function = function
        self._kinds = kinds
        self._borrowed = borrowed
        self._inner = inner
        self._pairs = aliases(function, kinds).ever()
        self._written = in_place_names(function, kinds)

    def run(self) -> n.Function:
        """The function with its copies."""
        return replace(self._function, body=self._block(self._function.body))

    def _block(self, block: n.Block) -> n.Block:
        return tuple(self._statement(s) for s in block)

    def _statement(self, s: n.Stmt) -> n.Stmt:
        if blocks(s):
            return with_blocks(s, tuple(self._block(b) for b in blocks(s)))
        if s in self._borrowed and isinstance(s, n.Assign) and self._kinds.reached(s):
            infer = self._kinds.at(s)
            near = self._near(s.value, infer) | self._near(s.target, infer)
            return replace(s, value=_copied(s.value)) if near & self._written else s
        if isinstance(s, n.Return) and s.value is not None and not self._inner:
            seen = {OUTSIDE, *self._function.param_names}
            return replace(s, value=self._fresh(s.value, self._kinds.at(s), seen))
        return s

    def _fresh(self, e: n.Expr, infer: Inference, seen: set[str]) -> n.Expr:
        """The result in memory of its own; `seen` are the names whose memory is taken."""
        if isinstance(e, n.Tuple):
            return replace(e, items=tuple(self._fresh(item, infer, seen) for item in e.items))
        if not isinstance(infer(e), Array):
            return e
        near = self._near(e, infer)
        shared = bool(near & seen)
        seen |= near
        return _copied(e) if shared else e

    def _near(self, e: n.Expr, infer: Inference) -> frozenset[str]:
        """The names whose memory the value may share."""
        found = roots(e, infer)
        return found.union(*(partners(name, self._pairs) for name in found))


def _copied(e: n.Expr) -> n.Expr:
    return n.Call(n.Field(e, "copy"))
