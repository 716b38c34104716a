"""The intermediate representation: frozen statements over expression trees.

Nodes carry no facts. An analysis returns its facts beside the tree, keyed by statement
(statements compare by identity); expressions compare by structure, spans aside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from srcdiff.errors import Span

# --- expressions --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expr:
    """A value. Two expressions are equal when they read the same, wherever they stand."""

    span: Span | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Var(Expr):
    """A local name, parameters included."""

    name: str


@dataclass(frozen=True)
class Const(Expr):
    """A literal. Equal only to a literal of the same type: 2, 2.0 and True are three values."""

    value: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Const) or type(self.value) is not type(other.value):
            return False
        # repr tells 0.0 from -0.0 and makes NaN equal to itself.
        return bool(repr(self.value) == repr(other.value))

    def __hash__(self) -> int:
        return hash((type(self.value), repr(self.value)))


@dataclass(frozen=True)
class Memory:
    """What a called function does with the arrays that it is given, by the places of arguments in
    the call: those that it writes into, those whose memory its result may share, and those of
    which it reads the shape alone.

    `outside`: whether the result may share memory with what lies outside. `named`: the arguments
    for whose memory the function has names of its own while it writes into it; `lists`: those that
    are lists which it changes.
    """

    writes: tuple[int | str, ...] = ()
    shares: tuple[int | str, ...] = ()
    outside: bool = False
    shapes: tuple[int, ...] = ()
    named: tuple[int | str, ...] = ()
    lists: tuple[int | str, ...] = ()


@dataclass(frozen=True)
class Ref(Expr):
    """An object that the text names by a path and that never changes: a function, a module, a
    module's constant. `root` is the object that the first name of the path stands for.

    `memory` is what a call of it does with its arguments, where that was looked up for the call: a
    call that writes is a store.
    """

    path: str
    value: Any = field(compare=False, repr=False)
    root: Any = field(compare=False, repr=False, default=None)
    memory: Memory | None = field(compare=False, repr=False, default=None)


@dataclass(frozen=True)
class Global(Expr):
    """A module's or closure's variable, read live: `home` tells whose."""

    name: str
    home: Any = field(compare=False, repr=False)


@dataclass(frozen=True)
class Index(Expr):
    """`base[key]`; the key may be a Slice or a Tuple of keys."""

    base: Expr
    key: Expr


@dataclass(frozen=True)
class Field(Expr):
    """`base.name`."""

    base: Expr
    name: str


@dataclass(frozen=True)
class Slice(Expr):
    """`lower:upper:step`, in a key."""

    lower: Expr | None = None
    upper: Expr | None = None
    step: Expr | None = None


@dataclass(frozen=True)
class Op(Expr):
    """An operator: a key of `ir.names.OPERATORS`, such as "add", "neg", "lt" or "and"."""

    op: str
    args: tuple[Expr, ...]


@dataclass(frozen=True)
class Compare(Expr):
    """A chained comparison `a < b <= c`: one operator fewer than operands."""

    ops: tuple[str, ...]
    args: tuple[Expr, ...]


@dataclass(frozen=True)
class Choose(Expr):
    """`a if test else b`."""

    test: Expr
    a: Expr
    b: Expr


@dataclass(frozen=True)
class Call(Expr):
    """`callee(*args, **keywords)`. The callee is a Ref, or a Field for a method.

    An argument may be Starred; the keyword "**" stands for a mapping of keywords.
    """

    callee: Expr
    args: tuple[Expr, ...] = ()
    keywords: tuple[tuple[str, Expr], ...] = ()


@dataclass(frozen=True)
class Tuple(Expr):
    items: tuple[Expr, ...]


@dataclass(frozen=True)
class List(Expr):
    items: tuple[Expr, ...]


@dataclass(frozen=True)
class Dict(Expr):
    """`{"a": x, "b": y}`: a dict with keys that are strings, written out."""

    keys: tuple[str, ...]
    items: tuple[Expr, ...]


@dataclass(frozen=True)
class Starred(Expr):
    """`*value`: an argument, an item of a display, or an item of a target."""

    value: Expr


@dataclass(frozen=True)
class OpaqueExpr(Expr):
    """Python that we don't model, kept verbatim: `node` is its tree, `reads` the names in it, and
    `free` those of them that are not local.
    """

    node: Any = field(compare=False)
    text: str
    reads: tuple[str, ...] = ()
    free: tuple[Expr, ...] = field(default=(), compare=False)
    # What a list comprehension or a generator expression consists of.
    inner: Comprehension | None = field(default=None, compare=False)
    # The keys and values of a dict display, in order; without a key, what a double star stands
    # before. Of a dict comprehension, the pairs.
    entries: tuple[tuple[Expr | None, Expr], ...] | None = field(default=None, compare=False)
    pairs: Comprehension | None = field(default=None, compare=False)
    # Whether `inner` says what it is now, and the tree only of which sort.
    rebuilt: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Clause:
    """`for target in iter if test ...` of a comprehension."""

    target: Target
    iter: Expr
    tests: tuple[Expr, ...] = ()


@dataclass(frozen=True)
class Comprehension:
    """The parts of a comprehension. The names that its clauses bind are no variables of the
    function: they mean something here alone.
    """

    element: Expr
    clauses: tuple[Clause, ...]
    # Of a generator expression, the list comprehension of the same.
    listed: OpaqueExpr | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Closure(Expr):
    """A function made while the program runs: a nested `def` or a lambda. `defaults` are those
    that are evaluated when it is made.

    It is there up to the normalisation of functions (`assemble/functions.py`), after which calls
    of it call a function of its own.
    """

    code: Code = field(compare=False)
    defaults: tuple[tuple[str, Expr], ...]
    text: str


Place = Var | Index | Field
Target = Var | Index | Field | Tuple


# --- statements ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Stmt:
    """A statement. `note` is printed as a comment at its end."""

    span: Span | None = field(default=None, compare=False, repr=False, kw_only=True)
    note: str | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, eq=False)
class Assign(Stmt):
    """`target = value`."""

    target: Target
    value: Expr


@dataclass(frozen=True, eq=False)
class Update(Stmt):
    """`target op= value`: in place for an array, a rebinding for a number."""

    target: Place
    op: str
    value: Expr


@dataclass(frozen=True, eq=False)
class If(Stmt):
    test: Expr
    body: Block
    orelse: Block = ()


@dataclass(frozen=True, eq=False)
class While(Stmt):
    test: Expr
    body: Block


@dataclass(frozen=True, eq=False)
class For(Stmt):
    target: Target
    iter: Expr
    body: Block


@dataclass(frozen=True, eq=False)
class With(Stmt):
    """`with a as x, b: body`; without items, `try: body; finally: final`.

    It is there up to the normalisation of jumps, as Try is. After that, Open and Close stand
    around the statements of its body, which belong to the block around it.
    """

    items: tuple[tuple[Expr, Var | None], ...]
    body: Block
    final: Block = ()


@dataclass(frozen=True, eq=False)
class Open(Stmt):
    """Where a `with` begins; without items, a `try` that ends in Finally and Close."""

    items: tuple[tuple[Expr, Var | None], ...] = ()


@dataclass(frozen=True, eq=False)
class Finally(Stmt):
    """Where the `finally` of an Open without items begins."""


@dataclass(frozen=True, eq=False)
class Close(Stmt):
    """Where what Open began ends."""


@dataclass(frozen=True)
class Handler:
    """`except cls as name`; no class catches everything. `code` is what tells it from others."""

    cls: Expr | None
    name: str | None
    body: Block = ()
    code: Const = field(default_factory=lambda: Const(True))


@dataclass(frozen=True, eq=False)
class Try(Stmt):
    """`try` as the user writes it: there up to the normalisation of jumps."""

    body: Block
    handlers: tuple[Handler, ...]
    orelse: Block = ()


@dataclass(frozen=True, eq=False)
class Attempt(If):
    """A branch on whether statements raise: `orelse` begins with what is tried, which ends at
    Passed; where that raises what a handler catches, `test` (a variable that is false before)
    becomes the handler's code, and `body` is run. What is tried leaves nothing behind then that
    `body`, or what follows, reads.
    """

    handlers: tuple[Handler, ...] = ()


@dataclass(frozen=True, eq=False)
class Passed(Stmt):
    """What an Attempt tries ends here."""


@dataclass(frozen=True, eq=False)
class Break(Stmt):
    pass


@dataclass(frozen=True, eq=False)
class Continue(Stmt):
    pass


@dataclass(frozen=True, eq=False)
class Return(Stmt):
    value: Expr | None


@dataclass(frozen=True, eq=False)
class Raise(Stmt):
    """`raise value from cause`."""

    value: Expr | None
    cause: Expr | None = None


@dataclass(frozen=True, eq=False)
class Assert(Stmt):
    test: Expr
    message: Expr | None = None


@dataclass(frozen=True, eq=False)
class Effect(Stmt):
    """An expression evaluated for what it does, such as `print(x)` or `tape.append(x)`."""

    value: Expr


@dataclass(frozen=True, eq=False)
class Opaque(Stmt):
    """A statement that we don't model, kept verbatim; it neither reads nor writes active values."""

    node: Any
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    free: tuple[Expr, ...] = ()
    # What `del` removes from a container.
    deleted: Expr | None = field(default=None, compare=False)


