"""What calls of the user's functions return, and what each function is specialised for.

A function is specialised for the kinds of its arguments. One that calls itself is specialised
once for all calls that differ only in the sizes of arrays, as those change with the depth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from srcdiff.analysis.activity import smooth_names
from srcdiff.analysis.alias import written_arguments
from srcdiff.analysis.kinds import Inference, Kinds, World, infer_kinds, whole_kind
from srcdiff.analysis.memory import effects_of
from srcdiff.assemble.containers import Setting
from srcdiff.assemble.prepare import normalized, prepare
from srcdiff.assemble.recursion import Solver
from srcdiff.assemble.specialise import canonical, generalised, in_terms_of, is_pending, shape
from srcdiff.assemble.sweeps import Half
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee, Callees, Derived
from srcdiff.ir.effects import Effects
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import PENDING, UNKNOWN, Kind, Known, join
from srcdiff.ir.show import show
from srcdiff.ir.walk import expressions, names_of, statements, stored_names, subexpressions
from srcdiff.normalize.arguments import Default, bind_arguments

# How many specialisations of one function may call each other.
_DEPTH = 10


_IMPURE = n.Effect | n.Opaque | n.Raise | n.Assert | n.While


class Helpers(Callees, Protocol):
    """Where called functions come from."""

    def derived(self, value: Any) -> Derived | None:
        """The derivative that a callable stands for, if it is one."""

    def kind_of(self, value: Any, name: str) -> Kind:
        """The kind of a value."""

    def again(self) -> Any:
        """A `PairMaker` like the present one, which has made no pairs."""


@dataclass(eq=False)
class Special:
    """A function specialised for kinds of its arguments, which are widened as it calls itself."""

    callee: Callee
    kinds: dict[str, Kind]


@dataclass(frozen=True)
class Found:
    """What is known of calls of a function: the kind of the result, and what becomes of memory."""

    kind: Kind = PENDING
    effects: Effects = Effects()


@dataclass(eq=False)
class Results:
    """Infers the results of calls.

    Args:
        world: globals and functions outside.
        helpers: where called functions come from.
        ours: whether a callable is one of the user's functions.
    """

    world: World
    helpers: Helpers
    ours: Callable[[Any], bool]
    _solver: Solver[Found] = field(default_factory=lambda: Solver(lambda a, b: a == b))
    # By callee and kinds; those of recursive functions by callee and shapes, too.
    _known: dict[Any, Special] = field(default_factory=dict)
    _shapes: dict[Any, list[Special]] = field(default_factory=dict)
    _inside: list[Callee] = field(default_factory=list)

    def callee(self, call: n.Call) -> Callee:
        """The function that a call of one of the user's functions calls."""
        assert isinstance(call.callee, n.Ref)
        return self.helpers.callee(call.callee.value)

    def is_called(self, callee: Callee) -> bool:
        """Whether a call of the function was met."""
        return any(special.callee == callee for special in self._known.values())

    def is_settled(self) -> bool:
        """Whether no function that calls itself is being looked at."""
        return not any(map(self._solver.is_cyclic, self._solver.running()))

    # --- kinds of results -----------------------------------------------------------------------

    def result_kind(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Kind:
        """The kind of the call's result, its sizes in terms of the caller's."""
        callee = self.callee(call)
        given = self._argument_kinds(callee, call, infer)
        if any(map(is_pending, given.values())):
            return PENDING
        special = self._special(callee, given, call)
        found = self._ask(special, call).kind
        if found == PENDING and self._solver.is_settled(special):
            raise UnsupportedError(
                f"{callee.name} calls itself on every path, and never returns.",
                call.span,
                None,
                "give it a case in which it returns without calling itself.",
            )
        label = f"{getattr(infer, 'at', '')}|{show(call)}"
        return in_terms_of(given, special.kinds, found, label)

    def effects(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Effects:
        """What the called function does with the memory of its arguments."""
        callee = self.callee(call)
        given = self._argument_kinds(callee, call, infer)
        if any(map(is_pending, given.values())):
            return Effects()
        return self._ask(self._special(callee, given, call), call).effects

    def _ask(self, special: Special, call: n.Call) -> Found:
        try:
            return self._solver.ask(special, Found(), lambda: self._inferred(special, call))
        except UnsupportedError as error:
            raise located(error, call, special.callee) from None

    def kinds_for(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Mapping[str, Kind]:
        """The kinds that the callee is specialised for, for this call."""
        callee = self.callee(call)
        self.result_kind(call, infer)
        return self._special(callee, self._argument_kinds(callee, call, infer), call).kinds

    def _special(self, callee: Callee, given: Mapping[str, Kind], call: n.Call) -> Special:
        kinds = canonical(given, callee.name)
        key = (callee, tuple(kinds.items()))
        special = self._known.get(key)
        if special is None:
            special = self._known[key] = self._widened(callee, kinds, call)
        return special

    def _widened(self, callee: Callee, kinds: dict[str, Kind], call: n.Call) -> Special:
        """A specialisation that holds for these kinds: one in progress is widened for them."""
        exact = any(r.value is isinstance or r.value is type for r in _references(callee.function))
        alike = self._shapes.setdefault((callee, shape(kinds, exact)), [])
        for special in alike:
            running = self._solver.is_running(special)
            if not (running or self._solver.is_cyclic(special)):
                continue
            wide = generalised(special.kinds, kinds, callee.name)
            if wide == special.kinds:
                return special
            if running:
                special.kinds = wide
                self._solver.forget(special)
                return special
        inside = [x for x in self._solver.running() if isinstance(x, Special)]
        if sum(x.callee == callee for x in inside) >= _DEPTH:
            raise UnsupportedError(
                f"{callee.name} calls itself with arguments of another type each time.",
                call.span,
                None,
                "pass arguments of the same types (for arrays: dtype and number of dimensions), "
                "or write it as a loop.",
            )
        special = Special(callee, kinds)
        alike.append(special)
        return special

    def _inferred(self, special: Special, call: n.Call) -> Found:
        callee = special.callee
        while True:
            kinds = special.kinds
            found = self._returned(callee.function, kinds, call)
            if kinds == special.kinds:
                break
        before = self._solver.found(special)
        if before is None:
            return found
        kind = join(before.kind, found.kind, f"{callee.name}.result")
        return Found(kind, before.effects.joined(found.effects))

    def _returned(self, lowered: n.Function, kinds: Mapping[str, Kind], call: n.Call) -> Found:
        functional = self.world.functional_result(lowered, kinds)
        if functional is not None:
            return Found(functional)
        setting = Setting(kinds, self.world, self.ours)
        body = normalized(lowered, Names(names_of(lowered)), setting)
        facts = infer_kinds(body, kinds, self.world)
        _refuse_writes(body, facts, call)
        kind = Known(None) if facts.returned is None else facts.returned
        return Found(kind, effects_of(body, facts))

    def _argument_kinds(
        self, callee: Callee, call: n.Call, infer: Callable[[n.Expr], Kind]
    ) -> dict[str, Kind]:
        out = {}
        for name, value in bind_arguments(call, callee).items():
            if isinstance(value, Default):
                out[name] = self.helpers.kind_of(value.value, name)
            else:
                out[name] = whole_kind(infer, value)
        return out

    # --- other facts of callees -----------------------------------------------------------------

    def check_inside(self, call: n.Call, infer: Inference, varied: frozenset[str]) -> None:
        """Refuses what in the callee cannot be differentiated, where its result is not known.

        Raises:
            UnsupportedError: pointing into the callee.
        """
        callee = self.callee(call)
        if callee in self._inside:
            return
        wrt = [
            name
            for name, value in bind_arguments(call, callee).items()
            if not isinstance(value, Default) and smooth_names(value, infer) & varied
        ]
        kinds = self.kinds_for(call, infer)
        self._inside.append(callee)
        try:
            prepare(callee.function, wrt, Setting(kinds, self.world, self.ours))
        except UnsupportedError as error:
            raise located(error, call, callee) from None
        finally:
            self._inside.pop()

    def is_pure(self, callee: Callee) -> bool:
        """Whether the function, and all that it calls, do nothing but compute."""
        seen: set[Callee] = set()
        todo = [callee]
        while todo:
            callee = todo.pop()
            if callee in seen:
                continue
            seen.add(callee)
            function = callee.function
            if any(isinstance(s, _IMPURE) for s in statements(function.body)):
                return False
            if stored_names(function.body) & frozenset(function.param_names):
                return False
            called = [r.value for r in _references(callee.function) if self.ours(r.value)]
            if any(self.helpers.derived(value) is not None for value in called):
                # Which functions it calls is not known without its arguments.
                return False
            if any(isinstance(value, Half) and value.acts for value in called):
                return False
            todo += map(self.helpers.callee, called)
        return True


def located(error: UnsupportedError, call: n.Call, callee: Callee) -> UnsupportedError:
    """The error in the function that it lies in: the callee, unless it points to the call."""
    return error if error.span == call.span else error.inside(callee.name)


def _references(function: n.Function) -> list[n.Ref]:
    """What a function names of what lies outside of it."""
    found = (
        x for s in statements(function.body) for e in expressions(s) for x in subexpressions(e)
    )
    return [x for x in found if isinstance(x, n.Ref)]


def _refuse_writes(function: n.Function, facts: Kinds, call: n.Call) -> None:
    for name in written_arguments(function, facts):
        if facts.before[function.body[0]].get(name) == UNKNOWN:
            raise UnsupportedError(
                f"{function.name} writes into its argument {name!r}, of which it is not known "
                "what it is.",
                call.span,
                None,
                f"copy it there ({name} = {name}.copy()) and return the new array.",
            )
