"""Activity: what depends on the inputs (varied) and what the result depends on (useful).

Both are flows over variables. An operation of zero derivative (a comparison, `floor`, an integer)
passes nothing on in either direction.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from srcdiff.analysis.bind import bind_call, items_of_call
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.ir import nodes as n
from srcdiff.ir.attributes import KEEPERS
from srcdiff.ir.kinds import (
    UNKNOWN,
    DictOf,
    IteratorOf,
    Kind,
    ListOf,
    MapOf,
    Maybe,
    TupleOf,
    dtype_of,
)
from srcdiff.ir.lists import appended, mapped
from srcdiff.ir.walk import (
    MUTATORS,
    base_name,
    blocks,
    children,
    target_names,
    writing_call,
    written_names_of,
)

Names = frozenset[str]
_NONE: Names = frozenset()

# Callables that only look at what they are given; nothing they return carries a derivative.
READERS: frozenset[Any] = frozenset(
    (
        *(print, len, isinstance, issubclass, type, repr, str, format, id, callable, hasattr),
        *(hash, warnings.warn, np.array2string, np.array_str, np.array_repr, np.isscalar),
    )
)
# Readers whose result holds what they read, as text.
_TEXT: frozenset[Any] = frozenset((str, repr, format, ascii))
_LOG_METHODS = frozenset(("debug", "info", "warning", "error", "critical", "log", "exception"))


def is_reader(callee: n.Expr) -> bool:
    """Whether a callee is known to only look at its arguments: `print`, `len`, logging."""
    if isinstance(callee, n.Ref):
        try:
            if callee.value in READERS or callee.value is ascii or callee.value in KEEPERS:
                return True
        except TypeError:
            return False
        is_error = isinstance(callee.value, type) and issubclass(callee.value, BaseException)
        return is_error or getattr(callee.value, "__module__", None) == "logging"
    if _is_text_method(callee):
        return True
    if isinstance(callee, n.Field) and callee.name in _LOG_METHODS:
        made = callee.base.callee if isinstance(callee.base, n.Call) else None
        if isinstance(made, n.Ref) and made.value is logging.getLogger:
            return True
        return isinstance(callee.base, n.Global) and isinstance(
            callee.base.home.read(callee.base.name), logging.Logger
        )
    return False


def _is_text_method(callee: n.Expr) -> bool:
    """Whether a callee is a method of a string that is written out: `", ".join`."""
    base = callee.base if isinstance(callee, n.Field) else None
    return isinstance(base, n.Const) and isinstance(base.value, str)


def differentiable(kind: Kind) -> bool:
    """Whether a value of the kind may carry a derivative."""
    if isinstance(kind, TupleOf | DictOf):
        return any(differentiable(item) for item in kind.items)
    if isinstance(kind, ListOf | IteratorOf | MapOf | Maybe):
        return differentiable(kind.item)
    dtype = dtype_of(kind)
    return kind == UNKNOWN or (dtype is not None and dtype.kind in "fc")


def smooth_names(e: n.Expr, infer: Inference) -> Names:
    """The variables on which the expression depends with a derivative that may not be zero."""
    match e:
        case n.Var():
            return frozenset((e.name,)) if differentiable(infer(e)) else _NONE
        case n.Index() if bind_call(e, infer) is not None:
            return _operation(e, infer)
        case n.Index() if isinstance(e.base, n.Ref) and not is_container(e.base.value):
            # `np.mgrid[...]` and its like make arrays of what stands between the brackets.
            return _all(_parts(e.key), infer)
        case n.Index():
            return smooth_names(e.base, infer) if differentiable(infer(e)) else _NONE
        case n.Choose():
            return smooth_names(e.a, infer) | smooth_names(e.b, infer)
        case n.Compare():
            return _NONE
        case n.Op() if e.op in ("and", "or"):
            return _all(e.args, infer) if differentiable(infer(e)) else _NONE
        case n.Op() | n.Field() | n.Call():
            return _operation(e, infer)
        case n.Starred():
            return smooth_names(e.value, infer)
        case n.Tuple() | n.List() | n.Dict():
            return _all(e.items, infer)
        case n.OpaqueExpr():
            return frozenset(e.reads)
    return _NONE


def _all(items: Iterable[n.Expr], infer: Inference) -> Names:
    return _NONE.union(*(smooth_names(item, infer) for item in items))


def is_container(value: Any) -> bool:
    """Whether an index into the object gives what it holds."""
    return isinstance(value, list | tuple | dict | str | np.ndarray | ModuleType | type)


def _parts(key: n.Expr) -> list[n.Expr]:
    """The values that a key is made of."""
    keys = key.items if isinstance(key, n.Tuple) else (key,)
    parts = [(k.lower, k.upper, k.step) if isinstance(k, n.Slice) else (k,) for k in keys]
    return [part for ps in parts for part in ps if part is not None]


def _operation(e: n.Expr, infer: Inference) -> Names:
    if isinstance(e, n.Call) and is_reader(e.callee):
        text = isinstance(e.callee, n.Ref) and e.callee.value in _TEXT
        text = text or _is_text_method(e.callee)
        return _all(e.args, infer) if text else _NONE
    made = mapped(e)
    if made is not None and isinstance(made[0], n.Ref):
        kind = infer(made[1])
        item = n.Call(made[0], (n.Var("<item>"),))
        inner = infer.with_name("<item>", kind.item if isinstance(kind, ListOf) else UNKNOWN)
        return smooth_names(made[1], infer) if smooth_names(item, inner) else _NONE
    if is_list_sum(e, infer):
        return smooth_names(e.args[0], infer)  # type: ignore[attr-defined]
    bound = bind_call(e, infer)
    if is_array_of_list(e, infer):
        return smooth_names(e.args[0], infer)  # type: ignore[attr-defined]
    if bound is not None and bound.rule.items:
        return _all(items_of_call(e, infer) or (), infer)
    if bound is not None:
        smooth = (bound.parts[name] for name in bound.rule.pulls if name in bound.parts)
        return _all(smooth, infer)
    if not differentiable(infer(e)):
        return _NONE
    # Not covered by a rule: a user's function, or something that will have to be refused.
    return _all(children(e), infer)


# Functions that sum a list.
SUMS: tuple[Any, ...] = (sum, math.fsum)


def is_list_sum(e: n.Expr, infer: Inference) -> bool:
    """Whether the expression is Python's `sum` of a list that is not written out there."""
    if not isinstance(e, n.Call) or not isinstance(e.callee, n.Ref) or len(e.args) != 1:
        return False
    written_out = isinstance(e.args[0], n.List)
    return e.callee.value in SUMS and not written_out and isinstance(infer(e.args[0]), ListOf)