@dataclass(frozen=True, eq=False)
class Comment(Stmt):
    text: str


@dataclass(frozen=True, eq=False)
class Define(Stmt):
    """A nested `def`, in what we emit; it is analysed where it is made."""

    function: Function


@dataclass(frozen=True, eq=False)
class Slot:
    """One thing that the reverse sweep needs again; the tape plan decides how it is kept."""

    place: Place
    # An in-place write follows, so that keeping a reference would not do.
    copy: bool
    # What the tape is named after.
    hint: str


@dataclass(frozen=True, eq=False)
class Save(Stmt):
    """Keep `slot.place` for the reverse sweep."""

    slot: Slot


@dataclass(frozen=True, eq=False)
class Restore(Stmt):
    """Bring `slot.place` back to what the mirrored Save kept."""

    slot: Slot


Block = tuple[Stmt, ...]


# --- functions ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Param:
    """A parameter: its name, how it is passed (`inspect`'s kind) and its default's value; `ref` is
    what a text calls a default that no literal says.
    """

    name: str
    passing: int
    default: Any = None
    has_default: bool = False
    ref: Ref | Global | None = field(default=None, compare=False)


@dataclass(frozen=True, eq=False)
class Function:
    """A function: parameters, body, docstring, and where it came from."""

    name: str
    params: tuple[Param, ...]
    body: Block
    doc: str | None = None
    span: Span | None = None
    # The Python function that was lowered; None for functions that we made.
    origin: Callable[..., Any] | None = None
    # How many reverse sweeps it is made of, one inside the other.
    order: int = 0
    # Whether the objects that it makes and changes have been taken apart.
    flat: bool = False

    @property
    def param_names(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.params)


@dataclass(frozen=True, eq=False)
class Code:
    """What all functions have in common that one nested `def` or lambda makes.

    Attributes:
        function: parameters and body; in the body, `captured` names are variables of the
            enclosing function.
        captured: the variables of the enclosing function that it reads, when it is called.
        kept: the definition as it stands in the user's text.
        failure: why its body cannot be lowered, where that is so.
        nonlocals: the variables of the enclosing function that it assigns to.
    """

    function: Function
    captured: tuple[str, ...]
    kept: Opaque | OpaqueExpr
    failure: Exception | None = None
    nonlocals: tuple[str, ...] = ()
