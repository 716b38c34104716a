"""Calls of the user's functions: each becomes a pair, one function for each sweep.

    y = g(x, 2.0)       →       y = g_fwd(x, 2.0, z_tape)           (forward sweep)
                                dx += g_bwd(dy, x, 2.0, z_tape)     (reverse sweep)

A pair is made once for each combination of argument kinds and of what is differentiated. What the
reverse sweep of `g` needs of its locals goes on lists that the caller hands down. Where nothing
does, the forward sweep calls `g` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from srcdiff.analysis.activity import smooth_names
from srcdiff.analysis.alias import in_place_names
from srcdiff.analysis.kinds import Inference, Kinds, World, infer_kinds
from srcdiff.assemble.finish import Plan, finish_pair
from srcdiff.assemble.prepare import Setting, normalized, prepare
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee, Callees
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import FLOAT64, UNKNOWN, Array, Dim, Kind, Known, Number, TupleOf, is_float
from srcdiff.ir.show import show
from srcdiff.ir.walk import base_name, bound_names, expressions, names_in, names_of, statements
from srcdiff.normalize.arguments import Default, bind_arguments
from srcdiff.transform.pull import Seed
from srcdiff.transform.reverse import Reverser
from srcdiff.transform.statements import Adjoint, Context, called

T = TypeVar("T")


class Helpers(Callees, Protocol):
    """Where called functions come from."""

    def kind_of(self, value: Any, name: str) -> Kind:
        """The kind of a value."""


@dataclass(frozen=True, eq=False)
class Pair:
    """The two functions of a call.

    Attributes:
        forward: the forward sweep; None where the primal itself serves.
        backward: the reverse sweep: seeds, then `reads`, then the tapes.
        tapes: names of the lists that both are handed, as wishes.
        reads: the parameters that the reverse sweep reads.
    """

    forward: n.Function | None
    backward: n.Function
    tapes: tuple[str, ...]
    reads: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Half:
    """What a call in the text refers to: one function of a pair.

    `results` are the kinds of what the reverse sweep returns. To the derivative that `owner` works
    for it is a part of the answer; to a derivative of that one, a function like any other.
    """

    function: n.Function
    primal: Callee
    forward: bool
    results: tuple[Kind, ...]
    owner: object


@dataclass(frozen=True)
class Site:
    """One call: its arguments, and what is differentiated in it."""

    call: n.Call
    callee: Callee
    arguments: Mapping[str, n.Expr | Default]
    wrt: tuple[str, ...]
    # For each result, whether its adjoint is wanted; a single entry for a single result.
    useful: tuple[bool, ...]


@dataclass(eq=False)
class PairMaker:
    """Makes the pairs of one derivative, and infers the results of calls.

    Args:
        world: globals and functions outside.
        helpers: where lowered functions come from.
        ours: whether a callable is one of the user's functions.
        names: names of functions in the text.
    """

    world: World
    helpers: Helpers
    ours: Callable[[Any], bool]
    names: Names
    pairs: dict[Any, Pair] = field(default_factory=dict)
    _results: dict[Any, Kind] = field(default_factory=dict)
    _running: list[Callee] = field(default_factory=list)
    _sites: dict[n.Stmt, tuple[Site, Pair | None]] = field(default_factory=dict)

    def is_call(self, e: n.Expr) -> bool:
        """Whether the expression calls one of the user's functions."""
        return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and self.ours(e.callee.value)

    def callee(self, call: n.Call) -> Callee:
        """The function that a call of one of the user's functions calls."""
        assert isinstance(call.callee, n.Ref)
        return self.helpers.callee(call.callee.value)

    # --- kinds of results -----------------------------------------------------------------------

    def result_kind(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Kind:
        """The kind of the call's result, its sizes in terms of the caller's."""
        half = call.callee.value if isinstance(call.callee, n.Ref) else None
        if isinstance(half, Half) and half.owner is self:
            return self.half_kind(call, half, infer)
        function = self.callee(call)
        given = self._argument_kinds(call, infer)
        kinds, back = canonical(given, function.name)
        key = (function, tuple(kinds.items()))
        if key not in self._results:
            try:
                self._results[key] = self._inferred(function, kinds, call)
            except UnsupportedError as error:
                raise _located(error, call, function) from None
        label = f"{getattr(infer, 'at', '')}|{show(call)}"
        return _renamed(self._results[key], back, label)

    def _inferred(self, callee: Callee, kinds: Mapping[str, Kind], call: n.Call) -> Kind:
        lowered = callee.function
        self._enter(callee, call)
        try:
            setting = Setting(kinds, self.world, self.ours)
            names = Names(names_of(lowered))
            body = normalized(lowered, names, setting)
            facts = infer_kinds(body, kinds, self.world)
            self._refuse_writes(body, facts, call)
        finally:
            self._running.pop()
        return Known(None) if facts.returned is None else facts.returned

    def _enter(self, callee: Callee, call: n.Call) -> None:
        if callee in self._running:
            raise UnsupportedError(
                f"{callee.name} calls itself; recursion is not supported yet.",
                call.span,
                None,
                "write it as a loop.",
            )
        self._running.append(callee)

    def _refuse_writes(self, function: n.Function, facts: Kinds, call: n.Call) -> None:
        written = in_place_names(function, facts) & frozenset(function.param_names)
        for name in sorted(written):
            if isinstance(facts.before[function.body[0]].get(name), Array | type(UNKNOWN)):
                raise UnsupportedError(
                    f"{function.name} writes into its argument {name!r}; "
                    "stores into memory that another name reaches are not supported yet.",
                    call.span,
                    None,
                    f"copy it there ({name} = {name}.copy()) and return the new array.",
                )

    def _argument_kinds(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> dict[str, Kind]:
        out = {}
        for name, value in bind_arguments(call, self.callee(call)).items():
            if isinstance(value, Default):
                out[name] = self.helpers.kind_of(value.value, name)
            else:
                out[name] = infer(value)
        return out

    def check_inside(self, call: n.Call, infer: Inference, varied: frozenset[str]) -> None:
        """Refuses what in the callee cannot be differentiated, where its result is not known.

        Raises:
            UnsupportedError: pointing into the callee.
        """
        callee = self.callee(call)
        kinds, _ = canonical(self._argument_kinds(call, infer), callee.name)
        wrt = [
            name
            for name, value in bind_arguments(call, callee).items()
            if not isinstance(value, Default) and smooth_names(value, infer) & varied
        ]
        self._enter(callee, call)
        try:
            prepare(callee.function, wrt, Setting(kinds, self.world, self.ours))
        except UnsupportedError as error:
            raise _located(error, call, callee) from None
        finally:
            self._running.pop()

    def is_pure(self, callee: Callee) -> bool:
        """Whether the function does nothing but compute."""
        return not any(
            isinstance(s, n.Effect | n.Opaque | n.Raise | n.Assert | n.While)
            for s in statements(callee.function.body)
        )

    # --- pairs ----------------------------------------------------------------------------------

    def site(
        self, s: n.Assign, infer: Inference, varied: frozenset[str], useful: frozenset[str]
    ) -> Site:
        """The call that is the right side of a statement, and what is differentiated in it."""
        call = s.value
        assert isinstance(call, n.Call)
        callee = self.callee(call)
        arguments = bind_arguments(call, callee)
        wrt = tuple(
            name
            for name, value in arguments.items()
            if not isinstance(value, Default) and smooth_names(value, infer) & varied
        )
        targets = s.target.items if isinstance(s.target, n.Tuple) else (s.target,)
        wanted = tuple(base_name(t) in useful for t in targets)
        return Site(call, callee, arguments, wrt, wanted)

    def kinds(self, site: Site, infer: Inference) -> dict[str, Kind]:
        """The kinds of a call's arguments, sizes named after the callee's parameters."""
        kinds, _ = canonical(self._argument_kinds(site.call, infer), site.callee.name)
        for name in site.wrt:
            _check_kind(kinds[name], name, site)
        return kinds

    def inside(self, site: Site, make: Callable[[], T]) -> T:
        """What `make` makes of the callee; its errors say where they lie."""
        self._enter(site.callee, site.call)
        try:
            return make()
        except UnsupportedError as error:
            raise _located(error, site.call, site.callee) from None
        finally:
            self._running.pop()

    def _pair(self, site: Site, infer: Inference) -> Pair:
        kinds = self.kinds(site, infer)
        key = (site.callee, tuple(kinds.items()), site.wrt, site.useful)
        if key not in self.pairs:
            self.pairs[key] = self.inside(site, lambda: self._made(site.callee, kinds, site))
        return self.pairs[key]

    def _made(self, callee: Callee, kinds: Mapping[str, Kind], site: Site) -> Pair:
        lowered = callee.function
        primal = prepare(lowered, site.wrt, Setting(kinds, self.world, self.ours))
        params = frozenset(lowered.param_names)
        bound = frozenset(name for name in params if name in _rebound(primal.function))
        primal.one_shape = (primal.one_shape & params) - bound
        several = isinstance(primal.kinds.returned, TupleOf)
        value = n.Var(primal.names.fresh("value"))
        seeds = [n.Var(primal.names.fresh("d")) if u else None for u in site.useful]
        reverser = Reverser(primal, lambda s: _seeds(s, seeds, several), value, self, leaves=True)
        sweeps = reverser.run()
        adjoints = tuple(reverser.adjoints.name(name) for name in site.wrt)
        plan = Plan(
            name=lowered.name,
            params=lowered.params,
            kinds={**kinds, **_seed_kinds(seeds, primal.kinds.returned)},
            world=self.world,
            names=primal.names,
            adjoints={a: p for p, a in reverser.adjoints.of.items()},
            seed_order=reverser.temporaries.all,
            order=primal.function.order + 1,
            copies=(),
            forward=sweeps.forward,
            reverse=sweeps.reverse,
            wanted=adjoints,
            results=lambda kind_of: _tuple([n.Var(a) for a in adjoints]),
            doc="",
            slot_kinds=primal.kinds,
            inputs=frozenset(s.name for s in seeds if s is not None),
            lists=tuple(name for names in reverser.lists.values() for name in names),
            value=value.name,
        )
        return self._named(plan, [s for s in seeds if s is not None], lowered)

    def _named(self, plan: Plan, seeds: list[n.Var], lowered: n.Function) -> Pair:
        """The pair's functions with their parameters and names."""
        forward, backward, tapes = finish_pair(plan)
        reads = tuple(p.name for p in lowered.params if p.name in _read_names(backward))
        place = place_of(lowered)
        extra = tuple(n.Param(t, 1) for t in tapes)
        plain = tuple(
            replace(p, passing=1, default=None, has_default=False) for p in lowered.params
        )
        first = None
        if tapes:
            first = replace(
                forward,
                name=self.names.fresh(f"{lowered.name}_fwd"),
                params=(*plain, *extra),
                doc=f"Forward sweep of {place}: keeps what the reverse sweep needs on its tapes.",
            )
        given = tuple(n.Param(s.name, 1) for s in seeds)
        second = replace(
            backward,
            name=self.names.fresh(f"{lowered.name}_bwd"),
            params=(*given, *(n.Param(name, 1) for name in reads), *extra),
            doc=f"Reverse sweep of {place}, for the adjoint of its result.",
        )
        return Pair(first, second, tapes, reads)

    # --- what the reverser asks -----------------------------------------------------------------

    def tapes(self, s: n.Assign, context: Context, useful: frozenset[str]) -> tuple[str, ...]:
        """Names wished for the lists that the callee keeps its tapes in."""
        site = self.site(s, context.infer, context.varied, useful)
        self._sites[s] = (site, self._pair(site, context.infer) if site.wrt else None)
        pair = self._sites[s][1]
        return () if pair is None else pair.tapes

    def adjoint(
        self,
        s: n.Assign,
        targets: tuple[n.Var, ...],
        context: Context,
        useful: frozenset[str],
        lists: tuple[str, ...],
    ) -> Adjoint:
        """The adjoint of the call."""
        site, pair = self._sites[s]
        if pair is None:
            return called(n.Const(None), [], targets, context)
        seeds = [
            n.Var(context.adjoints.name(t.name))
            for t, u in zip(targets, site.useful, strict=True)
            if u
        ]
        reads = [self._argument(site, name) for name in pair.reads]
        kinds = self._adjoint_kinds(site, context)
        half = Half(pair.backward, site.callee, False, kinds, self)
        ref = n.Ref(pair.backward.name, half, pair.backward)
        call = n.Call(ref, (*seeds, *reads, *(n.Var(name) for name in lists)))
        operands = []
        for name in site.wrt:
            value = site.arguments[name]
            assert not isinstance(value, Default)
            operands.append((value, context.infer(value)))
        return called(call, operands, targets, context)

    def _adjoint_kinds(self, site: Site, context: Context) -> tuple[Kind, ...]:
        values = (site.arguments[name] for name in site.wrt)
        kinds = (context.infer(v) for v in values if not isinstance(v, Default))
        # An adjoint of a Python number may be NumPy's.
        return tuple(FLOAT64 if isinstance(kind, Number) else kind for kind in kinds)

    def half_kind(self, call: n.Call, half: Half, infer: Callable[[n.Expr], Kind]) -> Kind:
        """The kind that a call of one function of a pair gives."""
        if half.forward:
            count = len(half.primal.params)
            return self.result_kind(n.Call(half.primal.ref, call.args[:count]), infer)
        return half.results[0] if len(half.results) == 1 else TupleOf(half.results)

    def _argument(self, site: Site, name: str) -> n.Expr:
        value = site.arguments[name]
        return n.Const(value.value) if isinstance(value, Default) else value

    def forward(self, s: n.Assign, lists: tuple[str, ...]) -> n.Stmt:
        """The call in the forward sweep."""
        site, pair = self._sites[s]
        if pair is None or pair.forward is None:
            return s
        args = [self._argument(site, name) for name in site.arguments]
        half = Half(pair.forward, site.callee, True, (), self)
        ref = n.Ref(pair.forward.name, half, pair.forward)
        call = n.Call(ref, (*args, *(n.Var(name) for name in lists)))
        return replace(s, value=call)

    def functions(self) -> list[n.Function]:
        """The functions of all pairs, callees first."""
        out = []
        for pair in self.pairs.values():
            out += [f for f in (pair.forward, pair.backward) if f is not None]
        return out


def _located(error: UnsupportedError, call: n.Call, callee: Callee) -> UnsupportedError:
    """The error in the function that it lies in: the callee, unless it points to the call."""
    return error if error.span == call.span else error.inside(callee.name)


def _check_kind(kind: Kind, name: str, site: Site) -> None:
    if not is_float(kind):
        raise UnsupportedError(
            f"the argument {name!r} of this call carries a derivative, and is neither a float nor "
            "an array of floats.",
            site.call.span,
            None,
            "pass numbers and arrays one by one.",
        )


def _seeds(s: n.Return, seeds: list[n.Var | None], several: bool) -> list[tuple[n.Expr, Seed]]:
    if s.value is None:
        return []
    if len(seeds) == 1 and not several:
        return [(s.value, Seed(seeds[0], may_be_zero=True))] if seeds[0] is not None else []
    if not isinstance(s.value, n.Tuple) or len(s.value.items) != len(seeds):
        raise UnsupportedError(
            "the results of this call are not unpacked one by one.",
            s.span,
            None,
            "return a tuple written out, and unpack it at the call: a, b = g(x).",
        )
    pairs = zip(s.value.items, seeds, strict=True)
    return [(item, Seed(seed, may_be_zero=True)) for item, seed in pairs if seed is not None]


def _seed_kinds(seeds: list[n.Var | None], kind: Kind | None) -> dict[str, Kind]:
    kinds = kind.items if isinstance(kind, TupleOf) else (kind,)
    return {
        s.name: k for s, k in zip(seeds, kinds, strict=False) if s is not None and k is not None
    }


def _tuple(items: list[n.Expr]) -> n.Expr:
    return items[0] if len(items) == 1 else n.Tuple(tuple(items))


def _read_names(function: n.Function) -> frozenset[str]:
    return frozenset().union(
        *(names_in(e) for s in statements(function.body) for e in expressions(s))
    )


def _rebound(function: n.Function) -> frozenset[str]:
    return bound_names(function.body)


def place_of(function: n.Function) -> str:
    """The function's name and where it stands."""
    span = function.span
    line = "" if span is None else f"{span.file.rpartition('/')[2]}:{span.line}"
    return f"{function.name} ({line})"


# --- kinds across a call ------------------------------------------------------------------------


def canonical(given: Mapping[str, Kind], function: str) -> tuple[dict[str, Kind], dict[str, Dim]]:
    """Argument kinds with sizes named after the callee's parameters, so that calls with the same
    kinds share a pair; and the caller's size for each of these names.
    """
    names: dict[tuple[str, int], Dim] = {}
    back: dict[str, Dim] = {}

    def rename(d: int | Dim, label: str) -> int | Dim:
        if isinstance(d, int):
            return d
        key = (d.name, d.minus)
        if key not in names:
            names[key] = Dim(label, not_one=d.not_one)
            back[label] = d
        return names[key]

    return {
        name: _mapped(kind, f"{function}({name})", rename) for name, kind in given.items()
    }, back


def _mapped(kind: Kind, label: str, rename: Callable[[int | Dim, str], int | Dim]) -> Kind:
    match kind:
        case Array():
            dims = (rename(d, f"{label}.{i}") for i, d in enumerate(kind.dims))
            return Array(kind.dtype, tuple(dims))
        case Number() if kind.size is not None:
            return Number(kind.type, rename(kind.size, f"{label}.size"))
        case TupleOf():
            items = enumerate(kind.items)
            return TupleOf(tuple(_mapped(item, f"{label}.{i}", rename) for i, item in items))
    return kind


def _renamed(kind: Kind, back: Mapping[str, Dim], at: str) -> Kind:
    """A result's kind in the caller's sizes; sizes made inside are new at each call."""

    def rename(d: int | Dim, label: str) -> int | Dim:
        if isinstance(d, int):
            return d
        known = back.get(d.name)
        if known is None:
            return Dim(f"{at}|{d.name}", d.minus)
        return Dim(known.name, known.minus + d.minus, known.not_one and not d.minus)

    return _mapped(kind, "", rename)