def is_array_of_list(e: n.Expr, infer: Inference) -> bool:
    """Whether the expression is `np.array` of a list of floats that is not written out there."""
    if not isinstance(e, n.Call) or not isinstance(e.callee, n.Ref) or not e.args:
        return False
    if isinstance(e.args[0], n.List | n.Tuple):
        return False
    made = e.callee.value is np.array or e.callee.value is np.asarray
    made = made and not isinstance(e.args[0], n.List)
    return made and isinstance(infer(e.args[0]), ListOf) and differentiable(infer(e))


@dataclass
class Activity:
    """Varied variables before, and useful variables after, each statement."""

    varied_before: dict[n.Stmt, Names] = field(default_factory=dict)
    varied_after: dict[n.Stmt, Names] = field(default_factory=dict)
    useful_after: dict[n.Stmt, Names] = field(default_factory=dict)

    def active_names(self) -> Names:
        """Every variable that is varied and useful somewhere."""
        out: set[str] = set()
        for s, useful in self.useful_after.items():
            out |= useful & self.varied_after.get(s, _NONE)
        return frozenset(out)


def activity(
    function: n.Function,
    kinds: Kinds,
    wrt: Iterable[str],
    wanted: tuple[bool, ...] = (),
    groups: Iterable[Names] = (),
    at_end: Names = _NONE,
) -> Activity:
    """The activity of a function's variables, for derivatives with respect to `wrt`.

    Args:
        function: the function.
        kinds: its kinds.
        wrt: the parameters that are varied.
        wanted: for each item of the tuple that it returns, whether its derivative is asked for.
        groups: variables that share memory. A group is varied from the start if it ever is, and
            useful to the end: what is stored under one name is read under another.
        at_end: the parameters whose arrays its caller reads afterwards.
    """
    wrt, groups = frozenset(wrt), tuple(groups)
    varied, useful = wrt, _NONE
    while True:
        facts = Activity()
        _Varied(kinds, facts, varied - wrt).block(function.body, varied)
        _Useful(kinds, facts, wanted, useful, at_end).block(function.body, useful | at_end)
        more_varied = _groups_of(facts.varied_after.values(), groups)
        more_useful = _groups_of(facts.useful_after.values(), groups)
        if more_varied <= varied and more_useful <= useful:
            return facts
        varied, useful = varied | more_varied, useful | more_useful


