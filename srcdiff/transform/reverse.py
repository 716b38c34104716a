"""The reverse of a function: its forward sweep with saves, and its reverse sweep.

Statements are reversed in opposite order; a branch under the same test, a loop in opposite order
with as many trips. What the reverse sweep reads of the primal is restored as it goes, from the
places that `record` found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from srcdiff.analysis.activity import smooth_names, varied_around
from srcdiff.analysis.alias import roots
from srcdiff.analysis.bind import items_of_call
from srcdiff.analysis.keys import key_entries
from srcdiff.analysis.kinds import Inference
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, ListOf, is_float, is_number, is_some_array
from srcdiff.ir.lists import append, appended, pop, popped
from srcdiff.ir.names import NOT_BOUND
from srcdiff.ir.reads import shape_reads, stores_into, value_reads
from srcdiff.ir.show import show
from srcdiff.ir.walk import (
    base_name,
    blocks,
    expressions,
    statements,
    target_names,
    writing_call,
    written_names,
    written_names_of,
)
from srcdiff.transform.adjoints import Adjoints
from srcdiff.transform.lent import NOTHING_LENT, Lent
from srcdiff.transform.lists import (
    changed_list,
    check_lists,
    is_item,
    item_store,
    item_update,
    list_assignment,
    list_change,
)
from srcdiff.transform.loops import backwards, begins_count, counted, has_jump
from srcdiff.transform.managers import mirrored
from srcdiff.transform.primal import Primal
from srcdiff.transform.pull import Seed, Temporaries, is_view_of_variable
from srcdiff.transform.record import Facts, Needs, Record, permuted, record
from srcdiff.transform.shadowed import copied_view, shadowed
from srcdiff.transform.shadows import with_shadows
from srcdiff.transform.statements import (
    Adjoint,
    Context,
    assignment,
    in_order,
    name_seed,
    parallel,
    returned,
    store,
    store_update,
    update,
)
from srcdiff.transform.wholes import variable
from srcdiff.transform.zeros import may_be_zero, skipped_by_branches


@dataclass(frozen=True)
class Sweeps:
    """The two sweeps of a function, before the tapes are planned."""

    forward: n.Block
    reverse: n.Block
    record: Record


# A statement that is a call.
Call = n.Assign | n.Effect


class Calls(Protocol):
    """Reverses calls of the user's functions."""

    def is_call(self, e: n.Expr) -> bool:
        """Whether the expression is such a call."""

    def tapes(
        self,
        s: Call,
        context: Context,
        useful: frozenset[str],
        names: Names,
        undo: tuple[n.Expr, ...] = (),
    ) -> tuple[str, ...]:
        """Names of the lists that the callee keeps its tapes in.

        `undo`: the arguments of which the caller needs the contents before the call.
        """

    def adjoint(
        self,
        s: Call,
        targets: tuple[n.Var, ...],
        context: Context,
        useful: frozenset[str],
        lists: tuple[str, ...],
    ) -> Adjoint:
        """The adjoint of the call."""

    def runs_again(self, s: Call) -> bool:
        """Whether the adjoint of the call runs it again, from what it was given."""

    def shares(self, s: Call) -> bool:
        """Whether the lists handed to the callee may be those of the caller's own tapes."""

    def forward(self, s: Call, lists: tuple[str, ...], adjoints: Adjoints) -> n.Stmt:
        """The call in the forward sweep."""


