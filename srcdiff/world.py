"""What lies outside the function being derived: globals, cells, the user's other functions."""

from __future__ import annotations

import functools
import sysconfig
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from srcdiff.aggregates.apart import objects_apart, records_apart
from srcdiff.aggregates.concerns import (
    Containers,
    concerns_objects,
    makes_objects,
    works_on_objects,
)
from srcdiff.assemble.calls import PairMaker
from srcdiff.assemble.functions import Functions
from srcdiff.assemble.nesting import Nesting
from srcdiff.assemble.sweeps import Half
from srcdiff.emit.module import FreeNames
from srcdiff.errors import UnsupportedError
from srcdiff.frontend.kept import rewritten
from srcdiff.frontend.lower import Lowered, lower_function
from srcdiff.frontend.scope import Dependency, Home, is_fixed, is_library
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee, Derived
from srcdiff.ir.effects import Effects
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import UNKNOWN, Dim, Kind, Known, Object
from srcdiff.ir.names import DERIVATIVE
from srcdiff.ir.stars import is_starred
from srcdiff.ir.walk import expressions, statements, subexpressions
from srcdiff.normalize.arguments import bind_arguments, place_arguments
from srcdiff.normalize.trees import Tree
from srcdiff.objects import Objects, Root, is_plain_object, located, taken_apart
from srcdiff.rules.registry import lookup, method_names
from srcdiff.signature import data_kind, holds_records
from srcdiff.transforms import transformed

_STDLIB = sysconfig.get_path("stdlib")
_SITE = sysconfig.get_path("purelib")


