"""What was inferred of a statement holds as long as the kinds of what it reads are the same.

Functions are inferred many times, in loops and after each pass, and few of their statements change
in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Kind
from srcdiff.ir.walk import expressions, names_in, subexpressions
from srcdiff.rules.registry import lookup, method_names

# By identity of an expression: the expression and its kind.
Known = dict[int, tuple[n.Expr, Kind]]


@dataclass
class Reuse:
    """What is known of statements, by which their inferences are found to hold still."""

    _parts: dict[n.Stmt, tuple[frozenset[str], frozenset[int]] | None] = field(default_factory=dict)

    def still_known(
        self, s: n.Stmt, old: Mapping[str, Kind], new: Mapping[str, Kind], known: Known
    ) -> Known:
        """What is known of the statement's own expressions, if the kinds that it reads are those
        that it was inferred for.
        """
        if s not in self._parts:
            self._parts[s] = _parts(s)
        parts = self._parts[s]
        if parts is None:
            return {}
        names, own = parts
        for name in names:
            a, b = old.get(name), new.get(name)
            if a is not b and a != b:
                return {}
        return {i: entry for i, entry in known.items() if i in own}


def _parts(s: n.Stmt) -> tuple[frozenset[str], frozenset[int]] | None:
    """The names that the statement's own expressions read, and their nodes; None where more than
    these tell their kinds: what a user's function returns is found out in rounds.
    """
    names: set[str] = set()
    own: set[int] = set()
    for e in expressions(s):
        names |= names_in(e)
        for x in subexpressions(e):
            if isinstance(x, n.OpaqueExpr | n.Closure) or (
                isinstance(x, n.Call) and not _is_library(x)
            ):
                return None
            own.add(id(x))
    return frozenset(names), frozenset(own)


def _is_library(e: n.Call) -> bool:
    if isinstance(e.callee, n.Ref):
        return lookup(e.callee.value) is not None
    return isinstance(e.callee, n.Field) and e.callee.name in method_names()
