"""The evaluation of a function without its numbers: what it writes, and what it knows.

Statements are taken in order. What they do to objects is done on the objects at hand; what they
compute is written out as statements of the new function. Where paths meet, states are merged; a
loop is evaluated until its state at the head stays the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from srcdiff.aggregates.concerns import Containers
from srcdiff.aggregates.merge import Copies, Merge
from srcdiff.aggregates.values import Cell, Items, Lost, Made, Plain, State, Value
from srcdiff.analysis.kinds import Inference, World, after_statement, merged_kinds, renamed_kinds
from srcdiff.errors import Span, UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import DictOf, Kind, Known, Number, TupleOf
from srcdiff.ir.names import BINARY
from srcdiff.ir.walk import (
    children,
    expressions,
    names_in,
    stored_names,
    subexpressions,
    written_names,
)

T = TypeVar("T")

# How often a loop's body is evaluated until what is known at its head stays the same.
_MAX_ROUNDS = 20


class Surroundings(World, Protocol):
    """What lies outside the function."""

    @property
    def containers(self) -> Containers | None:
        """How containers of numbers are taken apart; None where they are not."""

    def is_user_function(self, value: Any) -> bool:
        """Whether a callable is a function that we derive ourselves."""

    def rewritten(
        self,
        e: n.OpaqueExpr | n.Opaque,
        changed: frozenset[str],
        new: Callable[[tuple[str, ...]], n.Expr | None],
    ) -> n.OpaqueExpr | n.Opaque:
        """Code that is kept, with other names."""

    def rely_on(self, owner: type, name: str, value: Any) -> None:
        """Notes that an attribute of a class must stay what it is."""

    def makes_objects(self, function: Any) -> bool:
        """Whether a function of the user's may make objects, or give some."""

    def concerns_objects(self, e: n.Expr) -> bool:
        """Whether an expression names what may make objects."""


class Steps(Protocol):
    """The parts of the evaluation, which use each other."""

    def value(self, m: Machine, e: n.Expr, wish: str | None) -> Value:
        """What an expression gives."""

    def plain(self, m: Machine, v: Value, span: Span | None, what: str) -> n.Expr:
        """A value as an expression of the text."""

    def truth(self, m: Machine, v: Value, span: Span | None) -> bool | n.Expr:
        """Whether a value counts as true."""

    def put(self, m: Machine, target: n.Expr, v: Value, span: Span | None) -> None:
        """Puts a value into a target."""

    def block(self, m: Machine, body: n.Block) -> None:
        """Evaluates statements."""

    def applied(
        self,
        m: Machine,
        callee: Value,
        args: Sequence[Value],
        keywords: Mapping[str, Value],
        span: Span | None,
        wish: str | None,
    ) -> Value:
        """What calling a value gives."""

    def invoke(
        self,
        m: Machine,
        function: Any,
        args: Sequence[Value],
        keywords: Mapping[str, Value],
        span: Span | None,
        wish: str | None,
    ) -> Value:
        """What calling a function in Python gives."""


@dataclass(frozen=True)
class Frame:
    """A function whose body is being evaluated.

    Attributes:
        name: what it is called.
        label: tells the call from all others.
        owner: the class whose method it is, for `super()`.
        first: its first parameter.
    """

    name: str
    label: str
    key: Hashable = None
    owner: type | None = None
    first: str = ""
    # What its variables are in the function that is written.
    names: Mapping[str, n.Expr] = field(default_factory=dict)
    labels: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Hole(n.Stmt):
    """Where a jump leaves a loop's body: copies are put here when it is known which."""

    groups: list[Copies] = field(default_factory=list)


@dataclass
class Loop:
    """The states in which a loop's body is left."""

    continues: list[tuple[Hole, State]] = field(default_factory=list)
    breaks: list[tuple[Hole, State]] = field(default_factory=list)
    # In a loop that is written out: the flag that a break sets.
    flag: n.Var | None = None


class Undecided(UnsupportedError):
    """Something is not known before the program runs; it may be where a loop is written out."""


class Again(Exception):
    """The function is to be evaluated again, with an array of an object copied at its beginning.

    Attributes:
        place: the attribute.
    """

    def __init__(self, place: n.Field) -> None:
        super().__init__(place.name)
        self.place = place


