"""A name that is bound to a list and then to something else stands for two variables.

    xs = np.array(xs)       →       xs_array = np.array(xs)
    return np.sum(xs)               return np.sum(xs_array)

The adjoint of a list is a list, and that of an array an array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, Kind, ListOf, is_number
from srcdiff.ir.walk import (
    blocks,
    expressions,
    map_block,
    statements,
    subexpressions,
    substitute,
    with_blocks,
)


@dataclass(frozen=True)
class Facts:
    """What is known of a function's variables.

    Attributes:
        kind_before: the kind of an expression before a statement; None where it is not reached, or
            reads what is not bound.
        live: the variables that are read after each statement.
        carried: those that a trip of a loop reads of the trip before it.
    """

    kind_before: Callable[[n.Stmt, n.Expr], Kind | None]
    live: Mapping[n.Stmt, frozenset[str]]
    carried: Mapping[n.Stmt, frozenset[str]]


def names_by_kind(function: n.Function, names: Names, facts: Facts) -> n.Function:
    """The function with new names where lists become arrays or numbers, or these become lists."""
    body = _Names(names, facts).block(function.body, frozenset())
    return function if body == function.body else replace(function, body=body)


@dataclass
class _Names:
    names: Names
    facts: Facts

    def block(self, block: n.Block, outside: frozenset[str]) -> n.Block:
        """The block; `outside` are the variables that others read after it."""
        out: list[n.Stmt] = []
        for i, s in enumerate(block):
            new = self._changed(s, outside)
            if new is not None and isinstance(s, n.Assign) and isinstance(s.target, n.Var):
                rest = block[i + 1 :]
                if not _kept_as_text(rest, s.target.name):
                    old = s.target.name
                    # Facts are keyed by the statements as they were: the rest is seen first.
                    done = self.block(rest, outside)
                    return (*out, replace(s, target=new), *_renamed(done, old, new))
            inside = outside | self.facts.live.get(s, frozenset())
            if isinstance(s, n.For | n.While):
                inside |= self.facts.carried.get(s, frozenset())
            out.append(with_blocks(s, tuple(self.block(b, inside) for b in blocks(s))))
        return tuple(out)

    def _changed(self, s: n.Stmt, outside: frozenset[str]) -> n.Var | None:
        """A new name for what an assignment binds, where it is of another kind than before."""
        if not isinstance(s, n.Assign) or not isinstance(s.target, n.Var):
            return None
        name = s.target.name
        before, value = (self.facts.kind_before(s, e) for e in (s.target, s.value))
        if name in outside or before is None or value is None:
            return None
        old, new = _category(before), _category(value)
        if not old or not new or old == new or "list" not in (old, new):
            return None
        return n.Var(self.names.fresh(f"{name}_{new}"))


def _renamed(block: n.Block, old: str, new: n.Var) -> n.Block:
    return map_block(block, lambda e: substitute(e, {old: new}))


def _category(kind: Kind) -> str:
    if isinstance(kind, ListOf):
        return "list"
    if isinstance(kind, Array):
        return "array"
    return "value" if is_number(kind) else ""


def _kept_as_text(block: n.Block, name: str) -> bool:
    """Whether Python that is kept as it is mentions the name."""
    for s in statements(block):
        if isinstance(s, n.Opaque) and name in (*s.reads, *s.writes):
            return True
        for e in expressions(s):
            if any(isinstance(x, n.OpaqueExpr) and name in x.reads for x in subexpressions(e)):
                return True
    return False
