"""Functions as values, to functions that are called by name.

    def f(x):                               def g(y, x):
        def g(y):                               return x * y
            return x * y        →
        return g(2.0) + apply(g, x)         def f(x):
                                                return g(2.0, x) + apply(x, x)

The definition goes; what the function captures becomes arguments of its calls; a variable that
holds a function becomes variables for what that function holds. A function that reaches something
that is not modelled is kept as it stands.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import FunctionType
from typing import Any, Protocol

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee, Derived
from srcdiff.ir.fresh import Names
from srcdiff.ir.functional import (
    Path,
    encoded,
    is_functional,
    leaves,
    left,
    part_name,
)
from srcdiff.ir.kinds import UNKNOWN, Kind, Known, PartialOf, TupleOf, is_float, join
from srcdiff.ir.names import TRANSFORM
from srcdiff.ir.show import show
from srcdiff.ir.walk import (
    blocks,
    comprehended,
    expressions,
    names_in,
    rebuild,
    statements,
    subexpressions,
    target_names,
    with_blocks,
)
from srcdiff.rules.registry import lookup

Pieces = dict[tuple[str, Path], str]


class Infer(Protocol):
    """Kinds of expressions at one statement."""

    def __call__(self, e: n.Expr) -> Kind: ...


class Facts(Protocol):
    """Kinds before each statement."""

    def reached(self, s: n.Stmt) -> bool: ...

    def at(self, s: n.Stmt) -> Any: ...


@dataclass(eq=False)
class Conversion:
    """Rewrites one function.

    Args:
        facts: kinds before each statement of it.
        resolve: gives the call of a named function that a call stands for, None for calls that
            are such already. In its arguments there may be parts of functions.
        names: names that are free in the function.
        pieces: (variable, path) -> the variable that holds that leaf of a functional variable.
        is_pure: whether evaluating a call does nothing but compute.
    """

    facts: Facts
    resolve: Callable[[n.Call, Any], n.Call | None]
    names: Names
    pieces: Pieces
    is_pure: Callable[[Any], bool]
    # Functional variables that hold nothing in the converted function: only their leaves do.
    absent: set[str] = field(default_factory=set)
    # The kind of a result that is a function, or holds one.
    returned: Kind | None = None
    _infer: Any = None
    _before: list[n.Stmt] | None = None
    # Statements that are only kept where the functional variables that they bind are still named.
    _definitions: dict[n.Stmt, frozenset[str]] = field(default_factory=dict)
    # The variables that stand for functions somewhere.
    _functional: set[str] = field(default_factory=set)
    _hoisted: dict[int, tuple[n.Expr, n.Var]] = field(default_factory=dict)

    def run(self, body: n.Block) -> n.Block:
        """The converted body."""
        for s in statements(body):
            if isinstance(s, n.Assign) and self.facts.reached(s):
                infer = self.facts.at(s)
                sides = (s.value.a, s.value.b) if isinstance(s.value, n.Choose) else (s.value,)
                for value in sides:
                    self._functional |= _functional_names(s.target, infer(value))
        body = self._swept(self._block(body))
        for s in statements(body):
            named = _mentioned((s,)) & self.absent
            if named:
                raise UnsupportedError(
                    f"the function {min(named)} is used here otherwise than by calling it.",
                    s.span,
                    None,
                    "call it, or pass it to functions of yours that call it.",
                )
        return body

    # --- statements -----------------------------------------------------------------------------

    def _block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if not self.facts.reached(s):
                break
            self._infer = self.facts.at(s)
            decided = self._decided(s)
            if decided is not None:
                out += self._block(decided)
                continue
            # A loop's test and range are evaluated where nothing can be put before them.
            self._before = None if isinstance(s, n.While) else []
            new = self._statement(s)
            out += self._before or []
            inner = tuple(self._block(b) for b in blocks(s))
            out += [with_blocks(x, inner) if blocks(x) else x for x in new]
        return tuple(out)

    def _decided(self, s: n.Stmt) -> n.Block | None:
        if not isinstance(s, n.If):
            return None
        test = self._infer(s.test)
        if isinstance(test, Known) and (test.value is None or isinstance(test.value, bool | str)):
            return s.body if test.value else s.orelse
        return None

    def _statement(self, s: n.Stmt) -> list[n.Stmt]:
        match s:
            case n.Assign():
                return self._assign(s)
            case n.Return() if s.value is not None:
                return [self._return(s, s.value)]
        return [self._mapped(s)]

    def _mapped(self, s: n.Stmt) -> n.Stmt:
        from srcdiff.ir.walk import map_expressions

        return map_expressions(s, self._expr)

    def _assign(self, s: n.Assign) -> list[n.Stmt]:
        kind = self._infer(s.value)
        if not is_functional(kind):
            return [self._mapped(s)]
        if isinstance(s.value, n.Call) and not _is_partial(s.value):
            return self._from_call(s.target, s.value, kind, s)
        kept = replace(s)
        if any(isinstance(x, n.Call) and not _is_partial(x) for x in subexpressions(s.value)):
            # It is not to be called twice.
            self.absent |= set(target_names(s.target))
        self._definitions[kept] = _functional_names(s.target, kind)
        targets = _targets(s.target, kind)
        if _is_given(kind) or targets is None:
            return [kept]
        values = self._kept_leaves(s.value, kind)
        pairs = [(self._piece_of(t, path), v) for t, path, v in _paired(targets, values)]
        stores = [(t, self._expr(v)) for t, v in pairs if t is not None]
        return [*_simultaneous(stores, s), kept]

    def _kept_leaves(self, value: n.Expr, kind: Kind) -> dict[Path, n.Expr]:
        """What a functional value holds by itself; captured variables are read when called."""
        if isinstance(value, n.Tuple) and isinstance(kind, TupleOf):
            out: dict[Path, n.Expr] = {}
            for i, (item, k) in enumerate(zip(value.items, kind.items, strict=True)):
                if not is_functional(k):
                    out[(str(i),)] = item
                    continue
                inner = self._kept_leaves(item, k)
                out |= {(str(i), *path): e for path, e in inner.items()}
            return out
        from srcdiff.ir.functional import part

        return {path: part(value, *path) for path, _ in leaves(kind)}

    def _piece_of(self, target: n.Expr, path: Path) -> n.Place | None:
        if isinstance(target, n.Var):
            return n.Var(self._piece_name(target.name, path)) if path else target
        return None

    def _piece_name(self, name: str, path: Path) -> str:
        key = (name, path)
        if key not in self.pieces:
            self.pieces[key] = self.names.fresh(f"{name}_{path[-1]}")
        return self.pieces[key]

    def _from_call(self, target: n.Target, call: n.Call, kind: Kind, s: n.Stmt) -> list[n.Stmt]:
        """`g = make(x)`: the call gives what `g` holds."""
        value = self._expr(call)
        targets = _targets(target, kind)
        if targets is None:
            raise UnsupportedError(
                "this call returns functions among other values.",
                s.span,
                None,
                "unpack its result into names: y, g = make(x).",
            )
        places = [self._piece_of(t, path) for t, path in targets]
        stores = tuple(p for p in places if p is not None)
        self.absent |= set(target_names(target)) - {x.name for x in stores if isinstance(x, n.Var)}
        if not stores:
            return [] if self.is_pure(value) else [n.Effect(value, span=s.span)]
        whole: n.Target = stores[0] if len(stores) == 1 else n.Tuple(stores)
        return [n.Assign(whole, value, span=s.span)]

    def _return(self, s: n.Return, value: n.Expr) -> n.Stmt:
        kind = self._infer(value)
        if not is_functional(kind):
            return self._mapped(s)
        items = [self._expr(e) for _, e, _ in encoded(value, kind, self._infer)]
        known = left(kind, self._infer)
        self.returned = known if self.returned is None else join(self.returned, known, "result")
        if self.returned == UNKNOWN:
            raise _undecided("is returned", s.span)
        result: n.Expr | None = n.Tuple(tuple(items), span=value.span)
        if len(items) < 2:
            result = items[0] if items else None
        return replace(s, value=result)

    # --- what is still named --------------------------------------------------------------------

    def _swept(self, body: n.Block) -> n.Block:
        """The body without definitions that nothing names any more."""
        kept: set[n.Stmt] = set()
        named = _mentioned(s for s in statements(body) if s not in self._definitions)
        while True:
            more = {s for s in self._definitions.keys() - kept if named & self._definitions[s]}
            if not more:
                break
            kept |= more
            named |= _mentioned(more)
        return self._without(body, kept)

    def _without(self, block: n.Block, kept: set[n.Stmt]) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if s in self._definitions:
                if s in kept:
                    assert isinstance(s, n.Assign)
                    out.append(_verbatim_statement(s))
                continue
            inner = tuple(self._without(b, kept) for b in blocks(s))
            if isinstance(s, n.If) and any(blocks(s)) and not any(inner):
                continue
            out.append(with_blocks(s, inner))
        return tuple(out)

    # --- expressions ----------------------------------------------------------------------------

    def _expr(self, e: n.Expr) -> n.Expr:
        match e:
            case n.Call():
                return self._call(e)
            case n.Field() if part_name(e) is not None:
                return self._part(e)
            case n.Index() if isinstance(e.key, n.Const) and self._is_split(e.base):
                return self._part(n.Field(e.base, f"<{e.key.value}>", span=e.span))
            case n.Closure():
                return _verbatim(e)
            case n.Choose():
                return self._choose(e)
            case n.Op() if e.op in ("and", "or"):
                return self._guarded(e)
            case n.OpaqueExpr() if e.inner is not None:
                return self._comprehension(e, e.inner)
        return rebuild(e, self._expr)

    def _comprehension(self, e: n.OpaqueExpr, inner: n.Comprehension) -> n.Expr:
        """A comprehension whose parts are converted, where one calls a function made here."""
        before, self._before = self._before, None
        outer = self._infer
        clauses = []
        try:
            for clause in inner.clauses:
                over = self._expr(clause.iter)
                self._infer = self._infer.within(clause)
                tests = tuple(map(self._expr, clause.tests))
                clauses.append(n.Clause(clause.target, over, tests))
            element = self._expr(inner.element)
        finally:
            self._before, self._infer = before, outer
        return comprehended(e, n.Comprehension(element, tuple(clauses)))

    def _is_split(self, e: n.Expr) -> bool:
        return isinstance(self._infer(e), TupleOf) and is_functional(self._infer(e))

    def _call(self, e: n.Call) -> n.Expr:
        if isinstance(e.callee, n.Var) and e.callee.name in self._functional:
            # Without numbers it is left for others to say whether it matters.
            kinds = [self._infer(a) for a in e.args]
            numbers = any(is_float(kind) or kind == UNKNOWN for kind in kinds)
            if numbers and self._infer(e.callee) == UNKNOWN:
                raise _undecided(f"{show(e.callee)} calls", e.span)
        found = self.resolve(e, self._infer) or e
        if isinstance(e.callee, n.Var) and e.callee.name not in self.absent:
            if isinstance(found.callee, n.Ref) and not _has_derivative(found.callee.value):
                found = e
        return n.Call(
            found.callee if isinstance(found.callee, n.Ref) else self._expr(found.callee),
            tuple(self._expr(a) for a in found.args),
            tuple((name, self._expr(value)) for name, value in found.keywords),
            span=e.span,
        )

    def _choose(self, e: n.Choose) -> n.Expr:
        test = self._infer(e.test)
        if isinstance(test, Known) and type(test.value) is bool:
            return self._expr(e.a if test.value else e.b)
        return self._guarded(e)

    def _guarded(self, e: n.Expr) -> n.Expr:
        """An expression of which not all is evaluated: nothing is taken out of it."""
        before, self._before = self._before, None
        try:
            return rebuild(e, self._expr)
        finally:
            self._before = before

    def _part(self, e: n.Field) -> n.Expr:
        """What a functional value holds, where that is kept."""
        path: list[str] = []
        base: n.Expr = e
        while isinstance(base, n.Field) and part_name(base) is not None:
            path.insert(0, str(part_name(base)))
            base = base.base
        return self._held(base, tuple(path))

    def _held(self, base: n.Expr, path: Path) -> n.Expr:
        if not path:
            return self._expr(base)
        kind = self._infer(base)
        if isinstance(kind, PartialOf) and kind.given is not None:
            return _given_part(base, kind, path, self._expr)
        first, rest = path[0], path[1:]
        match base:
            case n.Var():
                return n.Var(self._piece_name(base.name, path), span=base.span)
            case n.Closure():
                return self._held(dict(base.defaults)[first], rest)
            case n.Tuple():
                return self._held(base.items[int(first)], rest)
            case n.Choose():
                test = self._infer(base.test)
                assert isinstance(test, Known)
                return self._held(base.a if test.value else base.b, path)
            case n.Index() if isinstance(base.key, n.Const):
                whole = self._infer(base.base)
                at = base.key.value
                at = at + len(whole.items) if at < 0 else at
                return self._held(base.base, (str(at), *path))
            case n.Field() if first == "0":
                # A method: what it is bound to.
                return self._held(base.base, rest)
            case n.Call() if _is_partial(base):
                return self._held(_partial_item(base, first), rest)
            case n.Call():
                return self._held(self._named(base, kind), path)
        raise UnsupportedError(
            "a function is taken from here that holds values of its own.",
            base.span,
            None,
            "give the function a name first.",
        )

    def _named(self, call: n.Call, kind: Kind) -> n.Var:
        """A call that returns a function, by a name; made once for each call."""
        known = self._hoisted.get(id(call))
        if known is not None:
            return known[1]
        if self._before is None:
            raise UnsupportedError(
                "a function is made and called where it may be evaluated again, or not at all.",
                call.span,
                None,
                "give the function a name in a statement of its own.",
            )
        name = n.Var(self.names.fresh("made"))
        self._hoisted[id(call)] = (call, name)
        # What the call itself needs comes before it.
        made = self._from_call(name, call, kind, n.Effect(call, span=call.span))
        self._before += made
        return name


def _has_derivative(function: Any) -> bool:
    """Whether a function may be one that is differentiated, and not only called."""
    return isinstance(function, FunctionType | Callee | Derived) or lookup(function) is not None


def _is_given(kind: Kind) -> bool:
    return isinstance(kind, PartialOf) and kind.given is not None


def _given_part(
    base: n.Expr, kind: PartialOf, path: Path, expr: Callable[[n.Expr], n.Expr]
) -> n.Expr:
    """What an object of the user's holds that is a partial or a bound method."""
    first, rest = path[0], path[1:]
    whole = expr(base)
    if first == "function":
        inner = n.Field(whole, "func")
        assert isinstance(kind.function, PartialOf)
        return _given_part(inner, kind.function, rest, lambda e: e)
    if hasattr(kind.given, "__self__"):
        return n.Field(whole, "__self__")
    if first.isdigit():
        return n.Index(n.Field(whole, "args"), n.Const(int(first)))
    return n.Index(n.Field(whole, "keywords"), n.Const(first))


