"""The value of a function and its pullback: the two sweeps of its pair, as the pullback calls one.

    def f_vjp(x):
        x = x.copy()
        y_tape = []
        value = f_fwd(x, y_tape)

        def pullback(dvalue):
            return (f_bwd(dvalue, x, y_tape.copy()),)

        return value, pullback

Each call of the pullback begins with the same tapes. What it reads is its own: nothing that the
caller can reach, the value and the gradients included, shares memory with it.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace

from srcdiff.analysis.activity import smooth_names
from srcdiff.analysis.alias import ARGUMENT, OUTSIDE, contents, partners
from srcdiff.analysis.kinds import World
from srcdiff.assemble.calls import PairMaker
from srcdiff.assemble.gradient import converted, owned, written_params
from srcdiff.assemble.handed import Facts, Handed
from srcdiff.assemble.pairs import Pair, Useful, objects_in
from srcdiff.assemble.specialise import canonical
from srcdiff.assemble.sweeps import Sweep
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee, Step
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import UNKNOWN, Array, Kind, ListOf, Object, TupleOf
from srcdiff.ir.walk import statements
from srcdiff.normalize.arguments import passed_on
from srcdiff.normalize.outside import outer_reads
from srcdiff.normalize.trees import Apart, Tree, made
from srcdiff.transform.keeping import copies_of
from srcdiff.transform.primal import Primal

# Where an item stands in nested tuples.
Path = tuple[int, ...]


@dataclass(eq=False)
class Pullback:
    """What is made of a primal: a function that returns its value and its pullback.

    Attributes:
        callee: the function.
        primal: it, prepared.
        step: what is derived.
        kinds: the kinds of its parameters.
        calls: makes its pair.
        apart: where it is the function of the items of tuples, lists and dicts, how these were
            taken apart; `step` is of the whole function.
    """

    callee: Callee
    primal: Primal
    step: Step
    kinds: Mapping[str, Kind]
    calls: PairMaker
    apart: Apart | None = None

    @property
    def wrt(self) -> tuple[str, ...]:
        """The parameters of the function that are differentiated."""
        return self.step.wrt if self.apart is None else self.apart.leaves(self.step.wrt)

    def functions(self, doc: str) -> list[n.Function]:
        """The function, after those that it calls."""
        names, kinds, useful = self.calls.names.copy(), self.kinds, self._useful()
        if self.calls.results.is_called(self.callee):
            # As in its calls of itself, with which it shares the pair.
            kinds = canonical(kinds, self.callee.name)
        pair = self.calls.pair(self.callee, kinds, self.wrt, useful)
        outside = self._outside()
        if outside:
            # Once more, with a forward sweep that keeps these.
            self.calls = self.calls.helpers.again()
            self.calls.names, self.calls.outside, self.calls.again = names, outside, False
            pair = self.calls.pair(self.callee, kinds, self.wrt, useful)
        handed = Handed.by(self.calls.pairs.values(), self.calls.world)
        names = self.primal.names
        names.reserve(f.name for f in self.calls.functions())
        names.reserve((self.callee.name,))
        writer = _Writer(self, pair, handed, names)
        return [*self.calls.functions(), writer.function(doc)]

    def _outside(self) -> frozenset[Hashable]:
        """What the reverse sweeps read from outside, where it may change before they are run."""
        out: set[Hashable] = set()
        for question in self.calls.pairs:
            assert question.backward.function is not None
            reads = outer_reads(question.backward.function, objects_in(question.kinds))
            out.update(key for key, _ in reads)
        return frozenset(out)

    @property
    def world(self) -> World:
        """What lies outside."""
        return self.calls.world

    def _useful(self) -> tuple[Useful, ...]:
        """For each result, whether it depends on the parameters."""
        kind = self.primal.kinds.returned
        tree = self._depends(kind, ())
        if self.step.has_aux and isinstance(kind, TupleOf) and len(kind.items) == 2:
            tree = (tree[0] if isinstance(tree, tuple) else False, False)
        if isinstance(kind, TupleOf):
            return tree if isinstance(tree, tuple) else (False,) * len(kind.items)
        return (tree,)

    def _depends(self, kind: Kind | None, at: Path) -> Useful:
        if isinstance(kind, TupleOf):
            items = tuple(self._depends(k, (*at, i)) for i, k in enumerate(kind.items))
            return items if any(items) else False
        return any(self._is_active(s, at) for s in self._returns())

    def _returns(self) -> Iterator[n.Return]:
        for s in statements(self.primal.function.body):
            if isinstance(s, n.Return) and self.primal.kinds.reached(s):
                yield s

    def _is_active(self, s: n.Return, at: Path) -> bool:
        varied = self.primal.activity.varied_before.get(s, frozenset())
        if s.value is None:
            return False
        part = _part_of(s.value, at)
        return bool(smooth_names(part, self.primal.kinds.at(s)) & varied)


def _part_of(e: n.Expr, at: Path) -> n.Expr:
    """An item of a result, as far as it is written out."""
    for i in at:
        if not isinstance(e, n.Tuple):
            return e
        e = e.items[i]
    return e


class _Writer:
    """Writes the function: what is kept, the forward sweep, the pullback, what is returned."""

    def __init__(self, what: Pullback, pair: Pair, handed: Handed, names: Names) -> None:
        self._what = what
        self._pair = pair
        self._handed = handed
        self._names = names
        question = pair.question
        assert question.backward.function is not None
        self._backward = question.backward.function
        self._forward = question.forward.function
        self._written = handed.written[self._backward]
        primal = what.primal.function
        # Where nothing is kept, the primal itself is the forward sweep.
        self._first = self._forward or replace(primal, params=what.callee.params)
        self._facts = (
            Facts.of(self._first, what.kinds, what.world)
            if self._forward is None
            else handed.facts[self._forward]
        )
        self._tapes = {tape.name: n.Var(names.fresh(tape.name)) for tape in pair.tapes}
        self._value = n.Var(names.fresh("value"))

    def function(self, doc: str) -> n.Function:
        """The function."""
        callee = self._what.callee
        name = self._names.fresh(f"{callee.name}_vjp")
        pullback = self._pullback()
        params: tuple[n.Param, ...] = callee.params
        start: n.Block = ()
        if self._what.apart is not None:
            params, start = self._what.apart.params, self._what.apart.start
        body = (
            *start,
            *self._copies(),
            *(n.Assign(tape, n.List(())) for tape in self._tapes.values()),
            n.Assign(self._value, self._call_forward()),
            n.Define(pullback),
            n.Return(n.Tuple(self._results(n.Var(pullback.name)))),
        )
        return n.Function(name, params, body, doc)

    # --- what is kept ---------------------------------------------------------------------------

    def _copies(self) -> Iterator[n.Stmt]:
        """Copies of the arguments that the pullback needs, or that the function writes into."""
        kept = self._handed.reads(self._backward)
        if self._forward is not None:
            kept |= self._handed.kept[self._forward]
        written = written_params(self._what.primal)
        for p in self._what.callee.params:
            kind = self._what.kinds[p.name]
            if p.name in written or (p.name in kept and _has_arrays(kind)):
                yield owned(p.name, kind, keep_order=True)

    # --- calls of the sweeps --------------------------------------------------------------------

    def _call_forward(self) -> n.Expr:
        callee, question = self._what.callee, self._pair.question
        if self._forward is None:
            return passed_on(callee)
        args = (*(n.Var(p.name) for p in callee.params), *self._tapes.values())
        return n.Call(_ref(question.forward), args)

    def _pullback(self) -> n.Function:
        seed = n.Var(self._names.fresh("dvalue"))
        together = self._tangled()
        reads = (self._read(p, together) for p in self._pair.reads)
        tapes = (self._fresh_tape(name, tape, together) for name, tape in self._tapes.items())
        args = (*self._seeds(seed), *reads, *tapes)
        call = n.Call(_ref(self._pair.question.backward), args)
        name = self._names.fresh("pullback")
        doc = _pullback_doc(self._what.step.wrt)
        body = (*copies_of(together.values()), *self._gradients(call))
        return n.Function(name, (n.Param(seed.name, 1),), body, doc)

    def _tangled(self) -> dict[str, tuple[n.Var, n.Var]]:
        """Parameters of the reverse sweep that share memory with each other into which it writes:
        where the memory is kept, and a name for a copy of it.
        """
        ways = {*self._tapes, *self._pair.reads}
        found: set[str] = set()
        for one in self._written & ways:
            pairs = self._facts.aliases.ever()
            reached = partners(ARGUMENT + one, pairs) | partners(contents(one), pairs)
            near = self._facts.arguments(reached) & ways - {one}
            near |= self._kept_by_callees({one, *near})
            found |= near | {one} if near else set()
        out = {}
        for name in (*self._pair.reads, *self._tapes):
            if name in found:
                kept = self._tapes.get(name, n.Var(name))
                out[name] = (kept, n.Var(self._names.fresh(f"{kept.name}_again")))
        return out

    def _kept_by_callees(self, names: set[str]) -> frozenset[str]:
        """The tapes on which functions that are called may keep the memory of one of these."""
        if self._forward is None or not self._handed.kept[self._forward] & names:
            return frozenset()
        return self._handed.passed_on(self._forward) & self._tapes.keys()

    def _seeds(self, seed: n.Expr) -> Iterator[n.Expr]:
        """The parts of the value's adjoint, in the order of the reverse sweep's parameters."""
        useful: Useful = self._pair.question.useful
        kind = self._what.primal.kinds.returned
        if self._what.step.has_aux:
            useful = self._pair.question.useful[0]
            kind = kind.items[0] if isinstance(kind, TupleOf) else kind
        elif not isinstance(kind, TupleOf):
            useful = self._pair.question.useful[0]
        parts = list(_wanted(seed, useful))
        params = self._backward.params
        for part, p in zip(parts, params[: len(parts)], strict=True):
            yield self._handed_on(part, p.name, self._pair.seeds[p.name])

    def _read(self, name: str, together: Mapping[str, tuple[n.Var, n.Var]]) -> n.Expr:
        if name in together:
            return together[name][1]
        return self._handed_on(n.Var(name), name, self._what.kinds[name])

    def _handed_on(self, e: n.Expr, name: str, kind: Kind) -> n.Expr:
        """An argument of the reverse sweep: a copy where that writes into it."""
        if name not in self._written or not _has_arrays(kind):
            return e
        return n.Call(n.Field(e, "copy")) if isinstance(kind, Array) else _deep_copy(e)

    def _fresh_tape(
        self, name: str, tape: n.Var, together: Mapping[str, tuple[n.Var, n.Var]]
    ) -> n.Expr:
        if name in together:
            return together[name][1]
        if name in self._written:
            return _deep_copy(tape)
        return n.Call(n.Field(tape, "copy"))

    # --- results --------------------------------------------------------------------------------

    def _gradients(self, call: n.Call) -> n.Block:
        """The adjoints in the types of the arguments."""
        facts = self._handed.facts[self._backward]
        returned = facts.kinds.returned
        wrt, all_wrt = self._what.wrt, self._pair.question.wrt
        if len(all_wrt) == 1:
            kind = UNKNOWN if returned is None else returned
            items = self._trees({wrt[0]: self._converted(call, kind, wrt[0])})
            return (n.Return(n.Tuple(items)),)
        kinds = returned.items if isinstance(returned, TupleOf) else (UNKNOWN,) * len(all_wrt)
        names = [n.Var(self._names.fresh(f"d{name}")) for name in all_wrt]
        found = dict(zip(all_wrt, zip(names, kinds, strict=True), strict=True))
        items = self._trees({name: self._converted(*found[name], name) for name in wrt})
        if items == tuple(names):
            return (n.Return(call),)
        return (n.Assign(n.Tuple(tuple(names)), call), n.Return(n.Tuple(items)))

    def _trees(self, leaves: Mapping[str, n.Expr]) -> tuple[n.Expr, ...]:
        """The adjoints of the whole function's parameters; None for what has no derivative."""
        trees = {} if self._what.apart is None else self._what.apart.trees

        def whole(tree: Tree) -> n.Expr:
            if tree.name is not None:
                return leaves.get(tree.name, n.Const(None))
            return made(tree, tuple(whole(item) for _, item in tree.items))

        wrt = self._what.step.wrt
        return tuple(whole(trees[name]) if name in trees else leaves[name] for name in wrt)

    def _converted(self, e: n.Expr, kind: Kind, name: str) -> n.Expr:
        made = converted(e, kind, self._what.kinds[name], name)
        if made == e and not self._pair.fresh and _has_arrays(kind):
            return n.Call(n.Field(e, "copy"))
        return made

    def _results(self, pullback: n.Var) -> tuple[n.Expr, ...]:
        """The value, the pullback and the aux, in memory of their own."""
        kind = self._what.primal.kinds.returned or UNKNOWN
        shared = self._shared(kind)
        if not self._what.step.has_aux:
            return self._own(self._value, kind, (), shared), pullback
        kinds = kind.items if isinstance(kind, TupleOf) else (UNKNOWN, UNKNOWN)
        value, aux = (
            self._own(n.Index(self._value, n.Const(i)), k, (i,), shared)
            for i, k in enumerate(kinds)
        )
        return value, pullback, aux

    def _own(self, e: n.Expr, kind: Kind, at: Path, shared: set[Path]) -> n.Expr:
        if not any(path[: len(at)] == at for path in shared):
            return e
        if isinstance(kind, TupleOf):
            items = enumerate(kind.items)
            return n.Tuple(
                tuple(self._own(n.Index(e, n.Const(i)), k, (*at, i), shared) for i, k in items)
            )
        return n.Call(n.Field(e, "copy")) if isinstance(kind, Array) else _deep_copy(e)

    def _shared(self, kind: Kind) -> set[Path]:
        """The parts of the value whose memory is also another's."""
        out: set[Path] = set()
        for s in statements(self._first.body):
            if isinstance(s, n.Return) and s.value is not None and self._facts.kinds.reached(s):
                seen: set[str] = set()
                for at in _leaves(kind, ()):
                    near = self._facts.near(_part_of(s.value, at), s)
                    if self._facts.arguments(near) or OUTSIDE in near or near & seen:
                        out.add(at)
                    seen |= near
        return out


