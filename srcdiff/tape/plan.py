"""The tape plan: each Save becomes a local, a preallocated array or a list.

    save y  (no loop)                           y_old = y
    save y  (for t in range(n), y a float)      y_tape = np.empty(len(range(n)));  y_tape[t] = y
    save y  (while ..., or a loop that breaks)  y_tape = [];  y_tape.append(y)

An array serves where each loop around the save runs over a range that starts at a literal, cannot
be left early, and is as long in each trip of the loops around it. Python ints go to lists, whose
values have no bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, Kind, Maybe, Number, Scalar, dtype_of
from srcdiff.ir.reads import value_reads
from srcdiff.ir.walk import (
    base_name,
    blocks,
    bound_names,
    names_in,
    statements,
    stored_names,
    target_names,
    with_blocks,
)

_FLOAT64 = np.dtype(np.float64)


@dataclass
class Tape:
    """A planned tape: how it begins, keeps and gives back."""

    start: n.Stmt | None
    keep: Callable[[n.Expr], n.Stmt]
    give: n.Expr


@dataclass
class Planner:
    """Plans the tapes of one function.

    Args:
        names: hands out names.
        kind_of: the kind of what a slot keeps.
        sizes: names of sizes that mean the same throughout.
        copied: slots whose place gives a copy when it is read.
        handed: where every tape is a list handed down by the caller, gives its name for a wish.
    """

    names: Names
    kind_of: Callable[[n.Slot], Kind]
    sizes: frozenset[str] = frozenset()
    copied: frozenset[n.Slot] = frozenset()
    handed: Callable[[str], str] | None = None
    tapes: dict[n.Slot, Tape] = field(default_factory=dict)
    # Names of the lists that a caller hands down, in order.
    parameters: list[str] = field(default_factory=list)
    # Variables that are bound wherever a tape begins.
    bound: set[str] = field(default_factory=set)
    # Names of all tapes that are lists.
    lists: set[str] = field(default_factory=set)

    def plan(self, forward: n.Block, reverse: n.Block) -> tuple[n.Block, n.Block]:
        """Both sweeps with saves and restores written out."""
        return self._forward(forward, ()), self._reverse(reverse)

    # --- forward --------------------------------------------------------------------------------

    def _forward(self, block: n.Block, loops: tuple[n.Stmt, ...]) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if not loops and isinstance(s, n.Assign):
                self.bound |= set(target_names(s.target))
            if isinstance(s, n.Save):
                out.append(self._keep(s, loops))
            elif isinstance(s, n.For | n.While):
                new = with_blocks(s, (self._forward(s.body, (*loops, s)),))
                if not loops:
                    out += self._starts(s)
                out.append(new)
            else:
                out.append(with_blocks(s, tuple(self._forward(b, loops) for b in blocks(s))))
        return tuple(out)

    def _starts(self, loop: n.For | n.While) -> list[n.Stmt]:
        """What begins the tapes of saves inside an outermost loop."""
        saves = (s for s in statements(loop.body) if isinstance(s, n.Save))
        starts = [self.tapes[s.slot].start for s in saves]
        return [s for s in dict.fromkeys(starts) if s is not None]

    def _keep(self, s: n.Save, loops: tuple[n.Stmt, ...]) -> n.Stmt:
        slot = s.slot
        tape = self.tapes.get(slot)
        if tape is None:
            tape = self.tapes[slot] = self._planned(slot, loops)
        return tape.keep(slot.place)

    def _planned(self, slot: n.Slot, loops: tuple[n.Stmt, ...]) -> Tape:
        if self.handed is not None:
            name = n.Var(self.handed(f"{slot.hint}_tape"))
            self.parameters.append(name.name)
            return self._list(slot, name, start=False)
        if not loops:
            return self._local(slot)
        sizes = _trip_counts(loops)
        name = n.Var(self.names.fresh(f"{slot.hint}_tape"))
        if sizes is not None:
            array = self._array(slot, name, loops, sizes)
            if array is not None:
                return array
        return self._list(slot, name, start=True)

    def _local(self, slot: n.Slot) -> Tape:
        name = n.Var(self.names.fresh(f"{slot.hint}_old"))
        return Tape(None, lambda place: n.Assign(name, self._value(slot, place)), name)

    def _list(self, slot: n.Slot, name: n.Var, start: bool) -> Tape:
        def keep(place: n.Expr) -> n.Stmt:
            return n.Effect(n.Call(n.Field(name, "append"), (self._value(slot, place),)))

        begin = n.Assign(name, n.List(())) if start else None
        self.lists.add(name.name)
        return Tape(begin, keep, n.Call(n.Field(name, "pop")))

    def _value(self, slot: n.Slot, place: n.Expr) -> n.Expr:
        """What is kept: a copy where the memory is written into afterwards."""
        kind = self.kind_of(slot)
        read_anew = isinstance(kind, Number | Scalar) or slot in self.copied
        if slot.copy and isinstance(kind, Maybe):
            none = n.Const(None)
            is_none = n.Compare(("is",), (place, none))
            return n.Choose(is_none, none, n.Call(n.Field(place, "copy")))
        if slot.copy and not read_anew:
            if isinstance(place, n.Index) and place.key == n.Const(Ellipsis):
                place = place.base
            return n.Call(n.Field(place, "copy"))
        return place

    def _array(
        self,
        slot: n.Slot,
        name: n.Var,
        loops: tuple[n.Stmt, ...],
        sizes: tuple[n.Expr, ...],
    ) -> Tape | None:
        kind = self.kind_of(slot)
        dtype = dtype_of(kind)
        if dtype is None or dtype.kind not in "fcb":
            return None
        shape: n.Expr = sizes[0] if len(sizes) == 1 else n.Tuple(sizes)
        if isinstance(kind, Array):
            inner = self._slab(slot, kind, loops)
            if inner is None:
                return None
            shape = n.Op("add", (n.Tuple(sizes), inner))
        keywords = {} if dtype == _FLOAT64 else {"dtype": _dtype_ref(dtype)}
        start = n.Assign(name, np_call("empty", shape, **keywords))
        indices = tuple(loop.target for loop in loops if isinstance(loop, n.For))
        cell = n.Index(name, indices[0] if len(indices) == 1 else n.Tuple(indices))
        return Tape(start, lambda place: n.Assign(cell, place), cell)

    def _slab(self, slot: n.Slot, kind: Array, loops: tuple[n.Stmt, ...]) -> n.Expr | None:
        """The shape of one kept array, where it can be told before the loops."""
        if not slot.copy or not all(isinstance(d, int) or d.name in self.sizes for d in kind.dims):
            return None
        place = slot.place
        if base_name(place) not in self.bound:
            return None
        if isinstance(place, n.Index) and any(isinstance(x, n.Index) for x in _chain(place.base)):
            return None  # an item of a list may not be there yet
        keys = place.key if isinstance(place, n.Index) else None
        if keys is not None and any(_changes(keys, loop) for loop in loops):
            return None
        return n.Field(place, "shape")

    # --- reverse --------------------------------------------------------------------------------

    def _reverse(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            if isinstance(s, n.Restore):
                out.append(self._restored(s))
            else:
                out.append(with_blocks(s, tuple(self._reverse(b) for b in blocks(s))))
        return tuple(out)

    def _restored(self, s: n.Restore) -> n.Stmt:
        return n.Assign(s.slot.place, self.tapes[s.slot].give, note=s.note)


def _dtype_ref(dtype: np.dtype[np.generic]) -> n.Ref:
    name = "bool_" if dtype.kind == "b" else dtype.name
    return n.Ref(f"np.{name}", dtype.type, np)


def _trip_counts(loops: tuple[n.Stmt, ...]) -> tuple[n.Expr, ...] | None:
    """A bound for each loop's variable, valid before the outermost loop; None if one has none."""
    out = []
    for i, loop in enumerate(loops):
        size = _bound(loop)
        if size is None or any(_changes(size, outer) for outer in loops[: i + 1]):
            return None
        out.append(size)
    return tuple(out)


