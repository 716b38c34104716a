"""Pairs: a called function made into one function for each sweep."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from srcdiff.analysis.alias import partners
from srcdiff.analysis.kinds import World, infer_kinds
from srcdiff.assemble.containers import Setting
from srcdiff.assemble.finish import Plan, Sweeps, finish, finish_pair
from srcdiff.assemble.gradient import owned
from srcdiff.assemble.prepare import prepare
from srcdiff.assemble.sweeps import Sweep, place_of
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import UNKNOWN, Kind, Known, ListOf, Object, TupleOf
from srcdiff.ir.reads import target_reads, value_reads
from srcdiff.ir.walk import base_name, bound_names, expressions, names_in, statements
from srcdiff.normalize.outside import with_kept
from srcdiff.transform.lent import NOTHING_LENT, Lent
from srcdiff.transform.primal import Primal
from srcdiff.transform.pull import Seed
from srcdiff.transform.record import Record
from srcdiff.transform.reverse import Calls, Reverser

# Whether the adjoint of a result is wanted; for a tuple, of each item.
Useful = bool | tuple["Useful", ...]
# The variables that hold these adjoints.
_Seeds = n.Var | None | tuple["_Seeds", ...]


@dataclass(eq=False)
class Question:
    """What a pair is made for.

    Attributes:
        wrt: the parameters that are differentiated; in a function that calls itself, in any of
            the calls.
        useful: for each result, whether its adjoint is wanted; one entry for a single result.
        lent: the parameters that stand for arrays of the caller.
    """

    callee: Callee
    kinds: Mapping[str, Kind]
    wrt: tuple[str, ...]
    useful: tuple[Useful, ...]
    forward: Sweep
    backward: Sweep
    lent: Lent = NOTHING_LENT

    @property
    def returned(self) -> tuple[str, ...]:
        """The parameters whose adjoints the reverse sweep returns."""
        return tuple(name for name in self.wrt if name not in self.lent.adjoints)

    @property
    def handed(self) -> tuple[str, ...]:
        """The parameters whose adjoints it is handed, in their order."""
        return tuple(name for name in self.kinds if name in self.lent.adjoints)


@dataclass(frozen=True)
class Tape:
    """A list that a pair's two sweeps are handed, by the name that it has there.

    Functions that call each other hand on each other's tapes: `owner` is the pair that a tape is
    of. Its own tapes keep their names in each attempt at a pair, by the `wish` for them.
    """

    owner: Question
    name: str
    wish: str


@dataclass(frozen=True, eq=False)
class Pair:
    """The two functions of a call.

    Attributes:
        tapes: the lists that both are handed. Where there are none, the primal itself serves as
            the forward sweep.
        reads: the parameters that the reverse sweep reads: it takes seeds, these, the adjoints
            that it is handed, then the tapes.
        fresh: whether what the reverse sweep returns shares memory with nothing else.
        seeds: the kinds of the seeds, by the names of their parameters.
        whole: whether the reverse sweep runs the forward sweep itself.
        beside: the parameters whose adjoints the forward sweep is handed too, behind its arguments.
    """

    question: Question
    tapes: tuple[Tape, ...] = ()
    reads: tuple[str, ...] = ()
    # Of these, the ones of which only the shape is read.
    shapes: tuple[str, ...] = ()
    fresh: bool = True
    seeds: Mapping[str, Kind] = field(default_factory=dict)
    whole: bool = False
    beside: tuple[str, ...] = ()

    @property
    def functions(self) -> list[n.Function]:
        """The functions, once they are made."""
        sweeps = (self.question.forward, self.question.backward)
        return [s.function for s in sweeps if s.function is not None]

    def alike(self, other: Pair) -> bool:
        """Whether calls of the one are calls of the other."""

        def seen(pair: Pair) -> tuple[object, ...]:
            sweeps = (pair.tapes, pair.reads, pair.shapes, pair.fresh)
            return (*sweeps, pair.whole, pair.beside)

        return seen(self) == seen(other)


@dataclass(eq=False)
class Frame:
    """A function that is being reversed: what its calls need to know of it.

    Attributes:
        question: the pair that is being made; None for the derivative itself.
        before: the tapes that the pair had in the last attempt.
        lists: the names of the tapes of other pairs in the same cycle.
    """

    question: Question | None = None
    before: tuple[Tape, ...] = ()
    lists: dict[Tape, str] = field(default_factory=dict)
    wishes: dict[str, str] = field(default_factory=dict)
    _free: dict[str, list[str]] = field(default_factory=dict)

    @property
    def own(self) -> tuple[Tape, ...]:
        """The tapes of its own that the pair had in the last attempt."""
        return tuple(tape for tape in self.before if tape.owner is self.question)

    def __post_init__(self) -> None:
        for tape in self.own:
            self._free.setdefault(tape.wish, []).append(tape.name)

    def tape_name(self, wish: str, names: Names, role: str) -> str:
        """The name of a tape of its own: that of the last attempt, or a new one."""
        known = self._free.get(f"{role} {wish}")
        name = known.pop(0) if known else names.fresh(wish)
        self.wishes[name] = f"{role} {wish}"
        return name


@dataclass(frozen=True, eq=False)
class Workshop:
    """What pairs are made with."""

    world: World
    ours: Callable[[object], bool]
    calls: Calls
    names: Names
    # What of the reads from outside the forward sweeps keep.
    outside: frozenset[Hashable] = frozenset()

    def lowered(self, question: Question) -> n.Function:
        """The function that a pair is made of."""
        function = question.callee.function
        if not self.outside:
            return function
        infer = infer_kinds(function, question.kinds, self.world).at(function.body[0])
        return with_kept(function, self.outside, objects_in(question.kinds), infer)


def objects_in(kinds: Mapping[str, Kind]) -> frozenset[str]:
    """The parameters that are objects with attributes."""
    return frozenset(name for name, kind in kinds.items() if isinstance(kind, Object))


def make(question: Question, frame: Frame, shop: Workshop, whole: bool = False) -> Pair:
    """Makes the functions of a pair; what they call is asked for as it is met.

    `whole`: the reverse sweep runs the forward sweep itself, and no tape is handed to it. It then
    changes nothing that it is given, so that it can be differentiated again where it calls itself.
    """
    lowered = shop.lowered(question)
    setting = Setting(question.kinds, shop.world, shop.ours)
    lent = question.lent
    primal = prepare(lowered, question.wrt, setting, tuple(map(bool, question.useful)), lent)
    primal.names.reserve(tape.name for tape in frame.own)
    params = frozenset(lowered.param_names)
    if not whole:
        primal.one_shape = (primal.one_shape & params) - bound_names(primal.function.body)
    several = isinstance(primal.kinds.returned, TupleOf)
    nothing = whole or primal.kinds.returned in (None, Known(None))
    value = None if nothing else n.Var(primal.names.fresh("value"))
    wanted = tuple(_seed(u, primal.names) for u in question.useful)
    seeds = list(_flat(wanted))
    seed_kinds = _seed_kinds(wanted, primal.kinds.returned)
    reverser = Reverser(
        primal,
        lambda s: _seeds(s, wanted, several),
        value,
        shop.calls,
        leaves=not whole,
        wanted=question.wrt,
        lent=lent,
    )
    sweeps = reverser.run()
    adjoints = tuple(reverser.adjoints.name(name) for name in question.returned)
    handed = {reverser.adjoints.name(name): question.kinds[name] for name in question.handed}
    lists = tuple(dict.fromkeys(x for names in reverser.lists.values() for x in names))
    given = (*(s.name for s in seeds), *handed)
    # What runs the function again does so on copies of what it writes into.
    own = [name for name in question.kinds if whole and name in lent.written]
    plan = Plan(
        name=lowered.name,
        params=(*lowered.params, *(n.Param(name, 1) for name in given if whole)),
        kinds={
            **question.kinds,
            **seed_kinds,
            **handed,
            **dict.fromkeys(lists, ListOf(UNKNOWN)),
        },
        world=shop.world,
        names=primal.names,
        adjoints=reverser.value_adjoints,
        shadows=reverser.shadows.names,
        fresh=reverser.shadows.seed_names,
        seed_order=reverser.temporaries.all,
        order=primal.function.order + 1,
        copies=tuple(owned(name, question.kinds[name], False) for name in own),
        forward=sweeps.forward,
        reverse=sweeps.reverse,
        wanted=adjoints,
        results=lambda kind_of: _tuple([n.Var(a) for a in adjoints]),
        doc="",
        slot_kinds=primal.kinds,
        inputs=frozenset() if whole else frozenset(given),
        handed=frozenset(handed),
        lent=replace(lent, written=frozenset(), undone=frozenset()) if whole else lent,
        lists=lists,
        value=None if value is None else value.name,
    )
    if whole:
        return _whole(question, shop.names, given, finish(plan), seed_kinds)
    made = finish_pair(plan, lambda wish: frame.tape_name(wish, primal.names, "slot"))
    beside = {p: a for p, a in reverser.shadows.of.items() if p in question.handed}
    beside = {p: beside[p] for p in question.handed if p in beside}
    adjoints_of = (tuple(s.name for s in seeds), tuple(handed), beside)
    pair = _named(question, frame, shop.names, adjoints_of, made)
    # Of what lies on a tape as a view, the contents are read.
    kept = _kept_by_reference(sweeps.record, primal)
    shapes = tuple(name for name in pair.shapes if name not in kept)
    return replace(pair, seeds=seed_kinds, shapes=shapes)


def _kept_by_reference(record: Record, primal: Primal) -> frozenset[str]:
    """The variables whose memory may be that of a value which a tape refers to."""
    every = (*record.before.values(), *record.at_end.values(), record.at_exit)
    names = {base_name(slot.place) for slots in every for slot in slots if not slot.copy}
    pairs = primal.aliases.ever()
    return frozenset().union(*(partners(name, pairs) for name in names if name is not None))


def _whole(
    question: Question,
    names: Names,
    given: tuple[str, ...],
    made: n.Function,
    seed_kinds: Mapping[str, Kind],
) -> Pair:
    """The pair whose reverse sweep runs the function again."""
    lowered = question.callee.function
    read = _read_names(made)
    reads = tuple(p.name for p in lowered.params if p.name in read)
    question.forward.function = None
    question.backward.function = replace(
        made,
        name=question.backward.named(names),
        params=tuple(n.Param(name, 1) for name in _placed(given, reads, question)),
        doc=f"Both sweeps of {place_of(lowered)}, for the adjoint of its result.",
    )
    return Pair(question, (), reads, seeds=seed_kinds, whole=True)


def _placed(given: tuple[str, ...], reads: tuple[str, ...], question: Question) -> tuple[str, ...]:
    """The parameters of a reverse sweep: seeds, what it reads, adjoints that it is handed."""
    seeds = len(given) - len(question.handed)
    return (*given[:seeds], *reads, *given[seeds:])


def _named(
    question: Question,
    frame: Frame,
    names: Names,
    given: tuple[tuple[str, ...], tuple[str, ...], Mapping[str, str]],
    made: Sweeps,
) -> Pair:
    """The pair's functions with their parameters and names; `given` are the adjoints of results
    and of arguments that the reverse sweep is handed, and those that the forward sweep is.
    """
    seeds, handed, shadows = given
    used = _read_names(made.forward)
    beside = {p: name for p, name in shadows.items() if name in used}
    lowered = question.callee.function
    read = _read_names(made.backward)
    reads = tuple(p.name for p in lowered.params if p.name in read)
    place = place_of(lowered)
    tapes = _in_order([_tape(question, frame, name) for name in made.tapes], frame)
    names_of_tapes = {_tape(question, frame, name): name for name in made.tapes}
    extra = tuple(n.Param(names_of_tapes[tape], 1) for tape in tapes)
    plain = tuple(replace(p, passing=1, default=None, has_default=False) for p in lowered.params)
    question.forward.function = None
    if made.tapes:
        question.forward.function = replace(
            made.forward,
            name=question.forward.named(names),
            params=(*plain, *(n.Param(name, 1) for name in beside.values()), *extra),
            doc=f"Forward sweep of {place}: keeps what the reverse sweep needs on its tapes.",
        )
    question.backward.function = replace(
        made.backward,
        name=question.backward.named(names),
        params=(*(n.Param(name, 1) for name in (*seeds, *reads, *handed)), *extra),
        doc=_doc(place, seeds, handed, question),
    )
    _check_kept(question.backward.function)
    valued = _valued(made.backward)
    shapes = tuple(name for name in reads if name not in valued)
    return Pair(question, tapes, reads, shapes, made.fresh, beside=tuple(beside))


def _doc(place: str, seeds: tuple[str, ...], handed: tuple[str, ...], question: Question) -> str:
    """What the reverse sweep does."""
    what = [f"Reverse sweep of {place}"]
    if seeds or not handed:
        what[0] += ", for the adjoint of its result"
    undone = [name for name in question.kinds if name in question.lent.undone]
    deeds = [f"undoes {' and '.join(undone)}"] if undone else []
    deeds += [f"updates {' and '.join(handed)} in place"] if handed else []
    return f"{': '.join([*what, *([', '.join(deeds)] if deeds else [])])}."


def _check_kept(backward: n.Function) -> None:
    """Refuses a reverse sweep that reads what is only there in the forward sweep.

    Raises:
        UnsupportedError: it does.
    """
    bound = bound_names(backward.body) | frozenset(backward.param_names)
    missing = sorted(_read_names(backward) - bound)
    if missing:
        raise UnsupportedError(
            f"the length or shape of {missing[0]!r} is needed again where it is no longer known, "
            "which is not supported yet.",
            None,
            None,
            "use arrays of a size that is known before instead of lists.",
        )


def _in_order(tapes: list[Tape], frame: Frame) -> tuple[Tape, ...]:
    """The tapes in the order of the last attempt, and behind them those that are new."""
    known = [tape for tape in frame.before if tape in tapes]
    return (*known, *(tape for tape in tapes if tape not in known))


def _tape(question: Question, frame: Frame, name: str) -> Tape:
    """A tape that a pair is handed: its own, or one of another in the same cycle."""
    known = {**{tape.name: tape for tape in frame.own}, **{x: t for t, x in frame.lists.items()}}
    return known[name] if name in known else Tape(question, name, frame.wishes[name])


def _seed(useful: Useful, names: Names) -> _Seeds:
    if isinstance(useful, tuple):
        return tuple(_seed(u, names) for u in useful)
    return n.Var(names.fresh("d")) if useful else None


def _flat(seeds: _Seeds) -> Iterator[n.Var]:
    if isinstance(seeds, n.Var):
        yield seeds
    elif seeds is not None:
        for seed in seeds:
            yield from _flat(seed)


def _seeds(s: n.Return, seeds: tuple[_Seeds, ...], several: bool) -> list[tuple[n.Expr, Seed]]:
    if s.value is None or not any(_flat(seeds)):
        return []
    return _seeded(s.value, seeds if several or len(seeds) > 1 else seeds[0], s)


def _seeded(e: n.Expr, seeds: _Seeds, s: n.Return) -> list[tuple[n.Expr, Seed]]:
    """The parts of a result that have a seed."""
    if seeds is None:
        return []
    if isinstance(seeds, n.Var):
        return [(e, Seed(seeds, may_be_zero=True))]
    if not isinstance(e, n.Tuple) or len(e.items) != len(seeds):
        raise UnsupportedError(
            "the results of this call are not unpacked one by one.",
            s.span,
            None,
            "return a tuple written out, and unpack it at the call: a, b = g(x).",
        )
    pairs = zip(e.items, seeds, strict=True)
    return [found for item, seed in pairs for found in _seeded(item, seed, s)]


def _seed_kinds(seeds: _Seeds, kind: Kind | None) -> dict[str, Kind]:
    """The kinds of the seeds; of a function that returns one value, that value's."""
    if isinstance(seeds, n.Var):
        return {} if kind is None else {seeds.name: kind}
    if seeds is None:
        return {}
    kinds = kind.items if isinstance(kind, TupleOf) else (kind,)
    pairs = zip(seeds, kinds, strict=False)
    return {name: k for seed, kind in pairs for name, k in _seed_kinds(seed, kind).items()}


def _tuple(items: list[n.Expr]) -> n.Expr:
    if not items:
        return n.Const(None)
    return items[0] if len(items) == 1 else n.Tuple(tuple(items))


def _valued(function: n.Function) -> frozenset[str]:
    """The variables of which the function reads values, or what it does not store into."""
    out: set[str] = set()
    for s in statements(function.body):
        read = expressions(s)
        if isinstance(s, n.Assign | n.Restore):
            read = read[:-1]
            target = s.target if isinstance(s, n.Assign) else s.slot.place
            out |= target_reads(target)
        out |= frozenset().union(*map(value_reads, read))
        out |= set(s.reads) if isinstance(s, n.Opaque) else set()
    return frozenset(out)


def _read_names(function: n.Function) -> frozenset[str]:
    return frozenset().union(
        *(names_in(e) for s in statements(function.body) for e in expressions(s))
    )
