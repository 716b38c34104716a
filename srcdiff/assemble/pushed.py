"""Calls of the user's functions in forward mode: each becomes a call for value and tangent.

y = g(x, 2.0)       →       y, y_dot = g_jvp(x, 2.0, x_dot)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from srcdiff.assemble.calls import Half, PairMaker, Site, place_of
from srcdiff.assemble.prepare import Setting, prepare
from srcdiff.assemble.tangent import Pushforward, pushforward
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Kind
from srcdiff.ir.walk import names_of
from srcdiff.normalize.arguments import Default
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
    made: dict[Any, n.Function] = field(default_factory=dict)

    def is_call(self, e: n.Expr) -> bool:
        """Whether the expression calls one of the user's functions."""
        return self.pairs.is_call(e)

    def pushed(self, s: n.Assign, pusher: Pusher, tangents: Tangents) -> n.Stmt | None:
        """The statement that calls for value and tangent; None where there is no tangent."""
        site = self.pairs.site(s, pusher.infer, pusher.varied, frozenset())
        if not site.wrt:
            return None
        function = self._function(site, pusher)
        values = [_value(argument) for argument in site.arguments.values()]
        given = []
        for name in site.wrt:
            tangent = pusher.full(_value(site.arguments[name]))
            assert tangent is not None
            given.append(tangent)
        kind = self.pairs.result_kind(site.call, pusher.infer)
        half = Half(function, site.callee, False, (kind, kind), self.pairs)
        call = n.Call(n.Ref(function.name, half, function), (*values, *given))
        return n.Assign(n.Tuple((s.target, _tangent(s.target, tangents))), call, span=s.span)

    def _function(self, site: Site, pusher: Pusher) -> n.Function:
        kinds = self.pairs.kinds(site, pusher.infer)
        key = (site.callee, tuple(kinds.items()), site.wrt)
        if key not in self.made:
            self.made[key] = self.pairs.inside(site, lambda: self._pushforward(site, kinds))
        return self.made[key]

    def _pushforward(self, site: Site, kinds: Mapping[str, Kind]) -> n.Function:
        lowered = site.callee.function
        lowered = named_results(lowered, Names(names_of(lowered)))
        world = self.pairs.world
        primal = prepare(lowered, site.wrt, Setting(kinds, world, self.pairs.ours))
        name = self.pairs.names.fresh(f"{lowered.name}_jvp")
        doc = f"Value and tangent of {place_of(lowered)}."
        what = Pushforward(primal, site.wrt, kinds, world, self, inner=True)
        return pushforward(what, name, doc)

    def functions(self) -> list[n.Function]:
        """The functions made, callees first."""
        return list(self.made.values())


def _value(argument: n.Expr | Default) -> n.Expr:
    return n.Const(argument.value) if isinstance(argument, Default) else argument


def _tangent(target: n.Expr, tangents: Tangents) -> n.Place | n.Tuple:
    """The tangents of what a call's results are assigned to."""
    if isinstance(target, n.Tuple):
        return n.Tuple(tuple(_tangent(item, tangents) for item in target.items))
    return tangents.place(target)
