"""Views that can be made again: `row = A[i]` where neither A nor i is bound anew before the end of
the block. The reverse sweep then writes the assignment out instead of taking the view from a tape.
"""

from __future__ import annotations

from srcdiff.analysis.alias import roots
from srcdiff.analysis.keys import copies
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array
from srcdiff.ir.reads import value_reads
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    names_in,
    statements,
    with_blocks,
    written_names,
)

Names = frozenset[str]


def made_again(block: n.Block, names: Names, kinds: Kinds) -> dict[str, n.Assign]:
    """For each of the names that is such a view at the end of the block, its assignment.

    Those that others are made of come first.
    """
    out: dict[str, n.Assign] = {}
    for i, s in enumerate(block):
        if not isinstance(s, n.Assign) or not isinstance(s.target, n.Var) or not kinds.reached(s):
            continue
        name = s.target.name
        if name not in names or not _is_view(s.value, kinds.at(s)):
            continue
        later = block[i + 1 :]
        others = (*block[:i], *later)
        steady = names_in(s.value) - {name}
        # What is read by value, such as a key, must hold the same too.
        keys = _key_names(s.value)
        if name in _bound(others, kinds) or name in names_in(s.value):
            continue
        if steady & _bound(later, kinds) or keys & written_names(later):
            continue
        out[name] = s
    return out


def _bound(block: n.Block, kinds: Kinds) -> Names:
    """The variables that a block binds anew: an update of an array writes into it."""
    updates = {
        s.target.name
        for s in statements(block)
        if isinstance(s, n.Update) and isinstance(s.target, n.Var)
        if kinds.reached(s) and isinstance(kinds.at(s)(s.target), Array)
    }
    rest = tuple(
        s
        for s in statements(block)
        if not (
            isinstance(s, n.Update) and isinstance(s.target, n.Var) and s.target.name in updates
        )
    )
    return bound_names(tuple(with_blocks(s, tuple(() for _ in blocks(s))) for s in rest))


def _is_view(e: n.Expr, infer: Inference) -> bool:
    """Whether the expression is a view of a variable, by basic keys and transposes alone."""
    if not isinstance(infer(e), Array) or isinstance(e, n.Var) or not roots(e, infer):
        return False
    while isinstance(e, n.Index) or (isinstance(e, n.Field) and e.name == "T"):
        if not isinstance(infer(e.base), Array):
            return False
        if isinstance(e, n.Index) and (copies(e.key, infer) or _calls(e.key)):
            return False
        e = e.base
    return isinstance(e, n.Var)


def _calls(e: n.Expr) -> bool:
    """Whether a key is more than variables, literals and arithmetic."""
    if isinstance(e, n.Var | n.Const):
        return False
    if isinstance(e, n.Op) and e.op in ("add", "sub", "neg"):
        return any(map(_calls, e.args))
    if isinstance(e, n.Slice):
        return any(_calls(part) for part in (e.lower, e.upper, e.step) if part is not None)
    if isinstance(e, n.Tuple):
        return any(map(_calls, e.items))
    return True


def _key_names(e: n.Expr) -> Names:
    out: Names = frozenset()
    while isinstance(e, n.Index | n.Field):
        if isinstance(e, n.Index):
            out |= value_reads(e.key)
        e = e.base
    return out