def _is_partial(call: n.Call) -> bool:
    """Whether a call makes a function of one that it is given: a partial, or a derivative."""
    if not isinstance(call.callee, n.Ref):
        return False
    made = getattr(call.callee.value, TRANSFORM, "jvp")
    return call.callee.value is functools.partial or made != "jvp"


def _partial_item(call: n.Call, name: str) -> n.Expr:
    if name == "function":
        return call.args[0]
    return call.args[int(name) + 1] if name.isdigit() else dict(call.keywords)[name]


def _targets(target: n.Expr, kind: Kind) -> list[tuple[n.Expr, Path]] | None:
    """The variables, and paths below them, that an assignment of a functional value binds; None
    where the target does not fit.
    """
    if not is_functional(kind):
        return [(target, ())]
    if isinstance(target, n.Var):
        return [(target, path) for path, _ in leaves(kind)]
    if isinstance(target, n.Tuple) and isinstance(kind, TupleOf):
        if len(target.items) != len(kind.items):
            return None
        out: list[tuple[n.Expr, Path]] = []
        for item, k in zip(target.items, kind.items, strict=True):
            inner = _targets(item, k)
            if inner is None:
                return None
            out += inner
        return out
    return None


def _functional_names(target: n.Expr, kind: Kind) -> frozenset[str]:
    """The variables of a target that an assignment of this kind makes functional."""
    if isinstance(target, n.Tuple) and isinstance(kind, TupleOf):
        pairs = zip(target.items, kind.items, strict=False)
        return frozenset().union(*(_functional_names(t, k) for t, k in pairs))
    return frozenset(target_names(target)) if is_functional(kind) else frozenset()