def _chain(e: n.Expr) -> Iterator[n.Expr]:
    """A place and all that it is part of."""
    while isinstance(e, n.Index | n.Field):
        yield e
        e = e.base


def _changes(e: n.Expr, loop: n.Stmt) -> bool:
    """Whether a loop changes what an expression reads; a store leaves an array's length alone."""
    bound = bound_names((loop,)) | bound_names(blocks(loop)[0])
    return bool(names_in(e) & bound or value_reads(e) & stored_names(blocks(loop)[0]))


def _bound(loop: n.Stmt) -> n.Expr | None:
    """A number of slots that the loop's variable can index: one more than its largest value."""
    if not (isinstance(loop, n.For) and isinstance(loop.target, n.Var)) or _breaks(loop.body):
        return None
    call = loop.iter
    if _calls(call, reversed):
        call = call.args[0]  # type: ignore[attr-defined]
    if not isinstance(call, n.Call) or not _calls(call, range):
        return None
    start, stop, step = _range_arguments(call.args)
    positive = isinstance(step, n.Const) and type(step.value) is int and step.value > 0
    literal = isinstance(start, n.Const) and type(start.value) is int and start.value >= 0
    return _size(stop) if positive and literal else None


def _calls(e: n.Expr, function: object) -> bool:
    return isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is function


def _range_arguments(args: tuple[n.Expr, ...]) -> tuple[n.Expr, n.Expr, n.Expr]:
    if len(args) == 1:
        return n.Const(0), args[0], n.Const(1)
    return args[0], args[1], args[2] if len(args) == 3 else n.Const(1)


def _size(stop: n.Expr) -> n.Expr:
    """An expression that is never negative and not less than `stop`."""
    if isinstance(stop, n.Const) and type(stop.value) is int and stop.value >= 0:
        return stop
    if _is_length(stop):
        return stop
    if isinstance(stop, n.Op) and stop.op == "sub" and _is_length(stop.args[0]):
        if isinstance(stop.args[1], n.Const) and stop.args[1].value >= 0:
            return stop.args[0]
    return n.Call(n.Ref("len", len, len), (n.Call(n.Ref("range", range, range), (stop,)),))


def _is_length(e: n.Expr) -> bool:
    """Whether the expression is a length, which is never negative."""
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref):
        return e.callee.value is len
    if isinstance(e, n.Index) and isinstance(e.base, n.Field):
        return e.base.name == "shape"
    return isinstance(e, n.Field) and e.name == "size"


def _breaks(block: n.Block) -> bool:
    """Whether a break of the loop that the block belongs to is in it."""
    for s in block:
        if isinstance(s, n.Break) or (
            isinstance(s, n.If) and (_breaks(s.body) or _breaks(s.orelse))
        ):
            return True
    return False
