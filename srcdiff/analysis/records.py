"""What is known of dicts by their keys, and where it is lost: where one may have been changed.

Any name may stand for the same dict as another, so that a change of one is one of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import (
    UNKNOWN,
    DictOf,
    IteratorOf,
    Kind,
    ListOf,
    MapOf,
    Object,
    TupleOf,
)
from srcdiff.ir.walk import expressions, subexpressions
from srcdiff.rules.registry import lookup

if TYPE_CHECKING:
    from srcdiff.analysis.kinds import Inference

_MUTATORS = frozenset(("pop", "popitem", "update", "setdefault", "clear"))

# Builtins that leave a dict as it is.
_READERS: frozenset[Any] = frozenset(
    (dict, list, tuple, set, len, print, sorted, enumerate, zip, reversed, isinstance, repr, str)
)


def after(s: n.Stmt, env: Mapping[str, Kind], infer: Inference) -> Mapping[str, Kind]:
    """The kinds after a statement, which may change dicts."""
    if not any(map(_holds, env.values())) or not _changes(s, infer):
        return env
    return {name: _unknown_keys(kind) if _holds(kind) else kind for name, kind in env.items()}


def _holds(kind: Kind) -> bool:
    """Whether a value of the kind is, or holds, a dict known by its keys."""
    match kind:
        case DictOf() | MapOf():
            return True
        case TupleOf():
            return any(map(_holds, kind.items))
        case ListOf() | IteratorOf():
            return _holds(kind.item)
    return False


def _unknown_keys(kind: Kind) -> Kind:
    match kind:
        case DictOf() | MapOf():
            return Object(dict)
        case TupleOf():
            return TupleOf(tuple(map(_unknown_keys, kind.items)))
        case ListOf():
            return ListOf(_unknown_keys(kind.item))
        case IteratorOf():
            return IteratorOf(_unknown_keys(kind.item))
    return kind


def _changes(s: n.Stmt, infer: Inference) -> bool:
    if isinstance(s, n.Opaque):
        return True
    if isinstance(s, n.Assign | n.Update):
        targets = s.target.items if isinstance(s.target, n.Tuple) else (s.target,)
        for target in targets:
            if isinstance(target, n.Index | n.Field):
                kind = infer(target.base)
                if isinstance(kind, DictOf | MapOf | Object) or kind == UNKNOWN:
                    return True
        if isinstance(s, n.Update) and isinstance(infer(s.target), DictOf):
            return True
    return any(_may_change(x, infer) for e in expressions(s) for x in subexpressions(e))


def _may_change(e: n.Expr, infer: Inference) -> bool:
    if isinstance(e, n.OpaqueExpr):
        return "(" in e.text and any(_holds(infer(n.Var(name))) for name in e.reads)
    if not isinstance(e, n.Call):
        return False
    if isinstance(e.callee, n.Field) and _holds(infer(e.callee.base)):
        return e.callee.name in _MUTATORS
    values = (*e.args, *(value for name, value in e.keywords if name != "**"))
    if not any(_holds(infer(value)) for value in values):
        return False
    if isinstance(e.callee, n.Ref):
        try:
            if e.callee.value in _READERS or lookup(e.callee.value) is not None:
                return False
        except TypeError:
            return True
    return not infer.world.is_pure(e)