def _leaves(kind: Kind, at: Path) -> Iterator[Path]:
    """Where arrays stand, or lists of them, in a value."""
    if isinstance(kind, TupleOf):
        for i, item in enumerate(kind.items):
            yield from _leaves(item, (*at, i))
    elif isinstance(kind, Array | ListOf) or (isinstance(kind, Object) and kind.cls is dict):
        yield at


def _has_arrays(kind: Kind) -> bool:
    return any(True for _ in _leaves(kind, ()))


def _wanted(seed: n.Expr, useful: Useful) -> Iterator[n.Expr]:
    """The parts of an adjoint that are wanted."""
    if isinstance(useful, tuple):
        for i, item in enumerate(useful):
            yield from _wanted(n.Index(seed, n.Const(i)), item)
    elif useful:
        yield seed


def _ref(sweep: Sweep) -> n.Ref:
    return n.Ref(sweep.name, sweep, sweep)


def _deep_copy(e: n.Expr) -> n.Expr:
    return n.Call(n.Ref("copy.deepcopy", copy.deepcopy, copy), (e,))


def _pullback_doc(wrt: tuple[str, ...]) -> str:
    *first, last = wrt
    if not first:
        return f"The adjoint of {last}, for that of the value."
    return f"The adjoints of {', '.join(first)} and {last}, for that of the value."
