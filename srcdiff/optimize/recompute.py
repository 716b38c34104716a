"""Values that are read again from where they still lie, and need no tape of their own.

    y_tape[t] = y                   y_tape[t] = y
    save y                  →       ...
    ...                             y = y_tape[t]
    restore y

Derivatives of derivatives are full of these: what the inner derivative keeps on its tapes is what
the outer one needs once more. A value is read again where the statement that it came from, or that
stored it, still gives the same at the restore: nothing that it reads is written in between.

Sizes, such as `m = len(x) // 2`, are computed again from parameters that are never bound anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from srcdiff.ir import nodes as n
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    names_in,
    statements,
    stored_names,
    target_names,
    with_blocks,
    written_names,
)

_Loops = tuple[n.Stmt, ...]


def recompute(
    forward: n.Block,
    reverse: n.Block,
    is_number: Callable[[n.Slot], bool],
    arrays: Callable[[str], bool],
    steady: Callable[[n.Slot], frozenset[str]],
) -> tuple[n.Block, n.Block]:
    """Both sweeps without the saves of numbers that can be read again.

    Args:
        forward: the forward sweep.
        reverse: the reverse sweep.
        is_number: whether what a slot keeps is a number.
        arrays: whether a name is an array that the reverse sweep can read, and that shares its
            memory with no other name.
        steady: the names that a size kept in a slot may be computed from again.
    """
    found = _Finder(forward, is_number, arrays, steady).find()
    if not found:
        return forward, reverse
    return _without(forward, found), _read_again(reverse, found)


@dataclass
class _Finder:
    forward: n.Block
    is_number: Callable[[n.Slot], bool]
    arrays: Callable[[str], bool]
    steady: Callable[[n.Slot], frozenset[str]]

    def find(self) -> dict[n.Slot, n.Expr]:
        """What gives the value of each slot that can be read again."""
        out: dict[n.Slot, n.Expr] = {}
        self._block(self.forward, (), out)
        return out

    def _block(self, block: n.Block, loops: _Loops, out: dict[n.Slot, n.Expr]) -> None:
        for i, s in enumerate(block):
            if isinstance(s, n.Save) and isinstance(s.slot.place, n.Var) and self.is_number(s.slot):
                value = self._size(s.slot, block[:i])
                value = value or self._source(s.slot.place, block[:i], loops, block[i + 1 :])
                if value is not None:
                    out[s.slot] = value
            inner = (*loops, s) if isinstance(s, n.For | n.While) else loops
            for b in blocks(s):
                self._block(b, inner, out)

    def _size(self, slot: n.Slot, before: n.Block) -> n.Expr | None:
        """The size that a variable holds, as what it was computed from."""
        place = slot.place
        for s in reversed(before):
            if isinstance(s, n.Assign) and s.target == place:
                return s.value if _is_size(s.value, self.steady(slot)) else None
            if isinstance(place, n.Var) and place.name in written_names((s,)):
                return None
        return None

    def _source(
        self, place: n.Var, before: n.Block, loops: _Loops, after: n.Block
    ) -> n.Expr | None:
        """An element of an array that holds the variable's value here and at the restore."""
        between: list[n.Stmt] = []
        for s in reversed(before):
            if isinstance(s, n.Assign) and s.target == place:
                good = isinstance(s.value, n.Index) and self._lasts(s.value, between, loops, after)
                return s.value if good else None
            if isinstance(s, n.Assign) and s.value == place and isinstance(s.target, n.Index):
                if self._is_own(s.target, s, loops) and self._steady(s.target, between):
                    return s.target
            if place.name in written_names((s,)):
                return None
            between.append(s)
        return None

    def _lasts(self, e: n.Index, between: list[n.Stmt], loops: _Loops, after: n.Block) -> bool:
        """Whether an element that was read is there again at the restore."""
        targets = frozenset(
            name for loop in loops if isinstance(loop, n.For) for name in target_names(loop.target)
        )
        if not self._is_element(e) or not self._steady(e, between):
            return False
        # Written nowhere in the loops around, nor behind them.
        around = (*loops[:1], *self._behind(loops), *(() if loops else after))
        return not (names_in(e) - targets) & written_names(around)

    def _behind(self, loops: _Loops) -> n.Block:
        """What follows the outermost loop, where that stands at the top of the sweep."""
        if not loops:
            return ()
        if loops[0] not in self.forward:
            return self.forward
        return self.forward[self.forward.index(loops[0]) + 1 :]

    def _is_own(self, e: n.Index, store: n.Assign, loops: _Loops) -> bool:
        """Whether a stored element stays as it is: one for each trip, in an array that nothing
        else stores into.
        """
        if not self._is_element(e) or not isinstance(e.base, n.Var):
            return False
        keys = e.key.items if isinstance(e.key, n.Tuple) else (e.key,)
        trips = tuple(loop.target for loop in loops if isinstance(loop, n.For))
        if not loops or len(trips) != len(loops) or set(keys) != set(trips):
            return False
        array = e.base.name
        stores = [
            s
            for s in statements(self.forward)
            if s is not store and array in stored_names((s,)) and not blocks(s)
        ]
        return not stores and array not in bound_names(loops[:1])

    def _is_element(self, e: n.Index) -> bool:
        """Whether this is an element of a local array by plain keys, and the array is at hand."""
        keys = e.key.items if isinstance(e.key, n.Tuple) else (e.key,)
        plain = all(isinstance(k, n.Var | n.Const) for k in keys)
        return plain and isinstance(e.base, n.Var) and self.arrays(e.base.name)

    def _steady(self, e: n.Expr, between: list[n.Stmt]) -> bool:
        return not names_in(e) & written_names(tuple(between))


def _is_size(e: n.Expr, steady: frozenset[str]) -> bool:
    """Whether an expression is integer arithmetic on sizes of these names, and on their values."""
    match e:
        case n.Var():
            return e.name in steady
        case n.Const():
            return type(e.value) is int
        case n.Op():
            whole = e.op in ("add", "sub", "mul", "floordiv", "mod", "neg")
            return whole and all(_is_size(arg, steady) for arg in e.args)
        case n.Call(callee=n.Ref(value=value)) if value is len and len(e.args) == 1:
            return isinstance(e.args[0], n.Var) and e.args[0].name in steady
        case n.Index(base=n.Field(base=n.Var(name=name), name="shape")):
            return name in steady and isinstance(e.key, n.Const)
        case n.Field(base=n.Var(name=name)):
            return name in steady and e.name in ("size", "ndim")
    return False


def _without(block: n.Block, found: dict[n.Slot, n.Expr]) -> n.Block:
    return tuple(
        with_blocks(s, tuple(_without(b, found) for b in blocks(s)))
        for s in block
        if not (isinstance(s, n.Save) and s.slot in found)
    )


def _read_again(block: n.Block, found: dict[n.Slot, n.Expr]) -> n.Block:
    out: list[n.Stmt] = []
    for s in block:
        if isinstance(s, n.Restore) and s.slot in found:
            out.append(n.Assign(s.slot.place, found[s.slot], note=s.note))
        else:
            out.append(with_blocks(s, tuple(_read_again(b, found) for b in blocks(s))))
    return tuple(out)
