"""What the sweeps of pairs do with what they are handed: write into it, or keep it on a tape.

A pullback that is called again must find everything as it was. So must one whose caller has
written into the arguments, or into the value, in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from srcdiff.analysis.alias import ARGUMENT, Aliases, aliases, contents, partners, roots
from srcdiff.analysis.alias import written_by as names_written_by
from srcdiff.analysis.kinds import Kinds, World, infer_kinds
from srcdiff.assemble.pairs import Pair
from srcdiff.assemble.sweeps import Half
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import NOTHING, Kind, ListOf
from srcdiff.ir.reads import value_reads
from srcdiff.ir.walk import expressions, statements, subexpressions

Names = frozenset[str]


@dataclass(frozen=True)
class Facts:
    """A function with its kinds and aliases; each parameter begins apart from the others."""

    function: n.Function
    kinds: Kinds
    aliases: Aliases

    @classmethod
    def of(cls, function: n.Function, kinds: Mapping[str, Kind], world: World) -> Facts:
        """The facts of a function whose parameters have these kinds."""
        found = infer_kinds(function, kinds, world)
        params = function.param_names
        start = frozenset((ARGUMENT + p, name) for p in params for name in (p, contents(p)))
        return cls(function, found, aliases(function, found, start))

    def near(self, e: n.Expr, s: n.Stmt) -> Names:
        """The names whose memory an expression of the statement may share."""
        found = roots(e, self.kinds.at(s))
        return found.union(*(self.aliases.held(name, s) for name in found))

    def arguments(self, names: Iterable[str]) -> Names:
        """The parameters among what `near` gave."""
        return frozenset(x.removeprefix(ARGUMENT) for x in names if x.startswith(ARGUMENT))


@dataclass(eq=False)
class Handed:
    """What the functions of pairs do with what they are handed.

    Args:
        world: what lies outside.
        facts: the facts of each function.
        written: for each function, the parameters whose memory it writes into.
        kept: for each, those whose memory lies on a tape afterwards.
    """

    world: World
    facts: dict[n.Function, Facts] = field(default_factory=dict)
    written: dict[n.Function, Names] = field(default_factory=dict)
    kept: dict[n.Function, Names] = field(default_factory=dict)
    _tapes: dict[n.Function, Names] = field(default_factory=dict)

    @classmethod
    def by(cls, pairs: Iterable[Pair], world: World) -> Handed:
        """What the functions of these pairs do, and of all that they call."""
        handed = cls(world)
        for pair in pairs:
            handed._look_at(pair)
        while handed._again():
            pass
        return handed

    def _look_at(self, pair: Pair) -> None:
        question = pair.question
        kinds = dict(question.kinds)
        tapes: dict[str, Kind] = {tape.name: ListOf(NOTHING) for tape in pair.tapes}
        if question.forward.function is not None:
            facts = self._add(question.forward.function, {**kinds, **tapes}, tapes)
            end = facts.function.body[-1]
            env = facts.kinds.before.get(end, {})
            tapes = {name: env.get(name, kind) for name, kind in tapes.items()}
        assert question.backward.function is not None
        self._add(question.backward.function, {**kinds, **pair.seeds, **tapes}, tapes)

    def _add(self, function: n.Function, kinds: Mapping[str, Kind], tapes: Iterable[str]) -> Facts:
        self._tapes[function] = frozenset(tapes)
        self.written[function] = self.kept[function] = frozenset()
        facts = self.facts[function] = Facts.of(function, kinds, self.world)
        return facts

    def _again(self) -> bool:
        """Looks at each function with what is known of those it calls; whether that is news."""
        news = False
        for function, facts in self.facts.items():
            written, kept = self._written(facts), self._kept(facts)
            news |= written != self.written[function] or kept != self.kept[function]
            self.written[function], self.kept[function] = written, kept
        return news

    def _written(self, facts: Facts) -> Names:
        tapes = self._tapes[facts.function]
        out: Names = frozenset()
        for s in statements(facts.function.body):
            if not facts.kinds.reached(s):
                continue
            # What is done to a tape itself is done to the list that is handed over.
            names = names_written_by(s, facts.kinds) - tapes
            near = names.union(*(facts.aliases.of(name, s) for name in names))
            if isinstance(s, n.Assign | n.Update):
                near |= facts.aliases.written(s, facts.kinds.at(s))
            out |= facts.arguments(near | self._passed(s, facts, self.written))
        return out

    def _kept(self, facts: Facts) -> Names:
        tapes = self._tapes[facts.function]
        pairs = facts.aliases.ever()
        out: Names = frozenset()
        for tape in tapes:
            for name in (contents(tape), ARGUMENT + tape):
                out |= facts.arguments(partners(name, pairs)) - tapes
        for s in statements(facts.function.body):
            if facts.kinds.reached(s):
                out |= facts.arguments(self._passed(s, facts, self.kept)) - tapes
        return out

    def _passed(self, s: n.Stmt, facts: Facts, to: Mapping[n.Function, Names]) -> Names:
        """The names near what the statement passes to parameters of which `to` holds."""
        out: Names = frozenset()
        for half, call in _calls(s):
            wanted = to.get(half.function, frozenset())
            for p, value in zip(half.function.params, call.args, strict=True):
                if p.name in wanted:
                    out |= facts.near(value, s)
        return out

    def passed_on(self, function: n.Function) -> Names:
        """The variables that a function passes to other sweeps as they are."""
        calls = (call for s in statements(function.body) for _, call in _calls(s))
        return frozenset(a.name for call in calls for a in call.args if isinstance(a, n.Var))

    def reads(self, function: n.Function) -> Names:
        """The variables whose values a function reads."""
        found = (value_reads(e) for s in statements(function.body) for e in expressions(s))
        return frozenset().union(*found)


def _calls(s: n.Stmt) -> Iterable[tuple[Half, n.Call]]:
    for e in expressions(s):
        for x in subexpressions(e):
            if isinstance(x, n.Call) and isinstance(x.callee, n.Ref):
                if isinstance(x.callee.value, Half) and x.callee.value.sweep.function is not None:
                    yield x.callee.value, x
