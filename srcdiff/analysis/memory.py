"""What a function does with the memory of its arguments: what it writes into, what it returns.

def fill(out, x):
out[:] = 2.0 * x            writes into `out`, returns `out` itself
return out
"""

from __future__ import annotations

from srcdiff.analysis.activity import differentiable, is_reader
from srcdiff.analysis.alias import (
    ARGUMENT,
    OUTSIDE,
    Aliases,
    aliases,
    argument_pairs,
    roots,
    written_arguments,
)
from srcdiff.analysis.bind import bind_call
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.analysis.liveness import liveness
from srcdiff.analysis.sharing import groups
from srcdiff.ir import nodes as n
from srcdiff.ir.effects import Effects, Returned
from srcdiff.ir.kinds import NOTHING, UNKNOWN, Array, Kind, ListOf, is_number, join
from srcdiff.ir.lists import appended
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    expressions,
    statements,
    subexpressions,
    with_blocks,
)
from srcdiff.rules.registry import method_names


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
    behind = _written_behind(function, kinds, facts)
    known = frozenset(written_arguments(function, kinds))
    changed = [name for name in function.param_names if name in known | behind]
    first = kinds.before.get(function.body[0], {}) if function.body else {}
    written = tuple(name for name in changed if isinstance(first.get(name), Array))
    lists = tuple(name for name in changed if isinstance(first.get(name), ListOf))
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
        lists,
        tuple(name for name in lists if _changes_active_list(function, kinds, name)),
        tuple((name, _items_of(name, function, kinds)) for name in lists),
    )


def _items_of(name: str, function: n.Function, kinds: Kinds) -> Kind:
    """What a list that the function is given holds in the end: of arrays, no more than that."""
    found: Kind = NOTHING
    for s in statements(function.body):
        if not kinds.reached(s):
            continue
        kind, added = kinds.before[s].get(name), appended(s)
        items = [kind.item] if isinstance(kind, ListOf) else []
        items += [kinds.at(s)(added[1])] if added is not None else []
        for item in items:
            plain = item if item == NOTHING or is_number(item) else UNKNOWN
            found = join(found, plain, name)
    return found


def _written_behind(function: n.Function, kinds: Kinds, facts: Aliases) -> frozenset[str]:
    """The parameters whose arrays are passed to what is not known, and may write into them."""
    near: set[str] = set()
    for s in statements(function.body):
        if not kinds.reached(s):
            continue
        infer = kinds.at(s)
        for x in (x for e in expressions(s) for x in subexpressions(e)):
            if isinstance(x, n.Call) and not _only_reads(x, infer):
                arrays = (arg for arg in _operands(x) if isinstance(infer(arg), Array))
                near |= frozenset().union(*(_near(arg, s, kinds, facts) for arg in arrays))
    return frozenset(name for name in function.param_names if ARGUMENT + name in near)


def _operands(call: n.Call) -> tuple[n.Expr, ...]:
    method = (call.callee.base,) if isinstance(call.callee, n.Field) else ()
    return (*method, *call.args, *(value for _, value in call.keywords))


def _only_reads(call: n.Call, infer: Inference) -> bool:
    """Whether a call is known to write into nothing, or what it writes into is known."""
    if is_reader(call.callee) or bind_call(call, infer) is not None:
        return True
    if isinstance(call.callee, n.Ref) and call.callee.memory is not None:
        return True
    if infer.world.user_kind(call, infer) is not None:
        return True
    if isinstance(call.callee, n.Field):
        return call.callee.name in method_names()
    return isinstance(call.callee, n.Ref) and (
        getattr(call.callee.value, "__module__", "") in ("numpy", "builtins", "math", "operator")
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


def _appends_floats(function: n.Function, facts: Kinds) -> bool:
    """Whether a list gets an item that may carry a derivative."""
    for s in statements(function.body):
        change = appended(s)
        if change is not None and facts.reached(s) and differentiable(facts.at(s)(change[1])):
            return True
    return False


def _changes_active_list(function: n.Function, facts: Kinds, name: str) -> bool:
    """Whether a function changes a list of values that may carry a derivative."""
    kinds = {env[name] for env in facts.before.values() if name in env}
    if any(isinstance(kind, ListOf) and differentiable(kind) for kind in kinds):
        return True
    return any(isinstance(kind, ListOf) for kind in kinds) and _appends_floats(function, facts)
