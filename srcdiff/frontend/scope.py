"""Names to objects: where a free name of a function comes from, and what a derivative relied on."""

from __future__ import annotations

import builtins
import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from srcdiff.errors import Span, UnsupportedError
from srcdiff.frontend.expressions import derivative_attribute, module_attribute
from srcdiff.frontend.retrieve import Retrieved, span_of
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Kind
from srcdiff.ir.names import PRIMAL


@dataclass(frozen=True, eq=False)
class Home:
    """Where a variable lives: a namespace (a module's or builtins' dict) or a closure's cell."""

    label: str
    namespace: Mapping[str, Any] | None = None
    cell: CellType | None = None

    @property
    def key(self) -> int:
        """Equal for two homes that are one place."""
        return id(self.cell) if self.cell is not None else id(self.namespace)

    def read(self, name: str) -> Any:
        """The variable's present value.

        Raises:
            NameError: it is not bound now.
        """
        try:
            return self.cell.cell_contents if self.cell is not None else self._namespace()[name]
        except (KeyError, ValueError):
            raise NameError(f"name {name!r} is not defined") from None

    def _namespace(self) -> Mapping[str, Any]:
        assert self.namespace is not None
        return self.namespace


@dataclass(frozen=True, eq=False)
class Imported:
    """A module, function or class that an import inside of a function binds a name to.

    Attributes:
        value: the object.
        name: what it is called in its module.
        home: the module's namespace; None for a module.
    """

    value: Any
    name: str
    home: Home | None = None


@dataclass(frozen=True, eq=False)
class Dependency:
    """A free variable that generated text relies on.

    Exactly one of the two holds: `kind`, for data, which is read live at each call and must keep
    its kind; or `value` (with `code` and `defaults` for the user's own functions), for a callable
    or module, which must stay the same object with the same code.

    `path` leads from the derived function to the variable's owner: names that are looked up one
    after the other, the first in that function's scope (or among its parameters), the next in the
    scope of the function, or among the attributes of the module or object, found so far. A
    global `k` of the helper `g` has the path `("g",)`; that of `tools.g` has `("tools", "g")`;
    `tools.g` itself is `g` with the path `("tools",)`. By it a text is used again for another
    function that has the same code but other cells and globals.
    """

    name: str
    home: Home
    # The name by which the generated text reads it; differs from `name` on a clash.
    alias: str
    kind: Kind | None = None
    value: Any = None
    code: Any = None
    defaults: Any = None
    path: tuple[str, ...] = ()


def home_of(function: Callable[..., Any], name: str) -> Home | None:
    """Where the free variable `name` of the function lives; None where it is bound nowhere."""
    code = function.__code__
    if name in code.co_freevars:
        cell = (function.__closure__ or ())[code.co_freevars.index(name)]
        return Home(f"closure of {function.__qualname__}", cell=cell)
    if name in function.__globals__:
        return Home(str(function.__globals__.get("__name__", "?")), function.__globals__)
    found = function.__globals__.get("__builtins__", builtins)
    namespace = vars(found) if isinstance(found, ModuleType) else found
    return Home("builtins", namespace) if name in namespace else None


# What a name may stand for without being data that changes from call to call.
_FIXED = (ModuleType, FunctionType, BuiltinFunctionType, MethodType, type, np.ufunc)


def is_fixed(value: Any) -> bool:
    """Whether a free name's value is code (a module, a callable) and not data."""
    return isinstance(value, _FIXED) or callable(value)


# What `functools.cache` and `functools.lru_cache` make.
_CACHED = type(functools.lru_cache(int))

# What reaches variables behind the compiler's back.
_FORBIDDEN = frozenset((exec, eval, globals, locals, vars, compile))


def plain_function(value: Any) -> Any:
    """The function that an object of ours stands for; any other object as it is."""
    if isinstance(value, _CACHED):
        # What it remembers does not tell: the function gives the same again.
        return value.__wrapped__
    return getattr(value, PRIMAL) if hasattr(type(value), PRIMAL) else value


def is_library(module: ModuleType) -> bool:
    """Whether a module's attributes count as constants: NumPy's and the standard library's do."""
    top = module.__name__.partition(".")[0]
    return top == "numpy" or (top in sys.stdlib_module_names and top != "__main__")


