"""Parameters that are tuples, lists or dicts of known items, as one parameter for each item.

def f(p):                           def f(p_a, p_b_0, p_b_1):
    u, v = p["b"]           →           u, v = p_b_0, p_b_1
    return p["a"] * u + v               return p_a * u + v

A loop over such a parameter is written out, once for each item.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from srcdiff.errors import Span, UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import (
    Attribute,
    DictOf,
    ItemsOf,
    Kind,
    ListOf,
    RecordOf,
    TupleOf,
    is_complex,
    is_float,
)
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    map_block,
    map_expressions,
    names_in,
    rebuild,
    statements,
    stored_names,
    substitute,
    target_names,
    with_blocks,
)
from srcdiff.rules.records import remade


@dataclass(frozen=True)
class Tree:
    """A value of known structure: its kind, and its items by key; a leaf has a name instead."""

    kind: Kind
    items: tuple[tuple[Any, Tree], ...] = ()
    name: str | None = None

    def leaves(self) -> Iterator[Tree]:
        """The leaves, in order."""
        if self.name is not None:
            yield self
        for _, item in self.items:
            yield from item.leaves()

    def item(self, key: Any) -> Tree | None:
        """The item under a key; of a tuple or list also counted from its end."""
        if type(key) is int and not isinstance(self.kind, DictOf) and key < 0:
            key += len(self.items)
        found = (t for k, t in self.items if type(k) is type(key) and k == key)
        return next(found, None)


@dataclass(frozen=True)
class Apart:
    """A function with its trees taken apart.

    Attributes:
        function: the function of the leaves.
        kinds: the kinds of its parameters.
        trees: each parameter that was taken apart.
        start: what takes the arguments apart, for the function of the whole ones.
        params: the parameters that the function had.
    """

    function: n.Function
    kinds: Mapping[str, Kind]
    trees: Mapping[str, Tree]
    start: n.Block
    params: tuple[n.Param, ...]

    def leaves(self, wrt: tuple[str, ...]) -> tuple[str, ...]:
        """The leaves of these parameters that can carry a derivative."""
        out: list[str] = []
        for name in wrt:
            tree = self.trees.get(name)
            found = (leaf for leaf in tree.leaves() if carries(leaf.kind)) if tree else ()
            out += [str(leaf.name) for leaf in found] if tree else [name]
        return tuple(out)

    def owners(self, names: Iterable[str]) -> tuple[str, ...]:
        """The parameters that these leaves, and other parameters, belong to."""
        owner = {leaf.name: p for p, tree in self.trees.items() for leaf in tree.leaves()}
        return tuple(dict.fromkeys(owner.get(name, name) for name in names))


def is_tree(kind: Kind) -> bool:
    """Whether a parameter of this kind is taken apart."""
    return isinstance(kind, TupleOf | ItemsOf | DictOf | RecordOf)


def has_records(kind: Kind) -> bool:
    """Whether objects are in a value of this kind."""
    if isinstance(kind, TupleOf | ItemsOf | DictOf):
        return any(map(has_records, kind.items))
    return isinstance(kind, RecordOf)


def carries(kind: Kind) -> bool:
    """Whether a leaf can carry a derivative: a number or array of them, or a list of these."""
    leaf = kind.item if isinstance(kind, ListOf) else kind
    return is_float(leaf) or is_complex(leaf)


def taken_apart(
    function: n.Function,
    kinds: Mapping[str, Kind],
    wrt: tuple[str, ...],
    names: Names,
    whole: bool = False,
) -> Apart | None:
    """The function with the parameters of `wrt` that are trees taken apart; None without such.

    `whole` tells that trees made anew from their leaves will be taken apart later, where the
    function uses them as a whole.

    Raises:
        UnsupportedError: a tree is used as a whole where its items have to be known.
    """
    trees = trees_of(kinds, wrt, names)
    if not trees:
        return None
    rebound = bound_names(function.body) & trees.keys()
    if rebound and not whole:
        _refuse_whole(sorted(rebound)[0], function.span)
    try:
        body = _Apart(function, trees).block(function.body) if not rebound else None
    except UnsupportedError:
        if not whole:
            raise
        body = None
    if body is None:
        made = (n.Assign(n.Var(p), display(tree), span=function.span) for p, tree in trees.items())
        body = (*made, *function.body)
        return assembled(function, kinds, trees, body, named=False)
    return assembled(function, kinds, trees, body)


def trees_of(kinds: Mapping[str, Kind], wrt: Iterable[str], names: Names) -> dict[str, Tree]:
    """The parameters that are taken apart, with names for their leaves."""
    return {name: _tree(kinds[name], name, names) for name in wrt if is_tree(kinds[name])}


def assembled(
    function: n.Function,
    kinds: Mapping[str, Kind],
    trees: Mapping[str, Tree],
    body: n.Block,
    named: bool = True,
) -> Apart:
    """What is known of a function whose body has been rewritten for the leaves of these trees.

    `named`: whether names that it gives to leaves become theirs.
    """
    start = [s for name, tree in trees.items() for s in _unpacked(n.Var(name), tree)]
    params: list[n.Param] = []
    inner: dict[str, Kind] = {}
    for p in function.params:
        if p.name in trees:
            params += [n.Param(str(leaf.name), 1) for leaf in trees[p.name].leaves()]
            inner |= {str(leaf.name): leaf.kind for leaf in trees[p.name].leaves()}
        else:
            params.append(replace(p, passing=1, default=None, has_default=False))
            inner[p.name] = kinds[p.name]
    new = replace(function, params=tuple(params), body=body)
    apart = Apart(new, inner, trees, tuple(start), function.params)
    return _named(apart) if named else apart


def _named(apart: Apart) -> Apart:
    """Leaves that the function gives a name at its beginning have that name throughout."""
    leaves = {str(leaf.name) for tree in apart.trees.values() for leaf in tree.leaves()}
    body = apart.function.body
    names: dict[str, str] = {}
    out: list[n.Stmt] = []
    for i, s in enumerate(body):
        new = _renaming(s, leaves) if isinstance(s, n.Assign) else None
        if (
            new is None
            or not _only_names(new, (*body[:i], *body[i + 1 :]), apart.function)
            or names.keys() & new.keys()
        ):
            out.append(s)
        else:
            names |= new
    if not names:
        return apart
    values = {old: n.Var(name) for old, name in names.items()}

    def renamed(name: str) -> str:
        return names.get(name, name)

    def tree(t: Tree) -> Tree:
        items = tuple((key, tree(item)) for key, item in t.items)
        return replace(t, items=items, name=None if t.name is None else renamed(t.name))

    function = replace(
        apart.function,
        params=tuple(replace(p, name=renamed(p.name)) for p in apart.function.params),
        body=map_block(tuple(out), lambda e: substitute(e, values)),
    )
    return replace(
        apart,
        function=function,
        kinds={renamed(name): kind for name, kind in apart.kinds.items()},
        trees={name: tree(t) for name, t in apart.trees.items()},
        start=map_block(apart.start, lambda e: substitute(e, values)),
    )


def _renaming(s: n.Assign, leaves: set[str]) -> dict[str, str] | None:
    """Leaf → name, for an assignment of nothing but leaves to names."""
    targets = s.target.items if isinstance(s.target, n.Tuple) else (s.target,)
    values = s.value.items if isinstance(s.value, n.Tuple) else (s.value,)
    if len(targets) != len(values) or isinstance(s.target, n.Tuple) != isinstance(s.value, n.Tuple):
        return None
    out: dict[str, str] = {}
    for target, value in zip(targets, values, strict=True):
        if not isinstance(target, n.Var) or not isinstance(value, n.Var):
            return None
        if value.name not in leaves or value.name in out:
            return None
        out[value.name] = target.name
    return out


def _only_names(names: Mapping[str, str], rest: n.Block, function: n.Function) -> bool:
    """Whether the names are bound nowhere else, and nothing of either is written into."""
    written = bound_names(rest) | stored_names(rest)
    for s in statements(rest):
        written |= frozenset(s.reads) if isinstance(s, n.Opaque) else frozenset()
    new = frozenset(names.values())
    return not new & (written | frozenset(function.param_names)) and not written & names.keys()


def _tree(kind: Kind, name: str, names: Names) -> Tree:
    match kind:
        case TupleOf() | ItemsOf():
            keys: tuple[Any, ...] = tuple(range(len(kind.items)))
        case DictOf():
            keys = kind.keys
        case RecordOf():
            keys = tuple(map(Attribute, kind.keys))
        case _:
            return Tree(kind, name=names.fresh(name))
    pairs = zip(keys, kind.items, strict=True)
    return Tree(kind, tuple((k, _tree(item, f"{name}_{_word(k)}", names)) for k, item in pairs))


def _word(key: Any) -> str:
    """A key as a part of a name."""
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in str(key))


def _unpacked(place: n.Expr, tree: Tree) -> Iterator[n.Stmt]:
    for key, item in tree.items:
        part: n.Expr = n.Index(place, n.Const(key))
        if isinstance(key, Attribute):
            part = n.Field(place, str(key))
        if item.name is not None:
            yield n.Assign(n.Var(item.name), part)
        yield from _unpacked(part, item)


def display(tree: Tree) -> n.Expr:
    """The tree written out, as an expression of its leaves."""
    if isinstance(tree.kind, _Constant):
        return tree.kind.value
    if tree.name is not None:
        return n.Var(tree.name)
    items = tuple(display(item) for _, item in tree.items)
    return made(tree, items)


def made(tree: Tree, items: tuple[n.Expr, ...]) -> n.Expr:
    """A value of the tree's type with these items."""
    if isinstance(tree.kind, TupleOf):
        return n.Tuple(items)
    if isinstance(tree.kind, ItemsOf):
        return n.List(items)
    keys = [str(key) for key, _ in tree.items]
    if isinstance(tree.kind, RecordOf):
        return record(tree.kind.cls, keys, items)
    callee = n.Ref("dict", dict, dict)
    if all(key.isidentifier() for key in keys):
        return n.Call(callee, (), tuple(zip(keys, items, strict=True)))
    pairs = zip(keys, items, strict=True)
    return n.Call(callee, (n.List(tuple(n.Tuple((n.Const(k), v)) for k, v in pairs)),))


