"""Derivatives inside differentiated functions, and derivatives of derivatives.

    def f(x):                               def f(x):
        return x * grad(g)(x)       →           return x * g_grad(x)

A call of a derivative becomes a call of the function that the derivative is for these arguments.
That function's IR is what was derived, and is differentiated like any other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from srcdiff.assemble.calls import PairMaker
from srcdiff.assemble.derivation import derivation, title
from srcdiff.assemble.jacobians import Jacobians
from srcdiff.assemble.specialise import canonical
from srcdiff.assemble.sweeps import place_of
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import JACOBIANS, TANGENT_OF, Callee, Derived
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Kind, PartialOf
from srcdiff.normalize.arguments import Default, bind_arguments


class Surroundings(Protocol):
    """What lies outside, for one derivative after the other."""

    def callee(self, value: Any) -> Callee:
        """One of the user's functions."""

    def kind_of(self, value: Any, name: str) -> Kind:
        """The kind of a value."""

    def again(self) -> PairMaker:
        """What knows of calls, for a derivative inside this one."""

    def reserve(self, names: Names) -> None:
        """Keeps invented names apart from the free names of the function."""


@dataclass(eq=False)
class Nesting:
    """Makes the functions that derivatives are, for arguments of certain kinds."""

    surroundings: Surroundings
    made: dict[Any, Callee] = field(default_factory=dict)

    def specialised(
        self, call: n.Call, derived: Derived, infer: Callable[[n.Expr], Kind]
    ) -> n.Call:
        """The call of a derivative as a call of the function that it is for these arguments."""
        given = {name: value for name, value in call.keywords if name.startswith(TANGENT_OF)}
        plain = tuple((name, value) for name, value in call.keywords if name not in given)
        arguments = bind_arguments(
            n.Call(call.callee, call.args, plain, span=call.span),
            self.surroundings.callee(derived.root),
        )
        found = {name: self._kind(value, name, infer) for name, value in arguments.items()}
        if any(isinstance(kind, PartialOf) for kind in found.values()):
            raise UnsupportedError(
                "a derivative is given a partial or a bound method, which is not supported yet.",
                call.span,
                None,
                "differentiate a function that calls it by its name.",
            )
        kinds = canonical(found, derived.name)
        callee = self.callee(derived, kinds)
        # The last parameters of a forward derivative are the tangents, in the order of `wrt`.
        params = [p for p in callee.params if p.passing != inspect.Parameter.VAR_KEYWORD]
        tangents = params[len(params) - len(given) :]
        named = tuple((p.name, value) for p, value in zip(tangents, given.values(), strict=True))
        ref = n.Ref(callee.name, callee, callee)
        return n.Call(ref, call.args, (*plain, *named), span=call.span)

    def _kind(self, value: n.Expr | Default, name: str, infer: Callable[[n.Expr], Kind]) -> Kind:
        if isinstance(value, Default):
            return self.surroundings.kind_of(value.value, name)
        return infer(value)

    def callee(self, derived: Derived, kinds: Mapping[str, Kind]) -> Callee:
        """The function that a derivative is for arguments of these kinds.

        Raises:
            UnsupportedError: the function does what cannot be differentiated.
            TypeError: the result is not a real scalar, and a gradient is wanted.
        """
        key = (derived, tuple(kinds.items()))
        if key not in self.made:
            made = self._made(derived, kinds)
            self.made[key] = Callee(
                key, replace(made, span=self.base(derived, kinds).function.span)
            )
        return self.made[key]

    def base(self, derived: Derived, kinds: Mapping[str, Kind]) -> Callee:
        """What the derivative is one of."""
        if isinstance(derived.base, Derived):
            return self.callee(derived.base, kinds)
        return self.surroundings.callee(derived.base)

    def _made(self, derived: Derived, kinds: Mapping[str, Kind]) -> n.Function:
        step = derived.step
        if step.mode in JACOBIANS:
            return Jacobians(self, derived, kinds).plain()
        function = self.base(derived, kinds).function
        work = derivation(function, step, kinds, self.surroundings.again())
        return work.functions(title(step, place_of(function)), lambda kind: "?")[-1]
