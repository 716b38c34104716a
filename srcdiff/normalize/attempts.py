"""`try` as branches on whether something raised.

    try:                                raised = False
        y = math.sqrt(x)                try:
        n += 1                              y = math.sqrt(x)
    except ValueError:          →       except ValueError:
        y = 0.0                             raised = True
                                            y = 0.0
                                        else:
                                            n += 1

What is tried at once has either happened or has not: it leaves nothing behind, when it raises,
that is read afterwards. Where more can raise, each part is tried by itself, a flag tells that one
has raised, and jumps out of loops lead to the handler. So the reverse sweep sees branches only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    expressions,
    names_in,
    quiet,
    statements,
    stored_names,
    subexpressions,
    target_names,
    with_blocks,
    written_names,
)
from srcdiff.normalize.raising import Errors, caught_by, may_raise, raised, raises
from srcdiff.normalize.reading import Reading

_LEAVING = (n.Return, n.Break, n.Continue)
_MAKERS: frozenset[Any] = frozenset(
    (np.zeros, np.ones, np.empty, np.full, np.zeros_like, np.ones_like, np.empty_like, np.array)
)


# Builtins whose result is a number.
_NUMBERS: tuple[Any, ...] = (float, int, bool, len, round)


def attempts(function: n.Function, names: Names) -> n.Function:
    """The function without `try`, but for what finally closes."""
    if not any(isinstance(s, n.Try) for s in statements(function.body)):
        return function
    reading = Reading()
    reading.block(function.body, frozenset())
    pairs = _other_names(function.body)
    return replace(function, body=_Attempts(names, reading, pairs).block(function.body))


@dataclass
class _Attempts:
    names: Names
    reading: Reading
    # Variables that may be two names for the same array.
    pairs: frozenset[tuple[str, str]]

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            new = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
            out += self._branches(new, s) if isinstance(s, n.Try) else (new,)
        return tuple(out)

    def _branches(self, s: n.Stmt, original: n.Try) -> n.Block:
        """A `try` whose blocks are without others."""
        assert isinstance(s, n.Try)
        errors = tuple(e for h in s.handlers for e in caught_by(h.cls))
        if not any(raises(x, errors) for x in s.body):
            return s.body + s.orelse
        flag = n.Var(self.names.fresh("raised"))
        handlers = self._handlers(s)
        read = self.reading.handled[original]
        read |= _written_through(original.body, read, self.pairs)
        run = _Tried(self.names, flag, handlers, errors, read)
        tried = run.block(s.body)
        last = tried[-1] if tried else None
        if run.count == 1 and isinstance(last, n.Attempt) and last in run.made:
            # Nothing else raises: the handler follows at once.
            start: n.Stmt = n.Assign(flag, _first_code(handlers))
            bare = tuple(replace(h, body=()) for h in handlers)
            whole = replace(
                last,
                test=flag,
                handlers=bare,
                body=_chain(flag, handlers),
                orelse=last.orelse + s.orelse,
            )
            return (*tried[:-2], start, whole)
        start = n.Assign(flag, _first_code(handlers))
        handled = _chain(flag, handlers)
        return (start, *tried, n.If(flag, handled, s.orelse, span=s.span))

    def _handlers(self, s: n.Try) -> tuple[n.Handler, ...]:
        """The handlers with codes, and with names where the error is read."""
        out = []
        for k, h in enumerate(s.handlers):
            name = h.name
            again = [x for x in statements(h.body) if isinstance(x, n.Raise) and x.value is None]
            if again and name is None:
                name = self.names.fresh("error")
            body = _raised_again(h.body, name) if again else h.body
            if name is not None:
                _check_carried(body, name)
                if not any(name in names_in(e) for x in statements(body) for e in _read(x)):
                    name = None
            code = n.Const(True) if len(s.handlers) == 1 else n.Const(k + 1)
            out.append(replace(h, name=name, body=body, code=code))
        return tuple(out)


def _read(s: n.Stmt) -> tuple[n.Expr, ...]:
    kept = tuple(map(n.Var, s.reads)) if isinstance(s, n.Opaque) else ()
    return (*expressions(s), *kept)


def _raised_again(block: n.Block, name: str | None) -> n.Block:
    """`raise` as `raise error`."""
    assert name is not None
    out: list[n.Stmt] = []
    for s in block:
        if isinstance(s, n.Raise) and s.value is None:
            s = replace(s, value=n.Var(name))
        out.append(with_blocks(s, tuple(_raised_again(b, name) for b in blocks(s))))
    return tuple(out)


def _check_carried(body: n.Block, name: str) -> None:
    """Nothing is known of what an error carries."""
    for s in statements(body):
        for x in (x for e in expressions(s) for x in subexpressions(e)):
            inner = x.base if isinstance(x, n.Field | n.Index) else None
            if inner == n.Var(name):
                raise UnsupportedError(
                    "values that an exception carries are not followed.",
                    x.span or s.span,
                    None,
                    "keep the value in a variable, or return it.",
                )


def _first_code(handlers: tuple[n.Handler, ...]) -> n.Const:
    """What a flag holds as long as nothing has raised."""
    return n.Const(False if len(handlers) == 1 else 0)


def _chain(flag: n.Var, handlers: tuple[n.Handler, ...]) -> n.Block:
    if len(handlers) == 1:
        return handlers[0].body
    *first, last = handlers
    out = last.body
    for h in reversed(first):
        out = (n.If(n.Compare(("eq",), (flag, h.code)), h.body, out),)
    return out


@dataclass
class _Tried:
    """Takes one `try` apart.

    Attributes:
        flag: the variable that tells which handler is to run.
        handlers: the handlers with their codes.
        errors: what they catch.
        read: what they, and what comes after them, read.
        made: what is tried by itself; each has a flag of its own.
    """

    names: Names
    flag: n.Var
    handlers: tuple[n.Handler, ...]
    errors: Errors
    read: frozenset[str]
    made: list[n.Stmt] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many parts are tried."""
        return len(self.made)

    def block(self, block: n.Block) -> n.Block:
        """The block; where it raises, the flag is set, and what follows is not run."""
        if not block:
            return ()
        size = self._size(block)
        if not size:
            head = self._apart(block[0])
            rest = self.block(block[1:])
            if rest and raises(block[0], self.errors):
                return (*head, n.If(self.flag, (), rest))
            return head + rest
        head, rest = block[:size], self.block(block[size:])
        if not any(raises(s, self.errors) for s in head):
            return head + rest
        return self._attempt(head, rest)

    def _attempt(self, tried: n.Block, rest: n.Block = ()) -> n.Block:
        own = n.Var(self.names.fresh("raised"))
        bare = tuple(replace(h, body=(), name=self._caught(h)) for h in self.handlers)
        told = []
        for h, b in zip(self.handlers, bare, strict=True):
            # Python forgets the name of an error where its handler ends.
            body: n.Block = (n.Assign(self.flag, h.code),)
            if h.name is not None and b.name is not None:
                body = (n.Assign(n.Var(h.name), n.Var(b.name)), *body)
            told.append(replace(h, body=body))
        branch = _chain(own, tuple(told))
        orelse = (*tried, n.Passed(), *rest)
        made = n.Attempt(own, branch, orelse, span=tried[0].span, handlers=bare)
        self.made.append(made)
        return (n.Assign(own, _first_code(bare)), made)

    def _caught(self, h: n.Handler) -> str | None:
        return None if h.name is None else self.names.fresh(h.name)

    def _guarded(self, e: n.Expr, wish: str) -> tuple[n.Expr, n.Block]:
        """An expression under a name, where evaluating it may raise; and what is to be tried."""
        if not may_raise(e, self.errors):
            return e, ()
        name = n.Var(self.names.fresh(wish), span=e.span)
        return name, (n.Assign(name, e, span=e.span),)

    # --- what may be tried at once --------------------------------------------------------------

    def _size(self, block: n.Block) -> int:
        """How many statements from the first one on may be tried at once."""
        size = 0
        while size < len(block) and self._at_once(block[: size + 1]):
            size += 1
        return size

    def _at_once(self, block: n.Block) -> bool:
        if any(_leaves(s) for s in block):
            return False
        *first, last = block
        # A statement without blocks has either happened or has not.
        done = block if blocks(last) else tuple(first)
        return not written_names(done) & self.read and _own_stores(done)

    # --- what is taken apart --------------------------------------------------------------------

    def _apart(self, s: n.Stmt) -> n.Block:
        if isinstance(s, n.Raise):
            return self._raise(s)
        if not raises(s, self.errors):
            return (s,)
        match s:
            case n.Return() if s.value is not None:
                value, tried = self._guarded(s.value, "result")
                end = replace(s, value=value)
                return self._attempt(tried, (end,)) if tried else (end,)
            case n.Attempt():
                return self._inner(s)
            case n.If():
                test, tried = self._guarded(s.test, "test")
                body, orelse = self.block(s.body), self.block(s.orelse)
                new = replace(s, test=test, body=body, orelse=orelse)
                return self._attempt(tried, (new,)) if tried else (new,)
            case n.For():
                over, tried = self._guarded(s.iter, "items")
                loop = replace(s, iter=over, body=self._left(self.block(s.body)))
                return self._attempt(tried, (loop,)) if tried else (loop,)
            case n.While():
                return (self._while(s),)
            case n.With():
                return self._with(s)
        raise UnsupportedError(
            "this statement is not supported in try.", s.span, None, "take it out of the try."
        )

    def _with(self, s: n.With) -> n.Block:
        """The managers are made first, where making them may raise."""
        body = self.block(s.body)
        pairs = [(self._guarded(e, "manager"), x) for e, x in s.items]
        tried = tuple(x for (_, made), _ in pairs for x in made)
        new = replace(s, items=tuple((e, x) for (e, _), x in pairs), body=body)
        if not tried or quiet(n.Open(s.items)):
            return (replace(new, items=s.items),)
        return self._attempt(tried, (new,))

    def _left(self, body: n.Block) -> n.Block:
        return (*body, n.If(self.flag, (n.Break(),)))

    def _while(self, s: n.While) -> n.While:
        test, tried = self._guarded(s.test, "test")
        body = self.block(s.body)
        if not tried:
            return replace(s, body=self._left(body))
        ends = n.If(n.Op("not", (test,)), (n.Break(),), span=s.span)
        inner = self._attempt(tried, (ends, *body))
        return replace(s, test=n.Const(True), body=self._left(inner))

    def _inner(self, s: n.Attempt) -> n.Block:
        """Another `try`: what it does not catch, this one does."""
        at = next(i for i, x in enumerate(s.orelse) if isinstance(x, n.Passed))
        alone = replace(s, body=(), orelse=s.orelse[: at + 1])
        after = self.block((n.If(s.test, s.body, s.orelse[at + 1 :], span=s.span),))
        if not any(raises(x, self.errors) for x in s.orelse[:at]):
            return (alone, *after)
        return self._attempt((alone,), after)

    def _raise(self, s: n.Raise) -> n.Block:
        cls = raised(s)
        if cls is not None:
            for h in self.handlers:
                if issubclass(cls, caught_by(h.cls)):
                    if not _is_plain(s) or h.name is not None:
                        break
                    return (n.Assign(self.flag, h.code, span=s.span),)
            else:
                return (s,)
        return self._attempt((s,))


