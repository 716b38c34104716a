"""Tuples and dicts of local values as one name for each item.

pair = polar(x, y)                  pair_0, pair_1 = polar(x, y)
opts = {"k": 2.0 * x}               opts_k = 2.0 * x
return pair[0] * opts["k"]    →     return pair_0 * opts_k
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    constant_slice,
    expressions,
    map_expressions,
    names_in,
    rebuild,
    statements,
    subexpressions,
    target_names,
    with_blocks,
)

# The keys of the items of a variable that always holds a tuple of one length (numbers), or a dict
# of the same keys (strings); else None.
Keys = Callable[[str], "tuple[int | str, ...] | None"]


def tuples_to_names(function: n.Function, names: Names, keys: Keys) -> n.Function:
    """The function with its local tuples and dicts taken apart; itself where there are none."""
    original, function = function, replace(function, body=_separated(function.body, keys))
    found = _candidates(function, keys)
    if not found:
        return original
    given = _given(function)
    fresh = {
        name: given[name] if name in given else _Parts.of(name, items, names)
        for name, items in found.items()
    }
    return replace(function, body=_Apart(fresh).block(function.body))


def _separated(block: n.Block, keys: Keys) -> n.Block:
    """The block with `pair, c = t, 1.0` as two assignments: a pair has names of its own."""
    out: list[n.Stmt] = []
    for s in block:
        s = with_blocks(s, tuple(_separated(b, keys) for b in blocks(s)))
        if (
            isinstance(s, n.Assign)
            and isinstance(s.target, n.Tuple)
            and isinstance(s.value, n.Tuple)
            and all(isinstance(t, n.Var) for t in s.target.items)
            and any(keys(name) is not None for name in target_names(s.target))
            and not frozenset(target_names(s.target)) & names_in(s.value)
        ):
            pairs = zip(s.target.items, s.value.items, strict=True)
            out += (n.Assign(_var(t), value, span=s.span) for t, value in pairs)
        else:
            out.append(s)
    return tuple(out)


def _given(function: n.Function) -> dict[str, _Parts]:
    """The variables that always hold parameters, which nothing is assigned to, and literals."""
    params = frozenset(function.param_names) - bound_names(function.body)
    out: dict[str, _Parts] = {}
    seen: set[str] = set()
    for s in statements(function.body):
        if not isinstance(s, n.Assign) or not isinstance(s.target, n.Var):
            continue
        name, value = s.target.name, s.value
        if isinstance(value, n.Tuple | n.Dict) and all(
            isinstance(item, n.Const) or (isinstance(item, n.Var) and item.name in params)
            for item in value.items
        ):
            keys = value.keys if isinstance(value, n.Dict) else tuple(range(len(value.items)))
            out[name] = _Parts(keys, value.items, True)
        if name in seen:
            out.pop(name, None)
        seen.add(name)
    return out


def part_name(name: str, key: int | str, i: int) -> str:
    """What an item of a tuple or dict is called."""
    return f"{name}_{key if isinstance(key, int) or key.isidentifier() else i}"


def _candidates(function: n.Function, keys: Keys) -> dict[str, tuple[int | str, ...]]:
    """Variables that are only ever assigned tuples, or dicts, as a whole."""
    found: dict[str, tuple[int | str, ...]] = {}
    bad = set(function.param_names)
    for s in statements(function.body):
        match s:
            case n.Assign() if isinstance(s.target, n.Var):
                items = keys(s.target.name)
                # A call gives a tuple to be unpacked; there is no unpacking of a dict.
                is_dict = items is not None and isinstance(next(iter(items), 0), str)
                whole = n.Dict | n.Var if is_dict else n.Tuple | n.Call | n.Var
                if items is None or not isinstance(s.value, whole):
                    bad.add(s.target.name)
                else:
                    found[s.target.name] = items
            case n.Assign() | n.For():
                bad.update(_names(s.target))
            case n.Update() if isinstance(s.target, n.Var):
                bad.add(s.target.name)
            case n.Opaque():
                bad.update((*s.reads, *s.writes))
        bad.update(_otherwise(s))
    while True:
        kept = {k: v for k, v in found.items() if k not in bad}
        for s in statements(function.body):
            if isinstance(s, n.Assign) and isinstance(s.target, n.Var) and s.target.name in kept:
                if isinstance(s.value, n.Var) and s.value.name not in kept:
                    bad.add(s.target.name)
        if all(name not in bad for name in kept):
            return kept


def _otherwise(s: n.Stmt) -> Iterable[str]:
    """Variables of which a statement takes an item that only a run can tell, that it stores into,
    or on which it calls a method.
    """
    for e in expressions(s):
        for x in subexpressions(e):
            if isinstance(x, n.Index) and isinstance(x.base, n.Var):
                constant = isinstance(x.key, n.Slice) and constant_slice(x.key) is not None
                if not constant and not isinstance(x.key, n.Const):
                    yield x.base.name
            if isinstance(x, n.Field) and isinstance(x.base, n.Var):
                yield x.base.name
            if isinstance(x, n.OpaqueExpr):
                yield from x.reads
    if isinstance(s, n.Assign | n.Update):
        for target in s.target.items if isinstance(s.target, n.Tuple) else (s.target,):
            if isinstance(target, n.Index) and isinstance(target.base, n.Var):
                yield target.base.name


def _names(target: n.Expr) -> Iterable[str]:
    items = target.items if isinstance(target, n.Tuple) else (target,)
    return [t.name for t in items if isinstance(t, n.Var)]


@dataclass(frozen=True)
class _Parts:
    """What stands for a variable's items: names of their own, or what they are `given` as."""

    keys: tuple[int | str, ...]
    names: tuple[n.Expr, ...]
    given: bool = False

    @classmethod
    def of(cls, name: str, keys: tuple[int | str, ...], names: Names) -> _Parts:
        wishes = (part_name(name, key, i) for i, key in enumerate(keys))
        return cls(keys, tuple(n.Var(names.fresh(wish)) for wish in wishes))

    def display(self, e: n.Expr) -> n.Expr:
        """The whole, written out."""
        strings = tuple(key for key in self.keys if isinstance(key, str))
        if strings:
            return n.Dict(strings, self.names, span=e.span)
        return n.Tuple(self.names, span=e.span)

    def item(self, e: n.Index) -> n.Expr | None:
        """An item, or a slice of a tuple."""
        if isinstance(e.key, n.Slice):
            bounds = constant_slice(e.key)
            return None if bounds is None else n.Tuple(self.names[bounds], span=e.span)
        key = e.key.value if isinstance(e.key, n.Const) else None
        if type(key) is int and -len(self.names) <= key < 0:
            key += len(self.names)
        if type(key) not in (int, str) or key not in self.keys:
            return None
        return self.names[self.keys.index(key)]


