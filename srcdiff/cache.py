"""The texts that have been made, kept for as long as the code they were made from.

The cache lies on the code object, not on the function: `grad(lambda x: k * x)` in a loop is
compiled once, though each trip makes a new function. A text keeps nothing of the user's alive. What
differs between two functions with the same code (their cells, their globals) is looked up when a
text is bound to one of them:

    code object ~~> CodeCache --- key --> Template, Template, ...      one for each state of the
    (weak)          (a lock)      │                                    helpers and globals
                                  └─ kinds, wrt, mode                  └─ bind(f) → Bound: a
                                                                          namespace, guards
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from srcdiff.backends.python import Listing
from srcdiff.frozen import Identity, frozen_key, is_stale
from srcdiff.guards import Guards, Recipe, leads_to, recipes_of
from srcdiff.ir.kinds import Attribute, Object
from srcdiff.parameters import Parameters
from srcdiff.signature import describe

if TYPE_CHECKING:
    from srcdiff.frontend.scope import Dependency, Home
    from srcdiff.pipeline import Derived, Request

# How many keys a code object keeps, how many texts a key, and how many texts there are in all.
MAX_KEYS = 64
MAX_VERSIONS = 8
MAX_TEMPLATES = 4096

Size = tuple[int | tuple[int | str, ...], int]
Sizes = tuple[tuple[Size, Size, int], ...]


def _path(keys: tuple[int | str, ...], names: tuple[str, ...]) -> int | tuple[int | str, ...]:
    """The keys with the parameter's position in place of its name."""
    position = names.index(str(keys[0]))
    return position if len(keys) == 1 else (position, *keys[1:])


def _at(values: Any, path: Any) -> Any:
    for key in path:
        values = getattr(values, key) if isinstance(key, Attribute) else values[key]
    return values


class Template:
    """A derivative's text, compiled, for all functions that have one code object.

    Attributes:
        text: the text.
        signature: the kinds it was made for, as a text.
        equal_sizes: pairs of (position of the argument, axis) and a number: the second must be of
            the size of the first and the number; for an array in a tuple, list or dict the keys
            that lead to it follow the position.
        written: the names of the parameters that the primal writes into.
    """

    def __init__(self, request: Request, derived: Derived) -> None:
        """The template of what the compiler made for a request.

        Args:
            request: the request; it is not kept.
            derived: the compiler's answer.
        """
        self.parameters = Parameters.of(request.function.__code__)
        names = self.parameters.names
        self.text = derived.text
        self.signature = signature_text(request.kinds, request.general)
        self.equal_sizes: Sizes = tuple(
            ((_path(p, names), i), (_path(q, names), j), more)
            for (p, i), (q, j), more in derived.equal_sizes
        )
        self.written = derived.written
        self._entry = derived.entry
        self._listing = Listing(derived.text, derived.entry, request.wrt)
        constants = dict(derived.constants or {})
        self._recipes = tuple(
            _with_alias(recipe, d, constants)
            for recipe, d in zip(
                recipes_of(derived.dependencies, names), derived.dependencies, strict=True
            )
        )
        live = {recipe.alias for recipe in self._recipes}
        self._constants = {n: _held(v) for n, v in constants.items() if n not in live}

    def bind(
        self,
        function: FunctionType,
        values: tuple[Any, ...],
        homes: tuple[Home | None, ...] | None = None,
    ) -> Bound | None:
        """The text bound to the cells and globals of one function.

        Args:
            function: it has the code that the text was made from.
            values: the arguments of the call at hand.
            homes: for each dependency its home, where its path does not lead there.

        Returns:
            None where the text is not right for the function, or for what its globals are now.
        """
        namespace: dict[str, Any] = {"__name__": function.__module__ or "srcdiff.generated"}
        for name, held in self._constants.items():
            value = namespace[name] = held.get() if isinstance(held, Identity) else held
            if value is None and isinstance(held, Identity):
                return None
        guards = Guards(function, self.parameters.names, namespace)
        for recipe, home in zip(self._recipes, homes or (None,) * len(self._recipes), strict=True):
            if not guards.add(recipe, values, home):
                return None
        self._listing.run(namespace)
        # Once more, as a text may give its globals values of its own, by which it runs by itself.
        if guards and not guards.hold(values):
            return None
        return Bound(self, namespace[self._entry], guards)

    def foreign_homes(
        self, function: FunctionType, values: tuple[Any, ...], derived: Derived
    ) -> tuple[Home | None, ...]:
        """For each dependency its home, if its path does not lead there from the function.

        Such a text can serve only the function it was made for.
        """
        arguments = dict(zip(self.parameters.names, values, strict=True))
        return tuple(
            None if leads_to(recipe, d.home, function, arguments) else d.home
            for recipe, d in zip(self._recipes, derived.dependencies, strict=True)
        )


