"""Calls of the user's functions in forward mode: each becomes a call for value and tangent.

y = g(x, 2.0)       →       y, y_dot = g_jvp(x, 2.0, x_dot)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from srcdiff.assemble.calls import Near, PairMaker, Site, argument
from srcdiff.assemble.containers import Setting
from srcdiff.assemble.prepare import prepare
from srcdiff.assemble.results import located
from srcdiff.assemble.sweeps import Half, Sweep, place_of
from srcdiff.assemble.tangent import Pushforward, pushforward
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Kind, TupleOf
from srcdiff.ir.walk import names_of
from srcdiff.normalize.results import named_results
from srcdiff.transform.adjoints import Tangents
from srcdiff.transform.push import Pusher


@dataclass(eq=False)
class PushforwardMaker:
    """Makes the forward mode of the functions that one derivative calls.

    Args:
        pairs: what knows of calls: their arguments and the kinds of their results.
        made: the functions made so far, by callee, kinds and tangents.
    """

    pairs: PairMaker
    made: dict[Any, Sweep] = field(default_factory=dict)

    def is_call(self, e: n.Expr) -> bool:
        """Whether the expression calls one of the user's functions."""
        return self.pairs.is_call(e)

    def pushed(
        self,
        s: n.Assign | n.Effect,
        pusher: Pusher,
        tangents: Tangents,
        near: Near,
        moving: frozenset[str],
    ) -> n.Stmt | None:
        """The statement that calls for value and tangent; None where there is no tangent.

        `near` gives the names whose memory an argument may share; `moving` are the variables that
        have tangents.
        """
        site = self.pairs.site(s, pusher.infer, pusher.varied, moving, near)
        if not site.wrt:
            return None
        # The tangents of what is written into are handed over, also where they are still zero.
        wrt = tuple(p for p in site.arguments if p in site.wrt or p in site.lent.adjoints)
        site = replace(site, wrt=wrt)
        sweep = self._function(site, pusher)
        values = [argument(site, name) for name in site.arguments]
        given = [self._tangent_of(p, site, pusher, tangents) for p in wrt]
        kind = self.pairs.result_kind(site.call, pusher.infer)
        kinds: tuple[Kind, ...] = (kind, kind)
        if isinstance(kind, TupleOf) and isinstance(s, n.Assign):
            kinds = kind.items + kind.items
        half = Half(sweep, site.callee, False, kinds, self.pairs)
        ref = n.Ref(sweep.named(self.pairs.names), half, sweep, self._memory(site))
        call = n.Call(ref, (*values, *given))
        if isinstance(s, n.Effect):
            return n.Effect(call, span=s.span)
        return n.Assign(_targets(s, kind, tangents), call, span=s.span)

    def _tangent_of(self, p: str, site: Site, pusher: Pusher, tangents: Tangents) -> n.Expr:
        if p in site.lent.adjoints:
            return tangents.place(argument(site, p))
        tangent = pusher.full(argument(site, p))
        assert tangent is not None
        return tangent

    def _memory(self, site: Site) -> n.Memory | None:
        """What the call does with its arguments: with tangents what it does with their values."""
        memory = self.pairs.memory(site)
        if memory is None:
            return None
        names = list(site.arguments)
        tangents = {p: len(names) + k for k, p in enumerate(site.wrt)}

        def both(old: tuple[int | str, ...]) -> tuple[int | str, ...]:
            again = (tangents.get(names[k]) for k in old if isinstance(k, int))
            return (*old, *(k for k in again if k is not None))

        writes, shares = both(memory.writes), both(memory.shares)
        return n.Memory(writes, shares, memory.outside, lists=memory.lists)

    def _function(self, site: Site, pusher: Pusher) -> Sweep:
        kinds = self.pairs.kinds_at(site, pusher.infer)
        key = (site.callee, tuple(kinds.items()), site.wrt, site.lent)
        if key not in self.made:
            sweep = Sweep(f"{site.callee.name}_jvp")
            # Before it has a text, as it may call itself.
            self.made[key] = sweep
            try:
                sweep.function = self._pushforward(site, kinds, sweep)
            except UnsupportedError as error:
                raise located(error, site.call, site.callee) from None
            # Callees first.
            self.made[key] = self.made.pop(key)
        return self.made[key]

    def _pushforward(self, site: Site, kinds: Mapping[str, Kind], sweep: Sweep) -> n.Function:
        lowered = site.callee.function
        lowered = named_results(lowered, Names(names_of(lowered)))
        world, lent = self.pairs.world, site.lent
        primal = prepare(lowered, site.wrt, Setting(kinds, world, self.pairs.ours), (), lent)
        doc = f"Value and tangent of {place_of(lowered)}."
        what = Pushforward(primal, site.wrt, kinds, world, self, inner=True, lent=lent)
        return pushforward(what, sweep.named(self.pairs.names), doc)

    def functions(self) -> list[n.Function]:
        """The functions made, callees first."""
        return [sweep.function for sweep in self.made.values() if sweep.function is not None]


def _targets(s: n.Assign, kind: Kind, tangents: Tangents) -> n.Target:
    """What values and tangents are assigned to."""
    if not isinstance(kind, TupleOf):
        return n.Tuple((s.target, _tangent(s.target, tangents)))
    if not isinstance(s.target, n.Tuple):
        raise UnsupportedError(
            "the results of this call are not unpacked one by one.",
            s.span,
            None,
            "unpack the tuple at the call: a, b = g(x).",
        )
    items = tuple(_tangent(item, tangents) for item in s.target.items)
    return n.Tuple((*s.target.items, *items))


def _tangent(target: n.Expr, tangents: Tangents) -> n.Place | n.Tuple:
    """The tangents of what a call's results are assigned to."""
    if isinstance(target, n.Tuple):
        return n.Tuple(tuple(_tangent(item, tangents) for item in target.items))
    return tangents.place(target)
