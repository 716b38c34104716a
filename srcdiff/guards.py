"""What a generated text relies on outside its arguments, checked at each call.

A text is shared by all functions with the same code, and these may differ in their cells and
globals. So a text keeps, for each variable it relies on, a recipe: the path from the function to
the variable, and what was found there. `Guards` follow the recipes for one function:

    def outer(k):                 recipe of the text for f:     k, a float, in f's own scope
        def f(x):            →    guards for one f:             the cell of that f; its value is
            return k * x                                        put into the namespace at each call

Guards are cheap to check: is the same object still in the same place?
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CellType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from srcdiff.errors import UnsupportedError
from srcdiff.frozen import frozen_code, frozen_key, frozen_value
from srcdiff.ir import kinds as k
from srcdiff.ir.names import PRIMAL
from srcdiff.signature import anchors, data_key, data_kind

if TYPE_CHECKING:
    from srcdiff.frontend.scope import Dependency, Home

_MISSING: Any = object()

Arguments = Mapping[str, Any]


# --- recipes ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """Where a text finds a variable, and what it must find there.

    Attributes:
        name: the variable's name where it lives.
        alias: the name by which the text reads it; empty where it reads it otherwise.
        path: how to come to the variable's owner (see `Dependency`).
        from_argument: whether the path begins at an argument, so that it is followed anew at
            each call.
        kind: for data, which is read live, the frozen key of its kind.
        value: for anything else, what it is; None for data.
        by_code: whether it is known by its code, so that another closure will do.
        group: recipes for the same object have the same number: the text takes them for one.
    """

    name: str
    alias: str
    path: tuple[str, ...]
    from_argument: bool
    kind: Hashable | None = None
    value: Hashable | None = None
    by_code: bool = False
    group: int = 0

    @classmethod
    def of(cls, dependency: Dependency, parameters: Iterable[str], group: int) -> Recipe:
        """The recipe for a dependency; it keeps none of the user's objects alive.

        Args:
            dependency: as the compiler gave it.
            parameters: the derived function's.
            group: a number for the object.
        """
        d = dependency
        from_argument = bool(d.path) and d.path[0] in parameters
        if d.kind is not None:
            return cls(d.name, d.alias, d.path, from_argument, kind=frozen_key(d.kind))
        # A method of an argument is another object at each look.
        is_method = isinstance(d.value, MethodType) and not from_argument
        by_code = d.code is not None and not is_method
        value = _frozen(d.value, by_code)
        return cls(d.name, d.alias, d.path, from_argument, None, value, by_code, group)

    @property
    def is_data(self) -> bool:
        """Whether the value may change, and only its kind is relied on."""
        return self.kind is not None

    def accepts(self, value: Any) -> bool:
        """Whether the text is right for this value of the variable."""
        if not self.is_data:
            return bool(_frozen(value, self.by_code) == self.value)
        if self.kind == frozen_key(k.UNKNOWN):
            return True
        try:
            return bool(frozen_key(data_kind(value, self.name)) == self.kind)
        except UnsupportedError:
            return False


def recipes_of(dependencies: Iterable[Dependency], parameters: Iterable[str]) -> list[Recipe]:
    """The recipes for the dependencies of one text.

    Args:
        dependencies: as the compiler gave them.
        parameters: the derived function's.
    """
    groups: dict[int, int] = {}
    names = tuple(parameters)
    return [Recipe.of(d, names, groups.setdefault(id(d.value), len(groups))) for d in dependencies]


def _frozen(value: Any, by_code: bool) -> Hashable:
    plain = plain_function(value)
    if by_code and isinstance(plain, FunctionType):
        return frozen_code(plain)
    return frozen_value(value)


def plain_function(value: Any) -> Any:
    """The function behind a bound method or a function decorated with `differentiate`."""
    while True:
        if isinstance(value, MethodType):
            value = value.__func__
        elif hasattr(type(value), PRIMAL):
            value = getattr(value, PRIMAL)
        else:
            return value


# --- places -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a variable lives: in a namespace, in a cell, or as an object's attribute.

    `shadow` is a namespace in which the name must not turn up: that of a module, which comes
    before the builtins.
    """

    name: str
    namespace: Mapping[str, Any] | None = None
    cell: CellType | None = None
    owner: Any = None
    shadow: Mapping[str, Any] | None = None

    def read(self) -> Any:
        """The present value.

        Raises:
            LookupError: there is none.
        """
        if self.shadow is not None and self.name in self.shadow:
            raise LookupError(self.name)
        try:
            if self.cell is not None:
                return self.cell.cell_contents
            if self.namespace is not None:
                return self.namespace[self.name]
            return getattr(self.owner, self.name)
        except (ValueError, AttributeError) as error:
            raise LookupError(self.name) from error

    def reader(self) -> Callable[[], Any]:
        """What `read` does, faster where it can be.

        Where there is no value, it raises ValueError or LookupError.
        """
        if self.cell is not None:
            return functools.partial(getattr, self.cell, "cell_contents")
        if self.namespace is not None and self.shadow is None:
            return functools.partial(operator.getitem, self.namespace, self.name)
        return self.read

    def is_at(self, home: Home) -> bool:
        """Whether this is the place that the compiler found."""
        if isinstance(self.owner, type):
            # The namespace of a class is another view of it at each look.
            return home.label == self.owner.__name__
        if self.namespace is None and self.cell is None:
            return home.cell is None and home.namespace is getattr(self.owner, "__dict__", None)
        return self.namespace is home.namespace and self.cell is home.cell