@dataclass
class Scope:
    """Resolves the names of one function while it is lowered.

    `constants` maps free names to expressions that replace them (a template's closure);
    `imports` are the names that imports inside the function bind, and nothing else does;
    `free` collects every free name that was read, for the guards; `before` collects what an
    expression assigns, which is to stand in statements before its own.
    """

    source: Retrieved
    locals: frozenset[str]
    constants: Mapping[str, n.Expr] = field(default_factory=dict)
    imports: Mapping[str, Imported] = field(default_factory=dict)
    free: dict[str, Home] = field(default_factory=dict)
    before: list[n.Stmt] = field(default_factory=list)
    # The scope of the function around a nested one.
    parent: Scope | None = None
    # Names for the values of defaults that are no literals.
    defaults: dict[str, Home] = field(default_factory=dict)
    # The names of the comprehension at hand.
    _bound: frozenset[str] = frozenset()
    # The names that the statement at hand has read so far.
    _read: set[str] = field(default_factory=set)
    _names: Names | None = None

    def fresh(self, wish: str) -> str:
        """A name that the function does not use."""
        if self.parent is not None:
            return self.parent.fresh(wish)
        if self._names is None:
            code = self.source.function.__code__
            self._names = Names((*self.locals, *code.co_names, *code.co_freevars))
        return self._names.fresh(wish)

    def default(self, parameter: str, value: Any) -> n.Ref | n.Global:
        """What a text calls the default of a parameter."""
        name = self.fresh(f"{self.source.name}_{parameter}")
        if is_fixed(value):
            plain = plain_function(value)
            return n.Ref(name, plain, plain)
        home = self.defaults[name] = Home(f"default of {parameter}", {name: value})
        return n.Global(name, home)

    def assign(self, target: n.Var, value: Callable[[], n.Expr], span: Span | None) -> None:
        """Notes that the expression at hand assigns: in a statement that comes before it.

        Raises:
            UnsupportedError: the expression has read what the name stood for before.
        """
        is_read = target.name in self._read
        s = n.Assign(target, value(), span=span)
        if is_read:
            raise UnsupportedError(
                f"an expression that reads {target.name!r} and then assigns to it is not "
                "supported.",
                span,
                remedy="assign in a statement of its own.",
            )
        self.before.append(s)

    @contextlib.contextmanager
    def binding(self, names: frozenset[str]) -> Iterator[None]:
        """These names as names of a comprehension, whatever they mean outside."""
        outer = self._bound
        self._bound = outer | names
        try:
            yield
        finally:
            self._bound = outer

    def assigned_before(self) -> list[n.Stmt]:
        """What the statement at hand assigns before it, which ends here."""
        found, self.before = self.before, []
        self._read = set()
        return found

    def nested(self, names: frozenset[str]) -> Scope:
        """The scope of a function defined in this one, whose own names these are."""
        imports = {name: found for name, found in self.imports.items() if name not in names}
        return Scope(self.source, names, self.constants, imports, self.free, parent=self)

    def _is_variable(self, name: str) -> bool:
        """Whether a name is a variable of this function or of one that it is nested in."""
        if name in self.locals or name in self._bound:
            return True
        return self.parent is not None and self.parent._is_variable(name)

    def is_outer(self, name: str) -> bool:
        """Whether a name is a variable of a function that this one is nested in."""
        return self.parent is not None and self.parent._is_variable(name)

    def span(self, node: Any) -> Span | None:
        if getattr(node, "lineno", None) is None:
            return None
        return span_of(node, self.source.file, self.source.lines)

    def name(self, name: str, span: Span | None) -> n.Expr:
        if name in self._bound:
            return n.Var(name, span=span)
        if name in self.imports:
            plain = plain_function(self.imports[name].value)
            return n.Ref(name, plain, plain, span=span)
        if self._is_variable(name):
            self._read.add(name)
            return n.Var(name, span=span)
        if name in self.constants:
            return self.constants[name]
        home = home_of(self.source.function, name)
        if home is None:
            # As in Python, that is an error only where the name is read.
            namespace = self.source.function.__globals__
            return n.Global(name, Home(str(namespace.get("__name__", "?")), namespace), span=span)
        self.free[name] = home
        try:
            value = home.read(name)
        except NameError:
            raise UnsupportedError(f"the name {name!r} is not bound yet.", span) from None
        if isinstance(value, BuiltinFunctionType | type) and value in _FORBIDDEN:
            raise UnsupportedError(
                f"{name} may read and write variables unseen.", span, None, "name the variables."
            )
        if is_fixed(value):
            plain = plain_function(value)
            return n.Ref(name, plain, plain, span=span)
        return n.Global(name, home, span=span)

    def attribute(self, base: n.Ref, name: str, span: Span | None) -> n.Expr | None:
        owner = self.free[base.path].read(base.path) if base.path in self.free else base.value
        found = derivative_attribute(base, owner, name, span) or module_attribute(base, name, span)
        if found is None or is_fixed(found.value):
            return found
        if isinstance(base.value, ModuleType) and is_library(base.value):
            return found
        # Data in a module of the user's: read live through the module.
        return n.Field(base, name, span=span)