def varied_around(block: n.Block, facts: Activity, around: Names = _NONE) -> dict[n.Stmt, Names]:
    """For statements inside others: what is varied after these, by whatever way they are left."""
    out: dict[n.Stmt, Names] = {}
    for s in block:
        if around:
            out[s] = around
        for inner in blocks(s):
            out |= varied_around(inner, facts, around | facts.varied_after.get(s, _NONE))
    return out


def _groups_of(found: Iterable[Names], groups: Iterable[Names]) -> Names:
    """The variables of the groups of which any is among those found."""
    names = _NONE.union(*found)
    return _NONE.union(*(group for group in groups if group & names))


def _given(s: n.Stmt, infer: Inference) -> tuple[Names, Names]:
    """The arrays with derivatives that a call writes into, and what it may write there."""
    call = writing_call(s)
    if call is None:
        return _NONE, _NONE
    written = (name for name in written_names_of(call) if differentiable(infer(n.Var(name))))
    return frozenset(written), _all((*call.args, *(value for _, value in call.keywords)), infer)


class _Varied:
    def __init__(self, kinds: Kinds, facts: Activity, always: Names = _NONE) -> None:
        self._kinds = kinds
        self._facts = facts
        self._always = always
        self._seen: dict[n.Stmt, tuple[Names, Names]] = {}

    def block(self, block: n.Block, varied: Names) -> Names:
        for s in block:
            if not self._kinds.reached(s):
                break
            self._facts.varied_before[s] = varied
            varied = self._statement(s, varied) | self._always
            self._facts.varied_after[s] = varied
        return varied

    def _statement(self, s: n.Stmt, varied: Names) -> Names:
        infer = self._kinds.at(s)
        written, given = _given(s, infer)
        match s:
            case n.Assign():
                after = _assigned(s.target, s.value, varied, infer)
                # A target bound anew is no longer the array that was written into.
                written -= frozenset(target_names(s.target))
                return after | written if given & varied else after
            case n.Effect() if written:
                return varied | written if given & varied else varied
            case n.Update():
                name = base_name(s.target)
                depends = bool(smooth_names(s.value, infer) & varied)
                return varied | {name} if depends and name else varied
            case n.Effect():
                added = appended(s)
                if added is not None and smooth_names(added[1], infer) & varied:
                    return varied | {added[0].name}
                return varied | _put(s.value, varied, infer)
            case n.If():
                return self.block(s.body, varied) | self.block(s.orelse, varied)
            case n.While() | n.For():
                return self._loop(s, varied)
        return varied

    def _loop(self, s: n.While | n.For, varied: Names) -> Names:
        seen = self._seen.get(s)
        if seen is not None and seen[0] == varied:
            self._facts.varied_before[s] = seen[1]
            return seen[1]
        entry = varied
        while True:
            self._facts.varied_before[s] = varied
            inside = varied
            if isinstance(s, n.For):
                inside = _assigned(s.target, s.iter, varied, self._kinds.at(s), iterated=True)
            new = varied | self.block(s.body, inside)
            if new == varied:
                break
            varied = new
        self._seen[s] = (entry, varied)
        return varied


# Further methods that put what they are given into a container.
_PUT = MUTATORS | {"appendleft", "extendleft", "setdefault"}


def _put(e: n.Expr, varied: Names, infer: Inference) -> Names:
    """The container that a method puts a varied value into."""
    if not isinstance(e, n.Call) or not isinstance(e.callee, n.Field) or e.callee.name not in _PUT:
        return _NONE
    name = base_name(e.callee.base)
    depends = bool(_all((*e.args, *(v for _, v in e.keywords)), infer) & varied)
    return frozenset((name,)) if depends and name is not None else _NONE


