"""Lists of tuples, or of dicts with the same keys, as one list for each item of these.

pairs = []                              pairs_0, pairs_1 = [], []
pairs.append((x, y))            →       pairs_0.append(x)
                                        pairs_1.append(y)
a, b = pairs[k]                         a, b = pairs_0[k], pairs_1[k]

That is the same where the list has no other name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import NOTHING, DictOf, Kind, ListOf, TupleOf
from srcdiff.ir.lists import append, appended, length, pop, popped_from
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    children,
    expressions,
    map_expressions,
    mutated_names,
    rebuild,
    statements,
    subexpressions,
    target_names,
    with_blocks,
)
from srcdiff.normalize.changes import shared_names
from srcdiff.normalize.iteration import Iterated
from srcdiff.normalize.tuples import part_name

Keys = tuple[int | str, ...]


def lists_to_columns(
    function: n.Function, names: Names, facts: Iterated, varied: frozenset[str]
) -> n.Function:
    """The function with such lists as several; itself where there are none."""
    found = _found(function, facts, varied)
    if not found:
        return function
    columns = {
        name: _Columns(
            keys, tuple(names.fresh(part_name(name, key, i)) for i, key in enumerate(keys))
        )
        for name, keys in found.items()
    }
    return replace(function, body=_Apart(columns, names).block(function.body))


@dataclass(frozen=True)
class _Columns:
    keys: Keys
    names: tuple[str, ...]

    @property
    def first(self) -> n.Var:
        return n.Var(self.names[0])

    def whole(self, items: tuple[n.Expr, ...], e: n.Expr) -> n.Expr:
        """One row, written out."""
        strings = tuple(key for key in self.keys if isinstance(key, str))
        return n.Dict(strings, items, span=e.span) if strings else n.Tuple(items, span=e.span)

    def parts(self, row: n.Expr) -> list[n.Expr] | None:
        """The items of a row; None where it is evaluated once."""
        if isinstance(row, n.Tuple) and len(row.items) == len(self.keys):
            return list(row.items)
        if isinstance(row, n.Dict) and set(row.keys) == set(self.keys):
            given = dict(zip(row.keys, row.items, strict=True))
            return [given[key] for key in self.keys if isinstance(key, str)]
        if isinstance(row, n.Var):
            return [n.Index(row, n.Const(key), span=row.span) for key in self.keys]
        return None


# --- which lists --------------------------------------------------------------------------------


def _found(function: n.Function, facts: Iterated, varied: frozenset[str]) -> dict[str, Keys]:
    """The variables that are lists of rows with the same keys wherever they are mentioned."""
    bad = set(shared_names(function)) | set(function.param_names)
    keys: dict[str, Keys] = {}
    for s in statements(function.body):
        if not facts.reached(s):
            continue
        infer = facts.infer(s)
        for name in _mentioned(s):
            if name not in varied or name in bad:
                continue
            kind = infer(n.Var(name))
            found = _keys(kind)
            if found is None:
                if not _is_empty(kind) and name not in _assigned(s):
                    bad.add(name)
                continue
            if keys.setdefault(name, found) != found:
                bad.add(name)
        bad |= set(_otherwise(s))
    return _closed(function, {name: found for name, found in keys.items() if name not in bad})


def _closed(function: n.Function, keys: dict[str, Keys]) -> dict[str, Keys]:
    """Of these lists, those that are only made of, and only made into, each other."""
    while True:
        bad: set[str] = set()
        for s in statements(function.body):
            if not isinstance(s, n.Assign) or not isinstance(s.target, n.Var):
                continue
            target = s.target.name
            parts = [x.name for x in _sequences(s.value) if isinstance(x, n.Var)]
            for name in parts:
                if name in keys and keys.get(target) != keys[name]:
                    bad |= {name, target}
                elif name not in keys:
                    bad.add(target)
        if not bad & keys.keys():
            return keys
        keys = {name: found for name, found in keys.items() if name not in bad}


def _keys(kind: Kind) -> Keys | None:
    if not isinstance(kind, ListOf):
        return None
    if isinstance(kind.item, TupleOf) and kind.item.items:
        return tuple(range(len(kind.item.items)))
    if isinstance(kind.item, DictOf) and kind.item.keys:
        return kind.item.keys
    return None


def _is_empty(kind: Kind) -> bool:
    return isinstance(kind, ListOf) and _keys(kind) is None and kind.item == NOTHING


def _assigned(s: n.Stmt) -> tuple[str, ...]:
    return target_names(s.target) if isinstance(s, n.Assign) else ()


def _mentioned(s: n.Stmt) -> list[str]:
    found = [x.name for e in expressions(s) for x in subexpressions(e) if isinstance(x, n.Var)]
    return list(dict.fromkeys(found))


def _otherwise(s: n.Stmt) -> Iterator[str]:
    """The variables that a statement uses in a way that is not known here."""
    if isinstance(s, n.Opaque):
        yield from (*s.reads, *s.writes)
    if isinstance(s, n.Assign) and isinstance(s.target, n.Tuple):
        yield from target_names(s.target)
    if isinstance(s, n.Update):
        yield from _bare(s.target)
    allowed: set[int] = set()
    value: n.Expr | None = None
    if isinstance(s, n.Assign) and isinstance(s.target, n.Var):
        allowed.add(id(s.target))
        value = s.value
        allowed |= set(map(id, _sequences(value)))
    change = appended(s)
    if change is not None and isinstance(s, n.Effect) and isinstance(s.value, n.Call):
        assert isinstance(s.value.callee, n.Field)
        allowed.add(id(s.value.callee.base))
    if isinstance(s, n.For) and isinstance(s.iter, n.Var):
        changed = frozenset().union(*map(mutated_names, statements(s.body)))
        if s.iter.name not in changed | bound_names(s.body):
            allowed.add(id(s.iter))
    tests = [s.test] if isinstance(s, n.If | n.While) else []
    for e in tests:
        while isinstance(e, n.Op) and e.op == "not":
            e = e.args[0]
        if isinstance(e, n.Var):
            allowed.add(id(e))
    for e in expressions(s):
        yield from _bare(e, allowed)


def _bare(e: n.Expr, allowed: set[int] | None = None) -> Iterator[str]:
    """The variables that an expression reads otherwise than an item at a time."""
    allowed = allowed or set()
    if isinstance(e, n.Var) and id(e) not in allowed:
        yield e.name
        return
    if isinstance(e, n.OpaqueExpr):
        yield from e.reads
        return
    if isinstance(e, n.Closure):
        yield from e.code.captured
        return
    if isinstance(e, n.Index) and isinstance(e.base, n.Var) and not isinstance(e.key, n.Slice):
        yield from _bare(e.key, allowed)
        return
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is len:
        if len(e.args) == 1 and isinstance(e.args[0], n.Var):
            return
    if popped_from(e) is not None:
        return
    for child in children(e):
        yield from _bare(child, allowed)


def _sequences(e: n.Expr) -> list[n.Expr]:
    """The variables in an expression that makes a list of the rows of others."""
    if isinstance(e, n.Var):
        return [e]
    if isinstance(e, n.Index) and isinstance(e.base, n.Var) and isinstance(e.key, n.Slice):
        return [e.base]
    if isinstance(e, n.Op) and e.op == "add":
        return [x for arg in e.args for x in ([arg] if isinstance(arg, n.Var) else _sequences(arg))]
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is list:
        return [a for a in e.args if isinstance(a, n.Var)]
    if isinstance(e, n.Call) and isinstance(e.callee, n.Field) and e.callee.name == "copy":
        return [e.callee.base] if isinstance(e.callee.base, n.Var) else []
    return []


# --- taking apart -------------------------------------------------------------------------------


@dataclass
class _Apart:
    columns: dict[str, _Columns]
    names: Names
    before: list[n.Stmt] = field(default_factory=list)

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            new = self._statement(s)
            out += new
        return tuple(out)

    def _statement(self, s: n.Stmt) -> list[n.Stmt]:
        s = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
        change = appended(s)
        if change is not None and change[0].name in self.columns:
            return self._appended(self.columns[change[0].name], change[1], s)
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var):
            columns = self.columns.get(s.target.name)
            if columns is not None:
                return self._assigned(columns, s)
        if isinstance(s, n.For) and isinstance(s.iter, n.Var) and s.iter.name in self.columns:
            return [self._loop(self.columns[s.iter.name], s)]
        if isinstance(s, n.Assign) and isinstance(s.target, n.Index):
            base = s.target.base
            if isinstance(base, n.Var) and base.name in self.columns:
                return self._stored(self.columns[base.name], s, s.target)
        if isinstance(s, n.Effect):
            alone = popped_from(s.value)
            if alone is not None and alone.name in self.columns:
                names = self.columns[alone.name].names
                return [n.Effect(pop(n.Var(name)), span=s.span) for name in names]
        self.before = []
        mapped = map_expressions(s, self._expr) if self._concerns(s) else s
        return [*self.before, mapped]

    def _loop(self, columns: _Columns, s: n.For) -> n.For:
        k = n.Var(self.names.fresh("k"))
        trips = n.Call(n.Ref("range", range, range), (length(columns.first),))
        items = tuple(n.Index(n.Var(c), k, span=s.span) for c in columns.names)
        first: list[n.Stmt] = []
        if isinstance(s.target, n.Tuple) and len(s.target.items) == len(items):
            for t, item in zip(s.target.items, items, strict=True):
                assert isinstance(t, n.Var | n.Index | n.Field | n.Tuple)
                first.append(n.Assign(t, item, span=s.span))
        else:
            first.append(n.Assign(s.target, columns.whole(items, s.iter), span=s.span))
        return replace(s, target=k, iter=trips, body=(*first, *s.body))

    def _concerns(self, s: n.Stmt) -> bool:
        return any(name in self.columns for name in _mentioned(s))

    def _appended(self, columns: _Columns, row: n.Expr, s: n.Stmt) -> list[n.Stmt]:
        first, parts = self._row(columns, row, s)
        pairs = zip(columns.names, parts, strict=True)
        return [*first, *(replace(append(n.Var(c), part), span=s.span) for c, part in pairs)]

    def _row(self, columns: _Columns, row: n.Expr, s: n.Stmt) -> tuple[list[n.Stmt], list[n.Expr]]:
        self.before = []
        row = self._expr(row)
        parts = columns.parts(row)
        if parts is not None and not isinstance(row, n.Var) and len(parts) > 1:
            # What is put into one list is read before anything is put into another.
            mentioned = {x.name for p in parts for x in subexpressions(p) if isinstance(x, n.Var)}
            if mentioned & set(columns.names):
                parts = [self._named(part, "item", s) for part in parts]
        if parts is None:
            parts = columns.parts(self._named(row, "row", s))
        assert parts is not None
        return list(self.before), parts

    def _named(self, e: n.Expr, wish: str, s: n.Stmt) -> n.Expr:
        name = n.Var(self.names.fresh(wish))
        self.before.append(n.Assign(name, e, span=s.span))
        return name

    def _stored(self, columns: _Columns, s: n.Assign, target: n.Index) -> list[n.Stmt]:
        first, parts = self._row(columns, s.value, s)
        key = self._expr(target.key)
        pairs = zip(columns.names, parts, strict=True)
        stores = (n.Assign(n.Index(n.Var(c), key), part, span=s.span) for c, part in pairs)
        return [*first, *stores]

    def _assigned(self, columns: _Columns, s: n.Assign) -> list[n.Stmt]:
        self.before = []
        made: list[n.Stmt] = []
        for i, name in enumerate(columns.names):
            value = self._column(columns, s.value, i)
            made.append(n.Assign(n.Var(name), value, span=s.span))
        return [*self.before, *made]

    def _column(self, columns: _Columns, e: n.Expr, i: int) -> n.Expr:
        """The list of the i-th items of the rows of a list."""
        if isinstance(e, n.Var):
            return n.Var(self.columns[e.name].names[i])
        if isinstance(e, n.List):
            items: list[n.Expr] = []
            for row in e.items:
                parts = columns.parts(self._expr(row))
                assert parts is not None
                items.append(parts[i])
            return n.List(tuple(items), span=e.span)
        return rebuild(e, lambda child: self._column_of(columns, child, i))

    def _column_of(self, columns: _Columns, e: n.Expr, i: int) -> n.Expr:
        concerned = isinstance(e, n.List) or (isinstance(e, n.Var) and e.name in self.columns)
        if concerned or isinstance(e, n.Op | n.Index | n.Field):
            return self._column(columns, e, i)
        return e if isinstance(e, n.Ref) else self._expr(e)

    def _expr(self, e: n.Expr) -> n.Expr:
        if isinstance(e, n.Index) and isinstance(e.base, n.Index):
            inner = e.base.base
            if isinstance(inner, n.Var) and inner.name in self.columns:
                columns = self.columns[inner.name]
                if isinstance(e.key, n.Const) and _at(columns.keys, e.key.value) is not None:
                    place = _at(columns.keys, e.key.value)
                    assert place is not None
                    column = n.Var(columns.names[place])
                    return n.Index(column, self._expr(e.base.key), span=e.span)
        if isinstance(e, n.Index) and isinstance(e.base, n.Var) and e.base.name in self.columns:
            columns = self.columns[e.base.name]
            key = self._expr(e.key)
            items: tuple[n.Expr, ...]
            items = tuple(n.Index(n.Var(c), key, span=e.span) for c in columns.names)
            return columns.whole(items, e)
        source = popped_from(e)
        if source is not None and source.name in self.columns:
            columns = self.columns[source.name]
            items = tuple(pop(n.Var(c)) for c in columns.names)
            return columns.whole(items, e)
        if isinstance(e, n.Var) and e.name in self.columns:
            return self.columns[e.name].first
        return rebuild(e, self._expr)


def _at(keys: Keys, key: Any) -> int | None:
    if type(key) is int and not isinstance(keys[0], str):
        return key % len(keys) if -len(keys) <= key < len(keys) else None
    return keys.index(key) if key in keys else None
