"""Calls of the user's functions: each becomes a pair, one function for each sweep.

    y = g(x, 2.0)       →       y = g_fwd(x, 2.0, z_tape)           (forward sweep)
                                dx += g_bwd(dy, x, 2.0, z_tape)     (reverse sweep)

A pair is made once for each combination of argument kinds and of what is differentiated. What the
reverse sweep of `g` needs of its locals goes on lists that the caller hands down. Where nothing
does, the forward sweep calls `g` itself.

A function that calls itself, be it through others, hands down the lists that it was handed: its
pair is made again until what it was taken to be handed and to read is what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from srcdiff.analysis.activity import differentiable, smooth_names
from srcdiff.analysis.kinds import Inference, World
from srcdiff.assemble.pairs import Frame, Pair, Question, Tape, Useful, Workshop, make
from srcdiff.assemble.recursion import Solver
from srcdiff.assemble.results import Helpers, Results, located
from srcdiff.assemble.sweeps import Half, Sweep, reachable, renamed
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import FLOAT64, Array, Kind, Known, Maybe, Number, TupleOf, carries
from srcdiff.ir.stars import spread
from srcdiff.ir.walk import argument_at, base_name, written_arguments_of
from srcdiff.normalize.arguments import Default, bind_arguments, place_arguments
from srcdiff.transform.adjoints import Adjoints
from srcdiff.transform.lent import NOTHING_LENT, Lent
from srcdiff.transform.statements import Adjoint, Context, called

# The names whose memory an expression may share.
Near = Callable[[n.Expr], frozenset[str]]


@dataclass(frozen=True)
class Site:
    """One call: its arguments, and what is differentiated in it."""

    call: n.Call
    callee: Callee
    arguments: Mapping[str, n.Expr | Default]
    wrt: tuple[str, ...]
    # For each result, whether its adjoint is wanted; a single entry for a single result.
    useful: tuple[bool, ...]
    lent: Lent = NOTHING_LENT


@dataclass(eq=False)
class PairMaker:
    """Makes the pairs of one derivative, and infers the results of calls.

    Args:
        world: globals and functions outside.
        helpers: where lowered functions come from.
        ours: whether a callable is one of the user's functions.
        names: names of functions in the text.
        outside: what of the reads from outside the forward sweeps keep, by keys of
            `normalize/outside.py`: for reverse sweeps that are run later.
    """

    world: World
    helpers: Helpers
    ours: Callable[[Any], bool]
    names: Names
    # Whether what is made will be differentiated again.
    again: bool = False
    outside: frozenset[Hashable] = frozenset()
    # In the order in which they were finished.
    pairs: dict[Question, Pair] = field(default_factory=dict)
    _questions: dict[Any, Question] = field(default_factory=dict)
    _solver: Solver[Pair] = field(default_factory=lambda: Solver(Pair.alike))
    # The functions that are being reversed, the derivative first, each with its calls.
    _frames: list[Frame] = field(default_factory=lambda: [Frame()])
    _sites: dict[tuple[Frame, n.Stmt], tuple[Site, Pair | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.results = Results(self.world, self.helpers, self.ours)

    def is_call(self, e: n.Expr) -> bool:
        """Whether the expression calls one of the user's functions."""
        return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and self.ours(e.callee.value)

    # --- facts of callees -----------------------------------------------------------------------

    def result_kind(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Kind:
        """The kind of the call's result, its sizes in terms of the caller's."""
        half = call.callee.value if isinstance(call.callee, n.Ref) else None
        if isinstance(half, Half) and half.owner is self:
            return self.half_kind(call, half, infer)
        return self.results.result_kind(call, infer)

    def half_kind(self, call: n.Call, half: Half, infer: Callable[[n.Expr], Kind]) -> Kind:
        """The kind that a call of one function of a pair gives."""
        if half.forward:
            # Handed every argument by its place, and behind these the tapes.
            plain = spread(place_arguments(half.primal, call.args), infer)
            assert isinstance(plain, n.Call)
            return self.result_kind(plain, infer)
        if not half.results:
            return Known(None)
        return half.results[0] if len(half.results) == 1 else TupleOf(half.results)

    def check_inside(self, call: n.Call, infer: Inference, varied: frozenset[str]) -> None:
        """Refuses what in the callee cannot be differentiated, where its result is not known."""
        self.results.check_inside(call, infer, varied)

    def is_pure(self, callee: Callee) -> bool:
        """Whether the function does nothing but compute."""
        return self.results.is_pure(callee)

    # --- pairs ----------------------------------------------------------------------------------

    def site(
        self,
        s: n.Assign | n.Effect,
        infer: Inference,
        varied: frozenset[str],
        useful: frozenset[str],
        near: Near = lambda e: frozenset(),
    ) -> Site:
        """The call that is a statement or its right side, and what is differentiated in it.

        `near` gives the names whose memory an argument may share.
        """
        call = s.value
        assert isinstance(call, n.Call)
        callee = self.results.callee(call)
        arguments = bind_arguments(call, callee)
        wrt = tuple(
            name
            for name, value in arguments.items()
            if not isinstance(value, Default) and smooth_names(value, infer) & varied
        )
        targets: tuple[n.Expr, ...] = ()
        if isinstance(s, n.Assign):
            targets = s.target.items if isinstance(s.target, n.Tuple) else (s.target,)
        wanted = tuple(base_name(t) in useful for t in targets)
        if isinstance(s, n.Effect):
            kind = self.result_kind(call, infer)
            wanted = (False,) * (len(kind.items) if isinstance(kind, TupleOf) else 1)
        site = Site(call, callee, arguments, wrt, wanted)
        return replace(site, lent=lent_at(site, infer, useful, near)) if wrt else site

    def kinds_at(self, site: Site, infer: Inference) -> Mapping[str, Kind]:
        """The kinds that the callee is specialised for, sizes named after its parameters."""
        kinds = self.results.kinds_for(site.call, infer)
        for name in site.wrt:
            _check_kind(kinds[name], name, site)
        return kinds

    def _pair(self, site: Site, infer: Inference) -> Pair:
        kinds = self.kinds_at(site, infer)
        try:
            return self.pair(site.callee, kinds, site.wrt, site.useful, site.lent)
        except UnsupportedError as error:
            raise located(error, site.call, site.callee) from None

    def pair(
        self,
        callee: Callee,
        kinds: Mapping[str, Kind],
        wrt: tuple[str, ...],
        useful: tuple[Useful, ...],
        lent: Lent = NOTHING_LENT,
    ) -> Pair:
        """The two sweeps of a function."""
        question = self._question(callee, kinds, wrt, useful, lent)
        return self._solver.ask(question, Pair(question), lambda: self._made(question))

    def _question(
        self,
        callee: Callee,
        kinds: Mapping[str, Kind],
        wrt: tuple[str, ...],
        useful: tuple[Useful, ...],
        lent: Lent,
    ) -> Question:
        """What the call's pair is made for. A pair in progress is widened for what its function's
        calls of itself differentiate.
        """
        undone = lent.undone
        common = (callee, tuple(kinds.items()), useful, replace(lent, undone=frozenset()))
        found = self._questions.get((common, wrt, undone))
        if found is None:
            found = self._questions.get((common, None, None))
            running = found is not None and self._solver.is_running(found)
            if found is not None and (running or self._solver.is_cyclic(found)):
                wider = tuple(p for p in kinds if p in found.wrt or p in wrt)
                more = replace(found.lent, undone=found.lent.undone | undone)
                if (wider, more) != (found.wrt, found.lent) and running:
                    found.wrt, found.lent = wider, more
                    self._solver.forget(found)
                elif (wider, more) != (found.wrt, found.lent):
                    found = None
            else:
                found = None
        if found is None:
            forward, backward = (Sweep(f"{callee.name}_{end}") for end in ("fwd", "bwd"))
            found = Question(callee, kinds, wrt, useful, forward, backward, lent)
            self._questions[common, None, None] = found
        self._questions[common, wrt, undone] = found
        return found

    def _made(self, question: Question) -> Pair:
        shop = Workshop(self.world, self.ours, self, self.names, self.outside)
        while True:
            asked, last = (question.wrt, question.lent), self._solver.found(question)
            frame = Frame(question, () if last is None else last.tapes)
            self._frames.append(frame)
            whole = self.again and self._solver.is_cyclic(question)
            try:
                pair = make(question, frame, shop, whole)
            finally:
                self._frames.pop()
            known = whole or not self.again or not self._solver.is_cyclic(question)
            if asked == (question.wrt, question.lent) and known:
                break
        self.pairs.pop(question, None)
        self.pairs[question] = pair
        return pair

    def _list(self, frame: Frame, tape: Tape, names: Names) -> str:
        """What the function being reversed calls a list that it hands to a callee."""
        if self._solver.is_settled(tape.owner) or frame.question is None:
            return frame.tape_name(tape.name, names, "list")
        if tape.owner is frame.question:
            return tape.name
        if tape not in frame.lists:
            frame.lists[tape] = names.fresh(tape.name)
        return frame.lists[tape]

    # --- what the reverser asks -----------------------------------------------------------------

    def tapes(
        self,
        s: n.Assign | n.Effect,
        context: Context,
        useful: frozenset[str],
        names: Names,
        undo: tuple[n.Expr, ...] = (),
    ) -> tuple[str, ...]:
        """Names of the lists that the callee keeps its tapes in."""
        frame = self._frames[-1]
        site = self.site(s, context.infer, context.varied, useful, context.near)
        undone = frozenset(p for p, value in site.arguments.items() if value in undo)
        site = replace(site, lent=replace(site.lent, undone=undone & site.lent.written))
        pair = self._pair(site, context.infer) if site.wrt else None
        self._sites[frame, s] = (site, pair)
        return () if pair is None else tuple(self._list(frame, t, names) for t in pair.tapes)

    def adjoint(
        self,
        s: n.Assign | n.Effect,
        targets: tuple[n.Var, ...],
        context: Context,
        useful: frozenset[str],
        lists: tuple[str, ...],
    ) -> Adjoint:
        """The adjoint of the call."""
        site, pair = self._sites[self._frames[-1], s]
        if pair is None:
            return called(n.Const(None), [], targets, context)
        seeds = [
            n.Var(context.adjoints.name(t.name))
            for t, u in zip(targets, site.useful, strict=bool(targets))
            if u
        ]
        reads = [argument(site, name) for name in pair.reads]
        shadows = [context.adjoints.place(argument(site, p)) for p in pair.question.handed]
        operands = [argument(site, name) for name in pair.question.returned]
        kinds = [context.infer(e) for e in operands]
        # An adjoint of a Python number may be NumPy's.
        results = tuple(FLOAT64 if isinstance(kind, Number) else kind for kind in kinds)
        sweep = pair.question.backward
        half = Half(sweep, site.callee, False, results, self, keeps=bool(lists), fresh=pair.fresh)
        written = [name in site.lent.written and not pair.whole for name in pair.reads]
        written = [*(False for _ in seeds), *written, *(True for _ in shadows)]
        given = (*seeds, *reads, *shadows)
        memory = n.Memory(
            tuple(k for k, w in enumerate(written) if w),
            () if pair.fresh else tuple(range(len(given))),
            not pair.fresh,
            tuple(k for k, name in enumerate(pair.reads, len(seeds)) if name in pair.shapes),
        )
        ref = n.Ref(sweep.named(self.names), half, sweep, memory)
        call = n.Call(ref, (*given, *(n.Var(name) for name in lists)))
        return called(call, list(zip(operands, kinds, strict=True)), targets, context)

    def runs_again(self, s: n.Assign | n.Effect) -> bool:
        """Whether the adjoint of the call runs it again, from what it was given."""
        _, pair = self._sites[self._frames[-1], s]
        return pair is not None and pair.whole

    def shares(self, s: n.Assign | n.Effect) -> bool:
        """Whether the callee is in the same cycle, and handed the caller's own tapes."""
        frame = self._frames[-1]
        _, pair = self._sites[frame, s]
        if pair is None or pair.whole or frame.question is None:
            return False
        return not self._solver.is_settled(pair.question)

    def forward(self, s: n.Assign | n.Effect, lists: tuple[str, ...], adjoints: Adjoints) -> n.Stmt:
        """The call in the forward sweep."""
        site, pair = self._sites[self._frames[-1], s]
        if pair is None or not pair.tapes:
            return s
        args = [argument(site, name) for name in site.arguments]
        args += [adjoints.place(argument(site, p)) for p in pair.beside]
        sweep = pair.question.forward
        half = Half(sweep, site.callee, True, (), self, keeps=True)
        memory = self.memory(site)
        if memory is not None:
            # What it returns may be on its tapes, and its reverse sweep undoes stores into it.
            memory = replace(memory, outside=True)
        ref = n.Ref(sweep.named(self.names), half, sweep, memory)
        call = n.Call(ref, (*args, *(n.Var(name) for name in lists)))
        return replace(s, value=call)

    def memory(self, site: Site) -> n.Memory | None:
        """What a call that is given every argument by its place does with them."""
        memory = site.call.callee.memory if isinstance(site.call.callee, n.Ref) else None
        if memory is None:
            return None
        at = {
            place: argument_at(site.call, place)
            for place in (*memory.writes, *memory.shares, *memory.lists)
        }

        def places(old: tuple[int | str, ...]) -> tuple[int | str, ...]:
            given = [at[place] for place in old]
            values = enumerate(site.arguments.values())
            return tuple(k for k, value in values if any(value is x for x in given))

        lists = places(memory.lists)
        return n.Memory(places(memory.writes), places(memory.shares), memory.outside, lists=lists)

    def functions(self) -> list[n.Function]:
        """The functions of all pairs, callees first."""
        return [function for pair in self.pairs.values() for function in pair.functions]

    def used_by(self, function: n.Function) -> n.Function:
        """The function, with no pairs but those that it uses: another may have been made before it
        was known what a call has to undo.
        """
        used = reachable((function,))
        unused = [q for q, pair in self.pairs.items() if not used & {*pair.functions}]
        free = {s.name for q in unused for s in (q.forward, q.backward)}
        for question in unused:
            del self.pairs[question]
        new: dict[str, str] = {}
        sweeps = [s for q in self.pairs for s in (q.forward, q.backward) if s.function is not None]
        for sweep in sweeps:
            if sweep.name != sweep.wish and sweep.wish in free:
                free.remove(sweep.wish)
                new[sweep.name] = sweep.wish
        if not new:
            return function
        for sweep in sweeps:
            assert sweep.function is not None
            sweep.name = new.get(sweep.name, sweep.name)
            sweep.function = renamed(sweep.function, new)
        return renamed(function, new)


def lent_at(site: Site, infer: Inference, useful: frozenset[str], near: Near) -> Lent:
    """The parameters that stand for arrays of the caller in a call."""
    given = written_arguments_of(site.call)
    arrays = {
        p: value
        for p, value in site.arguments.items()
        if not isinstance(value, Default) and isinstance(infer(value), Array)
    }
    written = frozenset(p for p, value in arrays.items() if any(value is x for x in given))
    if not written:
        return NOTHING_LENT
    memory = {p: near(value) for p, value in arrays.items()}
    shared = frozenset(
        (min(p, q), max(p, q)) for p in arrays for q in arrays if p < q and memory[p] & memory[q]
    )
    shared = frozenset(pair for pair in shared if written & {*pair})
    handed = written.union(*shared)
    handed = frozenset(p for p in handed if differentiable(infer(arrays[p])))
    ends = frozenset(p for p in handed if base_name(arrays[p]) in useful)
    moving = ends | (handed & frozenset(site.wrt))
    adjoints = moving | {p for pair in shared if moving & {*pair} for p in pair if p in handed}
    return Lent(written, ends, adjoints, frozenset(), shared)


def argument(site: Site, name: str) -> n.Expr:
    """What a call gives for a parameter."""
    value = site.arguments[name]
    return value.expr if isinstance(value, Default) else value


def _check_kind(kind: Kind, name: str, site: Site) -> None:
    if not carries(kind.item if isinstance(kind, Maybe) else kind):
        raise UnsupportedError(
            f"the argument {name!r} of this call carries a derivative, and is neither a float nor "
            "an array of floats.",
            site.call.span,
            None,
            "pass numbers and arrays one by one.",
        )
