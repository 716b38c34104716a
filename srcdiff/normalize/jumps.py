"""Jumps to the tails: after this pass no statement follows one that may jump.

    for x in xs:                    for x in xs:
        if x < 0:                       if x < 0:
            continue           →            continue
        total += x                      else:
                                            total += x

A `break`, `continue` or `return` then stands last on its path, so that a path through a block is
told by the tests alone and the reverse sweep can follow it. A `return` inside a loop becomes a
flag and a `break`; its expression is evaluated after the outermost loop, where nothing has changed
since. A path that only sometimes jumps in the middle of a block sets a flag, which is tested once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import blocks, closing, passed, statements, with_blocks
from srcdiff.normalize.attempts import attempts

_JUMPS = (n.Return, n.Break, n.Continue, n.Raise)


def jumps_to_tails(function: n.Function, names: Names) -> n.Function:
    """The function with each jump at the tail of its path."""
    body = attempts(function, names).body
    body = _Returns(names).block(body)
    return replace(function, body=_Tails(names).block(body))


class _Returns:
    """Takes each `return` out of the loops around it."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if isinstance(s, n.For | n.While):
                out += self._loop(s)
            else:
                out.append(with_blocks(s, tuple(self.block(b) for b in blocks(s))))
        return tuple(out)

    def _loop(self, loop: n.For | n.While) -> n.Block:
        returns = [s for s in statements(loop.body) if isinstance(s, n.Return)]
        if not returns:
            return (loop,)
        flag = n.Var(self._names.fresh("returned"))
        single = len(returns) == 1
        codes = {id(s): n.Const(True) if single else n.Const(k + 1) for k, s in enumerate(returns)}
        start = n.Assign(flag, n.Const(False) if single else n.Const(0))
        ends: list[n.Stmt] = []
        for s in returns:
            if s is returns[-1] and _only_returns(loop):
                ends.append(s)
                break
            test = flag if single else n.Compare(("eq",), (flag, codes[id(s)]))
            ends.append(n.If(test, (s,), span=s.span))
        return (start, replace(loop, body=self._flagged(loop.body, flag, codes)), *ends)

    def _flagged(self, block: n.Block, flag: n.Var, codes: dict[int, n.Const]) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if isinstance(s, n.Return):
                out += [n.Assign(flag, codes[id(s)], span=s.span), n.Break(span=s.span)]
                return tuple(out)
            out.append(with_blocks(s, tuple(self._flagged(b, flag, codes) for b in blocks(s))))
            if isinstance(s, n.For | n.While) and any(
                isinstance(inner, n.Return) for inner in statements(s.body)
            ):
                out.append(n.If(flag, (n.Break(),)))
        return tuple(out)