@dataclass(eq=False)
class Machine:
    """Evaluates one function.

    Args:
        world: what lies outside.
        names: names that are free.
        steps: how expressions and statements are evaluated.
    """

    world: Surroundings
    names: Names
    steps: Steps
    state: State = field(default_factory=State)
    out: list[n.Stmt] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    # Whether the path has come to its end.
    ended: bool = False
    where: str = ""
    # Objects that were there before, by identity.
    outside: dict[int, tuple[Any, int]] = field(default_factory=dict)
    homes: dict[int, n.Expr] = field(default_factory=dict)
    # Attributes of these objects that hold arrays which are written into: these are copied first.
    local: set[tuple[int, str]] = field(default_factory=set)
    # The classes of objects from outside that are changed, and that containers are read for.
    changed: set[type] = field(default_factory=set)
    read: set[type] = field(default_factory=set)
    # Lists that may have two names in the text.
    aliased: set[str] = field(default_factory=set)
    # How many expressions are being evaluated whose items have to be known one by one.
    forced: int = 0
    # Variables that hold the result of a call.
    results: set[str] = field(default_factory=set)
    _count: int = 0
    _held: int = 0

    # --- steps ----------------------------------------------------------------------------------

    def value(self, e: n.Expr, wish: str | None = None) -> Value:
        """What an expression gives. An object that it makes is named after the wish."""
        return self.steps.value(self, e, wish)

    def plain(self, v: Value, span: Span | None, what: str = "used as a whole") -> n.Expr:
        """A value as an expression of the text.

        Raises:
            UnsupportedError: it is an object.
        """
        return self.steps.plain(self, v, span, what)

    def expression(self, e: n.Expr) -> n.Expr:
        """What an expression gives, as an expression of the text."""
        return self.plain(self.value(e), e.span)

    def truth(self, v: Value, span: Span | None) -> bool | n.Expr:
        """Whether a value counts as true: known, or a test of the text."""
        return self.steps.truth(self, v, span)

    def test(self, e: n.Expr) -> bool | n.Expr:
        """A test, known or as an expression of the text."""
        return self.truth(self.value(e), e.span)

    def put(self, target: n.Expr, v: Value, span: Span | None) -> None:
        """Puts a value into a target."""
        self.steps.put(self, target, v, span)

    def applied(
        self,
        callee: Value,
        args: Sequence[Value],
        keywords: Mapping[str, Value],
        span: Span | None,
        wish: str | None = None,
    ) -> Value:
        """What calling a value gives."""
        return self.steps.applied(self, callee, args, keywords, span, wish)

    def invoke(
        self,
        function: Any,
        args: Sequence[Value],
        span: Span | None,
        keywords: Mapping[str, Value] | None = None,
        wish: str | None = None,
    ) -> Value:
        """What calling a function in Python gives."""
        return self.steps.invoke(self, function, args, keywords or {}, span, wish)

    @contextlib.contextmanager
    def holding(self, values: Iterable[Value]) -> Iterator[None]:
        """Keeps objects that no variable stands for, while something else is evaluated."""
        keys = []
        for value in values:
            if not isinstance(value, Plain):
                self._held += 1
                keys.append(f"~{self._held}")
                self.state.env[keys[-1]] = value
        try:
            yield
        finally:
            for key in keys:
                self.state.env.pop(key, None)

    # --- small things ---------------------------------------------------------------------------

    def number(self) -> int:
        """A number for a new object."""
        self._count += 1
        return self._count

    def fresh(self, wish: str) -> str:
        """A free name."""
        return self.names.fresh(wish)

    def kind(self, e: n.Expr) -> Kind:
        """The kind of an expression of the text, here."""
        return Inference(self.world, self.state.kinds, self.where)(e)

    def cell(self, value: Value) -> Cell | None:
        """The object that a value is."""
        return self.state.heap[value.id] if isinstance(value, Made) else None

    def make(self, cls: type, prefix: str, span: Span | None) -> tuple[Made, Cell]:
        """A new object without fields."""
        made = Made(self.number())
        cell = self.state.heap[made.id] = Cell(cls, prefix, span=span)
        return made, cell

    def constant(self, e: n.Expr) -> Any:
        """The value of an expression that is known before the program runs; else None."""
        if isinstance(e, n.Const):
            return e.value
        if isinstance(e, n.Op) and e.op in BINARY and len(e.args) == 2:
            a, b = map(self.constant, e.args)
            if type(a) is int and type(b) is int and (b or e.op not in ("floordiv", "mod", "div")):
                return BINARY[e.op](a, b) if abs(a) < 2**16 and abs(b) < 2**16 else None
            return None
        if isinstance(e, n.Op) and e.op == "neg":
            a = self.constant(e.args[0])
            return -a if type(a) is int else None
        if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is len:
            whole = self.kind(e.args[0]) if len(e.args) == 1 else None
            return len(whole.items) if isinstance(whole, TupleOf | DictOf) else None
        kind = self.kind(e)
        if isinstance(kind, Number) and type(kind.size) is int:
            return kind.size
        if isinstance(kind, Known) and type(kind.value) in (str, bool):
            return kind.value
        return None

    # --- writing --------------------------------------------------------------------------------

    def emit(self, s: n.Stmt) -> None:
        """Writes a statement, and follows the kinds of the variables."""
        self.out.append(s)
        self.aliased |= _bare_names(s)
        kinds = after_statement(s, self.state.kinds, self.world, self.where)
        if kinds is not None:
            self.state.kinds = dict(kinds)

    def assign(self, name: str, e: n.Expr, span: Span | None) -> None:
        """`name = e`, where that says anything."""
        if e != n.Var(name):
            self.emit(n.Assign(n.Var(name, span=span), e, span=span))

    def bind(self, name: str, v: Value, span: Span | None) -> None:
        """Binds a variable to a value."""
        if isinstance(v, Plain):
            self.assign(name, v.expr, span)
            self.state.env.pop(name, None)
        else:
            self.state.env[name] = self.settled(v, name)
            self.state.kinds.pop(name, None)

    def popped(self, name: str) -> Value:
        """What a variable stands for, which is no variable of an object's any more."""
        return self.state.env.pop(name) if name in self.state.env else Plain(n.Var(name))

    def settled(self, v: Value, wish: str) -> Value:
        """A value whose numbers have names of their own, which nothing else changes."""
        if not isinstance(v, Items):
            return v
        items: list[Value] = []
        for i, item in enumerate(v.items):
            if isinstance(item, Plain):
                items.append(Plain(self.named(item.expr, f"{wish}_{i}")))
            else:
                items.append(self.settled(item, f"{wish}_{i}"))
        return Items(tuple(items))

    def copy(self, copies: Copies, span: Span | None = None) -> None:
        """These assignments, all at once."""
        for s in simultaneous(copies, span):
            self.emit(s)

    def named(self, e: n.Expr, wish: str) -> n.Expr:
        """The value of an expression by a name."""
        if isinstance(e, n.Const | n.Ref):
            return e
        name = self.fresh(wish)
        self.assign(name, as_value(e), e.span)
        return n.Var(name, span=e.span)

    # --- order of evaluation --------------------------------------------------------------------

    def in_order(self, steps: Iterable[Callable[[], Value]]) -> list[Value]:
        """Values one after the other: what the later ones write does not change the earlier."""
        found: list[Value] = []
        mark, kinds = len(self.out), self.state.kinds
        for step in steps:
            with self.holding(found):
                value = step()
            if len(self.out) > mark:
                found = [self._kept(v, mark, kinds) for v in found]
            found.append(value)
            mark, kinds = len(self.out), self.state.kinds
        return found

    def _kept(self, value: Value, mark: int, kinds: Mapping[str, Kind]) -> Value:
        if isinstance(value, Items):
            return Items(tuple(self._kept(item, mark, kinds) for item in value.items))
        if not isinstance(value, Plain) or isinstance(value.expr, n.Const | n.Ref):
            return value
        later = tuple(s for s in self.out[mark:] if not isinstance(s, Hole))
        safe = not names_in(value.expr) & written_names(later)
        if safe and not isinstance(value.expr, n.Var):
            calls = any(isinstance(x, n.Call | n.OpaqueExpr) for x in subexpressions(value.expr))
            safe = not calls and not (reads_memory(value.expr) and stored_names(later))
        if safe:
            return value
        name = self.fresh("value")
        s = n.Assign(n.Var(name), as_value(value.expr), span=value.expr.span)
        self.state.kinds[name] = Inference(self.world, kinds, self.where)(value.expr)
        self.out.insert(mark, s)
        return Plain(n.Var(name, span=value.expr.span))

    # --- paths ----------------------------------------------------------------------------------

    def aside(self, run: Callable[[], T], state: State) -> tuple[list[n.Stmt], State, bool, T]:
        """What evaluating writes, and the state and whether the path has ended after it."""
        before = self.out, self.state, self.ended
        self.out, self.state, self.ended = [], state, False
        try:
            result = run()
            return self.out, self.state, self.ended, result
        finally:
            self.out, self.state, self.ended = before

    def trial(self, run: Callable[[], T]) -> tuple[list[n.Stmt], T]:
        """What evaluating would write and give; nothing has happened afterwards."""
        names, where = self.names, self.where
        self.names = names.copy()
        try:
            out, _, _, result = self.aside(run, self.state.copy())
        finally:
            self.names, self.where = names, where
        return out, result

    def either(
        self,
        test: n.Expr,
        a: Callable[[], None],
        b: Callable[[], None],
        span: Span | None,
        handlers: tuple[n.Handler, ...] = (),
    ) -> None:
        """`if test: a else: b`, of which it is not known which happens; with handlers, the
        Attempt that they belong to.
        """
        names, where = self.names, self.where
        self.names = names.copy()
        left = self.aside(a, self.state.copy())
        first, self.names = self.names, names.copy()
        self.where = where
        right = self.aside(b, self.state.copy())
        self.names.join(first)
        self.where = where
        body, orelse = left[0], right[0]
        if left[2] and right[2]:
            self.ended = True
        elif left[2] or right[2]:
            self.state = right[1] if left[2] else left[1]
        else:
            self._meet(body, left[1], orelse, right[1])
        if handlers:
            sides = tuple(body), tuple(orelse)
            self.out.append(n.Attempt(test, *sides, span=span, handlers=handlers))
        elif body or orelse:
            if not body:
                test, body, orelse = n.Op("not", (test,), span=test.span), orelse, body
            self.out.append(n.If(test, tuple(body), tuple(orelse), span=span))

    def _meet(self, body: list[n.Stmt], a: State, orelse: list[n.Stmt], b: State) -> None:
        merge = Merge(a, b, self.fresh, self.number)
        state = merge.run()
        self._copied(body, a, merge.copies_a)
        self._copied(orelse, b, merge.copies_b)
        state.kinds = dict(merged_kinds(a.kinds, b.kinds, self.where))
        for name in state.env:
            state.kinds.pop(name, None)
        self.state = state

    def _copied(self, block: list[n.Stmt], state: State, copies: Copies) -> None:
        def run() -> None:
            self.copy(copies)

        out, after, _, _ = self.aside(run, state)
        block += out
        state.kinds = after.kinds

    # --- loops ----------------------------------------------------------------------------------

    def loop(
        self,
        body: Callable[[], None],
        make: Callable[[n.Block], n.Stmt],
        endless: Callable[[], bool] = bool,
    ) -> None:
        """A loop: `body` evaluates one trip, `make` makes the loop of what it writes.

        `endless`: whether it is left by its breaks alone.
        """
        names, where = self.names, self.where
        head, entry = self.state.copy(), list[Copies]()
        for _ in range(_MAX_ROUNDS):
            self.names, self.where = names.copy(), where
            loop = Loop()
            self.loops.append(loop)
            try:
                out, end, ended, _ = self.aside(body, head.copy())
            finally:
                self.loops.pop()
            used, self.names, self.where = self.names, names, where
            if not ended:
                hole = Hole()
                out.append(hole)
                loop.continues.append((hole, end))
            new, more = self._head(head, loop, where)
            names.reserve(_held_names(new))
            if not more and _same(new, head):
                break
            entry += more
            head = new
        else:
            raise UnsupportedError("it is not known what objects this loop makes.")
        names.join(used)
        for group in entry:
            self.copy(group)
        self._leave(None if endless() else head, loop)
        self.out.append(make(_filled(tuple(out))))

    def _head(self, head: State, loop: Loop, label: str) -> tuple[State, list[Copies]]:
        """The state at the head of a loop, with what comes around; and what is copied before."""
        new, before = head, list[Copies]()
        for hole, state in loop.continues:
            state = state.copy()
            merge = Merge(new.copy(), state, self.fresh, self.number)
            merged = merge.run()
            kinds = dict(new.kinds)
            if merge.copies_a:
                before.append(merge.copies_a)
                start = new.copy()
                self._copied([], start, merge.copies_a)
                kinds = dict(start.kinds)
            self._copied([], state, merge.copies_b)
            hole.groups[:] = [merge.copies_b]
            around = renamed_kinds(state.kinds, head.kinds, label)
            merged.kinds = dict(merged_kinds(kinds, around, label))
            for name in merged.env:
                merged.kinds.pop(name, None)
            new = merged
        return new, before

    def _leave(self, state: State | None, loop: Loop) -> None:
        """The state after a loop that is left at its head, or by one of its breaks."""
        at_head = state is not None
        for i, (hole, other) in enumerate(loop.breaks):
            if state is None:
                state = other
                continue
            merge = Merge(state.copy(), other.copy(), self.fresh, self.number)
            merged = merge.run()
            other, start = other.copy(), state.copy()
            self._copied([], other, merge.copies_b)
            self._copied([], start, merge.copies_a)
            hole.groups[:] = [merge.copies_b]
            if merge.copies_a:
                # Whoever leaves elsewhere copies, too; at the head, copies are kept in step.
                left = [h for h, _ in loop.breaks[:i]]
                if at_head:
                    self.copy(merge.copies_a)
                    left += [h for h, _ in loop.continues]
                for earlier in left:
                    earlier.groups.append(merge.copies_a)
            merged.kinds = dict(merged_kinds(start.kinds, other.kinds, f"{self.where}.out"))
            for name in merged.env:
                merged.kinds.pop(name, None)
            state = merged
        if state is None:
            self.ended = True
        else:
            self.state = state

    # --- refusals -------------------------------------------------------------------------------

    def refuse(self, reason: str, span: Span | None, remedy: str | None = None) -> UnsupportedError:
        """An error that lies in the function at hand."""
        error = UnsupportedError(reason, span, None, remedy)
        return error.inside(self.frames[-1].name) if self.frames else error

    def undecided(self, reason: str, span: Span | None, remedy: str) -> UnsupportedError:
        """The same, where writing out a loop may help."""
        return Undecided(reason, span, None, remedy, self.frames[-1].name if self.frames else None)

    def known(self, value: Value, span: Span | None) -> Value:
        """A value that is not lost."""
        if isinstance(value, Lost):
            raise self.undecided(
                value.reason, span, "use one class, and make the object before the branch."
            )
        return value