def place_of(owner: Any, name: str) -> Place:
    """Where a variable of a function's scope, of a module or of an object lives.

    Raises:
        LookupError: the function's scope has no such name.
    """
    from srcdiff.frontend.scope import home_of

    if name in ("__self__", "func"):
        return Place(name, owner=owner)
    if type(owner) is dict:
        return Place(name, owner)
    owner = plain_function(owner)
    if isinstance(owner, ModuleType):
        return Place(name, vars(owner))
    if not isinstance(owner, FunctionType):
        return Place(name, owner=owner)
    home = home_of(owner, name)
    if home is None:
        raise LookupError(name)
    is_own = home.cell is not None or home.namespace is owner.__globals__
    return Place(name, home.namespace, home.cell, shadow=None if is_own else owner.__globals__)


def follow(function: FunctionType, recipe: Recipe, arguments: Arguments) -> list[Place]:
    """The places on the way to a recipe's variable, its own last.

    Raises:
        LookupError: the path leads nowhere.
    """
    owner: Any = function
    path = recipe.path
    if recipe.from_argument:
        owner, path = arguments[path[0]], path[1:]
    places = []
    for step in path:
        places.append(place_of(owner, step))
        owner = places[-1].read()
    return [*places, place_of(owner, recipe.name)]


def leads_to(recipe: Recipe, home: Home, function: FunctionType, arguments: Arguments) -> bool:
    """Whether a recipe's path leads from the function to the place that the compiler found."""
    try:
        return recipe.from_argument or follow(function, recipe, arguments)[-1].is_at(home)
    except LookupError:
        return False


# --- guards -------------------------------------------------------------------------------------


