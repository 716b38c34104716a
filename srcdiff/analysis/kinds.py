"""Kinds: from the kinds of the arguments to the kind of every variable before every statement.

A forward flow to a fixed point. Where paths meet, kinds are joined; sizes that differ there, or
that were made inside a loop, become new sizes named after the meeting point, since within these
facts equal names mean equal sizes.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from srcdiff.analysis.bind import bind_call
from srcdiff.analysis.grids import grid_kind, is_grid
from srcdiff.analysis.iterables import is_empty, item_kind, iterator_kind, tuple_item, view_kind
from srcdiff.analysis.keys import is_slice, key_entries, key_kind, made_key, slice_bounds
from srcdiff.analysis.library import library_kind
from srcdiff.analysis.records import after
from srcdiff.analysis.reuse import Reuse
from srcdiff.analysis.shapes import index_kind, shape_kind
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.effects import Effects
from srcdiff.ir.fresh import Names
from srcdiff.ir.functional import given_part, held, is_functional, map_held, part_name
from srcdiff.ir.kinds import (
    BOOL,
    FLOAT,
    INT,
    NOTHING,
    PENDING,
    UNFILLED,
    UNKNOWN,
    Array,
    DerivedOf,
    DictOf,
    Dim,
    FunctionOf,
    ItemsOf,
    IteratorOf,
    KeywordsOf,
    Kind,
    Known,
    ListOf,
    MapOf,
    Maybe,
    Number,
    Object,
    PartialOf,
    RangeOf,
    RecordOf,
    Scalar,
    SliceOf,
    TupleOf,
    dims_of,
    is_number,
    join,
    join_all,
)
from srcdiff.ir.lists import mapped
from srcdiff.ir.names import COMPARE, NOT_BOUND
from srcdiff.ir.show import show
from srcdiff.ir.stars import is_starred, spread
from srcdiff.ir.walk import children, expressions, given, statements, subexpressions
from srcdiff.rules.registry import lookup
from srcdiff.rules.sampling import elementwise_kind

Env = Mapping[str, Kind]


class World(Protocol):
    """What lies outside one function."""

    @property
    def containers(self) -> object:
        """How containers are taken apart as objects are; None where they are not."""

    def global_kind(self, e: n.Global | n.Field) -> Kind:
        """The kind of a free variable now."""

    def user_kind(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Kind | None:
        """The kind of a call's result where the callee is one of the user's functions."""

    def written_out(self, value: Any) -> Callee | None:
        """The function that a Ref stands for, if calls of it are to be written out."""

    def transformed(self, call: n.Call) -> n.Expr | None:
        """What a call of one of srcdiff's own functions stands for, if the call is one."""

    def specialised(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> n.Call | None:
        """A call of a derivative as a call of the function that it is for these arguments."""

    def rely(self, dims: Iterable[tuple[int | Dim, ...]]) -> None:
        """Notes that these shapes are broadcast against each other."""

    def rely_equal(self, a: int | Dim, b: int | Dim) -> None:
        """Notes that two sizes must be equal."""

    def objects_apart(self, function: n.Function, kinds: Env) -> n.Function:
        """The function without objects of the user's classes; itself where there are none."""

    def without_objects(self, function: n.Function, kinds: Env) -> n.Function:
        """The same, made once."""

    def records_apart(
        self, function: n.Function, kinds: Env, trees: Mapping[str, Any], names: Names
    ) -> n.Block:
        """The body of a function, for the leaves of parameters that hold objects."""

    def first_order(self, function: n.Function, kinds: Env) -> n.Function:
        """The function, for arguments of these kinds, with all its calls of named functions."""

    def functional_result(self, function: n.Function, kinds: Env) -> Kind | None:
        """The kind of a function's result where that is a function or holds one."""

    def is_fresh(self, e: n.Call) -> bool:
        """Whether the call's result shares memory with nothing else."""

    def taken_apart(self, kind: Known, e: n.Expr) -> Kind:
        """The kind of a partial, a bound method or an object, by what it consists of."""

    def attribute_kind(self, kind: Object, name: str) -> Kind:
        """The kind of an attribute of an object."""

    def rewritten(
        self,
        e: n.OpaqueExpr | n.Opaque,
        changed: frozenset[str],
        new: Callable[[tuple[str, ...]], n.Expr | None],
    ) -> n.OpaqueExpr | n.Opaque:
        """Code that is kept, with other names."""

    def callee(self, value: Any) -> Callee:
        """One of the user's functions."""

    def lists_after(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Mapping[str, Kind]:
        """What the variables that are lists, and that a call changes, hold afterwards."""

    def effects(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Effects | None:
        """What one of the user's functions does with the memory of its arguments."""

    def variant(self, key: Hashable, make: Callable[[], n.Function]) -> Callee:
        """The function made of another one for a key, made at first use."""

    def is_pure(self, e: n.Call | n.OpaqueExpr) -> bool:
        """Whether evaluating the call does nothing but compute."""


@dataclass(frozen=True)
class Inference:
    """Kinds of expressions, given the kinds of variables.

    `at` names the statement; sizes that an expression makes are named after it.
    """

    world: World
    env: Env
    at: str
    # What has been inferred, by identity: trees are deep, and asked about again and again.
    _known: dict[int, tuple[n.Expr, Kind]] = field(
        default_factory=dict, compare=False, repr=False, init=False
    )

    def __call__(self, e: n.Expr) -> Kind:
        """The expression's kind; Unknown where nothing is known. What may be None is taken not to
        be: where it is, whatever reads it as more than None raises.
        """
        kind = self.whole(e)
        return kind.item if isinstance(kind, Maybe) else kind

    def whole(self, e: n.Expr) -> Kind:
        """The expression's kind, with None among what it may be."""
        known = self._known.get(id(e))
        if known is None:
            kind = self._inferred(e)
            if isinstance(kind, Known) and callable(kind.value):
                kind = self.world.taken_apart(kind, e)
            if kind is UNKNOWN and self._on_pending(e):
                kind = PENDING
            known = self._known[id(e)] = (e, kind)
        return known[1]

    def _on_pending(self, e: n.Expr) -> bool:
        """Whether an operation's kind is not known because an operand's is not known yet."""
        if isinstance(e, n.Op) and e.op in ("and", "or"):
            return False
        operations = n.Op | n.Compare | n.Index | n.Field | n.Call
        return isinstance(e, operations) and any(self(child) is PENDING for child in children(e))

    def _inferred(self, e: n.Expr) -> Kind:
        if isinstance(e, _OPERATIONS) and any(self(x) is NOTHING for x in children(e)):
            # An item of a list that is still empty: this is not evaluated, or not yet.
            return NOTHING
        match e:
            case n.Var():
                return self.env.get(e.name, UNKNOWN)
            case n.Const():
                return literal_kind(e.value)
            case n.Ref():
                return NOTHING if e.value is UNFILLED else literal_kind(e.value)
            case n.Global():
                return self.world.global_kind(e)
            case n.Index():
                return self._index(e)
            case n.Field():
                return self._field(e)
            case n.Op():
                return self._op(e)
            case n.Compare():
                return self._compare(e)
            case n.Choose():
                return self._choose(e)
            case n.Call():
                return self._call(e)
            case n.Tuple() if is_starred(e):
                items = spread(e, self)
                return UNKNOWN if items is e else self(items)
            case n.Tuple():
                return TupleOf(tuple(self.whole(item) for item in e.items))
            case n.Dict():
                return DictOf(e.keys, tuple(self.whole(item) for item in e.items))
            case n.List():
                return self._list(e)
            case n.Slice():
                return Known(slice)
            case n.OpaqueExpr() if e.entries:
                values = (self(value) for key, value in e.entries if key is not None)
                stars = any(key is None for key, _ in e.entries)
                label = f"{self.at}|{e.text}"
                return UNKNOWN if stars else MapOf(join_all(values, label))
            case n.OpaqueExpr() if e.inner is not None:
                element = self.element(e.inner)
                is_list = type(e.node).__name__ == "ListComp"
                return ListOf(element) if is_list else IteratorOf(element)
            case n.Closure():
                return FunctionOf(e.code, tuple((name, self(v)) for name, v in e.defaults))
        return UNKNOWN

    def _list(self, e: n.List) -> Kind:
        if is_starred(e):
            items = spread(e, self)
            return ListOf(UNKNOWN) if items is e else self(items)
        kinds = [self.whole(item) for item in e.items]
        if not kinds:
            return ListOf(NOTHING)
        item = kinds[0]
        for other in kinds[1:]:
            item = join(item, other, f"{self.at}|{show(e)}")
        return list_of(item)

    def _index(self, e: n.Index) -> Kind:
        if is_grid(e):
            return grid_kind(e, self, f"{self.at}|{show(e)}") or UNKNOWN
        base = self(e.base)
        if isinstance(e.base, n.Ref) and made_key(e.base.value, e.key) is not None:
            return key_kind(made_key(e.base.value, e.key), self)
        if isinstance(base, Array):
            entries = key_entries(e.key, self) or ()
            self.world.rely(x.dims for x in entries if x.what == "indices" and x.dims)
            return index_kind(base, e.key, self, self.at)
        if isinstance(base, TupleOf):
            return tuple_item(base, e, f"{self.at}|{show(e)}")
        if isinstance(base, DictOf) and not isinstance(e.key, n.Const):
            key = self(e.key)
            if isinstance(key, Known) and type(key.value) is str:
                return dict(zip(base.keys, base.items, strict=True)).get(key.value, UNKNOWN)
        if isinstance(base, ItemsOf | DictOf) and isinstance(e.key, n.Const):
            keys = base.keys if isinstance(base, DictOf) else range(len(base.items))
            found = dict(zip(keys, base.items, strict=True))
            return found.get(e.key.value, UNKNOWN)
        if isinstance(base, ListOf):
            return base if is_slice(e.key, self) else base.item
        if isinstance(base, KeywordsOf) and isinstance(e.key, n.Const):
            return dict(base.items).get(e.key.value, UNKNOWN)
        if isinstance(base, Object) and base.cls is dict:
            key = self(e.key) if not isinstance(e.key, n.Const) else Known(e.key.value)
            if isinstance(key, Known) and type(key.value) is str:
                return self.world.attribute_kind(base, key.value)
        if isinstance(base, MapOf):
            return base.item
        if isinstance(base, Object) and base.cls is collections.Counter:
            return INT
        if isinstance(base, RangeOf):
            return base if is_slice(e.key, self) else INT
        return UNKNOWN

    def _field(self, e: n.Field) -> Kind:
        base = self(e.base)
        name = part_name(e)
        if name is not None:
            return dict(held(base)).get(name, UNKNOWN)
        if isinstance(base, Array):
            if e.name == "shape":
                return shape_kind(base)
            if e.name == "ndim":
                return Number(int, size=base.ndim)
            if e.name == "size":
                return Number(int, size=base.dims[0] if base.ndim == 1 else None)
            if e.name == "dtype":
                return Known(base.dtype)
        if isinstance(base, Scalar) and e.name == "dtype":
            return Known(base.dtype)
        if isinstance(base, Scalar) and e.name == "ndim":
            return Number(int, size=0)
        if isinstance(base, Scalar) and e.name == "shape":
            return TupleOf(())
        if isinstance(base, Object):
            return self.world.attribute_kind(base, e.name)
        if isinstance(base, RecordOf):
            return dict(zip(base.keys, base.items, strict=True)).get(e.name, UNKNOWN)
        if isinstance(base, PartialOf) and base.given is not None:
            return given_part(base, e.name)
        bound = self._bound(e)
        if bound is not None:
            return bound
        return self.world.global_kind(e) if isinstance(e.base, n.Ref) else UNKNOWN

    def _bound(self, e: n.Expr) -> Kind | None:
        """The kind that a rule gives; what it relies on is noted."""
        bound = bind_call(e, self)
        if bound is None:
            return None
        if bound.rule.elementwise:
            shapes = map(dims_of, bound.kinds)
            self.world.rely(dims for dims in shapes if dims)
        for a, b in bound.rule.equal:
            self.world.rely_equal(a, b)
        return bound.kind

    def _op(self, e: n.Op) -> Kind:
        if e.op in ("and", "or"):
            return self._boolean(e)
        if e.op == "not":
            operand = self(e.args[0])
            known = isinstance(operand, Known) and type(operand.value) is bool
            return Known(not operand.value) if known else BOOL  # type: ignore[attr-defined]
        kind = self._list_operator(e) or self._bound(e)
        return UNKNOWN if kind is None else kind

    def _list_operator(self, e: n.Op) -> Kind | None:
        """`xs + ys`, and `[0.0] * n`."""
        if e.op not in ("add", "mul"):
            return None
        a, b = (self(arg) for arg in e.args)
        if isinstance(a, ListOf) and isinstance(b, ListOf) and e.op == "add":
            return ListOf(join(a.item, b.item, f"{self.at}|{show(e)}"))
        if e.op == "mul" and isinstance(a, ListOf) and isinstance(b, Number) and b.type is int:
            return a
        return None

    def _boolean(self, e: n.Op) -> Kind:
        """`and` and `or` return an operand; operands known to be true or false decide."""
        decided: Kind | None = None
        for arg in e.args:
            kind = self.whole(arg)
            if isinstance(kind, Maybe) and e.op == "or" and arg is not e.args[-1]:
                kind = kind.item
            truth = bool(kind.value) if isinstance(kind, Known) and _has_truth(kind) else None
            if truth is not None and truth == (e.op == "or"):
                return kind if decided is None else join(decided, kind, f"{self.at}|{show(e)}")
            if truth is None or arg is e.args[-1]:
                decided = kind if decided is None else join(decided, kind, f"{self.at}|{show(e)}")
        return UNKNOWN if decided is None else decided

    def _compare(self, e: n.Compare) -> Kind:
        kinds = [self(arg) for arg in e.args]
        if len(e.ops) == 1:
            known = _decide(e.ops[0], *map(self.whole, e.args))
            if known is not None:
                return Known(known)
            if e.ops[0] in ("is", "is_not", "in", "not_in"):
                return BOOL
            if any(k == UNKNOWN for k in kinds):
                return UNKNOWN
            if all(is_number(k) or isinstance(k, Array) for k in kinds):
                return elementwise_kind(COMPARE[e.ops[0]], *kinds)
        return BOOL

    def _choose(self, e: n.Choose) -> Kind:
        test = self(e.test)
        if isinstance(test, Known) and type(test.value) is bool:
            return self.whole(e.a if test.value else e.b)
        a, b = self.where(e.test, True).whole(e.a), self.where(e.test, False).whole(e.b)
        return join(a, b, f"{self.at}|{show(e)}")

    def _call(self, e: n.Call) -> Kind:
        if is_starred(e):
            plain = spread(e, self)
            return UNKNOWN if plain is e else self(plain)
        found = library_kind(e, self)
        if found is not None:
            return found
        if isinstance(e.callee, n.Ref):
            if e.callee.value is range:
                return RangeOf()
            if e.callee.value is slice:
                return SliceOf(slice_bounds(e.args))
            if e.callee.value is sorted and e.args and isinstance(self(e.args[0]), ListOf):
                return self(e.args[0])
            if e.callee.value is isinstance and len(e.args) == 2:
                return self._isinstance(e)
            if e.callee.value in (hasattr, callable) and e.args:
                return self._looked_at(e)
            iterator = iterator_kind(e, self, f"{self.at}|{show(e)}")
            if iterator is not None:
                return iterator
            if e.callee.value in (list, sum, math.fsum) and e.args:
                made = self._of_list(e)
                if made is not None:
                    return made
            if lookup(e.callee.value) is None:
                call = self.world.specialised(e, self) or e
                return self.world.user_kind(call, self) or UNKNOWN
        elif not isinstance(e.callee, n.Field) or not isinstance(self(e.callee.base), _DATA):
            found = self.world.user_kind(e, self)
            if found is not None:
                return found
        if isinstance(e.callee, n.Field):
            view = view_kind(e, self, f"{self.at}|{show(e)}")
            if view is not None:
                return view
            base = self(e.callee.base)
            if isinstance(base, ListOf):
                return {"pop": base.item, "copy": base}.get(e.callee.name, UNKNOWN)
        kind = self._bound(e)
        return UNKNOWN if kind is None else kind

    def _of_list(self, e: n.Call) -> Kind | None:
        """`list(xs)`, `list(map(f, xs))` and `sum(xs)`."""
        made = mapped(e)
        if made is not None:
            kind = self(made[1])
            if not isinstance(kind, ListOf) or not isinstance(made[0], n.Ref):
                return None
            inner = self.with_name("<item>", kind.item)
            return list_of(inner(n.Call(made[0], (n.Var("<item>"),))))
        kind = self(e.args[0])
        if isinstance(kind, IteratorOf):
            kind = ListOf(kind.item)
        if not isinstance(kind, ListOf) or len(e.args) != 1 or e.keywords:
            return None
        assert isinstance(e.callee, n.Ref)
        if e.callee.value is list:
            return kind
        if e.callee.value is math.fsum:
            return FLOAT if is_number(kind.item) or kind.item == NOTHING else None
        if kind.item == NOTHING:
            return INT
        total = n.Op("add", (n.Const(0), n.Var("<item>")))
        return self.with_name("<item>", kind.item)(total)

    def element(self, e: n.Comprehension) -> Kind:
        """The kind of a comprehension's elements."""
        return self.inside(e)(e.element)

    def inside(self, e: n.Comprehension) -> Inference:
        """Kinds where a comprehension's elements are made."""
        infer = self
        for clause in e.clauses:
            infer = infer.within(clause)
        return infer

    def within(self, clause: n.Clause) -> Inference:
        """The same, where the names of a comprehension's clause are bound."""
        kind = item_kind(self(clause.iter), f"{self.at}|{show(clause.iter)}")
        return Inference(self.world, _bind(clause.target, kind, self.env, self, None), self.at)

    def with_name(self, name: str, kind: Kind) -> Inference:
        """The same, with one more variable."""
        return Inference(self.world, {**self.env, name: kind}, self.at)

    def _looked_at(self, e: n.Call) -> Kind:
        """`hasattr(x, "shape")` and `callable(f)`, where the type of the value tells."""
        assert isinstance(e.callee, n.Ref)
        kind = self.whole(e.args[0])
        if isinstance(kind, Known) and callable(kind.value) and e.callee.value is callable:
            return Known(True)
        exact = exact_type(kind)
        if exact is None or isinstance(kind, Known):
            return BOOL
        if e.callee.value is callable:
            return Known(False)
        name = self(e.args[1]) if len(e.args) == 2 else UNKNOWN
        plain = isinstance(kind, Number | Scalar | Array | TupleOf | ListOf)
        if not plain or not isinstance(name, Known) or not isinstance(name.value, str):
            return BOOL
        return Known(hasattr(exact, name.value))

    def where(self, test: n.Expr, outcome: bool) -> Inference:
        """The same, where a test came out so: it may tell what is None."""
        told = told_by(test, outcome)
        env = {**self.env}
        for name, is_none in told.items():
            kind = env.get(name)
            if isinstance(kind, Maybe):
                env[name] = Known(None) if is_none else kind.item
        return Inference(self.world, env, self.at) if told else self

    def _isinstance(self, e: n.Call) -> Kind:
        value, cls = self.whole(e.args[0]), self(e.args[1])
        exact = exact_type(value)
        if exact is None:
            return BOOL
        classes = cls.items if isinstance(cls, TupleOf) else (cls,)
        if all(isinstance(c, Known) and isinstance(c.value, type) for c in classes):
            return Known(issubclass(exact, tuple(c.value for c in classes)))  # type: ignore[attr-defined]
        return BOOL


def whole_kind(infer: Callable[[n.Expr], Kind], e: n.Expr) -> Kind:
    """The kind of an expression, with None among what it may be."""
    return infer.whole(e) if isinstance(infer, Inference) else infer(e)


def told_by(test: n.Expr, outcome: bool) -> dict[str, bool]:
    """The variables of which a test with this outcome tells whether they are None."""
    if isinstance(test, n.Op) and test.op == "not":
        return told_by(test.args[0], not outcome)
    if isinstance(test, n.Op) and test.op == ("and" if outcome else "or"):
        return {name: said for arg in test.args for name, said in told_by(arg, outcome).items()}
    if isinstance(test, n.Var) and outcome:
        return {test.name: False}
    if not isinstance(test, n.Compare) or test.ops not in (("is",), ("is_not",)):
        return {}
    name, value = test.args
    if not isinstance(name, n.Var) or value != n.Const(None):
        return {}
    return {name.name: (test.ops == ("is",)) == outcome}


# What has methods of NumPy's or Python's own.
_DATA = (Array, Scalar, Number, ListOf)

_OPERATIONS = (n.Op, n.Compare, n.Call, n.Index, n.Field)


def list_of(item: Kind) -> ListOf:
    """The kind of a list; of the functions in one it is not known which is which."""
    return ListOf(UNKNOWN if is_functional(item) else item)


def exact_type(kind: Kind) -> type | None:
    """The type of every value of the kind, where it is one."""
    match kind:
        case Number():
            return kind.type
        case Scalar():
            return kind.dtype.type
        case Array():
            return np.ndarray
        case Known():
            return type(kind.value)
        case TupleOf():
            return tuple
        case ListOf():
            return list
        case SliceOf():
            return slice
    return None


def literal_kind(value: Any) -> Kind:
    """The kind of a literal or of a module's constant."""
    if type(value) is int:
        return Number(int, size=value)
    if type(value) in (float, complex):
        return Number(type(value)) if type(value) is complex else FLOAT
    if type(value) is tuple:
        return TupleOf(tuple(map(literal_kind, value)))
    return Known(value)


def _has_truth(kind: Known) -> bool:
    return kind.value is None or isinstance(kind.value, bool | str)


def _decide(op: str, a: Kind, b: Kind) -> bool | None:
    """The outcome of a comparison that the kinds decide: of strings, None, types, flags, ndim."""
    if isinstance(a, Known) and isinstance(b, Known):
        if op in ("in", "not_in") and not isinstance(b.value, str):
            return None
        return bool(COMPARE[op](a.value, b.value))
    if isinstance(a, Number) and isinstance(b, Number) and op not in ("in", "not_in"):
        if type(a.size) is int and type(b.size) is int:
            return bool(COMPARE[op](a.size, b.size))
    if op in ("in", "not_in"):
        if isinstance(a, Known) and isinstance(b, DictOf):
            return (a.value in b.keys) == (op == "in")
        if isinstance(a, Known) and isinstance(b, TupleOf):
            if all(isinstance(k, Known) for k in b.items):
                return (a in b.items) == (op == "in")
        return None
    if op in ("is", "is_not"):
        for x, y in ((a, b), (b, a)):
            if isinstance(x, Known) and x.value is None and exact_type(y) not in (None, type(None)):
                return op == "is_not"
    return None


# --- the flow -----------------------------------------------------------------------------------


@dataclass
class Kinds:
    """The kinds of variables before each statement of a function, and those at its end."""

    world: World
    before: dict[n.Stmt, Env] = field(default_factory=dict)
    labels: dict[n.Stmt, str] = field(default_factory=dict)
    # The number of statements that were given a label.
    count: int = 0
    returned: Kind | None = None
    # Where a variable is read that no path has bound by then.
    unbound: dict[n.Stmt, str] = field(default_factory=dict)
    _inferences: dict[n.Stmt, Inference] = field(default_factory=dict)
    _reuse: Reuse = field(default_factory=Reuse)

    def at(self, s: n.Stmt) -> Inference:
        """Kinds of expressions read by the statement."""
        env = self.before.get(s, {})
        old = self._inferences.get(s)
        if old is not None and old.env is env:
            return old
        new = Inference(self.world, env, self.labels[s])
        if old is not None:
            new._known.update(self._reuse.still_known(s, old.env, env, old._known))
        self._inferences[s] = new
        return new

    def start_from(self, earlier: Kinds, block: n.Block, name: str) -> None:
        """Keeps what an earlier run knows of statements that are still there."""
        self._reuse = earlier._reuse
        self.count = earlier.count
        for s in statements(block):
            if s in earlier.labels:
                self.labels[s] = earlier.labels[s]
                if s in earlier._inferences:
                    self._inferences[s] = earlier._inferences[s]
            else:
                self.label(s, name)

    def label(self, s: n.Stmt, name: str) -> None:
        """Gives a statement a name of its own."""
        self.labels[s] = f"{name}:{self.count}"
        self.count += 1

    def reached(self, s: n.Stmt) -> bool:
        """Whether control can reach the statement, by what kinds decide."""
        return s in self.before


def infer_kinds(
    function: n.Function, params: Env, world: World, earlier: Kinds | None = None
) -> Kinds:
    """The kinds of a function's variables, for arguments of these kinds.

    `earlier` are those of another form of the same function, for the same arguments.
    """
    facts = Kinds(world)
    if earlier is not None:
        facts.start_from(earlier, function.body, function.name)
    else:
        for s in statements(function.body):
            facts.label(s, function.name)
    _Flow(facts).block(function.body, dict(params))
    return facts


def after_statement(s: n.Stmt, env: Env, world: World, label: str) -> Env | None:
    """The kinds after a statement without blocks; None where control does not go on."""
    facts = Kinds(world)
    facts.labels[s] = label
    return _Flow(facts).block((s,), env)


def entered_kinds(s: n.For, env: Env, world: World, label: str) -> Env:
    """The kinds at the beginning of a loop's body."""
    facts = Kinds(world)
    facts.labels[s] = label
    return _Flow(facts)._enter(s, env)


def merged_kinds(a: Env, b: Env, label: str) -> Env:
    """The kinds where two paths meet."""
    return _merge(a, b, label)


def renamed_kinds(env: Env, head: Env, label: str) -> Env:
    """The kinds at the end of a loop's body, for its head."""
    old = _sizes(head)
    return {name: _renamed(kind, old, f"{label}.{name}") for name, kind in env.items()}


class _Flow:
    """Carries an environment through a function; None stands for "not reached"."""

    def __init__(self, facts: Kinds) -> None:
        self._facts = facts
        # Loop -> (environment at entry, environment after): an inner loop is not run again
        # where its entry has not changed, or nested loops would cost exponential time.
        self._seen: dict[n.Stmt, tuple[Env, Env, Env | None]] = {}
        # The kinds of what the tapes keep.
        self._slots: dict[n.Slot, Kind] = {}

    def block(self, block: n.Block, env: Env | None) -> Env | None:
        for s in block:
            # A variable that no path has bound yet: a later trip may, or the primal raises.
            if env is None:
                return None
            missing = read_variables(s) - env.keys()
            if missing:
                self._facts.unbound[s] = min(missing)
                return None
            env = self._statement(s, env)
        return env

    def _statement(self, s: n.Stmt, env: Env) -> Env | None:
        facts = self._facts
        if isinstance(s, n.Attempt):
            env = {**env, **_of_attempt(s)}
        facts.before[s] = env
        infer = facts.at(s)
        if _is_pending(s, infer):
            # A recursive call: what follows is looked at when it is known what that returns.
            self._return(PENDING, s)
            return None
        if not isinstance(s, n.If | n.For | n.While):
            env = after(s, env, infer)
            env = _after_calls(s, env, infer)
        match s:
            case n.Assign() if s.note == NOT_BOUND:
                return _bind(s.target, NOTHING, env, infer, s.value)
            case n.Assign():
                env = _bind(s.target, infer.whole(s.value), env, infer, s.value)
                return _stored(s.target, infer.whole(s.value), env, infer)
            case n.Update() if isinstance(s.target, n.Var):
                return {**env, s.target.name: _updated(s, infer)}
            case n.Update():
                return _stored(s.target, _updated(s, infer), env, infer)
            case n.If():
                return self._if(s, infer(s.test), env)
            case n.For() | n.While():
                return self._loop(s, env)
            case n.Return():
                self._return(Known(None) if s.value is None else infer.whole(s.value), s)
                return None
            case n.Raise():
                return None
            case n.Opaque():
                return {**env, **dict.fromkeys(s.writes, UNKNOWN)}
            case n.Effect():
                return _after_effect(s.value, env, infer)
            case n.Open():
                return {**env, **{x.name: UNKNOWN for _, x in s.items if x is not None}}
            case n.Save():
                self._slots[s.slot] = infer.whole(s.slot.place)
            case n.Restore() if isinstance(s.slot.place, n.Var):
                return {**env, s.slot.place.name: self._slots.get(s.slot, UNKNOWN)}
        return env

    def _return(self, kind: Kind, s: n.Stmt) -> None:
        facts = self._facts
        before = facts.returned
        facts.returned = kind if before is None else join(before, kind, f"{facts.labels[s]}.result")

    def _if(self, s: n.If, test: Kind, env: Env) -> Env | None:
        if isinstance(test, Known) and _has_truth(test):
            return self.block(s.body if test.value else s.orelse, env)
        infer = self._facts.at(s)
        sides = (infer.where(s.test, outcome).env for outcome in (True, False))
        a, b = (self.block(b, side) for b, side in zip((s.body, s.orelse), sides, strict=True))
        if a is None or b is None:
            return b if a is None else a
        return _merge(a, b, self._facts.labels[s])

    def _loop(self, s: n.For | n.While, env: Env) -> Env | None:
        if isinstance(s, n.For) and is_empty(self._facts.at(s)(s.iter)):
            return env
        seen = self._seen.get(s)
        if seen is not None and seen[0] == env:
            self._facts.before[s] = seen[1]
            return seen[2]
        label, old = self._facts.labels[s], _sizes(env)
        head: Env = env
        while True:
            self._facts.before[s] = head
            end = self.block(s.body, self._enter(s, head))
            if end is None:
                break
            after = {k: _renamed(kind, old, f"{label}.{k}") for k, kind in end.items()}
            new = _merge(head, after, label)
            if new == head:
                break
            head = new
        out = head
        if end is not None and any(isinstance(x, n.Break) for x in statements(s.body)):
            out = _merge(head, end, f"{label}.out")
        self._seen[s] = (env, head, out)
        return out

    def _enter(self, s: n.For | n.While, env: Env) -> Env:
        if isinstance(s, n.While):
            return env
        infer = Inference(self._facts.world, env, self._facts.labels[s])
        label = f"{self._facts.labels[s]}|{show(s.iter)}"
        return _bind(s.target, item_kind(infer(s.iter), label), env, infer, None)


def _of_attempt(s: n.Attempt) -> Env:
    """The kinds of what an attempt binds by itself."""
    assert isinstance(s.test, n.Var)
    names: dict[str, Kind] = {h.name: UNKNOWN for h in s.handlers if h.name is not None}
    return {**names, s.test.name: BOOL if len(s.handlers) == 1 else INT}


def _is_pending(s: n.Stmt, infer: Inference) -> bool:
    """Whether the statement goes by the value of a call that is not known yet."""
    match s:
        case n.Assign() | n.Update():
            return infer(s.value) is PENDING
        case n.If():
            return infer(s.test) is PENDING
        case n.For():
            return infer(s.iter) is PENDING
    return False


def read_variables(s: n.Stmt) -> frozenset[str]:
    """The variables that the statement itself reads by name."""
    if isinstance(s, n.Assign | n.For):
        value = s.value if isinstance(s, n.Assign) else s.iter
        read = (value, *_places(s.target))
    elif isinstance(s, n.Open):
        read = tuple(e for e, _ in s.items)
    elif isinstance(s, n.Restore) and isinstance(s.slot.place, n.Var):
        read = ()
    else:
        read = expressions(s)
    return frozenset(x.name for e in read for x in subexpressions(e) if isinstance(x, n.Var))


def _places(target: n.Expr) -> tuple[n.Expr, ...]:
    """The parts of a target that are stored into, and bind no name."""
    if isinstance(target, n.Starred):
        return _places(target.value)
    if isinstance(target, n.Tuple):
        return tuple(e for item in target.items for e in _places(item))
    return () if isinstance(target, n.Var) else (target,)


def _bind(target: n.Expr, kind: Kind, env: Env, infer: Inference, value: n.Expr | None) -> Env:
    if isinstance(target, n.Var):
        return {**env, target.name: kind}
    if isinstance(target, n.Starred):
        return _bind(target.value, ListOf(UNKNOWN), env, infer, None)
    if isinstance(target, n.Tuple):
        kinds: tuple[Kind, ...] = (UNKNOWN,) * len(target.items)
        if isinstance(kind, TupleOf) and len(kind.items) == len(target.items):
            kinds = kind.items
        elif isinstance(kind, Array | ListOf):
            kinds = (item_kind(kind, infer.at),) * len(target.items)
        for item, k in zip(target.items, kinds, strict=True):
            env = _bind(item, k, env, infer, None)
    return env


def _updated(s: n.Update, infer: Inference) -> Kind:
    """An array keeps its dtype and shape when it is updated; a number becomes what `op` gives."""
    old = infer(s.target)
    return old if isinstance(old, Array) else infer(n.Op(s.op, (s.target, s.value)))


def _after_calls(s: n.Stmt, env: Env, infer: Inference) -> Env:
    """What lists hold that a statement's calls of the user's functions change."""
    for e in expressions(s):
        for x in subexpressions(e):
            if not isinstance(x, n.Call):
                continue
            if any(isinstance(arg, n.Var) and _is_list(arg, infer) for arg in given(x)):
                for name, item in infer.world.lists_after(x, infer).items():
                    kind = infer(n.Var(name))
                    assert isinstance(kind, ListOf)
                    env = {**env, name: list_of(join(kind.item, item, name))}
    return env


def _is_list(e: n.Expr, infer: Inference) -> bool:
    return isinstance(infer(e), ListOf)


def _after_effect(e: n.Expr, env: Env, infer: Inference) -> Env:
    """`tape.append(x)` tells what the list holds."""
    if isinstance(e, n.Call) and isinstance(e.callee, n.Field) and e.callee.name == "append":
        base = e.callee.base
        kind = infer(base)
        if isinstance(base, n.Var) and isinstance(kind, ListOf) and len(e.args) == 1:
            item = infer.whole(e.args[0])
            item = join(kind.item, item, f"{infer.at}.item")
            return {**env, base.name: list_of(item)}
    return env


def _stored(target: n.Expr, kind: Kind, env: Env, infer: Inference) -> Env:
    """`xs[k] = x` may change what is known of a list's items."""
    for item in target.items if isinstance(target, n.Tuple) else (target,):
        if not isinstance(item, n.Index) or not isinstance(item.base, n.Var):
            continue
        old = infer(item.base)
        if isinstance(old, ListOf):
            whole = isinstance(target, n.Tuple) or is_slice(item.key, infer)
            new = UNKNOWN if whole else join(old.item, kind, f"{infer.at}.item")
            env = {**env, item.base.name: list_of(new)}
    return env


def _merge(a: Env, b: Env, label: str) -> Env:
    """Both environments; a variable that only one has keeps its kind (it may be unbound)."""
    out = dict(a)
    for name, kind in b.items():
        out[name] = join(a[name], kind, f"{label}.{name}") if name in a else kind
    return out


def _sizes(env: Env) -> frozenset[str]:
    """The names of all sizes in the kinds of an environment."""
    return frozenset(d.name for kind in env.values() for d in _dims(kind))


def _dims(kind: Kind) -> list[Dim]:
    match kind:
        case Array():
            return [d for d in kind.dims if isinstance(d, Dim)]
        case Number():
            return [kind.size] if isinstance(kind.size, Dim) else []
        case TupleOf() | DictOf():
            return [d for item in kind.items for d in _dims(item)]
        case ListOf() | IteratorOf() | Maybe():
            return _dims(kind.item)
        case FunctionOf() | PartialOf() | DerivedOf():
            return [d for _, item in held(kind) for d in _dims(item)]
    return []


def _renamed(kind: Kind, old: frozenset[str], label: str) -> Kind:
    """The kind with sizes that were made inside the loop named after the loop's head: in the next
    trip the same statement makes another size under the old name.
    """

    def dim(d: int | Dim, i: int) -> int | Dim:
        if isinstance(d, int) or d.name in old or d.name.startswith(label):
            return d
        return Dim(f"{label}.{i}", not_one=d.not_one)

    match kind:
        case Array():
            return Array(kind.dtype, tuple(dim(d, i) for i, d in enumerate(kind.dims)))
        case Number() if kind.size is not None:
            return Number(kind.type, dim(kind.size, 0))
        case TupleOf():
            items = enumerate(kind.items)
            return TupleOf(tuple(_renamed(item, old, f"{label}.{i}") for i, item in items))
        case DictOf():
            pairs = zip(kind.keys, kind.items, strict=True)
            renamed = (_renamed(item, old, f"{label}.{key}") for key, item in pairs)
            return DictOf(kind.keys, tuple(renamed))
        case ListOf():
            return ListOf(_renamed(kind.item, old, label))
        case Maybe():
            return Maybe(_renamed(kind.item, old, label))
        case FunctionOf() | PartialOf() | DerivedOf():
            return map_held(kind, lambda name, item: _renamed(item, old, f"{label}.{name}"))
        case IteratorOf():
            return IteratorOf(_renamed(kind.item, old, label))
    return kind


def number_or_array(kind: Kind) -> bool:
    """Whether arithmetic on the value is NumPy's or Python's own."""
    return is_number(kind) or isinstance(kind, Array)
