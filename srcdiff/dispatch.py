"""From the arguments of a call to the text that serves it.

Most calls find their text by the types of the arguments alone, or by these and a few cheap keys,
in a table of their own. What is not there comes from the cache of the code object, or from the
compiler.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from srcdiff.cache import Bound, cache_of
from srcdiff.ir.kinds import Kind
from srcdiff.memory import check_written
from srcdiff.options import Options
from srcdiff.parameters import Parameters, check_differentiable, resolve_argnums
from srcdiff.signature import (
    Keyer,
    anchors,
    data_key,
    data_kind,
    is_tree,
    keyer_for,
    tree_key,
    tree_kind,
)
from srcdiff.target import Target

# How many combinations of kinds a derivative holds bound texts for, and how many for each.
MAX_ENTRIES = 64
MAX_BOUND = 4


class _Entry:
    """The texts for one combination of kinds: one for each state that the globals have had."""

    __slots__ = ("anchors", "bound")

    def __init__(self) -> None:
        self.bound: tuple[Bound, ...] = ()
        # The objects whose ids are in the key: weak, or held where that is impossible.
        self.anchors: list[Any] = []

    def add(self, bound: Bound) -> None:
        # A new tuple, as other threads may be reading the old one.
        self.bound = (bound, *self.bound)[:MAX_BOUND]


class _Plan:
    """What to look at, beside their types, to know the kinds of arguments of certain types."""

    __slots__ = ("keyers", "tables", "types")

    def __init__(self, types: tuple[type, ...], trees: frozenset[int]) -> None:
        self.types = types
        # Of what is differentiated, the kind of each item counts.
        found = [(i, _keyer(cls, i in trees)) for i, cls in enumerate(types)]
        self.keyers: list[tuple[int, Keyer]] = [(i, keyer) for i, keyer in found if keyer]
        # The texts that rely on equal sizes, and those that don't.
        self.tables: tuple[dict[Hashable, _Entry], dict[Hashable, _Entry]] = {}, {}

    def key(self, values: tuple[Any, ...]) -> Hashable:
        return tuple([keyer(values[i]) for i, keyer in self.keyers])


def _keyer(cls: type, is_wanted: bool) -> Keyer | None:
    if is_wanted and is_tree(cls):
        return tree_key
    return data_key if cls in (tuple, list, dict) else keyer_for(cls)


class _State:
    """All that follows from the function's code and defaults, made anew when these change."""

    def __init__(self, function: FunctionType, options: Options, fixed: int, name: str) -> None:
        self.code: CodeType = function.__code__
        self.defaults = function.__defaults__
        self.kwdefaults = function.__kwdefaults__
        self.parameters = Parameters.of(self.code)
        self.wrt = resolve_argnums(options.argnums, self.parameters, fixed, name)
        # How many positional arguments are all arguments; no number is -1.
        self.count = len(self.parameters.names) if self.parameters.are_positional else -1
        self.bind = self.parameters.binder(f"{name}_{options.mode}", self.defaults, self.kwdefaults)
        self.plans: dict[tuple[type, ...], _Plan] = {}
        self.latest: Bound | None = None
        names = self.parameters.names
        self.trees = frozenset(names.index(name) for name in self.wrt)

    def is_current(self, function: FunctionType) -> bool:
        return (
            function.__code__ is self.code
            and function.__defaults__ is self.defaults
            and function.__kwdefaults__ is self.kwdefaults
        )

    def plan(self, values: tuple[Any, ...]) -> _Plan:
        """The plan for arguments of these types; a new one is not yet in the table."""
        types = tuple(map(type, values))
        return self.plans.get(types) or _Plan(types, self.trees)

    def bound(self) -> Iterator[Bound]:
        """All texts at hand, the oldest first."""
        for plan in list(self.plans.values()):
            for table in plan.tables:
                for entry in list(table.values()):
                    yield from reversed(entry.bound)

    def add(self, plan: _Plan, general: bool, values: tuple[Any, ...], bound: Bound) -> None:
        """Hold a text. The caller holds the lock of the code's cache."""
        plans = self.plans.values()
        if sum(len(table) for held in plans for table in held.tables) >= MAX_ENTRIES:
            # Binding a text again is cheap, so there is no need to choose among them.
            self.plans, plan = {}, _Plan(plan.types, self.trees)
        self.plans[plan.types] = plan
        table, key = plan.tables[general], plan.key(values)
        entry = table.setdefault(key, _Entry())
        if not entry.anchors:
            entry.anchors = [_anchor(a, table, key) for value in values for a in anchors(value)]
        entry.add(bound)


def _anchor(value: Any, table: dict[Hashable, _Entry], key: Hashable) -> Any:
    """Something that holds on to the value, or takes the key out of the table when it goes."""
    try:
        return weakref.ref(value, lambda _: table.pop(key, None))
    except TypeError:
        return value


