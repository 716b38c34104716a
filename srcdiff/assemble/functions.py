"""Functions as values: which function a call calls, and the functions made for such calls.

A call through a variable, of a closure, or of a function that takes or returns functions, becomes
a call of a first-order function: one for each combination of kinds, where the kind of a function
tells its code. What the functions hold becomes arguments (`ir/functional.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from srcdiff.analysis.activity import is_reader
from srcdiff.analysis.kinds import World, infer_kinds, whole_kind
from srcdiff.assemble.containers import Setting, plain_forms
from srcdiff.assemble.derivatives import (
    derivative_call,
    derived_kind,
    taken_apart,
    transform_of,
)
from srcdiff.assemble.prepare import with_derivatives
from srcdiff.assemble.results import Helpers
from srcdiff.assemble.specialise import canonical, in_terms_of, is_pending
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee
from srcdiff.ir.fresh import Names
from srcdiff.ir.functional import (
    Infer,
    captured_here,
    encoded,
    held,
    is_function,
    is_functional,
    left,
    part,
)
from srcdiff.ir.kinds import PENDING, UNKNOWN, FunctionOf, Kind, Known, Object, PartialOf
from srcdiff.ir.names import PRIMAL
from srcdiff.ir.show import show
from srcdiff.ir.stars import is_starred, spread
from srcdiff.ir.walk import expressions, names_of, statements, subexpressions
from srcdiff.normalize.arguments import Default, bind_arguments
from srcdiff.normalize.functions import Conversion, Pieces
from srcdiff.normalize.inline import inline_calls
from srcdiff.normalize.jumps import explicit_ends, jumps_to_tails
from srcdiff.normalize.lifting import recursive_closures_lifted
from srcdiff.normalize.nonlocals import nonlocals_to_results
from srcdiff.normalize.unroll import unrolled

# How many calls of one function, each with other functions as arguments, may lie in each other.
_MAX_DEPTH = 12


@dataclass
class _Site:
    """A call of a function that is to be made first-order.

    Attributes:
        key: tells the function before.
        function: it.
        kinds: the kinds of all its variables that come from outside, functional ones included.
        given: parameters of the new function, and the arguments for them.
        pieces: which of these hold leaves of functional variables.
        absent: the functional parameters, which go.
    """

    key: Hashable
    function: n.Function
    kinds: dict[str, Kind] = field(default_factory=dict)
    given: list[tuple[n.Param, n.Expr | Default]] = field(default_factory=list)
    pieces: Pieces = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    names: Names = field(default_factory=lambda: Names(()))


@dataclass(frozen=True, eq=False)
class _Made:
    """A function made for calls, and the kind of its result before, where that is functional."""

    callee: Callee
    returned: Kind | None


@dataclass(eq=False)
class Functions:
    """Makes first-order functions, each once.

    Args:
        world: globals and functions outside.
        helpers: where called functions come from.
        ours: whether a callable is one of the user's functions.
        result_kind: the kind of the result of a first-order call of one of them.
        is_settled: whether what is known of results will not change any more: it may, while the
            kinds of recursive functions are being found.
    """

    world: World
    helpers: Helpers
    ours: Callable[[Any], bool]
    result_kind: Callable[[n.Call, Callable[[n.Expr], Kind]], Kind]
    is_settled: Callable[[], bool]
    # The functions made, by what tells them apart.
    variants: dict[Hashable, Callee]
    _made: dict[Hashable, _Made] = field(default_factory=dict)
    _converted: dict[Hashable, tuple[n.Function, Kind | None]] = field(default_factory=dict)
    # Functions without objects, by the function and the kinds of its parameters.
    _apart: dict[Hashable, n.Function] = field(default_factory=dict)
    _first_order: set[n.Function] = field(default_factory=set)
    _running: list[Hashable] = field(default_factory=list)

    # --- calls ----------------------------------------------------------------------------------

    def kind(self, call: n.Call, infer: Infer) -> Kind | None:
        """The kind of a call's result; None where it calls no function that is known here."""
        if isinstance(call.callee, n.Ref) and call.callee.value is functools.partial:
            return _partial_kind(call, infer)
        if transform_of(call.callee) not in (None, "jvp"):
            return derived_kind(call, infer)
        found, returned = self._resolved(call, infer)
        if returned is not None:
            return returned
        if found is not None:
            kind = infer(found)
            known = isinstance(found.callee, n.Ref) and self.ours(found.callee.value)
            return kind if known or kind != UNKNOWN else None
        if isinstance(call.callee, n.Ref) and self.ours(call.callee.value):
            return self.result_kind(call, infer)
        return None

    def resolve(self, call: n.Call, infer: Infer) -> n.Call | None:
        """The first-order call that a call stands for; None where it is one, or is not known."""
        return self._resolved(call, infer)[0]

    def _resolved(self, call: n.Call, infer: Infer) -> tuple[n.Call | None, Kind | None]:
        call, steps, tangents = taken_apart(call, infer)
        found, returned = self._resolved_plain(call, infer)
        if not steps:
            return found, returned
        made = derivative_call(found or _applied(call, infer), steps, tangents)
        return (self.world.specialised(made, infer) if made else None), returned

    def _resolved_plain(self, call: n.Call, infer: Infer) -> tuple[n.Call | None, Kind | None]:
        applied = _applied(call, infer)
        if applied is None:
            return None, None
        callee = applied.callee
        plain = spread(applied, infer)
        if not isinstance(plain, n.Call) or is_starred(plain):
            return None, None
        applied = plain
        if isinstance(callee, n.Ref) and not isinstance(callee.value, FunctionType | Callee):
            return (None if callee is call.callee else applied), None
        if isinstance(callee, n.Ref) and not self.ours(callee.value):
            if is_reader(call.callee):
                # A logger's method, which looks at what it is given, stays a method.
                return None, None
            return (None if callee is call.callee else applied), None
        site = self._site(applied, infer)
        if any(map(is_pending, site.kinds.values())):
            return None, PENDING
        if isinstance(callee, n.Ref) and not site.absent:
            kind = self.result_kind(applied, infer)
            if not is_functional(kind):
                return (None if callee is call.callee else applied), None
        return self._made_call(applied, site, infer)

    def _made_call(self, call: n.Call, site: _Site, infer: Infer) -> tuple[n.Call, Kind | None]:
        name = _name(call.callee, site.function)
        kinds = canonical(site.kinds, site.function.name)
        made = self._specialised(site, kinds, name, call)
        ref = n.Ref(made.callee.name, made.callee, made.callee)
        args, keywords = _arguments(site)
        label = f"{getattr(infer, 'at', '')}|{show(call)}"
        returned = made.returned
        if returned is not None:
            returned = in_terms_of(site.kinds, kinds, returned, label)
        return n.Call(ref, args, keywords, span=call.span), returned

    # --- one call -------------------------------------------------------------------------------

    def _site(self, call: n.Call, infer: Infer) -> _Site:
        """What a call gives to the function that it calls."""
        if isinstance(call.callee, n.Ref):
            callee = self.helpers.callee(call.callee.value)
            site = _Site(callee.key, callee.function)
            code = None
        else:
            kind = infer(call.callee)
            assert isinstance(kind, FunctionOf)
            code = kind.code
            if code.failure is not None:
                raise code.failure
            if code.nonlocals:
                raise _assigns_outside(code)
            callee = Callee(code, code.function)
            site = _Site(code, code.function)
        site.names = Names(names_of(site.function))
        late = {} if code is None else dict(held(infer(call.callee)))
        for p, (name, value) in zip(
            callee.params, bind_arguments(call, callee).items(), strict=True
        ):
            if name in late:
                value = part(call.callee, name) if isinstance(value, Default) else value
            self._give(site, p, value, infer)
        if code is not None:
            self._give_captured(site, call.callee, infer)
        return site

    def _give(self, site: _Site, p: n.Param, value: n.Expr | Default, infer: Infer) -> None:
        """One parameter and its argument; of a function, what it holds."""
        if isinstance(value, Default):
            kind = self.helpers.kind_of(value.value, p.name)
        else:
            kind = whole_kind(infer, value)
        if not is_functional(kind):
            site.kinds[p.name] = kind
            site.given.append((p, value))
            return
        site.kinds[p.name] = left(kind, infer)
        site.absent.add(p.name)
        if isinstance(value, Default):
            return
        for path, leaf, leaf_kind in encoded(value, kind, infer):
            self._give_leaf(site, (p.name, path), leaf, leaf_kind)

    def _give_leaf(
        self, site: _Site, piece: tuple[str, tuple[str, ...]], leaf: n.Expr, kind: Kind
    ) -> None:
        last = piece[1][-1]
        wish = f"{piece[0]}_{last}"
        name = site.pieces[piece] = site.names.fresh(wish)
        site.kinds[name] = kind
        site.given.append((n.Param(name, 1), leaf))

    def _give_captured(self, site: _Site, callee: n.Expr, infer: Infer) -> None:
        """What the function captures: values that it holds, and variables of this function."""
        kind = infer(callee)
        assert isinstance(kind, FunctionOf)
        for name, _ in kind.held:
            if name not in site.kinds:
                self._give(site, n.Param(name, 1), part(callee, name), infer)
        self._give_here(site, kind, infer)

    def _give_here(self, site: _Site, kind: FunctionOf, infer: Infer) -> None:
        """The variables of this function that it and the functions that it names capture."""
        for name in captured_here(kind):
            if name in site.kinds:
                continue
            item = infer(n.Var(name))
            if isinstance(item, FunctionOf):
                site.kinds[name] = item
                site.absent.add(name)
                for inner, _ in item.held:
                    value = part(n.Var(name), inner)
                    if is_functional(infer(value)):
                        for path, leaf, leaf_kind in encoded(value, infer(value), infer):
                            self._give_leaf(site, (name, (inner, *path)), leaf, leaf_kind)
                    else:
                        self._give_leaf(site, (name, (inner,)), value, infer(value))
                self._give_here(site, item, infer)
            else:
                _check_shadow(site, name, kind)
                self._give(site, n.Param(name, 1), n.Var(name), infer)

    # --- functions ------------------------------------------------------------------------------

    def _specialised(
        self, site: _Site, kinds: Mapping[str, Kind], name: str, call: n.Call
    ) -> _Made:
        key = (site.key, tuple(kinds.items()), tuple(p.name for p, _ in site.given))
        if key not in self._made:
            self._check_depth(site, key, call)
            self._running.append(key)
            try:
                made = self._make(site, kinds, name)
            except UnsupportedError as error:
                raise error if error.span == call.span else error.inside(name) from None
            finally:
                self._running.pop()
            if not self.is_settled():
                return made
            self._made[key] = made
        return self._made[key]

    def _check_depth(self, site: _Site, key: Hashable, call: n.Call) -> None:
        same = [k for k in self._running if isinstance(k, tuple) and k[0] == site.key]
        if key in self._running or len(same) >= _MAX_DEPTH:
            raise UnsupportedError(
                f"{site.function.name} calls itself; recursion is not supported yet where "
                "functions are values.",
                call.span,
                None,
                "write it as a loop, or make it a function of the module that takes no function.",
            )

    def _make(self, site: _Site, kinds: Mapping[str, Kind], name: str) -> _Made:
        params = tuple(
            replace(p, passing=1, default=None, has_default=False) for p, _ in site.given
        )
        body, returned = self._convert(site.function, kinds, dict(site.pieces), site.absent)
        function = replace(site.function, name=name, params=params, body=body, origin=None)
        # Calls with other kinds share the function where it comes out the same.
        variant = (site.key, repr(params), repr(body), tuple(map(_identity, _refs(body))))
        if variant not in self.variants:
            self.variants[variant] = Callee(function, function)
            self._first_order.add(function)
        return _Made(self.variants[variant], returned)

    def converted(
        self, function: n.Function, kinds: Mapping[str, Kind]
    ) -> tuple[n.Function, Kind | None]:
        """A function whose parameters stay, with all its calls first-order; and the kind of its
        result where that is functional.
        """
        if function in self._first_order:
            return function, None
        key = (function, tuple(kinds.items()))
        if key not in self._converted:
            function = self.without_objects(function, kinds)
            if not self._is_needed(function, kinds):
                return function, None
            body, returned = self._convert(function, kinds, {}, set())
            made = replace(function, body=body)
            self._first_order.add(made)
            if not self.is_settled():
                return made, returned
            self._converted[key] = made, returned
        return self._converted[key]

    def without_objects(self, function: n.Function, kinds: Mapping[str, Kind]) -> n.Function:
        """The function with the objects taken apart that it makes and changes."""
        key = (function, tuple(kinds.items()))
        if key not in self._apart:
            apart = self.world.objects_apart(function, kinds)
            if not self.is_settled():
                return apart
            self._apart[key] = apart
        return self._apart[key]

    def _is_needed(self, function: n.Function, kinds: Mapping[str, Kind]) -> bool:
        if any(map(is_functional, kinds.values())):
            return True
        for s in statements(function.body):
            for e in expressions(s):
                for x in subexpressions(e):
                    if isinstance(x, n.Closure) or (
                        isinstance(x, n.Call) and self._is_odd(x, kinds)
                    ):
                        return True
        return False

    def _is_odd(self, call: n.Call, kinds: Mapping[str, Kind]) -> bool:
        """Whether a call may not be first-order, or give a function."""
        callee = call.callee
        if isinstance(callee, n.Ref):
            value = callee.value
            apart = isinstance(value, functools.partial | MethodType) or not isinstance(
                value, FunctionType | BuiltinFunctionType | type | np.ufunc
            )
            return apart or self.ours(value)
        if not isinstance(callee, n.Field):
            return True
        while isinstance(callee, n.Field):
            callee = callee.base
        kind = None
        if isinstance(callee, n.Var):
            kind = kinds.get(callee.name)
        elif isinstance(callee, n.Global):
            kind = self.world.global_kind(callee)
        return isinstance(kind, Object) or (
            isinstance(callee, n.Ref) and not isinstance(callee.value, ModuleType)
        )

    def _convert(
        self, function: n.Function, kinds: Mapping[str, Kind], pieces: Pieces, absent: set[str]
    ) -> tuple[n.Block, Kind | None]:
        names = Names(names_of(function) | kinds.keys())
        function = inline_calls(function, names, self.world.written_out)
        function = nonlocals_to_results(function, names)
        if self.world.containers is None:
            function = recursive_closures_lifted(function)
        function = with_derivatives(function, self.world)
        function = explicit_ends(jumps_to_tails(function, names))
        setting = Setting(kinds, self.world, self.ours)
        function = plain_forms(function, names, setting, None)
        facts = infer_kinds(function, kinds, self.world)
        while (longer := unrolled(function, facts, names)) is not None:
            function = longer
            facts = infer_kinds(function, kinds, self.world)
        conversion = Conversion(facts, self.resolve, names, pieces, self.world.is_pure, absent)
        body = conversion.run(function.body)
        return body, conversion.returned


