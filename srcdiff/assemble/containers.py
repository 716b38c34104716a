"""Containers taken apart, as far as kinds allow: what is iterated, spread out and unpacked.

Each step may tell more about the kinds of what comes after it, so that they are inferred anew until
nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from srcdiff.analysis.activity import Activity, activity, smooth_names
from srcdiff.analysis.kinds import Kinds, World, infer_kinds
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Kind
from srcdiff.ir.walk import expressions, statements
from srcdiff.normalize.iteration import Indices, Iterated, loops_by_index


@dataclass(frozen=True)
class Setting:
    """What a function is specialised for."""

    kinds: Mapping[str, Kind]
    world: World
    is_user_function: Callable[[Any], bool]


def containers_taken_apart(
    function: n.Function, names: Names, setting: Setting, wrt: Iterable[str] | None
) -> n.Function:
    """The function with containers that carry derivatives taken apart.

    Without `wrt`, whatever can carry a derivative is taken to do so.
    """
    wrt = None if wrt is None else tuple(wrt)
    indices = Indices(names)
    while any(map(_concerns, statements(function.body))):
        kinds = infer_kinds(function, setting.kinds, setting.world)
        facts = None if wrt is None else activity(function, kinds, wrt)
        new = loops_by_index(function, names, indices, _iterated(kinds, facts))
        if new is function:
            break
        function = new
    return function


def _concerns(s: n.Stmt) -> bool:
    """Whether a statement may hold a container to be taken apart: most functions have none."""
    if isinstance(s, n.For):
        return not (
            isinstance(s.iter, n.Call)
            and isinstance(s.iter.callee, n.Ref)
            and s.iter.callee.value is range
        )
    return False


def _iterated(kinds: Kinds, facts: Activity | None) -> Iterated:
    def active(s: n.Stmt, e: n.Expr) -> bool:
        smooth = smooth_names(e, kinds.at(s))
        return bool(smooth if facts is None else smooth & facts.varied_before.get(s, frozenset()))

    def carries(s: n.For) -> bool:
        inside = (x for x in (s, *statements(s.body)) if kinds.reached(x))
        return facts is None or any(active(x, e) for x in inside for e in expressions(x))

    return Iterated(kinds.reached, kinds.at, carries, active)
