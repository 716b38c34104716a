"""What a function does with the memory of its arguments: what it writes into, what it returns.

def fill(out, x):
out[:] = 2.0 * x            writes into `out`, returns `out` itself
return out
"""

from __future__ import annotations

from srcdiff.analysis.alias import (
    ARGUMENT,
    OUTSIDE,
    Aliases,
    aliases,
    argument_pairs,
    roots,
    written_arguments,
)
from srcdiff.analysis.kinds import Kinds
from srcdiff.analysis.liveness import liveness
from srcdiff.analysis.sharing import groups
from srcdiff.ir import nodes as n
from srcdiff.ir.effects import Effects, Returned
from srcdiff.ir.kinds import Array
from srcdiff.ir.walk import blocks, bound_names, statements, with_blocks


def effects_of(function: n.Function, kinds: Kinds) -> Effects:
    """What a normalised function does with the memory of its arguments."""
    facts = aliases(function, kinds, argument_pairs(function))
    near: set[str] = set()
    returned: list[Returned] = []
    for s in statements(function.body):
        if isinstance(s, n.Return) and s.value is not None and kinds.reached(s):
            near |= _near(s.value, s, kinds, facts)
            returned.append(_returned(s.value, s, function, kinds))
    same = len(set(returned)) == 1
    written = tuple(written_arguments(function, kinds))
    named: frozenset[str] = frozenset()
    if written:
        live = liveness(function, frozenset(written))
        named = named.union(*groups(function, kinds, live, aliases(function, kinds)))
    return Effects(
        written,
        tuple(name for name in function.param_names if ARGUMENT + name in near),
        OUTSIDE in near,
        returned[0] if same else None,
        tuple(name for name in function.param_names if name in named),
    )


def _near(e: n.Expr, s: n.Stmt, kinds: Kinds, facts: Aliases) -> frozenset[str]:
    found = roots(e, kinds.at(s))
    return found.union(*(facts.held(name, s) for name in found))


def _returned(e: n.Expr, s: n.Stmt, function: n.Function, kinds: Kinds) -> Returned:
    """The parameters that a result is."""
    if isinstance(e, n.Tuple):
        items = tuple(_returned(item, s, function, kinds) for item in e.items)
        return items if any(items) else None
    if not isinstance(e, n.Var) or e.name not in function.param_names:
        return None
    # An update keeps the array that it writes into.
    binding = tuple(x for x in statements(function.body) if not isinstance(x, n.Update))
    bound = any(e.name in bound_names((_alone(x),)) for x in binding)
    return e.name if isinstance(kinds.at(s)(e), Array) and not bound else None


def _alone(s: n.Stmt) -> n.Stmt:
    """The statement without its blocks."""
    return s if not blocks(s) else with_blocks(s, tuple(() for _ in blocks(s)))
