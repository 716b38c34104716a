"""To-be-recorded: which values the reverse sweep will need, and where they must be saved.

A flow along the forward sweep carries the set of variables whose present value some adjoint of an
earlier statement will read. Before such a variable is overwritten it is saved. One that a loop's
next trip does not read is saved where it dies, at the end of the trip (before its overwrite it
would be unbound in the first). A compound statement with nothing to reverse inside is undone as a
whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from srcdiff.analysis.activity import is_reader
from srcdiff.analysis.again import made_again
from srcdiff.analysis.alias import EARLIER, Aliases, in_place_names, partners
from srcdiff.analysis.kinds import Kinds
from srcdiff.analysis.liveness import Liveness
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array, Known, ListOf, is_number
from srcdiff.ir.lists import appended, popped
from srcdiff.ir.reads import (
    shape_reads,
    stores_into,
    target_reads,
    target_shape_reads,
    value_reads,
)
from srcdiff.ir.walk import (
    base_name,
    blocks,
    bound_names,
    changed_lists_of,
    expressions,
    names_in,
    statements,
    subexpressions,
    target_names,
    writing_call,
    written_arguments_of,
    written_names,
)
from srcdiff.transform.wholes import variable

Names = frozenset[str]
_NONE: Names = frozenset()


@dataclass(frozen=True)
class Needs:
    """What the adjoint of a statement reads of the primal's variables."""

    # Values as they were before the statement.
    old: Names = _NONE
    # Whether it reads the value that the statement assigned.
    new: bool = False
    # Whether there is anything to run in the reverse sweep.
    reverse: bool = False
    # Of a call that writes: whether its adjoint reads what it wrote into as it was before.
    undone: bool = False