def _with_alias(recipe: Recipe, dependency: Dependency, constants: Mapping[str, Any]) -> Recipe:
    """The recipe; if the text knows what it stands for as a constant, by the constant's name.

    Another function with the same code may have another object there: a closure of the same code,
    for which the text is right as well.
    """
    if recipe.alias or recipe.is_data:
        return recipe
    names = (name for name, value in constants.items() if value is dependency.value)
    return replace(recipe, alias=next(names, ""))


def _held(value: Any) -> Any:
    """A constant, held weakly if it would keep alive a module of the user's."""
    return Identity(value) if isinstance(value, FunctionType | type) else value


def signature_text(kinds: Mapping[str, Any], general: bool) -> str:
    """What a text was made for, to be read by people.

    Example:
        >>> from srcdiff.ir.kinds import FLOAT
        >>> signature_text({"x": FLOAT}, general=False)
        'x: float'
    """
    text = ", ".join(f"{name}: {describe(kind)}" for name, kind in kinds.items())
    return f"{text} (any sizes)" if general else text


class Bound:
    """A text bound to one function: what a call runs.

    Attributes:
        template: the text.
        entry: the derivative, a plain function with the parameters of the primal.
        guards: what must hold for it to be right.
        has_guards: whether they ask for anything.
        equal_sizes: as the template's.
        written: as the template's.
    """

    __slots__ = ("entry", "equal_sizes", "guards", "has_guards", "template", "written")

    def __init__(self, template: Template, entry: Callable[..., Any], guards: Guards) -> None:
        self.template = template
        self.entry = entry
        self.guards = guards
        self.has_guards = bool(guards)
        self.equal_sizes = template.equal_sizes
        self.written = template.written

    @property
    def tangents(self) -> tuple[str, ...]:
        """The parameters that a forward derivative has beside the primal's: the tangents."""
        code = self.entry.__code__
        first = code.co_argcount
        named = code.co_varnames[first : first + code.co_kwonlyargcount]
        return named[len(self.template.parameters.keywords) :]

    def is_right(self, values: tuple[Any, ...]) -> bool:
        """Whether the text is right for a call with these arguments, sizes aside."""
        return not self.has_guards or self.guards.hold(values)

    def has_equal_sizes(self, values: tuple[Any, ...]) -> bool:
        """Whether the sizes are equal that the text relies on being equal."""
        # A loop, which is faster than all().
        for (p, i), (q, j), more in self.equal_sizes:
            a = values[p] if type(p) is int else _at(values, p)
            b = values[q] if type(q) is int else _at(values, q)
            if a.shape[i] + more != b.shape[j]:
                return False
        return True