@dataclass(frozen=True)
class _Bound:
    """A callee with the arguments that come before and beside those of the call."""

    callee: n.Expr
    args: tuple[n.Expr, ...]
    keywords: Mapping[str, n.Expr]


def _applied(call: n.Call, infer: Infer) -> n.Call | None:
    """The call with its callee found: a Ref, or an expression whose kind tells the code."""
    callee, args, keywords = call.callee, call.args, dict(call.keywords)
    while True:
        if isinstance(callee, n.Field) and isinstance(callee.base, n.Ref):
            if isinstance(callee.base.value, ModuleType):
                return None
        kind = infer(callee)
        if isinstance(kind, PartialOf):
            given = tuple(part(callee, str(i)) for i in range(len(kind.args)))
            args = (*given, *args)
            keywords = {**{k: part(callee, k) for k, _ in kind.keywords}, **keywords}
            callee = part(callee, "function")
            continue
        if isinstance(kind, Object):
            if isinstance(callee, n.Field) and callee.name == "__call__":
                return None
            callee = n.Field(callee, "__call__", span=call.span)
            continue
        if isinstance(kind, Known) and callable(kind.value):
            ref = callee if isinstance(callee, n.Ref) else reference(kind.value)
            return n.Call(ref, args, tuple(keywords.items()), span=call.span)
        if isinstance(kind, FunctionOf):
            return n.Call(callee, args, tuple(keywords.items()), span=call.span)
        return None