def _assigned(
    target: n.Expr, value: n.Expr, varied: Names, infer: Inference, iterated: bool = False
) -> Names:
    if isinstance(target, n.Tuple):
        pairs: Iterable[tuple[n.Expr, n.Expr]]
        items = value.items if isinstance(value, n.Tuple) else items_of_call(value, infer)
        if items is not None and len(items) == len(target.items) and not iterated:
            pairs = zip(target.items, items, strict=True)
        else:
            pairs = ((item, value) for item in target.items)
        out = varied
        for item, v in pairs:
            added = _assigned(item, v, varied, infer, iterated) - varied
            removed = varied - _assigned(item, v, varied, infer, iterated)
            out = (out | added) - removed
        return out
    depends = bool(smooth_names(value, infer) & varied)
    name = base_name(target)
    if name is None:
        return varied
    if isinstance(target, n.Var):
        return varied | {name} if depends else varied - {name}
    return varied | {name} if depends else varied


class _Useful:
    def __init__(
        self,
        kinds: Kinds,
        facts: Activity,
        wanted: tuple[bool, ...],
        always: Names = _NONE,
        at_end: Names = _NONE,
    ) -> None:
        self._kinds = kinds
        self._facts = facts
        self._wanted = wanted
        self._always = always
        self._at_end = at_end
        self._seen: dict[n.Stmt, tuple[Names, Names]] = {}

    def block(
        self, block: n.Block, useful: Names, jump: tuple[Names, Names] | None = None
    ) -> Names:
        """Useful before the block; `jump` holds what is useful where break and continue lead."""
        for s in reversed(block):
            if self._kinds.reached(s):
                useful = self._statement(s, useful, jump) | self._always
        return useful

    def _statement(self, s: n.Stmt, useful: Names, jump: tuple[Names, Names] | None) -> Names:
        match s:
            case n.Break() if jump is not None:
                useful = jump[0]
            case n.Continue() if jump is not None:
                useful = jump[1]
        after = self._facts.useful_after
        after[s] = after.get(s, _NONE) | useful
        infer = self._kinds.at(s)
        written, given = _given(s, infer)
        match s:
            case n.Return():
                own = _NONE if s.value is None else self._returned(s.value, infer)
                return own | self._at_end
            case n.Raise():
                return _NONE
            case n.Assign():
                before = _needed(s.target, s.value, useful, infer)
                return before | given if written & useful else before
            case n.Effect() if written:
                return useful | given if written & useful else useful
            case n.Update():
                used = base_name(s.target) in useful
                return useful | smooth_names(s.value, infer) if used else useful
            case n.Effect():
                added = appended(s)
                if added is not None and added[0].name in useful:
                    return useful | smooth_names(added[1], infer)
                return useful
            case n.If():
                return self.block(s.body, useful, jump) | self.block(s.orelse, useful, jump)
            case n.While() | n.For():
                return self._loop(s, useful)
        return useful

    def _returned(self, value: n.Expr, infer: Inference) -> Names:
        if isinstance(value, n.Tuple) and len(value.items) == len(self._wanted):
            pairs = zip(value.items, self._wanted, strict=True)
            return _all((item for item, wanted in pairs if wanted), infer)
        return smooth_names(value, infer)

    def _loop(self, s: n.While | n.For, useful: Names) -> Names:
        seen = self._seen.get(s)
        if seen is not None and seen[0] == useful:
            return seen[1]
        entry = head = useful
        while True:
            before = self.block(s.body, head, (entry, head))
            if isinstance(s, n.For):
                before = _needed(s.target, s.iter, before, self._kinds.at(s))
            if before <= head:
                break
            head |= before
        self._seen[s] = (entry, head)
        return head


def _needed(target: n.Expr, value: n.Expr, useful: Names, infer: Inference) -> Names:
    if isinstance(target, n.Tuple):
        items = value.items if isinstance(value, n.Tuple) else items_of_call(value, infer)
        if items is not None and len(items) == len(target.items):
            out = useful
            for item in target.items:
                out -= {item.name} if isinstance(item, n.Var) else _NONE
            for item, v in zip(target.items, items, strict=True):
                if base_name(item) in useful:
                    out |= smooth_names(v, infer)
            return out
        names = {base_name(item) for item in target.items}
        bound = frozenset(item.name for item in target.items if isinstance(item, n.Var))
        rest = useful - bound
        return rest | smooth_names(value, infer) if names & useful else rest
    name = base_name(target)
    if name not in useful:
        return useful
    if isinstance(target, n.Var):
        useful = useful - {target.name}
    return useful | smooth_names(value, infer)