class CodeCache:
    """The texts made from one code object.

    Attributes:
        lock: held while a text is made, so that threads that want the same one wait for it.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        # The key used last comes last; likewise the text used last among a key's.
        self._templates: dict[Hashable, list[Template]] = {}

    def __len__(self) -> int:
        return sum(map(len, list(self._templates.values())))

    def get(
        self, request: Request, values: tuple[Any, ...], derive: Callable[[Request], Derived]
    ) -> Bound:
        """The text for a request, bound to its function; it is made if there is none.

        Args:
            request: what is wanted.
            values: the arguments of the call at hand.
            derive: the compiler.

        Raises:
            UnsupportedError: the compiler refuses.
            TypeError: the result is not a real scalar.
        """
        key = _key(request)
        with self.lock:
            found = self._find(key, request.function, values)
            return self._make(key, request, values, derive) if found is None else found

    def _find(self, key: Hashable, function: Any, values: tuple[Any, ...]) -> Bound | None:
        for template in reversed(self._templates.get(key, [])):
            bound = template.bind(function, values)
            if bound is not None:
                self._add(key, template)
                return bound
        return None

    def _make(
        self,
        key: Hashable,
        request: Request,
        values: tuple[Any, ...],
        derive: Callable[[Request], Derived],
    ) -> Bound:
        function: Any = request.function
        # More than once only where another thread changes globals in between.
        for _ in range(3):
            derived = derive(
                replace(request, sizes=_sizes(request, values), objects=_objects(request, values))
            )
            template = Template(request, derived)
            homes = template.foreign_homes(function, values, derived)
            bound = template.bind(function, values, homes)
            if bound is not None:
                if not any(homes):
                    self._add(key, template)
                return bound
        raise RuntimeError(
            f"what {function.__name__} reads is not what its derivative was made for, or keeps "
            "changing"
        )

    def _add(self, key: Hashable, template: Template) -> None:
        """Make this template the one used last."""
        versions = [old for old in self._templates.pop(key, []) if old is not template]
        for old_key, old in list(self._templates.items()):
            if not old or is_stale(old_key):
                del self._templates[old_key]
        self._templates[key] = [*versions[-MAX_VERSIONS + 1 :], template]
        while len(self._templates) > MAX_KEYS:
            del self._templates[next(iter(self._templates))]
        _total.touch(template, self)

    def discard(self, template: Template) -> None:
        """Forget a text.

        This takes no lock: whoever asks for it may hold that of another code object.
        """
        for versions in list(self._templates.values()):
            if template in versions:
                versions.remove(template)


def _key(request: Request) -> Hashable:
    kinds = tuple(frozen_key(kind) for kind in request.kinds.values())
    options = request.wrt, request.mode, request.as_tuple, request.has_aux, request.general
    return kinds, options, request.inner


class _Total:
    """All texts of all code objects, in the order of their last use; the oldest are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._order: dict[int, tuple[weakref.ref[Template], weakref.ref[CodeCache]]] = {}

    def touch(self, template: Template, owner: CodeCache) -> None:
        """Note the use of a text."""
        with self._lock:
            self._order.pop(id(template), None)
            self._order[id(template)] = weakref.ref(template), weakref.ref(owner)
            if len(self._order) > MAX_TEMPLATES:
                self._forget_some()

    def _forget_some(self) -> None:
        for key, (ref, _) in list(self._order.items()):
            if ref() is None:
                del self._order[key]
        while len(self._order) > MAX_TEMPLATES:
            ref, owner = self._order.pop(next(iter(self._order)))
            template, cache = ref(), owner()
            if template is not None and cache is not None:
                cache.discard(template)


_total = _Total()


# --- code objects -------------------------------------------------------------------------------

_caches: dict[int, tuple[weakref.ref[CodeType], CodeCache]] = {}
_caches_lock = threading.RLock()


def cache_of(code: CodeType) -> CodeCache:
    """The cache of a code object, which goes when the code object goes.

    Code objects are told apart by identity: equal ones may come from different files.

    Example:
        >>> code = (lambda x: x).__code__
        >>> cache_of(code) is cache_of(code)
        True
    """
    found = _caches.get(id(code))
    if found is not None and found[0]() is code:
        return found[1]
    with _caches_lock:
        found = _caches.get(id(code))
        if found is None or found[0]() is not code:
            number = id(code)

            def forget(ref: weakref.ref[CodeType]) -> None:
                # No lock: the garbage collector may call this at any point of this very thread.
                # By now another code object may have this number.
                if _caches.get(number, (None,))[0] is ref:
                    _caches.pop(number, None)

            found = _caches[number] = weakref.ref(code, forget), CodeCache()
    return found[1]


def _objects(request: Request, values: tuple[Any, ...]) -> dict[str, Any]:
    """The arguments that are objects of classes that are no containers."""
    pairs = zip(request.kinds.items(), values, strict=True)
    return {
        name: value
        for (name, kind), value in pairs
        if isinstance(kind, Object) and hasattr(value, "__dict__")
    }


def _sizes(request: Request, values: tuple[Any, ...]) -> dict[str, int]:
    """The sizes of the arrays at hand, by the names that kinds give them: for messages."""
    out: dict[str, int] = {}
    for name, value in zip(request.kinds, values, strict=False):
        if isinstance(value, np.ndarray):
            out.update({f"{name}.{axis}": size for axis, size in enumerate(value.shape)})
    return out