def _is_plain(s: n.Raise) -> bool:
    """Whether making the error does nothing else."""
    calls = (x for e in expressions(s) for x in subexpressions(e) if isinstance(x, n.Call))
    return all(x is s.value for x in calls)


def _other_names(block: n.Block) -> frozenset[tuple[str, str]]:
    """Variables of which one is made of the other by anything but arithmetic."""
    found: set[tuple[str, str]] = set()
    for s in statements(block):
        if isinstance(s, n.Assign) and not _is_number(s.value):
            found |= {(t, v) for t in target_names(s.target) for v in names_in(s.value) if t != v}
    return frozenset(found)


def _is_number(e: n.Expr) -> bool:
    """Whether an expression is surely no array that has another name."""
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref):
        value = e.callee.value
        return getattr(value, "__module__", None) == "math" or any(value is f for f in _NUMBERS)
    return isinstance(e, n.Op | n.Compare | n.Const)


def _written_through(
    body: n.Block, read: frozenset[str], pairs: frozenset[tuple[str, str]]
) -> frozenset[str]:
    """The names through which a block may write into what is read later under others."""
    written = stored_names(body) | {
        s.target.name
        for s in statements(body)
        if isinstance(s, n.Update) and isinstance(s.target, n.Var)
    }
    near = read
    while True:
        new = near.union(*((a, b) for a, b in pairs if a in near or b in near))
        if new == near:
            return written & near
        near = new


def _leaves(s: n.Stmt) -> bool:
    """Whether a statement may jump to somewhere else than the one after it, errors aside."""
    if isinstance(s, _LEAVING):
        return True
    if isinstance(s, n.For | n.While):
        return any(isinstance(x, n.Return) for x in statements(s.body))
    return any(_leaves(x) for b in blocks(s) for x in b)


def _own_stores(block: n.Block) -> bool:
    """Whether a block writes only into arrays and lists that it has made itself."""
    made: set[str] = set()
    for s in statements(block):
        # `y *= 2.0` writes into an array that may have other names.
        updated = bound_names((s,)) if isinstance(s, n.Update) else frozenset()
        if (stored_names((s,)) | updated) - made:
            return False
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var):
            made -= bound_names((s,))
            made |= {s.target.name} if _makes(s.value) else set()
    return True


def _makes(e: n.Expr) -> bool:
    if isinstance(e, n.List):
        return not e.items
    if isinstance(e, n.Call) and isinstance(e.callee, n.Field):
        return e.callee.name == "copy"
    return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and _is_maker(e.callee.value)


def _is_maker(value: object) -> bool:
    try:
        return value in _MAKERS
    except TypeError:
        return False