class _Tails:
    """Moves what follows a jump's `if` into the branch that goes on."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for i, s in enumerate(block):
            if isinstance(s, n.Open):
                end = closing(block, i)
                inner = self._between(block[i + 1 : end])
                out += [s, *inner, block[end], *self.block(block[end + 1 :])]
                break
            if isinstance(s, _JUMPS):
                out.append(s)
                break
            if isinstance(s, n.If) and _jumps(s):
                out += self._branch(s, block[i + 1 :])
                break
            if isinstance(s, n.With):
                out += self._with(s, block[i + 1 :])
                break
            out.append(with_blocks(s, tuple(self._side(s, b) for b in blocks(s))))
        return tuple(out)

    def _between(self, block: n.Block) -> n.Block:
        """What stands between Open and Close is left at its end only."""
        at = next((i for i, s in enumerate(block) if isinstance(s, n.Finally)), len(block))
        return (*self.block(block[:at]), *block[at : at + 1], *self.block(block[at + 1 :]))

    def _side(self, s: n.Stmt, block: n.Block) -> n.Block:
        """A block of a statement; what an attempt tries is one by itself."""
        if not isinstance(s, n.Attempt):
            return self.block(block)
        at = passed(block)
        return (*self.block(block[:at]), *block[at : at + 1], *self.block(block[at + 1 :]))

    def _branch(self, s: n.If, rest: n.Block) -> n.Block:
        body, orelse = self.block(s.body), self._side(s, s.orelse)
        if not rest or not (falls_through(body) or falls_through(orelse)):
            return (replace(s, body=body, orelse=orelse),)
        if not falls_through(body):
            return (replace(s, body=body, orelse=self._side(s, s.orelse + rest)),)
        if not falls_through(orelse):
            return (replace(s, body=self.block(s.body + rest), orelse=orelse),)
        return self._flag(replace(s, body=body, orelse=orelse), rest)

    def _with(self, s: n.With, rest: n.Block) -> n.Block:
        """A `with` is left at its end only: what jumps out of it does so after it."""
        body, final = self.block(s.body), self.block(s.final)
        if _leaves(final):
            raise UnsupportedError(
                "a jump out of finally is not supported.", s.span, None, "jump after the try."
            )
        if not _leaves(body):
            return (*_bracketed(s, body, final), *self.block(rest))
        if not _leaves(body[:-1]) and isinstance(body[-1], n.Return):
            kept, last = self._kept(body[-1])
            return (*_bracketed(s, (*body[:-1], *kept), final), last)
        exits = _Exits(self._names, self._kept)
        flagged = exits.block(body)
        tail = self.block(rest) if falls_through(body) else ()
        tests = exits.tests()
        if not falls_through(body):
            tail = (tests.pop()[1],)
        for test, jump in reversed(tests):
            tail = (n.If(test, (jump,), tail, span=jump.span),)
        start = n.Assign(exits.flag, exits.start)
        return (start, *_bracketed(s, flagged, final), *tail)

    def _kept(self, s: n.Return) -> tuple[n.Block, n.Return]:
        """A return in two: the value is computed inside of what is left."""
        if s.value is None or isinstance(s.value, n.Const | n.Var):
            return (), s
        name = n.Var(self._names.fresh("result"))
        return (n.Assign(name, s.value, span=s.span),), replace(s, value=name)

    def _flag(self, s: n.If, rest: n.Block) -> n.Block:
        """Both branches may go on, and one may jump: the jump waits until after the `if`."""
        exits = _Exits(self._names)
        flagged = with_blocks(s, tuple(exits.block(b) for b in blocks(s)))
        tail = self.block(rest)
        for test, jump in reversed(exits.tests()):
            tail = (n.If(test, (jump,), tail, span=jump.span),)
        return (n.Assign(exits.flag, exits.start), flagged, *tail)


class _Exits:
    """Replaces the jumps at the tails of a statement by codes in a flag."""

    def __init__(
        self,
        names: Names,
        kept: Callable[[n.Return], tuple[n.Block, n.Return]] = lambda s: ((), s),
    ) -> None:
        self._names = names
        self._kept = kept
        self._jumps: list[n.Stmt] = []
        self.flag = n.Var("")

    def block(self, block: n.Block) -> n.Block:
        if not self.flag.name:
            self.flag = n.Var(self._names.fresh("left"))
        out: list[n.Stmt] = []
        for s in block:
            if isinstance(s, n.Return | n.Break | n.Continue):
                before: n.Block = ()
                if isinstance(s, n.Return):
                    before, s = self._kept(s)
                out += [*before, n.Assign(self.flag, n.Const(self._code(s)), span=s.span)]
            elif isinstance(s, n.If):
                out.append(with_blocks(s, tuple(self.block(b) for b in blocks(s))))
            else:
                out.append(s)
        return tuple(out)

    def _code(self, jump: n.Stmt) -> int:
        for k, known in enumerate(self._jumps):
            if type(known) is type(jump) and not isinstance(jump, n.Return):
                return k + 1
        self._jumps.append(jump)
        return len(self._jumps)

    @property
    def start(self) -> n.Const:
        return n.Const(0)

    def tests(self) -> list[tuple[n.Expr, n.Stmt]]:
        return [
            (n.Compare(("eq",), (self.flag, n.Const(k + 1))), jump)
            for k, jump in enumerate(self._jumps)
        ]


def _only_returns(loop: n.For | n.While) -> bool:
    """Whether the loop can only be left by a return: `while True` without a break."""
    forever = isinstance(loop, n.While) and isinstance(loop.test, n.Const) and loop.test.value
    return bool(forever) and not _breaks(loop.body)


def _breaks(block: n.Block) -> bool:
    return any(
        isinstance(s, n.Break) or (isinstance(s, n.If | n.With) and any(map(_breaks, blocks(s))))
        for s in block
    )


def explicit_ends(function: n.Function) -> n.Function:
    """The function with an error where it would return None on some paths and a value on others.

    Its jumps are at the tails of their paths.
    """
    returns = [s for s in statements(function.body) if isinstance(s, n.Return)]
    if not any(s.value is not None for s in returns):
        return function
    return replace(function, body=_ended(function.body, function.name))


def _ended(block: n.Block, name: str) -> n.Block:
    if not falls_through(block):
        return block
    last = block[-1] if block else None
    if isinstance(last, n.If) and not all(falls_through(b) for b in blocks(last)):
        return (*block[:-1], with_blocks(last, tuple(_ended(b, name) for b in blocks(last))))
    error = n.Ref("TypeError", TypeError, TypeError)
    message = n.Const(f"{name} returned None, of which there is no derivative")
    return (*block, n.Raise(n.Call(error, (message,))))


def falls_through(block: n.Block) -> bool:
    """Whether control can reach what follows a block whose jumps are at its tails."""
    if not block:
        return True
    last = block[-1]
    if isinstance(last, n.If):
        return falls_through(last.body) or falls_through(last.orelse)
    return not isinstance(last, _JUMPS)


def _jumps(s: n.If) -> bool:
    """Whether the statement may jump out of the block that it stands in."""
    return any(_block_jumps(b) for b in blocks(s))


def _block_jumps(block: n.Block) -> bool:
    return any(
        isinstance(s, _JUMPS)
        or (isinstance(s, n.If) and _jumps(s))
        or (isinstance(s, n.With) and _leaves(s.body))
        for s in block
    )


def _leaves(block: n.Block) -> bool:
    """Whether a block may be left by a jump, errors aside."""
    return any(
        isinstance(s, n.Return | n.Break | n.Continue)
        or (isinstance(s, n.If | n.With) and any(map(_leaves, blocks(s))))
        for s in block
    )


def _bracketed(s: n.With, body: n.Block, final: n.Block) -> n.Block:
    end = (n.Finally(), *final) if final else ()
    return (n.Open(s.items, span=s.span), *body, *end, n.Close())