@dataclass
class Record:
    """Where values are saved, and how the tests and loops are followed backwards."""

    before: dict[n.Stmt, tuple[n.Slot, ...]] = field(default_factory=dict)
    # Saves at the end of a block, keyed by the statement that holds it and the block's number.
    at_end: dict[tuple[n.Stmt, int], tuple[n.Slot, ...]] = field(default_factory=dict)
    # Views that are made again there, in order.
    again: dict[tuple[n.Stmt, int], tuple[n.Assign, ...]] = field(default_factory=dict)
    # Tests that the reverse sweep reads from a variable: the others are evaluated again.
    named_tests: frozenset[n.Stmt] = frozenset()
    # Compound statements without anything to reverse inside.
    passive: frozenset[n.Stmt] = frozenset()
    # Variables saved where they may not be bound yet.
    maybe_unbound: frozenset[str] = frozenset()
    # Appends and pops of lists that the reverse sweep has to undo.
    undone: frozenset[n.Stmt] = frozenset()
    # Saves at the end of the forward sweep, where its frame is left.
    at_exit: tuple[n.Slot, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What the flow reads."""

    function: n.Function
    kinds: Kinds
    live: Liveness
    aliases: Aliases
    needs: Callable[[n.Stmt], Needs]
    # Names of the variables that hold loop counts and tests, by statement.
    counters: dict[n.Stmt, str]
    tests: dict[n.Stmt, str]
    # Variables to be recorded whatever reads them: the shape of their adjoints is theirs.
    pinned: Names = _NONE
    # Whether the sweeps are two functions, so that no local outlives the first.
    leaves: bool = False
    # Variables whose every value has one shape.
    one_shape: Names = _NONE
    # Variables whose memory has other names too, and is written into; and their shadows.
    shared: Names = _NONE
    # Parameters whose arrays must be found as they were when the function was called.
    undone: Names = _NONE
    # Told what a call has to undo of what it writes.
    undo: Callable[[n.Stmt, tuple[n.Expr, ...]], None] = lambda s, places: None

    def reads(self, e: n.Expr) -> Names:
        """The variables whose value, or varying shape, the expression reads."""
        return value_reads(e) | (shape_reads(e) - self.one_shape)


def record(facts: Facts, params: Names) -> Record:
    """Where the forward sweep of the function saves values."""
    flow = _Flow(facts)
    start = (params & facts.pinned) | facts.undone
    need, bound = flow.block(facts.function.body, start, params, False)
    result = flow.result
    if facts.leaves:
        result.at_exit = flow.exit_slots(need or _NONE, bound)
    result.named_tests = frozenset(flow.named)
    result.passive = frozenset(flow.passive)
    result.maybe_unbound = frozenset(flow.unbound)
    result.undone = frozenset(flow.undone)
    return result


# (needed, definitely bound); None for a path that does not go on.
State = tuple[Names | None, Names]


class _Flow:
    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.result = Record()
        self.named: set[n.Stmt] = set()
        self.passive: set[n.Stmt] = set()
        self.unbound: set[str] = set()
        self.undone: set[n.Stmt] = set()
        self._in_place = in_place_names(facts.function, facts.kinds)
        self._ever = facts.aliases.ever()
        self._named_twice = frozenset(x for x in self._in_place if partners(x, self._ever))
        self._lists = frozenset(
            name
            for env in facts.kinds.before.values()
            for name, kind in env.items()
            if isinstance(kind, ListOf)
        )
        # Other objects that methods may change: what is asked of them is kept.
        self._changed = frozenset(
            s.value.callee.base.name
            for s in statements(facts.function.body)
            if isinstance(s, n.Effect)
            and isinstance(s.value, n.Call)
            and isinstance(s.value.callee, n.Field)
            and isinstance(s.value.callee.base, n.Var)
            and s.value.callee.base.name not in self._lists
        )
        # Arrays of which callees may keep views on their tapes: they are undone in place.
        self._passed = _passed(facts.function)
        self._active: dict[n.Stmt, bool] = {}
        self._seen: dict[n.Stmt, tuple[Names, Names, State]] = {}

    def exit_slots(self, need: Names, bound: Names) -> tuple[n.Slot, ...]:
        """Saves of the locals that the reverse sweep needs, when the forward sweep returns."""
        local = need & self._bound_in(self._facts.function.body)
        self.unbound |= local - bound
        return tuple(n.Slot(n.Var(name), False, name) for name in sorted(local))

    def block(self, block: n.Block, need: Names, bound: Names, in_loop: bool) -> State:
        state: State = (need, bound)
        for s in block:
            if state[0] is None or not self._facts.kinds.reached(s):
                break
            state = self._statement(s, state[0], state[1], in_loop)
        return state

    def _statement(self, s: n.Stmt, need: Names, bound: Names, in_loop: bool) -> State:
        self._check_lists(s, need)
        if writing_call(s) is not None:
            return self._given(s, need, bound)
        match s:
            case n.If() | n.While() | n.For() if not self._has_reverse(s):
                return self._passive(s, need, bound)
            case n.If():
                return self._if(s, need, bound, in_loop)
            case n.While() | n.For():
                return self._loop(s, need, bound)
            case n.Assign():
                return self._assign(s, need, bound)
            case n.Update():
                return self._update(s, need, bound)
            case n.Opaque():
                return self._written(s, frozenset(s.writes), need, bound)
            case n.Effect():
                return self._effect(s, need, bound)
            case n.Return():
                return need | self._facts.needs(s).old, bound
            case n.Raise():
                return None, bound
        return need, bound

    # --- simple statements ----------------------------------------------------------------------

    def _assign(self, s: n.Assign, need: Names, bound: Names) -> State:
        needs = self._facts.needs(s)
        need |= needs.old
        moved = permuted(s)
        if moved:
            if need & moved.keys():
                self.undone.add(s)
            kept = {t for t, v in moved.items() if v in need}
            return (need - moved.keys()) | kept, bound
        slots = [self._whole(name) for name in target_names(s.target) if name in need]
        slots += self._store_slots(s.target, s, need)
        need = self._saved(s, slots, need, bound)
        names = frozenset(target_names(s.target))
        need -= names
        if needs.new:
            need |= names | stores_into(s.target)
        source = popped(s)
        if source is not None and source.name in need:
            # Undone by appending what was popped.
            self.undone.add(s)
            need |= names
        return need | (names & self._facts.pinned), bound | names

    def _whole(self, name: str) -> n.Slot:
        """A save of a variable: the contents of a list that is changed elsewhere are copied."""
        return n.Slot(n.Var(name), name in self._lists & self._in_place, name)

    def _update(self, s: n.Update, need: Names, bound: Names) -> State:
        needs = self._facts.needs(s)
        need |= needs.old
        name = s.target.name if isinstance(s.target, n.Var) else None
        if name is None:
            slots = [self._of_update(slot, s) for slot in self._store_slots(s.target, s, need)]
            need = self._saved(s, slots, need, bound)
            return (need | stores_into(s.target) if needs.new else need), bound
        in_place = isinstance(self._facts.kinds.at(s)(s.target), Array)
        touched = {name} | (self._facts.aliases.of(name, s) if in_place else _NONE)
        slots = []
        others = name in self._facts.shared | self._passed
        inside = others or _touched(touched - {name}, need)
        if _touched(touched, need):
            whole = n.Index(s.target, n.Const(Ellipsis)) if in_place and inside else s.target
            slots.append(n.Slot(whole, in_place, name))
        need = self._saved(s, slots, need, bound)
        if in_place and inside:
            return need | ({name} if needs.new else _NONE), bound
        kept = {name} if needs.new else {name} & self._facts.pinned
        return (need - {name}) | kept, bound | {name}

    def _of_update(self, slot: n.Slot, s: n.Update) -> n.Slot:
        """The save of what `A[k] += y` or `xs[k] += y` overwrites."""
        infer = self._facts.kinds.at(s)
        if isinstance(slot.place, n.Var) or not isinstance(infer(slot.place), Array):
            return slot
        if isinstance(infer(slot.place.base), ListOf) and self._facts.aliases.written(s, infer):
            # The item has another name: what it holds is restored, and not the item.
            return replace(slot, place=n.Index(slot.place, n.Const(Ellipsis)), copy=True)
        return replace(slot, copy=True)

    def _store_slots(self, target: n.Expr, s: n.Stmt, need: Names) -> list[n.Slot]:
        """Saves of elements that a store overwrites."""
        out: list[n.Slot] = []
        infer = self._facts.kinds.at(s)
        held = _NONE
        if isinstance(s, n.Assign | n.Update):
            held = self._facts.aliases.written(s, infer)
        for item in target.items if isinstance(target, n.Tuple) else (target,):
            if isinstance(item, n.Index | n.Field):
                # An item of a list is replaced, and not written into.
                copy = not isinstance(infer(item.base), ListOf)
                for name in stores_into(item):
                    if _touched({name} | held | self._facts.aliases.of(name, s), need):
                        place = variable(item, infer)
                        assert isinstance(place, n.Var | n.Index | n.Field)
                        out.append(n.Slot(place, copy, name))
        return out

    def _saved(self, s: n.Stmt, slots: list[n.Slot], need: Names, bound: Names) -> Names:
        if slots:
            # What another round found to be undone in place is not also bound anew.
            inside = {_whole_of(slot) for slot in slots}
            old = tuple(x for x in self.result.before.get(s, ()) if x.place not in inside)
            known: set[n.Expr | None] = {slot.place for slot in old}
            known |= {_whole_of(slot) for slot in old}
            self.result.before[s] = old + tuple(x for x in slots if x.place not in known)
        for slot in slots:
            if isinstance(slot.place, n.Var) and slot.place.name not in bound:
                self.unbound.add(slot.place.name)
            # The undo reads the keys of the place, and writes through its name.
            need |= target_reads(slot.place) | stores_into(slot.place)
            if isinstance(slot.place, n.Var) and not slot.copy:
                need |= {EARLIER + slot.place.name}
            need |= target_shape_reads(slot.place) - self._facts.one_shape
        return need

    def _check_lists(self, s: n.Stmt, need: Names) -> None:
        """Refuses calls that change lists which the reverse sweep needs as they are."""
        for e in expressions(s):
            for x in (x for x in subexpressions(e) if isinstance(x, n.Call)):
                for name in sorted(map(str, map(base_name, changed_lists_of(x)))):
                    if name in need:
                        raise UnsupportedError(
                            f"this call changes the list {name!r}, which the derivative reads "
                            "later as it was before.",
                            x.span or s.span,
                            None,
                            "build a new list instead of changing this one.",
                        )

    def _given(self, s: n.Stmt, need: Names, bound: Names) -> State:
        """A call that writes into arrays, which its reverse sweep undoes where that is needed."""
        needs = self._facts.needs(s)
        need |= needs.old if needs.undone else _NONE
        places = tuple(
            arg
            for arg in written_arguments_of(writing_call(s))
            if ({str(base_name(arg))} | self._facts.aliases.of(str(base_name(arg)), s)) & need
        )
        slots: list[n.Slot] = []
        if needs.reverse and not needs.undone:
            self._facts.undo(s, places)
        else:
            slots = [n.Slot(as_contents(arg), True, str(base_name(arg))) for arg in places]
        need |= needs.old
        targets = frozenset(target_names(s.target)) if isinstance(s, n.Assign) else _NONE
        slots += [self._whole(name) for name in sorted(targets & need)]
        need = self._saved(s, slots, need, bound)
        return (need - targets) | (targets & self._facts.pinned), bound | targets

    def _effect(self, s: n.Effect, need: Names, bound: Names) -> State:
        """A call that may change what it is given: arrays are saved, other things refused."""
        if appended(s) is not None:
            return self._append(s, need, bound)
        if not isinstance(s.value, n.Call) or is_reader(s.value.callee):
            return need, bound
        infer = self._facts.kinds.at(s)
        if infer.world.user_kind(s.value, infer) is not None:
            return need, bound
        slots = []
        for name in sorted(names_in(s.value) & need):
            kind = infer(n.Var(name))
            if isinstance(kind, Array):
                slots.append(n.Slot(n.Var(name), True, name))
            elif not is_number(kind) and not isinstance(kind, Known):
                raise UnsupportedError(
                    f"this call may change {name!r}, which the derivative reads later.",
                    s.span,
                    None,
                    "build a new object instead of changing this one.",
                )
        need = self._saved(s, slots, need, bound)
        return need - {slot.hint for slot in slots}, bound

    def _append(self, s: n.Effect, need: Names, bound: Names) -> State:
        need |= self._facts.needs(s).old
        added = appended(s)
        assert added is not None
        if _touched({added[0].name} | self._facts.aliases.of(added[0].name, s), need):
            self.undone.add(s)
        return need, bound

    # --- compound statements --------------------------------------------------------------------

    def _has_reverse(self, s: n.Stmt) -> bool:
        """Whether anything inside has an adjoint."""
        if s not in self._active:
            inner = (x for b in blocks(s) for x in statements(b))
            self._active[s] = any(self._reverses(x) for x in inner)
        return self._active[s]

    def _reverses(self, s: n.Stmt) -> bool:
        """Whether the sweeps treat the statement apart; a return is never run as it stands."""
        if isinstance(s, n.Return) or self._facts.needs(s).reverse:
            return True
        # What is written into under several names is undone where it happens.
        return bool((self._facts.shared | self._named_twice) & written_names((s,)))

    def _passive(self, s: n.Stmt, need: Names, bound: Names) -> State:
        self.passive.add(s)
        inner = frozenset().union(*(written_names(b) for b in blocks(s)))
        if isinstance(s, n.For):
            inner |= frozenset(target_names(s.target))
        return self._written(s, inner, need, bound)

    def _written(self, s: n.Stmt, names: Names, need: Names, bound: Names) -> State:
        """A statement that is undone as a whole: what it overwrites is saved before it."""
        slots = []
        for name in sorted(names):
            in_place = name in self._in_place
            touched = {name} | (self._facts.aliases.of(name, s) if in_place else _NONE)
            if _touched(touched, need):
                lent = name in self._facts.undone or (in_place and name in self._passed)
                place = as_contents(n.Var(name)) if lent else n.Var(name)
                slots.append(n.Slot(place, in_place, name))
        need = self._saved(s, slots, need, bound)
        return need - ({slot.hint for slot in slots} - self._facts.undone), bound

    def _if(self, s: n.If, need: Names, bound: Names, in_loop: bool) -> State:
        sides = [self.block(b, need, bound, in_loop) for b in blocks(s)]
        on = [side for side in sides if side[0] is not None]
        if not on:
            return None, bound
        after_bound = frozenset.intersection(*(b for _, b in on))
        out: Names = _NONE
        for k, (after, _) in enumerate(sides):
            if after is not None:
                dying = (after & self._bound_in(blocks(s)[k])) - after_bound
                dying -= self._facts.live.after[s]
                local = self._bound_in(blocks(s)[k]) - after_bound - self._facts.live.after[s]
                out |= after - dying | self._kept_at_end(s, k, dying, local, sides[k][1])
        if self._test_again(s):
            out |= self._facts.reads(s.test)
        else:
            self.named.add(s)
            name = self._facts.tests[s]
            out, after_bound = out | {name}, after_bound | {name}
        return out, after_bound

    def _test_again(self, s: n.If) -> bool:
        """Whether the test is cheap and still gives the same after the branches have run."""
        if s in self.named or isinstance(s, n.Attempt) or names_in(s.test) & self._changed:
            return False
        written = frozenset().union(*(written_names(b) for b in blocks(s)))
        near = written.union(*(partners(name, self._ever) for name in written))
        return not names_in(s.test) & near and _cheap_test(s.test, self._facts.kinds, s)

    def _loop(self, s: n.While | n.For, need: Names, bound: Names) -> State:
        seen = self._seen.get(s)
        if seen is not None and seen[:2] == (need, bound):
            return seen[2]
        entry = need
        targets = frozenset(target_names(s.target)) if isinstance(s, n.For) else _NONE
        slots = [n.Slot(n.Var(name), False, name) for name in sorted(targets & need)]
        need = self._saved(s, slots, need, bound) - targets
        head = need
        carried = self._facts.live.carried[s]
        while True:
            end, end_bound = self.block(s.body, head, bound | targets, True)
            if end is None:
                break
            dying = (end & self._bound_in(s.body)) - carried - targets
            # A list that is changed after the loop is saved before it is bound anew.
            dying -= self._lists & self._facts.live.after[s]
            local = self._bound_in(s.body) - carried - targets
            kept = self._kept_at_end(s, 0, dying, local, end_bound)
            new = head | ((end - dying | kept) - targets)
            if new == head:
                break
            head = new
        out = head | self._loop_needs(s)
        state: State = (
            out,
            bound | {self._facts.counters[s]} if s in self._facts.counters else bound,
        )
        self._seen[s] = (entry, bound, state)
        return state

    def _loop_needs(self, s: n.While | n.For) -> Names:
        """What running the loop backwards reads."""
        need: Names = _NONE
        if s in self._facts.counters:
            need |= {self._facts.counters[s]}
        if isinstance(s, n.For):
            need |= self._facts.reads(s.iter)
        return need

    def _bound_in(self, block: n.Block) -> Names:
        """What a block binds, the counts and tests that the reverse sweep reads included."""
        inner = list(statements(block))
        counters = (self._facts.counters[s] for s in inner if s in self._facts.counters)
        tests = (self._facts.tests[s] for s in inner if s in self.named)
        return bound_names(block).union(counters, tests)

    def _kept_at_end(self, s: n.Stmt, k: int, names: Names, local: Names, bound: Names) -> Names:
        """Keeps these variables at the end of the statement's k-th block; what that needs.

        `local`: the variables of the block that nothing reads after it.
        """
        saved = frozenset(slot.hint for slot in self.result.at_end.get((s, k), ()))
        while True:
            views = made_again(blocks(s)[k], (names & bound) - saved, self._facts.kinds)
            reads = frozenset[str]().union(*(names_in(view.value) for view in views.values()))
            # What a view is made of may be local too.
            if reads & local <= names:
                break
            names |= reads & local
        self.result.again[s, k] = tuple(views.values())
        saved = self._save_at_end(s, k, names - views.keys(), bound)
        return (reads - names) | {EARLIER + name for name in saved}

    def _save_at_end(self, s: n.Stmt, k: int, names: Names, bound: Names) -> Names:
        """Saves these variables at the end of the statement's k-th block."""
        self.unbound |= names - bound
        old = self.result.at_end.get((s, k), ())
        known = {slot.hint for slot in old}
        new = tuple(n.Slot(n.Var(name), False, name) for name in sorted(names - known))
        if new:
            self.result.at_end[s, k] = old + new
        return names | frozenset(known)


def permuted(s: n.Stmt) -> dict[str, str]:
    """For a statement that only permutes variables, as a swap does, what each gets."""
    if not isinstance(s, n.Assign) or not isinstance(s.target, n.Tuple):
        return {}
    if not isinstance(s.value, n.Tuple) or len(s.value.items) != len(s.target.items):
        return {}
    pairs = zip(s.target.items, s.value.items, strict=True)
    moved = {t.name: v.name for t, v in pairs if isinstance(t, n.Var) and isinstance(v, n.Var)}
    same = moved.keys() == set(moved.values()) and len(moved) == len(s.target.items)
    return moved if same else {}


def _whole_of(slot: n.Slot) -> n.Expr | None:
    """The array of which a save keeps all that it holds, `x` of `x[...]`."""
    place = slot.place
    if isinstance(place, n.Index) and place.key == n.Const(Ellipsis):
        return place.base
    return None


def _touched(names: Names | set[str], need: Names) -> bool:
    """Whether writing into the memory of these would change what is needed."""
    return any(name in need or EARLIER + name in need for name in names)


def _passed(function: n.Function) -> Names:
    """The variables that are passed to the user's functions."""
    calls = (
        x
        for s in statements(function.body)
        for e in expressions(s)
        for x in subexpressions(e)
        if isinstance(x, n.Call) and isinstance(x.callee, n.Ref) and x.callee.memory is not None
    )
    names = {base_name(arg) for x in calls for arg in (*x.args, *(v for _, v in x.keywords))}
    return frozenset(name for name in names if name is not None)


def as_contents(place: n.Expr) -> n.Place:
    """What an array holds, as a place: restoring it writes into the array."""
    return place if isinstance(place, n.Index) else n.Index(place, n.Const(Ellipsis))


def _cheap_test(test: n.Expr, kinds: Kinds, s: n.Stmt) -> bool:
    """Comparisons and arithmetic of numbers and array elements; nothing is called but len."""
    infer = kinds.at(s)
    for e in subexpressions(test):
        if isinstance(e, n.Call):
            if not (isinstance(e.callee, n.Ref) and e.callee.value in (len, abs)):
                return False
        elif isinstance(e, n.OpaqueExpr) or (
            isinstance(e, n.Op | n.Compare) and not _is_scalar(infer(e))
        ):
            return False
    return True


def _is_scalar(kind: object) -> bool:
    return not isinstance(kind, Array)