def reads_memory(e: n.Expr) -> bool:
    """Whether an expression does more than name values."""
    names = n.Var | n.Const | n.Ref | n.Global | n.Tuple | n.Slice
    return not all(isinstance(x, names) for x in subexpressions(e))


def as_value(e: n.Expr) -> n.Expr:
    """A key as a value: `1:n` stands only where something is indexed."""
    if isinstance(e, n.Slice):
        bounds = (n.Const(None) if x is None else x for x in (e.lower, e.upper, e.step))
        return n.Call(n.Ref("slice", slice, slice), tuple(bounds), span=e.span)
    if isinstance(e, n.Tuple):
        return replace(e, items=tuple(map(as_value, e.items)))
    return e


def simultaneous(copies: Copies, span: Span | None) -> list[n.Stmt]:
    """Assignments that happen all at once."""
    copies = [(target, value) for target, value in copies if target != value]
    if not copies:
        return []
    targets = {target.name for target, _ in copies}
    if len(copies) == 1 or not any(targets & names_in(value) for _, value in copies):
        return [n.Assign(target, value, span=span) for target, value in copies]
    target = n.Tuple(tuple(target for target, _ in copies))
    return [n.Assign(target, n.Tuple(tuple(value for _, value in copies)), span=span)]


def _bare_names(s: n.Stmt) -> set[str]:
    """The variables that a statement mentions as they are, not only to take something of them."""
    out: set[str] = set()

    def look(e: n.Expr) -> None:
        if isinstance(e, n.Var):
            out.add(e.name)
        for child in children(e):
            taken = isinstance(e, n.Index | n.Field) and child is e.base
            if not (taken and isinstance(child, n.Var)):
                look(child)
        if isinstance(e, n.OpaqueExpr):
            out.update(e.reads)

    bound = isinstance(s, n.Assign | n.Update) and isinstance(s.target, n.Var | n.Tuple)
    for e in expressions(s):
        if not (bound and isinstance(s, n.Assign | n.Update) and e is s.target):
            look(e)
    return out


def _held_names(state: State) -> set[str]:
    """The variables that hold what objects are made of."""
    out = {slot for cell in state.heap.values() for slot in cell.slots.values()}
    for value in (
        *state.env.values(),
        *(v for c in state.heap.values() for v in c.fields.values()),
    ):
        out |= _names_of(value)
    return out


def _names_of(value: Value) -> set[str]:
    if isinstance(value, Plain):
        return set(names_in(value.expr))
    if isinstance(value, Items):
        return set().union(*map(_names_of, value.items))
    return set()


def _filled(block: n.Block) -> n.Block:
    """The block with copies where its holes are."""
    from srcdiff.ir.walk import blocks, with_blocks

    out: list[n.Stmt] = []
    for s in block:
        if isinstance(s, Hole):
            for group in s.groups:
                out += simultaneous(group, None)
        elif blocks(s):
            out.append(with_blocks(s, tuple(_filled(b) for b in blocks(s))))
        else:
            out.append(s)
    return tuple(out)


def _same(a: State, b: State) -> bool:
    if a.env != b.env or a.kinds != b.kinds:
        return False
    for number in a.reached(*a.env.values()):
        one, two = a.heap[number], b.heap.get(number)
        if two is None or one != two:
            return False
    return True
