"""A primal function with the facts about it that both modes start from."""

from __future__ import annotations

from dataclasses import dataclass

from srcdiff.analysis.activity import Activity
from srcdiff.analysis.alias import Aliases
from srcdiff.analysis.kinds import Kinds
from srcdiff.analysis.liveness import Liveness
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names


@dataclass
class Primal:
    """A primal function and the facts about it that a derivative needs."""

    function: n.Function
    kinds: Kinds
    activity: Activity
    live: Liveness
    aliases: Aliases
    names: Names
    # Variables whose every value has one shape, however often they are bound.
    one_shape: frozenset[str] = frozenset()
    # Groups of variables that share memory which is written into.
    groups: tuple[frozenset[str], ...] = ()