@dataclass(frozen=True)
class _Apart:
    fresh: Mapping[str, _Parts]

    def block(self, block: n.Block) -> n.Block:
        return tuple(new for s in block for new in self._statement(s))

    def _statement(self, s: n.Stmt) -> n.Block:
        s = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var) and s.target.name in self.fresh:
            return self._assigned(s, self.fresh[s.target.name])
        return (map_expressions(s, self._expr),)

    def _assigned(self, s: n.Assign, parts: _Parts) -> n.Block:
        if parts.given:
            return ()
        value = self._expr(s.value)
        if isinstance(value, n.Dict):
            value = n.Tuple(tuple(_in_order(value, parts.keys)), span=value.span)
        target = n.Tuple(parts.names, span=s.target.span)
        if isinstance(value, n.Tuple):
            own = frozenset().union(*map(names_in, parts.names))
            nested = any(isinstance(item, n.Tuple | n.Dict) for item in value.items)
            if len(parts.names) == 1 or (nested and not own & names_in(value)):
                pairs = zip(parts.names, value.items, strict=True)
                return tuple(n.Assign(_var(name), item, span=s.span) for name, item in pairs)
        return (replace(s, target=target, value=value),)

    def _expr(self, e: n.Expr) -> n.Expr:
        if isinstance(e, n.Index) and isinstance(e.base, n.Var) and e.base.name in self.fresh:
            item = self.fresh[e.base.name].item(e)
            if item is not None:
                return item
        if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is len:
            name = e.args[0].name if len(e.args) == 1 and isinstance(e.args[0], n.Var) else ""
            if name in self.fresh:
                return n.Const(len(self.fresh[name].names), span=e.span)
        if isinstance(e, n.Var) and e.name in self.fresh:
            return self.fresh[e.name].display(e)
        return rebuild(e, self._expr)


def _var(e: n.Expr) -> n.Var:
    assert isinstance(e, n.Var)
    return e


def _in_order(e: n.Dict, keys: tuple[int | str, ...]) -> Iterable[n.Expr]:
    """The items of a display in the order of these keys."""
    items = dict(zip(e.keys, e.items, strict=True))
    return (items[key] for key in keys if isinstance(key, str))
