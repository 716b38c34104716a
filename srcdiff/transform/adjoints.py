"""Names and places of adjoints, `dx` beside `x` and `dA[i]` beside `A[i]`, and of tangents, `x_dot`
and `A_dot[i]`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names


@dataclass
class Adjoints:
    """The adjoint variable of each primal variable, named at its first use."""

    names: Names
    of: dict[str, str] = field(default_factory=dict)
    indices: list[str] = field(default_factory=list)
    # How many reverse sweeps the primal is made of: `dx` beside `x`, then `d2x` and `d2dx`.
    order: int = 0

    def wish(self, primal: str) -> str:
        """What the adjoint of a variable is called, if that is free."""
        return f"d{self.order + 1}{primal}" if self.order else f"d{primal}"

    def name(self, primal: str) -> str:
        """The adjoint's name for a variable's."""
        if primal not in self.of:
            self.of[primal] = self.names.fresh(self.wish(primal))
        return self.of[primal]

    def index(self) -> n.Var:
        """The variable of loops over the items of lists."""
        if not self.indices:
            self.indices.append(self.names.fresh("k"))
        return n.Var(self.indices[0])

    def place(self, place: n.Expr) -> n.Place:
        """The adjoint of a place: the same path from the adjoint variable."""
        match place:
            case n.Var():
                return n.Var(self.name(place.name))
            case n.Index():
                return n.Index(self.place(place.base), place.key)
            case n.Field():
                return n.Field(self.place(place.base), place.name)
        raise TypeError(f"not a place: {place}")

    def primal(self, adjoint: str) -> str | None:
        """The variable that a name is the adjoint of, if it is one."""
        return next((p for p, a in self.of.items() if a == adjoint), None)


@dataclass
class Tangents(Adjoints):
    """The tangent variable of each primal variable, named at its first use."""

    def wish(self, primal: str) -> str:
        """What the tangent of a variable is called, if that is free."""
        if primal.endswith("_tape"):
            return f"{primal.removesuffix('_tape')}_dot_tape"
        return f"{primal}_dot"