def record(cls: type, keys: list[str], items: tuple[n.Expr, ...]) -> n.Expr:
    """An object with these attributes, written out."""
    ref = n.Ref(cls.__name__, cls, cls)
    pairs = tuple(zip(keys, items, strict=True))
    if cls is types.SimpleNamespace or _is_made_of(cls, keys):
        return n.Call(ref, (), pairs)
    return n.Call(n.Ref("remade", remade, remade), (ref,), pairs)


def _is_made_of(cls: type, keys: list[str]) -> bool:
    """Whether a call of a class with these keywords gives an object of these attributes, and does
    nothing else.
    """
    if issubclass(cls, tuple):
        return keys == list(cls._fields) and cls.__new__.__module__ != cls.__module__  # type: ignore[attr-defined]
    init = vars(cls).get("__init__")
    code = getattr(init, "__code__", None)
    if not dataclasses.is_dataclass(cls) or hasattr(cls, "__post_init__"):
        return False
    names = [f.name for f in dataclasses.fields(cls) if f.init]
    return names == keys and code is not None and code.co_filename.startswith("<")


def _refuse_whole(name: str, span: Span | None) -> None:
    raise UnsupportedError(
        f"{name!r}, which is differentiated, is used as a whole, which is not supported yet.",
        span,
        None,
        "take its items by constant keys, unpack it, or loop over it.",
    )


