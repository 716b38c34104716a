"""From a function and the kinds of its arguments to the text of its derivative."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import srcdiff.rules.load  # noqa: F401  (registers the rules)
from srcdiff.aggregates.concerns import Containers
from srcdiff.assemble.calls import PairMaker
from srcdiff.assemble.derivation import derivation, title
from srcdiff.assemble.jacobians import Jacobians
from srcdiff.assemble.prepare import parameter_sizes
from srcdiff.emit.module import FreeNames, free_expressions, module_text
from srcdiff.errors import UnsupportedError
from srcdiff.frontend.lower import Lowered, lower_function
from srcdiff.frontend.scope import Dependency
from srcdiff.guess import describe, guess_kinds
from srcdiff.ir import callee
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Step
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, Dim, Kind, Object, arrays_of, map_arrays
from srcdiff.ir.walk import names_of
from srcdiff.world import LiveWorld

# The size of an argument's array: the keys that lead to it, the parameter first, and the axis.
Size = tuple[tuple[int | str, ...], int]


@dataclass(frozen=True)
class Request:
    """What to derive.

    Attributes:
        function: the plain Python function.
        kinds: parameter name -> the kind of its argument (defaults included), in order of the
            signature.
        wrt: names of the parameters to differentiate with respect to, in the order of the result.
        mode: one of `options.MODES`.
        as_tuple: whether the gradients come as a tuple.
        has_aux: whether the function returns `(value, aux)`.
        general: whether equal sizes must not be relied on (see `Derived.equal_sizes`).
    """

    function: Callable[..., Any]
    kinds: Mapping[str, Kind]
    wrt: tuple[str, ...]
    mode: str
    as_tuple: bool = False
    has_aux: bool = False
    general: bool = False
    # What is derived from the function before this, the innermost first.
    inner: tuple[Step, ...] = ()
    # Whether the kinds are a guess, which the docstring then says.
    guessed: bool = False
    # The sizes of the arrays at hand, by the names that kinds give them: for messages alone.
    sizes: Mapping[str, int] = field(default_factory=dict)
    # The arguments at hand that are objects of the user's classes.
    objects: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Derived:
    """The text of a derivative, complete with its imports, and what it relies on.

    Attributes:
        text: a module's source.
        entry: the name of the derivative's function in it.
        dependencies: free variables; data among them is put into the text's namespace at each call.
        equal_sizes: pairs of (keys that lead to an array, the parameter first; axis) and a number:
            the text takes the second size to be the first and the number.
        written: parameters whose arrays the primal writes into; they must not overlap another
            array argument.
        constants: name -> object for what the text's namespace needs and no import gives.
    """

    text: str
    entry: str
    dependencies: tuple[Dependency, ...] = ()
    equal_sizes: tuple[tuple[Size, Size, int], ...] = ()
    written: tuple[str, ...] = ()
    constants: Mapping[str, Any] | None = None


def derive(request: Request) -> Derived:
    """The derivative's text for a request.

    Raises:
        UnsupportedError: the function does what cannot be differentiated.
        TypeError: the result is not a real scalar.
    """
    lowered = lower_function(request.function)
    try:
        return _derived(request, lowered)
    except UnsupportedError as error:
        refused = error
    # Dicts, trees and their like may be known item by item; lists in lists may be, or be arrays.
    for nested in (False, True):
        try:
            return _derived(request, lowered, Containers(nested))
        except UnsupportedError:
            continue
    raise refused.inside(lowered.function.name) from None


def _derived(request: Request, lowered: Lowered, containers: Containers | None = None) -> Derived:
    kinds, equal = dict(request.kinds), []
    for name, value in request.objects.items():
        kinds[name] = Object(type(value), value, (name,))
    places = _places(kinds)
    if request.general:
        kinds = {name: _general(kind) for name, kind in kinds.items()}
    step = Step(request.mode, request.wrt, request.as_tuple, request.has_aux)
    while True:
        sizes = frozenset() if request.general else parameter_sizes(kinds)
        world = LiveWorld(lowered, sizes, containers=containers)
        world.calls = PairMaker(world, world, world.is_user_function, Names(()))
        work = derivation(_primal(request, lowered, world, kinds), step, kinds, world.calls)
        made = _jacobian(request, lowered, world, kinds)
        relied = world.relied_sizes()
        if not relied:
            break
        for small, large, more in _told_apart(relied):
            equal.append((places[small.name], places[large.name], more))
            kinds = {k: _renamed(kind, large, small, more) for k, kind in kinds.items()}
    world.reserve(work.primal.names)
    name = work.primal.function.name
    if step.mode == "hvp":
        name = name.removesuffix("_grad")
    doc = _doc(request, name, step, lowered)
    if made:
        made[-1] = replace(made[-1], doc=doc)
    else:
        made = work.functions(doc, lambda kind: _shown_shape(kind, request.sizes))
    text, constants, dependencies = _text(made, world)
    return Derived(
        text,
        made[-1].name,
        dependencies,
        tuple(equal),
        work.written,
        constants,
    )


def _primal(
    request: Request, lowered: Lowered, world: LiveWorld, kinds: Mapping[str, Kind]
) -> n.Function:
    """What is differentiated: the function, or a derivative of it."""
    if not request.inner:
        return lowered.function
    base: Any = _derived_from(request, request.inner)
    return world.nesting.callee(base, kinds).function


def _jacobian(
    request: Request, lowered: Lowered, world: LiveWorld, kinds: Mapping[str, Kind]
) -> list[n.Function]:
    """The functions of a Jacobian; none for other derivatives."""
    if request.mode not in callee.JACOBIANS:
        return []
    step = Step(request.mode, request.wrt, request.as_tuple)
    derived = _derived_from(request, (*request.inner, step))
    return Jacobians(world.nesting, derived, kinds).functions()


def _derived_from(request: Request, steps: tuple[Step, ...]) -> Any:
    base: Any = request.function
    for step in steps:
        base = callee.Derived(base, step)
    return base


def _general(kind: Kind) -> Kind:
    def general(array: Array) -> Array:
        dims = (d if isinstance(d, int) else replace(d, not_one=False) for d in array.dims)
        return replace(array, dims=tuple(dims))

    return map_arrays(kind, general)


def _told_apart(relied: Iterable[tuple[Dim, Dim, int]]) -> Iterator[tuple[Dim, Dim, int]]:
    """Pairs of sizes of which the second is the first and a number, each named anew but once."""
    # Size -> the one that it is made of, and the number to be added.
    made: dict[str, tuple[Dim, int]] = {}

    def base(size: Dim) -> tuple[Dim, int]:
        more = 0
        while size.name in made:
            size, added = made[size.name]
            more += added
        return size, more

    for first, second, more in relied:
        (small, a), (large, b) = base(first), base(second)
        if small.name == large.name:
            continue
        more += a - b
        if more < 0:
            small, large, more = large, small, -more
        made[large.name] = small, more
        yield small, large, more


def _renamed(kind: Kind, old: Dim, new: Dim, more: int) -> Kind:
    """The kind with a size written as another one and a number."""

    def dim(d: int | Dim) -> int | Dim:
        if not isinstance(d, Dim) or d.name != old.name:
            return d
        return replace(new, minus=d.minus - more, not_one=d.not_one)

    return map_arrays(kind, lambda array: replace(array, dims=tuple(map(dim, array.dims))))


def _places(kinds: Mapping[str, Kind]) -> dict[str, Size]:
    """Where the sizes of the arguments are found: the keys that lead to an array, and the axis."""
    return {
        d.name: ((name, *path), axis)
        for name, kind in kinds.items()
        for path, array in arrays_of(kind)
        for axis, d in enumerate(array.dims)
        if isinstance(d, Dim)
    }


def _shown_shape(kind: Kind, sizes: Mapping[str, int]) -> str:
    dims = kind.dims if isinstance(kind, Array) else ()
    shown = ", ".join(_shown_size(d, sizes) for d in dims)
    return f"({shown},)" if len(dims) == 1 else f"({shown})"


def _shown_size(d: int | Dim, sizes: Mapping[str, int]) -> str:
    if isinstance(d, int):
        return str(d)
    return str(max(sizes[d.name] - d.minus, 0)) if d.name in sizes else "?"


def _doc(request: Request, name: str, step: Step, lowered: Lowered) -> str:
    doc = title(step, f"{name} ({_place(lowered)})")
    if not request.guessed:
        return doc
    return f"{doc}\n\n    Taken to be: {describe(dict(request.kinds))}.\n    "


def _place(lowered: Lowered) -> str:
    file = lowered.source.file
    if not file.startswith("<"):
        try:
            relative = os.path.relpath(file)
        except ValueError:
            relative = file
        file = os.path.basename(file) if relative.startswith("..") else relative
    return f"{file}:{lowered.source.line}"


def _text(
    functions: list[n.Function], world: LiveWorld
) -> tuple[str, dict[str, Any], tuple[Dependency, ...]]:
    found = world.with_helpers(functions)
    functions = [function for function, _ in found]
    names = Names(frozenset().union(*(names_of(f) for f in functions)) | {functions[-1].name})
    free = FreeNames(names)
    for module in world.preferred():
        free.add(module, used=False)
    for e in free_expressions(functions):
        free.add(e)
    functions = [
        replace(function, name=free.spell(ref)) if ref and "." not in ref.path else function
        for function, ref in found
    ]
    dependencies = world.dependencies(free)
    values = {d.alias: world.shown(d) for d in dependencies if d.kind is not None and d.alias}
    text, constants = module_text(functions, free, values)
    return text, constants, dependencies


__all__ = ["Derived", "Request", "derive", "guess_kinds"]
