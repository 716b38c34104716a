"""Running a loop backwards: what is counted, and over what the reversed loop runs."""

from __future__ import annotations

from srcdiff.analysis.kinds import Kinds
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.build import add, mul, sub
from srcdiff.ir.kinds import Array, ListOf, RangeOf, TupleOf
from srcdiff.ir.walk import statements


def has_jump(block: n.Block) -> bool:
    """Whether a break or continue of the loop that the block belongs to is in it."""
    for s in block:
        if isinstance(s, n.Break | n.Continue):
            return True
        if isinstance(s, n.If) and (has_jump(s.body) or has_jump(s.orelse)):
            return True
    return False


def _can_break(block: n.Block) -> bool:
    for s in block:
        if isinstance(s, n.Break):
            return True
        if isinstance(s, n.If) and (_can_break(s.body) or _can_break(s.orelse)):
            return True
    return False


def leaves_early(s: n.While | n.For) -> bool:
    """Whether the loop may end before its range or test does."""
    return _can_break(s.body)


def counted(s: n.Stmt, kinds: Kinds) -> bool:
    """Whether the reversed loop needs to know how many trips were begun."""
    if isinstance(s, n.While):
        return True
    return isinstance(s, n.For) and _can_break(s.body)


def begins_count(s: n.While | n.For) -> bool:
    """Whether trips are counted at the top of the body: a jump would skip a count at its end."""
    return has_jump(s.body)


_BACKWARDS = n.Slice(None, None, n.Const(-1))


def _reversed_range(e: n.Expr) -> n.Expr | None:
    """The range of `reversed(range(...))`."""
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is reversed:
        return e.args[0] if is_range(e.args[0]) else None
    return None


def _begun(run: n.Expr, counter: n.Expr) -> n.Expr:
    """The first trips of a reversed range."""
    return n.Index(n.Index(run, _BACKWARDS), n.Slice(None, counter))


def is_range(e: n.Expr) -> bool:
    """Whether the expression is a call of `range`."""
    return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is range


def backwards(s: n.While | n.For, counter: n.Var | None, body: n.Block, kinds: Kinds) -> n.For:
    """The loop that runs the reversed body in opposite order."""
    if isinstance(s, n.While):
        assert counter is not None
        return n.For(n.Var("_"), _range(counter), body)
    inner = _reversed_range(s.iter)
    if inner is not None:
        # Backwards again: forwards, or the last trips that were begun, from the end.
        run = inner if counter is None else n.Index(_begun(inner, counter), _BACKWARDS)
        return n.For(s.target, run, body)
    if is_range(s.iter):
        assert isinstance(s.iter, n.Call)
        trips = s.iter if counter is None else _range(*_shortened(s.iter.args, counter))
        return n.For(s.target, _reversed(trips), body)
    forwards = unreversed(s.iter)
    if forwards is not None and counter is None:
        return n.For(s.target, forwards, body)
    kind = kinds.at(s)(s.iter)
    if isinstance(kind, RangeOf) and counter is None:
        return n.For(s.target, _reversed(s.iter), body)
    if isinstance(kind, Array | ListOf | TupleOf | RangeOf):
        run = s.iter if counter is None else n.Index(s.iter, n.Slice(None, counter))
        return n.For(s.target, n.Index(run, n.Slice(None, None, n.Const(-1))), body)
    raise UnsupportedError(
        "a loop over this cannot be run backwards yet.",
        s.span,
        None,
        "loop over a range and index: for i in range(len(xs)).",
    )


def unreversed(e: n.Expr) -> n.Expr | None:
    """`e` of `reversed(e)`."""
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is reversed:
        return e.args[0] if len(e.args) == 1 else None
    return None


def _range(*args: n.Expr) -> n.Call:
    return n.Call(n.Ref("range", range, range), args)


def _reversed(e: n.Expr) -> n.Call:
    return n.Call(n.Ref("reversed", reversed, reversed), (e,))


def _shortened(args: tuple[n.Expr, ...], trips: n.Var) -> tuple[n.Expr, ...]:
    """The arguments of the range of the first trips of `range(*args)`."""
    if len(args) == 1 or (len(args) == 2 and args[0] == n.Const(0)):
        return (trips,)
    start = args[0]
    if len(args) == 2:
        return start, add(start, trips)
    step = args[2]
    if step == n.Const(-1):
        return start, sub(start, trips), step
    return start, add(start, mul(step, trips)), step


def all_loops(block: n.Block) -> list[n.While | n.For]:
    """Every loop in a block, outer ones first."""
    return [s for s in statements(block) if isinstance(s, n.While | n.For)]