@dataclass
class _Apart:
    function: n.Function
    trees: Mapping[str, Tree]
    # Local names for parts of the trees.
    local: dict[str, Tree] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts: dict[str, int] = {}
        for s in statements(self.function.body):
            if isinstance(s, n.Assign | n.For):
                for name in target_names(s.target):
                    counts[name] = counts.get(name, 0) + 1
        self._once = frozenset(name for name, count in counts.items() if count == 1)

    def block(self, block: n.Block) -> n.Block:
        return tuple(new for s in block for new in self._statement(s))

    def _statement(self, s: n.Stmt) -> n.Block:
        if isinstance(s, n.Opaque):
            whole = sorted({*s.reads, *s.writes} & {*self.trees, *self.local})
            if whole:
                _refuse_whole(whole[0], s.span)
        if isinstance(s, n.For):
            items = self._items(s.iter)
            if items is not None:
                return self._written_out(s, items)
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var):
            tree = self._resolved(s.value)
            if tree is not None and tree.name is None and s.target.name in self._once:
                self.local[s.target.name] = tree
                return ()
        s = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
        return (replace(map_expressions(s, lambda e: self._expr(e, s.span))),)

    # --- loops ----------------------------------------------------------------------------------

    def _items(self, e: n.Expr) -> tuple[n.Expr | Tree, ...] | None:
        """What a loop over the expression gives."""
        tree = self._resolved(e)
        if tree is not None and tree.name is None:
            if isinstance(tree.kind, DictOf):
                return tuple(n.Const(key) for key, _ in tree.items)
            return tuple(item for _, item in tree.items)
        if not isinstance(e, n.Call):
            return None
        if isinstance(e.callee, n.Field) and not e.args:
            return self._of_dict(self._resolved(e.callee.base), e.callee.name)
        if isinstance(e.callee, n.Ref) and e.callee.value in (zip, enumerate):
            parts = [self._items(arg) for arg in e.args]
            if not parts or any(part is None for part in parts):
                return None
            lists = [part for part in parts if part is not None]
            if e.keywords and (e.callee.value is enumerate or len(set(map(len, lists))) > 1):
                return None
            if e.callee.value is enumerate and len(lists) > 1:
                return None
            if e.callee.value is enumerate:
                lists = [tuple(n.Const(i) for i in range(len(lists[0]))), lists[0]]
            return tuple(_pair(pair) for pair in zip(*lists, strict=False))
        return None

    def _of_dict(self, tree: Tree | None, method: str) -> tuple[n.Expr | Tree, ...] | None:
        if tree is None or not isinstance(tree.kind, DictOf):
            return None
        if method == "keys":
            return tuple(n.Const(key) for key, _ in tree.items)
        if method == "values":
            return tuple(item for _, item in tree.items)
        if method == "items":
            return tuple(_pair((n.Const(key), item)) for key, item in tree.items)
        return None

    def _written_out(self, s: n.For, items: tuple[n.Expr | Tree, ...]) -> n.Block:
        if _jumps(s.body):
            raise UnsupportedError(
                "a loop over the items of a differentiated argument is written out, and has a "
                "break or continue.",
                s.span,
                None,
                "test with if instead.",
            )
        out: list[n.Stmt] = []
        for item in items:
            outer = dict(self.local)
            out += self._bound(s.target, item, bound_names(s.body), s.span)
            out += self.block(s.body)
            self.local = outer
        return tuple(out)

    def _bound(
        self, target: n.Expr, item: n.Expr | Tree, assigned: frozenset[str], span: Span | None
    ) -> Iterator[n.Stmt]:
        """The loop's variable bound to an item: by name for parts, by assignment otherwise."""
        parts = _parts(item)
        if isinstance(target, n.Tuple) and parts is not None:
            if len(parts) != len(target.items):
                _refuse_whole(_subject(item), span)
            for t, part in zip(target.items, parts, strict=True):
                yield from self._bound(t, part, assigned, span)
            return
        if isinstance(target, n.Var) and target.name not in assigned:
            self.local[target.name] = _as_tree(item)
            return
        value = display(item) if isinstance(item, Tree) else item
        assert isinstance(target, n.Var | n.Tuple)
        yield n.Assign(target, value, span=span)

    # --- expressions ----------------------------------------------------------------------------

    def _resolved(self, e: n.Expr) -> Tree | None:
        """The part of a tree that an expression is."""
        if isinstance(e, n.Var):
            return self.local.get(e.name) or self.trees.get(e.name)
        if isinstance(e, n.Index):
            base = self._resolved(e.base)
            key = self._expr(e.key, e.span) if base is not None else None
            if base is not None and base.name is None and isinstance(key, n.Const):
                return base.item(key.value)
        if isinstance(e, n.Call) and isinstance(e.callee, n.Field) and e.callee.name == "get":
            base = self._resolved(e.callee.base)
            if base is not None and isinstance(base.kind, DictOf) and e.args:
                key = self._expr(e.args[0], e.span)
                return base.item(key.value) if isinstance(key, n.Const) else None
        return None

    def _expr(self, e: n.Expr, span: Span | None) -> n.Expr:
        span = e.span or span
        tree = self._resolved(e)
        if tree is not None:
            if isinstance(tree.kind, _Constant):
                return tree.kind.value
            if isinstance(tree.kind, DictOf):
                _refuse_whole(_subject(e), span)
            return replace(display(tree), span=e.span)
        known = self._known(e)
        if known is not None:
            return known
        if isinstance(e, n.OpaqueExpr):
            whole = sorted(names_in(e) & {*self.trees, *self.local})
            if whole:
                _refuse_whole(whole[0], span)
        return rebuild(e, lambda child: self._expr(child, span))

    def _known(self, e: n.Expr) -> n.Expr | None:
        """`len(p)` and `"a" in p`, which the structure tells."""
        if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is len:
            tree = self._resolved(e.args[0]) if len(e.args) == 1 else None
            return n.Const(len(tree.items)) if tree is not None and tree.name is None else None
        if isinstance(e, n.Compare) and e.ops in (("in",), ("not_in",)):
            tree, key = self._resolved(e.args[1]), self._expr(e.args[0], e.span)
            if tree is not None and isinstance(tree.kind, DictOf) and isinstance(key, n.Const):
                return n.Const((tree.item(key.value) is not None) == (e.ops == ("in",)))
        return None


@dataclass(frozen=True)
class _Constant(Kind):
    """A key, or a number that counts items."""

    value: n.Expr


def _as_tree(item: n.Expr | Tree) -> Tree:
    return item if isinstance(item, Tree) else Tree(_Constant(item), name="")


def _pair(parts: tuple[n.Expr | Tree, ...]) -> Tree:
    items = tuple((i, _as_tree(part)) for i, part in enumerate(parts))
    return Tree(TupleOf(tuple(item.kind for _, item in items)), items)


def _parts(item: n.Expr | Tree) -> list[Tree] | None:
    if not isinstance(item, Tree) or item.name is not None or isinstance(item.kind, DictOf):
        return None
    return [part for _, part in item.items]


def _subject(e: n.Expr | Tree) -> str:
    while isinstance(e, n.Index):
        e = e.base
    return e.name if isinstance(e, n.Var) else "an item"


def _jumps(block: n.Block) -> bool:
    return any(
        isinstance(s, n.Break | n.Continue)
        or (isinstance(s, n.If) and any(_jumps(b) for b in blocks(s)))
        for s in block
    )