class Reverser:
    """Reverses one function.

    Args:
        primal: the function and its facts.
        result_seed: the adjoint of the result, for each `return`.
        keep_value: the variable that the result is kept in, if it is wanted.
        calls: reverses calls of the user's functions.
        leaves: whether the sweeps are two functions, so that no local outlives the first.
        wanted: the variables whose adjoints are read at the end.
        lent: what the function's caller lends it to write into.
    """

    def __init__(
        self,
        primal: Primal,
        result_seed: Callable[[n.Return], list[tuple[n.Expr, Seed]]],
        keep_value: n.Var | None = None,
        calls: Calls | None = None,
        leaves: bool = False,
        wanted: tuple[str, ...] = (),
        lent: Lent = NOTHING_LENT,
    ) -> None:
        self.adjoints = Adjoints(primal.names, order=primal.function.order)
        primal, self.shadows = with_shadows(primal, self.adjoints.name, lent)
        self._lent = lent
        # What each call has to undo of what it writes.
        self._undo: dict[n.Stmt, tuple[n.Expr, ...]] = {}
        self._primal = primal
        self._wanted = wanted
        self._result_seed = result_seed
        self._keep_value = keep_value
        self._calls = calls
        self._leaves = leaves
        # What is run to check a result whose size is not known before.
        self.result_check: Callable[[n.Return], n.Block] = lambda s: ()
        # What is kept of the result.
        self.kept: Callable[[n.Expr, Inference], n.Expr] = lambda e, infer: e
        # The lists that callees keep their tapes in, by call.
        self.lists: dict[n.Stmt, tuple[str, ...]] = {}
        self.temporaries = Temporaries(primal.names)
        self._zeros = may_be_zero(primal.function, primal.kinds, lent.useful)
        self._skipped = skipped_by_branches(primal.function, primal.kinds, lent.useful)
        self._adjoints: dict[tuple[n.Stmt, bool], Adjoint] = {}
        self.counters: dict[n.Stmt, str] = {}
        self.tests: dict[n.Stmt, str] = {}
        self._record = Record()
        self._active_lists: frozenset[str] = frozenset()
        self._varied_around = varied_around(primal.function.body, primal.activity)

    def run(self) -> Sweeps:
        """The two sweeps."""
        for name in sorted(self._primal.activity.active_names()):
            self.adjoints.name(name)
        self._name_helpers(self._primal.function.body, None)
        values = self._primal.activity.active_names() - self.shadows.of.keys()
        self._active_lists = check_lists(values, self._primal.kinds)
        facts = Facts(
            self._primal.function,
            self._primal.kinds,
            self._primal.live,
            self._primal.aliases,
            self.needs,
            self.counters,
            self.tests,
            self._pinned(),
            self._leaves,
            self._primal.one_shape,
            self.shadows.names.union(*self._primal.groups),
            self._lent.undone,
            self._must_undo,
        )
        self._record = self._recorded(facts)
        forward, reverse = self._block(self._primal.function.body)
        unbound = sorted(self._record.maybe_unbound)
        start = tuple(n.Assign(n.Var(name), self._unset(name), note=NOT_BOUND) for name in unbound)
        slots = self._record.at_exit
        forward += tuple(n.Save(slot) for slot in slots)
        reverse = tuple(n.Restore(slot) for slot in reversed(slots)) + reverse
        return Sweeps(start + forward, reverse, self._record)

    def _recorded(self, facts: Facts) -> Record:
        """What is recorded, once it is known what each call has to undo: that makes the call's
        reverse sweep another one, which may read something else.
        """
        while True:
            before = dict(self._undo)
            found = record(facts, frozenset(self._primal.function.param_names))
            changed = {s for s in self._undo if self._undo[s] != before.get(s, ())}
            if not changed:
                return found
            for s in changed:
                self.lists.pop(s, None)
            self._adjoints = {key: a for key, a in self._adjoints.items() if key[0] not in changed}

    def _must_undo(self, s: n.Stmt, places: tuple[n.Expr, ...]) -> None:
        known = self._undo.get(s, ())
        self._undo[s] = (*known, *(place for place in places if place not in known))

    def _unset(self, name: str) -> n.Expr:
        """What a variable holds that is saved where it may not be bound: nothing a number could
        be made of unnoticed.
        """
        seen = [env[name] for env in self._primal.kinds.before.values() if name in env]
        if any(isinstance(kind, ListOf) for kind in seen):
            return n.List(())
        if seen and all(is_number(kind) and is_float(kind) for kind in seen):
            return n.Ref("np.nan", np.nan, np)
        return n.Const(None)

    def _pinned(self) -> frozenset[str]:
        """Active arrays whose shape cannot be had otherwise when an adjoint needs a zero."""
        arrays = {
            name
            for env in self._primal.kinds.before.values()
            for name, kind in env.items()
            if isinstance(kind, ListOf) or is_some_array(kind)
        }
        active = self._primal.activity.active_names() | frozenset(self._wanted)
        return (active & arrays) - self.shadows.of.keys() - self._primal.one_shape

    def _name_helpers(self, block: n.Block, outer: n.Stmt | None) -> None:
        """Names for the counts of loops and the outcomes of tests."""
        for s in statements(block):
            if counted(s, self._primal.kinds):
                wish = "trips"
                if isinstance(s, n.For) and isinstance(s.target, n.Var):
                    wish = f"{s.target.name}_trips"
                self.counters[s] = self._primal.names.fresh(wish)
            elif isinstance(s, n.If):
                # A variable names its own test, unless a branch overwrites it.
                kept = isinstance(s.test, n.Var) and (
                    isinstance(s, n.Attempt) or s.test.name not in written_names((s,))
                )
                self.tests[s] = s.test.name if kept else ""  # type: ignore[attr-defined]
        for s in self.tests:
            if not self.tests[s]:
                self.tests[s] = self._primal.names.fresh("branch")

    @property
    def value_adjoints(self) -> dict[str, str]:
        """The adjoints that are values of their own, each with its primal variable."""
        names = self.shadows.names
        return {a: p for p, a in self.adjoints.of.items() if a not in names}

    # --- what record asks -----------------------------------------------------------------------

    def needs(self, s: n.Stmt) -> Needs:
        """What the adjoint of a simple statement reads."""
        if not self._primal.kinds.reached(s) or blocks(s):
            return Needs()
        if s in self.shadows.start:
            # What is returned is the shadow that was made here.
            return Needs(new=self.shadows.start[s] in self._wanted)
        adjoint = self.adjoint(s, True)
        if not adjoint:
            return Needs()
        first, second = (self._reads(part) for part in (adjoint.first, adjoint.second))
        targets: frozenset[str] = frozenset()
        if isinstance(s, n.Assign | n.Update):
            targets = frozenset(target_names(s.target)) | stores_into(s.target)
        # Before the undo, the target is read as it is now; everything else as it was.
        undone = False
        if self._calls is not None and isinstance(s, Call) and s in self.lists:
            undone = self._calls.runs_again(s)
        return Needs((first - targets) | second, bool(targets & first), True, undone)

    def _reads(self, block: n.Block) -> frozenset[str]:
        """The primal's variables whose value, or varying shape, the statements read."""
        own = {*self.adjoints.of.values(), *self.temporaries.all, *self.adjoints.indices}
        own = (own - self.shadows.names) | self.shadows.seed_names
        reads: frozenset[str] = frozenset()
        for s in statements(block):
            for e in expressions(s):
                reads |= value_reads(e) | (shape_reads(e) - self._primal.one_shape)
        return reads - own

    # --- adjoints of simple statements ----------------------------------------------------------

    def adjoint(self, s: n.Stmt, undo: bool) -> Adjoint:
        """The adjoint of a simple statement; empty where it has none."""
        key = (s, undo)
        if key not in self._adjoints:
            named = name_seed(self._adjoint(s, undo), self.temporaries)
            self._adjoints[key] = in_order(named, self.temporaries.all)
        return self._adjoints[key]

    def _adjoint(self, s: n.Stmt, undo: bool) -> Adjoint:
        if isinstance(s, n.Return):
            return self._returned(s)
        if not isinstance(s, n.Assign | n.Update | n.Effect):
            return Adjoint()
        if s in self.shadows.reads or s in self.shadows.asked:
            return self._shadow(s)
        facts = self._primal.activity
        useful = facts.useful_after.get(s, frozenset())
        context = self._context(s)
        if self._is_shadowed(s):
            return shadowed(s, context, self.shadows, undo)
        changed = list_change(s)
        if changed is not None and changed.name in self._active_lists:
            return changed_list(s, context, useful)
        if isinstance(s, n.Effect):
            return self._writing_call(s, (), context, useful)
        if isinstance(s, n.Update):
            return self._update(s, useful, context, undo)
        if writing_call(s) is not None:
            items = target_items(s.target)
            targets = tuple(t for t in items if isinstance(t, n.Var))
            return self._writing_call(s, targets, context, useful)
        if isinstance(s.target, n.Tuple):
            return self._tuple(s, useful, context, undo)
        if isinstance(s.target, n.Var) and s.target.name in self._active_lists:
            # Also where nothing reads the list: its adjoint must be as long as it is.
            return list_assignment(s.target, s.value, context, useful)
        if base_name(s.target) not in useful:
            return Adjoint()
        if isinstance(s.target, n.Var):
            if not self._concerns(s, s.target.name, s.value, context):
                return Adjoint()
            if self._is_call(s.value):
                return self._call(s, (s.target,), context)
            return assignment(s.target, s.value, context, undo)
        return self._store(s.target, s.value, context, undo)

    def _context(self, s: n.Stmt) -> Context:
        return Context(
            self._primal.kinds.at(s),
            self._primal.activity.varied_before.get(s, frozenset()),
            self.adjoints,
            self.temporaries,
            self._zeros,
            self._skipped,
            (*self._primal.groups, *self.shadows.groups),
            lambda e: self._near(e, s),
        )

    def _near(self, e: n.Expr, s: n.Stmt) -> frozenset[str]:
        """The names whose memory an expression of the statement may share."""
        found = roots(e, self._primal.kinds.at(s))
        return found.union(*(self._primal.aliases.held(name, s) for name in found))

    def _is_shadowed(self, s: n.Assign | n.Update | n.Effect) -> bool:
        """Whether a statement binds or writes into what has a shadow."""
        if isinstance(s, n.Effect):
            change = appended(s)
            return change is not None and change[0].name in self.shadows.of
        names = {base_name(item) for item in target_items(s.target)}
        return bool(names & self.shadows.of.keys())

    def _shadow(self, s: n.Stmt) -> Adjoint:
        """The reverse of a statement that makes a shadow: its adjoint is read, or passed on."""
        if s in self.shadows.asked:
            assigned, flag = self.shadows.asked[s]
            return copied_view(assigned, flag, self._context(assigned), self.shadows)
        reads = self.shadows.reads.get(s, ())
        return Adjoint(tuple(n.Assign(name, shadow) for name, shadow in reads))

    def _concerns(self, s: n.Stmt, name: str, value: n.Expr, context: Context) -> bool:
        """Whether assigning the value to the name makes or ends something varied, or what is
        varied on another way to where it is read: there both have one adjoint.
        """
        ends = context.varied | self._varied_around.get(s, frozenset())
        return name in ends or bool(smooth_names(value, context.infer) & context.varied)

    def _is_call(self, value: n.Expr) -> bool:
        return self._calls is not None and self._calls.is_call(value)

    def _writing_call(
        self,
        s: Call,
        targets: tuple[n.Var, ...],
        context: Context,
        useful: frozenset[str],
    ) -> Adjoint:
        """The adjoint of a call that writes into what it is given."""
        call = writing_call(s)
        if call is None:
            return Adjoint()
        concerned = written_names_of(call) | {t.name for t in targets}
        given = frozenset().union(*(smooth_names(arg, context.infer) for arg in arguments(call)))
        varied = (given | {t.name for t in targets}) & context.varied
        return self._call(s, targets, context) if concerned & useful and varied else Adjoint()

    def _call(self, s: Call, targets: tuple[n.Var, ...], context: Context) -> Adjoint:
        assert self._calls is not None
        useful = self._primal.activity.useful_after[s]
        if s not in self.lists:
            undo = self._undo.get(s, ())
            self.lists[s] = self._calls.tapes(s, context, useful, self._primal.names, undo)
        return self._calls.adjoint(s, targets, context, useful, self.lists[s])

    def _update(self, s: n.Update, useful: frozenset[str], context: Context, undo: bool) -> Adjoint:
        name = base_name(s.target)
        if name not in useful:
            return Adjoint()
        depends = bool(smooth_names(s.value, context.infer) & context.varied)
        if not depends and name not in context.varied:
            return Adjoint()
        changed = variable(s.target, context.infer)
        if isinstance(changed, n.Var):
            return update(changed, s.op, s.value, context, undo)
        if isinstance(s.target, n.Index):
            if is_item(s.target, context.infer):
                return item_update(s.target, s.op, s.value, context, undo)
            self._check_store(s.target, context)
            return store_update(s.target, s.op, s.value, context, undo)
        raise UnsupportedError(
            "attributes that carry a derivative are not supported yet.",
            s.span,
            None,
            "use a local name.",
        )

    def _store(self, target: n.Expr, value: n.Expr, context: Context, undo: bool) -> Adjoint:
        name = base_name(target)
        if not isinstance(target, n.Index) or name is None:
            raise UnsupportedError(
                "attributes that carry a derivative are not supported yet.",
                target.span,
                None,
                "use a local name.",
            )
        if name not in context.varied and not smooth_names(value, context.infer) & context.varied:
            return Adjoint()
        whole = variable(target, context.infer)
        if isinstance(whole, n.Var):
            return assignment(whole, value, context, undo)
        if is_item(target, context.infer):
            return item_store(target, value, context, undo)
        self._check_store(target, context)
        return store(target, value, context, undo)

    def _check_store(self, target: n.Index, context: Context) -> None:
        """Refuses stores that have no adjoint."""
        base = context.infer(target.base)
        entries = key_entries(target.key, context.infer)
        kinds = {"unknown"} if entries is None else {entry.what for entry in entries}
        plain = is_view_of_variable(target.base, context.infer)
        if not plain or _is_item_of_list(target.base, context.infer) or not isinstance(base, Array):
            raise UnsupportedError(
                "this store is into something that is not a plain array variable.",
                target.span,
                None,
                "index the array once: A[i, j] = ...",
            )
        if "unknown" in kinds:
            raise UnsupportedError(
                f"it is not known what the index {show(target.key)} picks.",
                target.span,
                None,
                "index by integers, slices, or arrays of integers or bools.",
            )

    def _tuple(self, s: n.Assign, useful: frozenset[str], context: Context, undo: bool) -> Adjoint:
        assert isinstance(s.target, n.Tuple)
        items = s.target.items
        names = {base_name(item) for item in items}
        if not names & useful:
            return Adjoint()
        found = s.value.items if isinstance(s.value, n.Tuple) else None
        values = found or items_of_call(s.value, context.infer)
        if values is not None and len(values) == len(items):
            pairs = [
                (t, v)
                for t, v in zip(items, values, strict=True)
                if isinstance(t, n.Var)
                and t.name in useful
                and self._concerns(s, t.name, v, context)
            ]
            if not pairs:
                return Adjoint()
            targets = tuple(t for t, _ in pairs)
            chosen = tuple(v for _, v in pairs)
            return parallel(targets, chosen, context, undo, frozenset(names))
        active = (
            names
            & useful
            & (
                context.varied
                | self._varied_around.get(s, frozenset())
                | {name for name in names if smooth_names(s.value, context.infer) & context.varied}
            )
        )
        if not active:
            return Adjoint()
        if self._is_call(s.value):
            return self._call(s, tuple(t for t in items if isinstance(t, n.Var)), context)
        raise UnsupportedError(
            "unpacking this value is not supported.", s.span, None, "index it: a = t[0]; b = t[1]."
        )

    def _returned(self, s: n.Return) -> Adjoint:
        return returned(self._result_seed(s), self._context(s))

    # --- building -------------------------------------------------------------------------------

    def _block(self, block: n.Block) -> tuple[n.Block, n.Block]:
        forward: list[n.Stmt] = []
        reverse: list[n.Block] = []
        opened: list[n.Open] = []
        for s in block:
            if not self._primal.kinds.reached(s):
                break
            if isinstance(s, n.Open | n.Finally | n.Close):
                forward.append(s)
                reverse.append(mirrored(s, opened))
                continue
            f, r = self._statement(s)
            forward += f
            reverse.append(r)
        return tuple(forward), tuple(s for part in reversed(reverse) for s in part)

    def _statement(self, s: n.Stmt) -> tuple[n.Block, n.Block]:
        slots = self._record.before.get(s, ())
        saves: n.Block = tuple(n.Save(slot) for slot in slots)
        undo: n.Block = tuple(
            n.Restore(slot, note="undo the overwrite" if slot.copy else None)
            for slot in reversed(slots)
        )
        if s in self._record.undone:
            undo = (self._unchanged(s), *undo)
        if s in self._record.passive:
            return (*saves, s), undo
        match s:
            case n.If():
                return self._if(s)
            case n.While() | n.For():
                forward, reverse = self._loop(s)
                return saves + forward, reverse + undo
            case n.Return():
                return self._result(s), self.adjoint(s, False).second
            case n.Open() | n.Finally() | n.Close():
                raise AssertionError("brackets are reversed in pairs")
        adjoint = self.adjoint(s, bool(undo))
        reverse = adjoint.first + undo + adjoint.second
        if saves and isinstance(s, Call) and s in self.lists and self._shares(s):
            return self._called_first(s, saves), reverse
        return (*saves, self._forward(s)), reverse

    def _shares(self, s: Call) -> bool:
        return self._calls is not None and self._calls.shares(s)

    def _called_first(self, s: Call, saves: n.Block) -> n.Block:
        """A call that keeps what it needs on the same lists as its caller: what the reverse sweep
        takes from them before it calls is put there after the call.
        """
        call = self._forward(s)
        if isinstance(s, n.Effect) or isinstance(call, n.Effect):
            return (call, *saves)
        assert isinstance(call, n.Assign)
        assert isinstance(s.value, n.Call)
        assert isinstance(s.value.callee, n.Ref)
        wish = f"{s.value.callee.path.rpartition('.')[2]}_value"
        names = [n.Var(self._primal.names.fresh(wish)) for _ in target_items(s.target)]
        result = n.Tuple(tuple(names)) if isinstance(s.target, n.Tuple) else names[0]
        return (replace(call, target=result), *saves, n.Assign(s.target, result, span=s.span))

    def _unchanged(self, s: n.Stmt) -> n.Stmt:
        """The undo of an append or a pop, or of a permutation of variables."""
        if permuted(s) and isinstance(s, n.Assign) and isinstance(s.target, n.Tuple):
            return n.Assign(s.value, s.target)  # type: ignore[arg-type]
        added, source = appended(s), popped(s)
        if added is not None:
            return n.Effect(pop(added[0]))
        assert source is not None
        assert isinstance(s, n.Assign)
        return append(source, s.target)

    def _forward(self, s: n.Stmt) -> n.Stmt:
        """The statement in the forward sweep: a call may keep a tape."""
        if isinstance(s, Call) and s in self.lists and self._calls is not None:
            return self._calls.forward(s, self.lists[s], self.adjoints)
        return s

    def _result(self, s: n.Return) -> n.Block:
        check = self.result_check(s)
        if self._keep_value is None:
            return check
        value = n.Const(None) if s.value is None else self.kept(s.value, self._primal.kinds.at(s))
        return (*check, n.Assign(self._keep_value, value, span=s.span))

    def _if(self, s: n.If) -> tuple[n.Block, n.Block]:
        forwards, reverses = [], []
        for k, b in enumerate(blocks(s)):
            forward, reverse = self._ended(s, k, *self._block(b))
            forwards.append(forward)
            reverses.append(reverse)
        if s not in self._record.named_tests:
            test, name = s.test, s.test
            before: n.Block = ()
        else:
            test = name = n.Var(self.tests[s])
            before = () if s.test == name else (n.Assign(name, s.test, span=s.span),)
        forward = (*before, replace(s, test=test, body=forwards[0], orelse=forwards[1]))
        if not reverses[0] and not reverses[1]:
            return forward, ()
        if not reverses[0]:
            return forward, (n.If(_not(name), reverses[1]),)
        return forward, (n.If(name, reverses[0], reverses[1]),)

    def _check_iterated(self, s: n.While | n.For) -> None:
        if isinstance(s, n.For) and _varied_items(s, self._primal):
            raise UnsupportedError(
                "a loop over these values, which are differentiated, is not supported yet.",
                s.span,
                None,
                "loop over a range and index: for i in range(len(xs)).",
            )

    def _ended(
        self, s: n.Stmt, k: int, forward: n.Block, reverse: n.Block
    ) -> tuple[n.Block, n.Block]:
        """A block with the values that die at its end saved there."""
        slots = self._record.at_end.get((s, k), ())
        reverse = self._record.again.get((s, k), ()) + reverse
        if not slots:
            return forward, reverse
        saves: n.Block = tuple(n.Save(slot) for slot in slots)
        return before_jumps(forward, saves), tuple(n.Restore(x) for x in reversed(slots)) + reverse

    def _loop(self, s: n.While | n.For) -> tuple[n.Block, n.Block]:
        forward, reverse = self._ended(s, 0, *self._block(s.body))
        counter = n.Var(self.counters[s]) if s in self.counters else None
        before: n.Block = ()
        if counter is not None:
            count = n.Update(counter, "add", n.Const(1))
            # Counted at the top where a jump could leave the count out.
            forward = (count, *forward) if begins_count(s) else (*forward, count)
            before = (n.Assign(counter, n.Const(0)),)
        self._check_iterated(s)
        loop = replace(s, body=forward)
        if not reverse:
            return (*before, loop), ()
        return (*before, loop), (backwards(s, counter, reverse, self._primal.kinds),)


