"""What can be called in a text and differentiated there.

The passes know nothing else of a called function: not whether it stands in a module, was lifted
out of another function, or is itself a derivative. `Ref.value` holds the user's function object,
or a Callee for a function that no object stands for; `Callees` turns both into Callees.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol

from srcdiff.ir import nodes as n


@dataclass(frozen=True)
class Callee:
    """A function that calls refer to; two with the same key are the same function.

    Attributes:
        key: the function object, or whatever else tells the function from all others.
        function: its IR: first-order, and right for every call that refers to this callee.
    """

    key: Hashable
    function: n.Function = field(compare=False)

    @property
    def name(self) -> str:
        return self.function.name

    @property
    def params(self) -> tuple[n.Param, ...]:
        return self.function.params

    @property
    def origin(self) -> Callable[..., Any] | None:
        """The Python function that was lowered, if there is one."""
        return self.function.origin

    @property
    def ref(self) -> n.Ref:
        """How a call refers to it where it is called by its own name."""
        value = self if self.origin is None else self.origin
        return n.Ref(self.name, value, value)


@dataclass(frozen=True)
class Step:
    """One derivative of a function.

    Attributes:
        mode: "grad", "value_and_grad", "jvp", "vjp", "tangent" (that of `jvp`, without the
            value), "hvp" (the tangent of a gradient), or one of `JACOBIANS`.
        wrt: the parameters, in the order of the result.
        as_tuple: whether the gradients come as a tuple.
        has_aux: whether the function returns `(value, aux)`.
    """

    mode: str
    wrt: tuple[str, ...]
    as_tuple: bool = False
    has_aux: bool = False


# What is written as a loop over directions.
JACOBIANS = ("jacobian", "jacfwd", "jacrev", "hessian")


@dataclass(frozen=True)
class Derived:
    """A derivative as something that is called: which function it is depends on the arguments.

    Attributes:
        base: a function object, a Callee, or another Derived.
        step: what is derived from it.
    """

    base: Hashable
    step: Step

    @property
    def root(self) -> Any:
        """The function at the bottom."""
        return self.base.root if isinstance(self.base, Derived) else self.base

    @property
    def name(self) -> str:
        """What it is called in texts."""
        base: Any = self.base
        name = base.name if isinstance(base, Derived | Callee) else base.__name__
        name = "lambda" if name == "<lambda>" else name
        return f"{name}_{self.step.mode}"


# In a call of a forward derivative, the keyword under which a parameter's tangent is given.
TANGENT_OF = "tangent of "


class Callees(Protocol):
    """Where callees come from."""

    def callee(self, value: Any) -> Callee:
        """The callee that a Ref's value stands for."""