class Dispatcher:
    """Runs the derivative of one function: finds, or makes, the text for each call.

    Attributes:
        function: the plain function.
        options: how it is differentiated.
        name: what the function is called.
        fixed: how many of its first arguments are not counted by `argnums`.
        inner: what is derived from it first.
    """

    def __init__(self, target: Target, options: Options) -> None:
        """The dispatcher of a function.

        Args:
            target: the function; other objects may be bound in place of its `fixed` arguments.
            options: how it is differentiated.

        Raises:
            TypeError: `argnums` does not fit the function's parameters.
        """
        self.function = target.function
        self.options = options
        self.fixed = len(target.fixed)
        self.name = target.name
        self.inner = target.inner
        self._state = _State(self.function, options, self.fixed, self.name)

    @property
    def state(self) -> _State:
        """What follows from the function as it is now."""
        state = self._state
        if not state.is_current(self.function):
            state = self._state = _State(self.function, self.options, self.fixed, self.name)
        return state

    def call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Call the derivative.

        Args:
            args: positional arguments, those that are bound included.
            kwargs: arguments passed by name.
        """
        # What a call by float numbers goes through is written out here: it takes a microsecond.
        state, function = self._state, self.function
        if (
            function.__code__ is not state.code
            or function.__defaults__ is not state.defaults
            or function.__kwdefaults__ is not state.kwdefaults
        ):
            state = self.state
        if kwargs or len(args) != state.count:
            args = state.bind(*args, **kwargs)
        bound = None
        plan = state.plans.get(tuple(map(type, args)))
        if plan is not None:
            keyers = plan.keyers
            entry = plan.tables[0].get(plan.key(args) if keyers else ())
            if entry is not None:
                for candidate in entry.bound:
                    if not candidate.has_guards or candidate.guards.hold(args):
                        bound = candidate
                        break
        if bound is None:
            bound = self._lookup(state, args, general=False)
        if bound.equal_sizes and not bound.has_equal_sizes(args):
            bound = self._lookup(state, args, general=True)
        if bound.written:
            self._check_written(state, bound, args)
        state.latest = bound
        if state.count >= 0:
            return bound.entry(*args)
        return state.parameters.call(bound.entry, args)

    def bound(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Bound, Any]:
        """The text for a call, and the arguments, one for each parameter."""
        state = self.state
        values = state.bind(*args, **kwargs)
        bound = self._lookup(state, values, general=False)
        if not bound.has_equal_sizes(values):
            bound = self._lookup(state, values, general=True)
        return bound, values

    def run(self, bound: Bound, values: tuple[Any, ...], more: Mapping[str, Any]) -> Any:
        """Run a text that takes more than the function's arguments.

        Args:
            bound: the text.
            values: the arguments.
            more: what else it takes, by name.
        """
        state = self.state
        if bound.written:
            self._check_written(state, bound, values)
        state.latest = bound
        return state.parameters.call(bound.entry, values, more)

    def find(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Bound:
        """The text for a call, without running it.

        Args:
            args: positional arguments, those that are bound included.
            kwargs: arguments passed by name.
        """
        return self.bound(args, kwargs)[0]

    def _lookup(self, state: _State, values: tuple[Any, ...], *, general: bool) -> Bound:
        found = _held(state.plan(values), general, values)
        return found or self._make(state, values, general)

    def _make(self, state: _State, values: tuple[Any, ...], general: bool) -> Bound:
        from srcdiff import pipeline

        names = state.parameters.names
        kinds = {
            name: tree_kind(value, name) if name in state.wrt else data_kind(value, name)
            for name, value in zip(names, values, strict=True)
        }
        request = self.request(kinds, general)
        cache = cache_of(state.code)
        with cache.lock:
            # Another thread may have been here first.
            plan = state.plan(values)
            found = _held(plan, general, values)
            if found is None:
                found = cache.get(request, values, pipeline.derive)
                state.add(plan, general, values, found)
            return found

    def request(self, kinds: Mapping[str, Kind], general: bool = False) -> Any:
        """What to ask of the compiler for arguments of these kinds.

        Args:
            kinds: parameter -> kind.
            general: whether equal sizes must not be relied on.

        Raises:
            TypeError: an argument cannot be differentiated with respect to.
        """
        from srcdiff.pipeline import Request

        state, options = self.state, self.options
        for name in state.wrt:
            check_differentiable(kinds[name], name, self.name)
        return Request(
            self.function,
            kinds,
            state.wrt,
            options.mode,
            options.as_tuple,
            options.has_aux,
            general,
            self.inner,
        )

    def _check_written(self, state: _State, bound: Bound, values: tuple[Any, ...]) -> None:
        arguments = dict(zip(state.parameters.names, values, strict=True))
        check_written(self.name, bound.written, arguments, bound.guards.arrays())


def _held(plan: _Plan, general: bool, values: tuple[Any, ...]) -> Bound | None:
    entry = plan.tables[general].get(plan.key(values))
    if entry is None:
        return None
    return next((bound for bound in entry.bound if bound.is_right(values)), None)