def _is_item_of_list(e: n.Expr, infer: Inference) -> bool:
    """Whether an expression is part of what a list holds."""
    while isinstance(e, n.Index | n.Field):
        e = e.base
        if not isinstance(infer(e), Array):
            return True
    return False


def arguments(call: n.Call) -> tuple[n.Expr, ...]:
    """What a call is given."""
    return (*call.args, *(value for _, value in call.keywords))


def target_items(target: n.Target) -> tuple[n.Expr, ...]:
    """The places that an assignment binds."""
    return target.items if isinstance(target, n.Tuple) else (target,)


def _varied_items(s: n.For, primal: Primal) -> bool:
    """Whether a loop runs over values that are differentiated (and not over their indices)."""
    varied = primal.activity.varied_before.get(s, frozenset())
    return bool(smooth_names(s.iter, primal.kinds.at(s)) & varied)


def _not(test: n.Expr) -> n.Expr:
    return test.args[0] if isinstance(test, n.Op) and test.op == "not" else n.Op("not", (test,))


def before_jumps(block: n.Block, added: n.Block) -> n.Block:
    """The block with saves added at the end of every path through it."""
    last = block[-1] if block else None
    if isinstance(last, n.Break | n.Continue):
        return (*block[:-1], *added, last)
    if isinstance(last, n.If) and has_jump((last,)):
        saved = {s.slot.hint for s in added if isinstance(s, n.Save)}
        if not saved & written_names((last,)) and not any(
            isinstance(s, n.Save) for s in statements((last,))
        ):
            return (*block[:-1], *added, last)
        body, orelse = before_jumps(last.body, added), before_jumps(last.orelse, added)
        return (*block[:-1], replace(last, body=body, orelse=orelse))
    return block if isinstance(last, n.Raise) else block + added
