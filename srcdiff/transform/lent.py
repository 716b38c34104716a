"""What a function is lent by its caller: arrays that it writes into, and their adjoints."""

from __future__ import annotations

from dataclasses import dataclass

from srcdiff.analysis.alias import Pairs

Names = frozenset[str]
_NONE: Names = frozenset()


@dataclass(frozen=True)
class Lent:
    """The parameters of a function that stand for its caller's arrays.

    Attributes:
        written: those that it writes into.
        useful: those of which the caller needs the contents afterwards, for its result.
        adjoints: those whose adjoints it is handed, to be brought up to date in place.
        undone: those that the reverse sweep must leave as they were before the call.
        shared: pairs of parameters that may share memory.
    """

    written: Names = _NONE
    useful: Names = _NONE
    adjoints: Names = _NONE
    undone: Names = _NONE
    shared: Pairs = frozenset()


NOTHING_LENT = Lent()