def _paired(
    targets: list[tuple[n.Expr, Path]], values: dict[Path, n.Expr]
) -> Iterable[tuple[n.Expr, Path, n.Expr]]:
    for (target, path), value in zip(targets, values.values(), strict=True):
        yield target, path, value


def _simultaneous(stores: list[tuple[n.Place, n.Expr]], s: n.Stmt) -> list[n.Stmt]:
    stores = [(t, v) for t, v in stores if t != v]
    if not stores:
        return []
    if len(stores) == 1:
        return [n.Assign(stores[0][0], stores[0][1], span=s.span)]
    target = n.Tuple(tuple(t for t, _ in stores))
    return [n.Assign(target, n.Tuple(tuple(v for _, v in stores)), span=s.span)]


def _undecided(what: str, span: Any) -> UnsupportedError:
    return UnsupportedError(
        f"which function {what} is not known before the program runs.",
        span,
        None,
        "call each function by its name, in a branch of its own.",
    )


def _mentioned(block: Iterable[n.Stmt]) -> frozenset[str]:
    out: set[str] = set()
    for s in block:
        for e in (s.value,) if isinstance(s, n.Assign) else expressions(s):
            out |= names_in(e)
        if isinstance(s, n.Assign) and not isinstance(s.target, n.Var):
            targets = s.target.items if isinstance(s.target, n.Tuple) else (s.target,)
            for t in targets:
                out |= frozenset() if isinstance(t, n.Var) else names_in(t)
        if isinstance(s, n.Opaque):
            out |= set(s.reads)
    return frozenset(out)


# --- kept definitions ---------------------------------------------------------------------------


def _verbatim(e: n.Expr) -> n.Expr:
    """The expression with functions as they stand in the user's text."""
    if not isinstance(e, n.Closure):
        return rebuild(e, _verbatim)
    assert isinstance(e.code.kept, n.OpaqueExpr)
    return e.code.kept


def _verbatim_statement(s: n.Assign) -> n.Stmt:
    if isinstance(s.value, n.Closure) and isinstance(s.value.code.kept, n.Opaque):
        if s.value.code.nonlocals and s.value.code.failure is not None:
            raise s.value.code.failure
        return s.value.code.kept
    return replace(s, value=_verbatim(s.value))