def reference(value: Any) -> n.Ref:
    """How the text names a function that came as a value."""
    name = getattr(value, "__name__", type(value).__name__)
    if hasattr(type(value), PRIMAL):
        return reference(getattr(value, PRIMAL))
    if isinstance(value, FunctionType):
        return n.Ref("function" if name == "<lambda>" else name, value, value)
    if getattr(np, name, None) is value:
        return n.Ref(f"np.{name}", value, np)
    if getattr(np.linalg, name, None) is value:
        return n.Ref(f"np.linalg.{name}", value, np)
    return n.Ref(name, value, value)


def _partial_kind(call: n.Call, infer: Infer) -> Kind | None:
    if not call.args or not is_function(infer(call.args[0])):
        return None
    keywords = tuple((name, infer(value)) for name, value in call.keywords)
    return PartialOf(infer(call.args[0]), tuple(map(infer, call.args[1:])), keywords)


def _assigns_outside(code: n.Code) -> UnsupportedError:
    name = code.nonlocals[0]
    return UnsupportedError(
        f"a nested function that assigns to {name!r} of the function around it is not supported "
        "here.",
        code.function.span,
        None,
        f"return the new value, and assign it where the function is called: {name} = g(...).",
    )


def _name(callee: n.Expr, function: n.Function) -> str:
    """A made function is named after the function; a lambda after what it is called by."""
    if function.name != "lambda":
        return function.name
    if isinstance(callee, n.Ref):
        return callee.path.rpartition(".")[2]
    return callee.name if isinstance(callee, n.Var) else "function"


def _arguments(site: _Site) -> tuple[tuple[n.Expr, ...], tuple[tuple[str, n.Expr], ...]]:
    """The arguments by position; those that have a default are given it."""
    values = (value for _, value in site.given)
    return tuple(v.expr if isinstance(v, Default) else v for v in values), ()


def _check_shadow(site: _Site, name: str, kind: FunctionOf) -> None:
    own = names_of(site.function)
    assert isinstance(site.key, n.Code)
    if name in own and name not in site.key.captured:
        raise UnsupportedError(
            f"{name!r} is a variable of {site.function.name}, and another one in "
            f"{kind.code.function.name}, which it calls.",
            site.function.span,
            None,
            "give one of them another name.",
        )


def _refs(body: n.Block) -> list[Any]:
    found = (x for s in statements(body) for e in expressions(s) for x in subexpressions(e))
    return [x.value for x in found if isinstance(x, n.Ref)]


def _identity(value: Any) -> int:
    return id(value)