class Guards:
    """What must hold for a text to be right for one function.

    Checking also brings the values of data into the text's namespace.
    """

    def __init__(
        self, function: FunctionType, parameters: tuple[str, ...], namespace: dict[str, Any]
    ) -> None:
        """Guards that ask for nothing yet.

        Args:
            function: the one that is derived.
            parameters: its parameters.
            namespace: the one that the text runs in.
        """
        self._function = function
        self._parameters = parameters
        self._namespace = namespace
        # Objects that must stay where they are.
        self._names: list[tuple[Mapping[str, Any], str, Any]] = []
        self._others: list[tuple[Place, Any]] = []
        # Functions that must stay as they are.
        self._codes: list[tuple[FunctionType, Any, Any, Any, tuple[Any, ...]]] = []
        # Data that may change, but not in kind; and the objects that its keys know by id.
        self._data: list[tuple[Callable[[], Any], str, Any]] = []
        self._anchors: list[Any] = []
        self._from_arguments: list[Recipe] = []
        # What the text takes for one: variables by alias, objects by group.
        self._places: dict[str, Place] = {}
        self._objects: dict[int, Any] = {}

    def __bool__(self) -> bool:
        checks = self._names or self._others or self._codes or self._data or self._from_arguments
        return bool(checks)

    def hold(self, values: tuple[Any, ...]) -> bool:
        """Whether the text is right for a call; if so, data is in its namespace.

        Args:
            values: the call's arguments, one for each parameter.
        """
        for namespace, name, value in self._names:
            if namespace.get(name, _MISSING) is not value:
                return False
        for function, code, defaults, kwdefaults, items in self._codes:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                return False
            if function.__kwdefaults__ is not kwdefaults or not _same_items(kwdefaults, items):
                return False
        try:
            for place, value in self._others:
                if plain_function(place.read()) is not value:
                    return False
            for read, alias, expected in self._data:
                value = read()
                # Mostly the type is the key.
                if type(value) is not expected and not _has_key(value, expected):
                    return False
                if alias:
                    self._namespace[alias] = value
            return not self._from_arguments or self._bring_from_arguments(values)
        except (LookupError, ValueError):
            return False

    def _bring_from_arguments(self, values: tuple[Any, ...]) -> bool:
        arguments = dict(zip(self._parameters, values, strict=True))
        return all(self._bring(recipe, arguments) for recipe in self._from_arguments)

    def _bring(self, recipe: Recipe, arguments: Arguments) -> bool:
        """Follow a path anew."""
        value = follow(self._function, recipe, arguments)[-1].read()
        if not recipe.accepts(value):
            return False
        if recipe.alias:
            self._namespace[recipe.alias] = value
        return True

    def arrays(self) -> Iterator[Any]:
        """The present values of the data that the text reads by itself."""
        return (read() for read, _, _ in self._data)

    def add(self, recipe: Recipe, values: tuple[Any, ...], home: Home | None = None) -> bool:
        """Ask for what a recipe says.

        Args:
            recipe: of the text.
            values: the arguments of the call that asks for the text.
            home: the variable's, where the recipe's path does not lead to it.

        Returns:
            Whether the text is right for the function and the call as they are.
        """
        try:
            return self._add(recipe, dict(zip(self._parameters, values, strict=True)), home)
        except LookupError:
            return False

    def _add(self, recipe: Recipe, arguments: Arguments, home: Home | None) -> bool:
        if recipe.from_argument and home is None:
            self._from_arguments.append(recipe)
            return self._bring(recipe, arguments)
        if home is None:
            *hops, place = follow(self._function, recipe, arguments)
        else:
            hops, place = [], Place(recipe.name, home.namespace, home.cell)
        for hop in hops:
            self._pin(hop, hop.read())
        value = place.read()
        if not recipe.accepts(value):
            return False
        if not self._is_one(recipe, place, value):
            return False
        if recipe.is_data:
            is_free = recipe.kind == frozen_key(k.UNKNOWN)
            expected = None if is_free else data_key(value)
            self._data.append((place.reader(), recipe.alias, expected))
            self._anchors += anchors(value)
        else:
            self._pin(place, value)
        if recipe.alias:
            self._namespace[recipe.alias] = value
        return True

    def _is_one(self, recipe: Recipe, place: Place, value: Any) -> bool:
        """Whether what the text takes for one thing is one thing here as well."""
        if recipe.is_data:
            first = self._places.setdefault(recipe.alias, place) if recipe.alias else place
            same = first.cell is place.cell and first.namespace is place.namespace
            return same and first.owner is place.owner
        return self._objects.setdefault(recipe.group, value) is value

    def _pin(self, place: Place, value: Any) -> None:
        """Ask for an object to stay where it is, and as it is if it is a function."""
        plain = plain_function(value)
        if place.namespace is not None:
            self._names.append((place.namespace, place.name, value))
        else:
            self._others.append((place, plain))
        if place.shadow is not None:
            self._names.append((place.shadow, place.name, _MISSING))
        if isinstance(plain, FunctionType):
            kwdefaults = plain.__kwdefaults__
            items = tuple((kwdefaults or {}).items())
            self._codes.append((plain, plain.__code__, plain.__defaults__, kwdefaults, items))


def _has_key(value: Any, expected: Hashable | None) -> bool:
    return expected is None or data_key(value) == expected


def _same_items(mapping: Mapping[str, Any] | None, items: tuple[Any, ...]) -> bool:
    """Whether a mapping (None: an empty one) still has the very same items."""
    if not mapping:
        return not items
    return len(mapping) == len(items) and all(
        mapping.get(name, _MISSING) is value for name, value in items
    )