@dataclass(eq=False)
class LiveWorld:
    """The surroundings of one derived function.

    Args:
        lowered: the function.
        sizes: the sizes of its parameters, which may be found to be equal.
    """

    lowered: Lowered
    sizes: frozenset[str] = frozenset()
    # Other functions of the user's that are called.
    helpers: dict[FunctionType, Lowered] = field(default_factory=dict)
    calls: PairMaker | None = None
    # How containers are taken apart as objects are; None where they are not.
    containers: Containers | None = None
    _nesting: Nesting | None = None
    _functions: Functions | None = None
    objects: Objects = field(default_factory=Objects)
    # First-order functions made for functions as values.
    _variants: dict[Hashable, Callee] = field(default_factory=dict)
    # What is relied on of classes: their methods and constants.
    members: dict[tuple[type, str], Any] = field(default_factory=dict)
    _relied: dict[tuple[str, str], tuple[Dim, Dim, int]] = field(default_factory=dict)

    # --- kinds ----------------------------------------------------------------------------------

    def global_kind(self, e: n.Global | n.Field) -> Kind:
        """The kind of a free variable now, or of a module's attribute."""
        if isinstance(e, n.Global):
            try:
                value = e.home.read(e.name)
            except NameError:
                return UNKNOWN
            plain = type(value) is dict and not holds_records(value)
            kind = Object(dict) if plain else self._kind_of(value, e.name)
            return located(kind, value, (Root(e.name, value),))
        assert isinstance(e.base, n.Ref)
        if not isinstance(e.base.value, ModuleType | type) or not hasattr(e.base.value, e.name):
            return UNKNOWN
        return self._kind_of(getattr(e.base.value, e.name), e.name)

    def _kind_of(self, value: Any, name: str) -> Kind:
        try:
            return data_kind(value, name)
        except (TypeError, UnsupportedError):
            return UNKNOWN

    def taken_apart(self, kind: Known, e: n.Expr) -> Kind:
        """The kind of a partial, a bound method or an object, by what it consists of."""
        value = kind.value
        is_method = isinstance(value, MethodType) and isinstance(value.__func__, FunctionType)
        if is_method or isinstance(value, functools.partial):
            path: tuple[Any, ...] = (e.name,) if isinstance(e, n.Var) else ()
            if isinstance(e, n.Ref):
                path = (Root(e.path, value),)
            return taken_apart(value, self._kind_of, path)
        if isinstance(e, n.Ref) and e.value is e.root and is_plain_object(value):
            return Object(type(value), value, (Root(e.path, value),))
        return kind

    def attribute_kind(self, kind: Object, name: str) -> Kind:
        """The kind of an attribute of an object."""
        return self.objects.kind(kind, name, self._kind_of)

    def user_kind(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Kind | None:
        """The kind of the result of one of the user's functions."""
        return None if self.calls is None else self.functions.kind(call, infer)

    def rely(self, dims: Iterable[tuple[int | Dim, ...]]) -> None:
        """Notes that these shapes are broadcast: the parameters' sizes that meet must be equal, or
        differ by what was cut off them, as those of `x[1:] * y` do.

        Sizes that are 1 are known as such, and are no `Dim`.
        """
        by_axis: dict[int, Dim] = {}
        for shape in dims:
            for axis, d in enumerate(reversed(shape)):
                if not isinstance(d, Dim) or d.name not in self.sizes:
                    continue
                first = by_axis.setdefault(axis, d)
                self.rely_equal(first, d)

    def rely_equal(self, a: int | Dim, b: int | Dim) -> None:
        """Notes that two sizes are taken to be equal, which is checked at each call."""
        if not isinstance(a, Dim) or not isinstance(b, Dim) or a.name == b.name:
            return
        if a.name in self.sizes and b.name in self.sizes:
            whole = replace(a, minus=0, not_one=True), replace(b, minus=0, not_one=True)
            self._relied.setdefault((a.name, b.name), (*whole, b.minus - a.minus))

    def relied_sizes(self) -> list[tuple[Dim, Dim, int]]:
        """Pairs of sizes of which the second is the first and a number, or the primal raises."""
        return list(self._relied.values())

    # --- objects --------------------------------------------------------------------------------

    def rewritten(
        self,
        e: n.OpaqueExpr | n.Opaque,
        changed: frozenset[str],
        new: Callable[[tuple[str, ...]], n.Expr | None],
    ) -> n.OpaqueExpr | n.Opaque:
        """Code that is kept, with other names."""
        return rewritten(e, changed, new)

    def rely_on(self, owner: type, name: str, value: Any) -> None:
        """Notes that an attribute of a class must stay what it is."""
        self.members[owner, name] = value

    def makes_objects(self, function: Any) -> bool:
        """Whether a function of the user's may make objects, or give some."""
        return makes_objects(self, self.callee(function))

    def concerns_objects(self, e: n.Expr) -> bool:
        """Whether an expression names what may make objects."""
        return concerns_objects(self, e)

    def objects_apart(self, function: n.Function, kinds: Mapping[str, Kind]) -> n.Function:
        """The function without objects of the user's classes; itself where there are none."""
        if function.flat:
            return function
        if works_on_objects(self, function, kinds):
            return objects_apart(function, kinds, self)
        if not self.containers:
            return function
        try:
            return objects_apart(function, kinds, self)
        except UnsupportedError:
            return function

    def without_objects(self, function: n.Function, kinds: Mapping[str, Kind]) -> n.Function:
        """The same, made once."""
        if self.calls is None:
            return function
        return self.functions.without_objects(function, kinds)

    def records_apart(
        self,
        function: n.Function,
        kinds: Mapping[str, Kind],
        trees: Mapping[str, Tree],
        names: Names,
    ) -> n.Block:
        """The body of a function, for the leaves of parameters that hold objects."""
        return records_apart(function, kinds, trees, self, names)

    # --- functions ------------------------------------------------------------------------------

    def is_user_function(self, value: Any) -> bool:
        """Whether a callable is a function that we derive ourselves."""
        if isinstance(value, Callee | Derived | Half) or hasattr(type(value), DERIVATIVE):
            return True
        if not isinstance(value, FunctionType) or lookup(value) is not None:
            return False
        file = value.__code__.co_filename
        module = value.__module__ or ""
        if module.partition(".")[0] in ("numpy", "scipy", "srcdiff"):
            return False
        return not (file.startswith(_STDLIB) and not file.startswith(_SITE))

    def lists_after(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Mapping[str, Kind]:
        """What the variables that are lists, and that a call changes, hold afterwards."""
        half = call.callee.value if isinstance(call.callee, n.Ref) else None
        if isinstance(half, Half) and half.owner is self.calls:
            memory = call.callee.memory  # type: ignore[attr-defined]
            if memory is None or not memory.lists:
                return {}
            # Handed every argument by its place.
            call = place_arguments(half.primal, call.args)
        effects = None if is_starred(call) else self.effects(call, infer)
        if effects is None or not effects.lists or not isinstance(call.callee, n.Ref):
            return {}
        arguments = bind_arguments(call, self.callee(call.callee.value))
        items = ((arguments[name], item) for name, item in effects.items)
        return {arg.name: item for arg, item in items if isinstance(arg, n.Var)}

    def effects(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> Effects | None:
        """What one of the user's functions does with the memory of its arguments."""
        value = call.callee.value if isinstance(call.callee, n.Ref) else None
        if self.calls is None or not self.is_user_function(value) or self.derived(value):
            return None
        if isinstance(value, Half) and value.owner is self.calls:
            return None
        return self.calls.results.effects(call, infer)

    def is_fresh(self, e: n.Call) -> bool:
        """Whether the call's result shares memory with nothing else."""
        value = e.callee.value if isinstance(e.callee, n.Ref) else None
        return isinstance(value, Half) and value.fresh

    def is_pure(self, e: n.Call | n.OpaqueExpr) -> bool:
        """Whether evaluating the call does nothing but compute."""
        if not isinstance(e, n.Call):
            return False
        if isinstance(e.callee, n.Field):
            return e.callee.name in method_names()
        if not isinstance(e.callee, n.Ref):
            return False
        value = e.callee.value
        if e.callee.memory is not None and e.callee.memory.writes:
            return False
        if value in (range, reversed, len, isinstance) or lookup(value) is not None:
            return True
        if not self.is_user_function(value) or self.calls is None or self.derived(value):
            return False
        if isinstance(value, Half) and value.acts:
            return False
        return self.calls.is_pure(self.callee(value))

    def callee(self, value: Any) -> Callee:
        """One of the user's functions, lowered once."""
        if isinstance(value, Callee):
            return value
        if isinstance(value, Half):
            return Callee(value.function, value.function)
        if value is self.lowered.function.origin:
            return Callee(value, self.lowered.function)
        known = self.helpers.get(value)
        if known is None:
            known = self.helpers[value] = lower_function(value)
        return Callee(value, known.function)

    def variant(self, key: Hashable, make: Callable[[], n.Function]) -> Callee:
        """The function made of another one for a key, made at first use."""
        if key not in self._variants:
            self._variants[key] = Callee(key, make())
        return self._variants[key]

    def derived(self, value: Any) -> Derived | None:
        """The derivative that a callable stands for, if it is one."""
        if isinstance(value, Derived):
            return value
        return value.__srcdiff_derivative__ if hasattr(type(value), DERIVATIVE) else None

    def written_out(self, value: Any) -> Callee | None:
        """The function that a Ref stands for, if calls of it are to be written out: a sweep that
        is handed tapes, which are lists of the caller's to a derivative of that caller.
        """
        return self.callee(value) if isinstance(value, Half) and value.keeps else None

    def transformed(self, call: n.Call) -> n.Expr | None:
        """What a call of one of srcdiff's own functions stands for."""
        return transformed(call)

    def specialised(self, call: n.Call, infer: Callable[[n.Expr], Kind]) -> n.Call | None:
        """A call of a derivative as a call of the function that it is for these arguments."""
        if not isinstance(call.callee, n.Ref) or self.calls is None:
            return None
        derived = self.derived(call.callee.value)
        return None if derived is None else self.nesting.specialised(call, derived, infer)

    @property
    def functions(self) -> Functions:
        """What makes first-order functions of functions as values."""
        if self._functions is None:
            assert self.calls is not None
            results = self.calls.results
            self._functions = Functions(
                self,
                self,
                self.is_user_function,
                self.calls.result_kind,
                results.is_settled,
                self._variants,
            )
        return self._functions

    def first_order(self, function: n.Function, kinds: Mapping[str, Kind]) -> n.Function:
        """The function, for arguments of these kinds, with all its calls of named functions."""
        return function if self.calls is None else self.functions.converted(function, kinds)[0]

    def functional_result(self, function: n.Function, kinds: Mapping[str, Kind]) -> Kind | None:
        """The kind of a function's result where that is a function or holds one."""
        return None if self.calls is None else self.functions.converted(function, kinds)[1]

    @property
    def nesting(self) -> Nesting:
        """What makes derivatives inside this one."""
        if self._nesting is None:
            self._nesting = Nesting(self)
        return self._nesting

    def again(self) -> PairMaker:
        """What knows of calls, for a derivative inside this one."""
        world = replace(self, calls=None, _functions=None)
        assert self.calls is not None
        world.calls = PairMaker(world, world, world.is_user_function, self.calls.names, again=True)
        return world.calls

    def kind_of(self, value: Any, name: str) -> Kind:
        """The kind of a value; Unknown where it is of no kind that we take."""
        return self._kind_of(value, name)

    # --- names ----------------------------------------------------------------------------------

    def reserve(self, names: Names) -> None:
        """Keeps invented names apart from the free names of the function."""
        names.reserve(self.lowered.free)
        names.reserve(("np",))

    def preferred(self) -> Iterable[n.Ref]:
        """How the user spells modules: the rules' NumPy is called the same."""
        for name, home in self.lowered.free.items():
            value = home.read(name)
            if isinstance(value, ModuleType):
                yield n.Ref(name, value, value)
        for name, found in self.lowered.imports.items():
            if isinstance(found.value, ModuleType):
                yield n.Ref(name, found.value, found.value)
        yield n.Ref("np", np, np)

    def with_helpers(
        self, functions: Iterable[n.Function]
    ) -> list[tuple[n.Function, n.Ref | None]]:
        """The functions, before them those of the user's that they call as they stand; these with
        a reference to them, by which their names are found.
        """
        out: list[tuple[n.Function, n.Ref | None]] = []
        functions = list(functions)
        seen: set[Any] = set(functions)

        def visit(function: n.Function) -> None:
            for ref in called(function):
                if not self.is_user_function(ref.value):
                    continue
                callee = self.callee(ref.value)
                if callee.key not in seen:
                    seen.add(callee.key)
                    visit(callee.function)
                    out.append((callee.function, ref))

        for function in functions:
            visit(function)
            out.append((function, None))
        return out

    def _paths(self) -> dict[FunctionType, tuple[str, ...]]:
        """How each helper is reached from the derived function, by names."""
        out: dict[FunctionType, tuple[str, ...]] = {}
        todo: list[tuple[Lowered, tuple[str, ...]]] = [(self.lowered, ())]
        while todo:
            lowered, path = todo.pop(0)
            for ref in called(lowered.function):
                if ref.value in self.helpers and ref.value not in out:
                    out[ref.value] = (*path, *ref.path.split("."))
                    todo.append((self.helpers[ref.value], out[ref.value]))
        return out

    # --- dependencies ---------------------------------------------------------------------------

    def dependencies(self, free: FreeNames) -> tuple[Dependency, ...]:
        """The free variables of the function and of its helpers."""
        out: list[Dependency] = []
        everyone: list[tuple[Lowered, tuple[str, ...]]] = [(self.lowered, ())]
        paths = self._paths()
        # What only a derivative refers to is reached by no name.
        everyone += [(lowered, paths.get(f, ())) for f, lowered in self.helpers.items()]
        for lowered, path in everyone:
            for name, home in lowered.free.items():
                out.append(self._dependency(name, home, path, free))
            for name, home in lowered.defaults.items():
                if (home.key, name) in free.globals:
                    out.append(self._dependency(name, home, path, free))
            for found in lowered.imports.values():
                if found.home is not None and self.is_user_function(found.value):
                    out.append(_fixed(found.name, found.home, path, found.value))
            out += self._attributes(lowered, path)
            out += self._members(lowered, path)
            out += self.objects.dependencies(lowered, path)
        self.objects.check()
        return tuple(out)

    def _dependency(
        self, name: str, home: Home, path: tuple[str, ...], free: FreeNames
    ) -> Dependency:
        value = home.read(name)
        if is_fixed(value):
            return _fixed(name, home, path, value)
        alias = free.globals.get((home.key, name), "")
        return Dependency(name, home, alias, kind=self._kind_of(value, name), path=path)

    def _attributes(self, lowered: Lowered, path: tuple[str, ...]) -> list[Dependency]:
        """What is read through the user's own modules: functions, and data."""
        out = []
        for e in _expressions(lowered.function):
            if isinstance(e, n.Ref) and "." in e.path and self.is_user_function(e.value):
                *through, name = e.path.split(".")
                module = _walk(e.root, through[1:])
                if not isinstance(module, ModuleType):
                    continue  # an attribute of a decorated function, which is looked after itself
                home = Home(module.__name__, vars(module))
                out.append(_fixed(name, home, (*path, *through), e.value))
            if isinstance(e, n.Field) and isinstance(e.base, n.Ref):
                module = e.base.value
                if isinstance(module, ModuleType) and not is_library(module):
                    home = Home(module.__name__, vars(module))
                    through = e.base.path.split(".")
                    kind = self.global_kind(e)
                    out.append(Dependency(e.name, home, "", kind=kind, path=(*path, *through)))
        return out

    def _members(self, lowered: Lowered, path: tuple[str, ...]) -> list[Dependency]:
        """What is relied on of the classes that a function names."""
        out = []
        for name, home in lowered.free.items():
            cls = home.read(name)
            if not isinstance(cls, type):
                continue
            for (owner, member), value in self.members.items():
                if owner in cls.__mro__:
                    home_ = Home(owner.__name__, vars(owner))
                    out.append(self._member(member, home_, (*path, name), value))
        return out

    def _member(self, name: str, home: Home, path: tuple[str, ...], value: Any) -> Dependency:
        value = getattr(value, "__func__", value)
        if is_fixed(value) or isinstance(value, property):
            return _fixed(name, home, path, value)
        return Dependency(name, home, "", kind=self._kind_of(value, name), path=path)

    def shown(self, dependency: Dependency) -> str:
        """The present value of a global, as source where that is short."""
        return source_of(dependency.home.read(dependency.name))


def _walk(value: Any, names: list[str]) -> Any:
    for name in names:
        value = getattr(value, name)
    return value


def _fixed(name: str, home: Home, path: tuple[str, ...], value: Any) -> Dependency:
    code = getattr(value, "__code__", None)
    defaults = (getattr(value, "__defaults__", None), getattr(value, "__kwdefaults__", None))
    return Dependency(name, home, "", value=value, code=code, defaults=defaults, path=path)


def _expressions(function: n.Function) -> Iterable[n.Expr]:
    """All expressions of a function, those of functions defined in it included."""
    for s in statements(function.body):
        for e in expressions(s):
            for x in subexpressions(e):
                yield x
                if isinstance(x, n.Closure):
                    yield from _expressions(x.code.function)


def called(function: n.Function) -> list[n.Ref]:
    """The callables that a function names."""
    return [e for e in _expressions(function) if isinstance(e, n.Ref)]


def source_of(value: Any) -> str:
    """Source that gives the value: a literal, or a small array; else a placeholder."""
    if isinstance(value, np.ndarray) and value.size <= 100:
        numbers = np.array2string(
            value, separator=", ", threshold=1000, floatmode="unique", max_line_width=10**6
        ).replace("\n", "")
        dtype = "" if value.dtype in (np.float64, np.int64) else f", dtype=np.{value.dtype.name}"
        return f"np.array({numbers}{dtype})"
    if isinstance(value, np.generic):
        return f"np.{value.dtype.name}({value.item()!r})"
    if isinstance(value, tuple | list) and len(value) <= 100:
        items = ", ".join(source_of(item) for item in value)
        if isinstance(value, list):
            return f"[{items}]"
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, dict) and len(value) <= 100:
        pairs = (f"{source_of(key)}: {source_of(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return repr(value)
    return "..."
