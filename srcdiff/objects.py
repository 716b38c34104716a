"""Objects of the user's classes, partials and bound methods: what their attributes are.

class Spring:
def force(self, x):         spring.force(x)   →   force(spring, x)
return -self.k * x      self.k: read live; that its kind is the same is checked
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType, MethodType
from typing import Any

from srcdiff.errors import UnsupportedError
from srcdiff.frontend.lower import Lowered
from srcdiff.frontend.scope import Dependency, Home
from srcdiff.ir.kinds import UNKNOWN, Kind, Known, Object, PartialOf
from srcdiff.ir.names import DERIVATIVE, PRIMAL

_MISSING: Any = object()

KindOf = Callable[[Any, str], Kind]


@dataclass(frozen=True, eq=False)
class Root:
    """A free variable that an object is reached by."""

    name: str
    value: Any


def is_plain_object(value: Any) -> bool:
    """Whether a callable is an object of a class of the user's with a `__call__` in Python."""
    cls = type(value)
    if isinstance(value, type) or hasattr(cls, PRIMAL) or hasattr(cls, DERIVATIVE):
        return False
    return isinstance(inspect.getattr_static(cls, "__call__", None), FunctionType)


def located(kind: Kind, value: Any, path: tuple[Any, ...]) -> Kind:
    """The kind of an object, with the object itself and how it is reached."""
    if isinstance(kind, Object) and (hasattr(value, "__dict__") or type(value) is dict):
        return Object(kind.cls, value, path)
    return kind


def taken_apart(value: Any, kind_of: KindOf, path: tuple[Any, ...]) -> Kind:
    """The kind of a partial or of a bound method; `path` tells how it is reached."""
    if isinstance(value, MethodType):
        within = (*path, "__self__") if path else ()
        owner = located(kind_of(value.__self__, "self"), value.__self__, within)
        return PartialOf(Known(value.__func__), (owner,), (), value)
    function: Kind = Known(value.func)
    if isinstance(value.func, MethodType):
        function = taken_apart(value.func, kind_of, (*path, "func") if path else ())
    args = tuple(kind_of(a, f"argument {i}") for i, a in enumerate(value.args))
    keywords = tuple((name, kind_of(a, name)) for name, a in value.keywords.items())
    return PartialOf(function, args, keywords, value)


@dataclass
class Objects:
    """The attributes that a text reads, and relies on."""

    # Path of the object and name -> whose it is, and its kind (None for methods).
    _read: dict[tuple[Any, ...], tuple[Object, str, Kind | None]] = field(default_factory=dict)
    _covered: set[tuple[Any, ...]] = field(default_factory=set)

    def kind(self, kind: Object, name: str, kind_of: KindOf) -> Kind:
        """The kind of an attribute of an object."""
        owner = kind.value
        if owner is None or not kind.path:
            return UNKNOWN
        path = (*kind.path, name)
        if type(owner) is dict:
            if name not in owner:
                return UNKNOWN
            known = located(kind_of(owner[name], name), owner[name], path)
            self._read[path] = kind, name, known
            return known
        found = inspect.getattr_static(owner, name, _MISSING)
        own = name in vars(owner)
        if isinstance(found, staticmethod) and isinstance(found.__func__, FunctionType):
            self._read[path] = kind, name, None
            return Known(found.__func__)
        if isinstance(found, FunctionType) and not own:
            self._read[path] = kind, name, None
            return PartialOf(Known(found), (kind,))
        if found is _MISSING or (hasattr(type(found), "__get__") and not own):
            return UNKNOWN
        value = getattr(owner, name)
        known = located(kind_of(value, name), value, path)
        self._read[path] = kind, name, known
        return known

    def dependencies(self, lowered: Lowered, path: tuple[str, ...]) -> list[Dependency]:
        """What is relied on of the objects that a function reaches by its free names; those that
        the derived function, whose path is empty, is given are among them.
        """
        out = []
        for (first, *rest), (kind, name, known) in self._read.items():
            start: tuple[str, ...] | None = None
            if isinstance(first, Root):
                home = lowered.free.get(first.name)
                if home is not None and _present(home, first.name) is first.value:
                    start = (*path, first.name)
            elif not path and first in lowered.function.param_names:
                start = (first,)
            if start is None:
                continue
            self._covered.add((first, *rest))
            home = Home(kind.cls.__name__, _namespace(kind.value))
            owner = (*start, *rest[:-1])
            if known is None:
                value: Any = getattr(kind.value, name)
                code = getattr(value, "__code__", None)
                out.append(Dependency(name, home, "", value=value, code=code, path=owner))
            else:
                out.append(Dependency(name, home, "", kind=known, path=owner))
        return out

    def check(self) -> None:
        """Refuses what could change unnoticed."""
        for path, (kind, name, _) in self._read.items():
            if path not in self._covered:
                raise UnsupportedError(
                    f"the attribute {name!r} of a {kind.cls.__name__} is read, which is reached "
                    "in a way that cannot be followed at each call.",
                    remedy="give the object a name of its own, or pass it as an argument.",
                )


def _namespace(owner: Any) -> dict[str, Any]:
    return owner if type(owner) is dict else vars(owner)


def _present(home: Home, name: str) -> Any:
    try:
        return home.read(name)
    except NameError:
        return None
