"""Which functions a Jacobian is made of: by columns, by rows, or whichever are fewer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from srcdiff.analysis.kinds import World
from srcdiff.assemble.derivation import derivation, title
from srcdiff.assemble.jacobian import Jacobian, check_result
from srcdiff.assemble.sweeps import place_of
from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import Callee, Derived, Step
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import UNKNOWN, Array, Kind, TupleOf, is_float, is_number
from srcdiff.ir.walk import expressions, statements, subexpressions
from srcdiff.normalize.arguments import passed_on

if TYPE_CHECKING:
    from srcdiff.assemble.nesting import Nesting


@dataclass(eq=False)
class Jacobians:
    """The functions of one Jacobian or Hessian.

    Args:
        nesting: makes the derivatives that it calls.
        derived: what it is.
        kinds: the kinds of the parameters.
    """

    nesting: Nesting
    derived: Derived
    kinds: Mapping[str, Kind]
    base: Callee = field(init=False)
    result: Kind = field(init=False)

    def __post_init__(self) -> None:
        step = self.derived.step
        self.hessian = ""
        if step.mode == "hessian":
            # Forward over reverse: the Jacobian of the gradient.
            gradient = Derived(self.derived.base, replace(step, mode="grad"))
            self.hessian = self.derived.name
            self.derived = Derived(gradient, replace(step, mode="jacfwd"))
        self.base = self.nesting.base(self.derived, self.kinds)
        again = self.nesting.surroundings.again()
        tangent = replace(self.step, mode="tangent")
        primal = derivation(self.base.function, tangent, self.kinds, again).primal
        self.result = primal.kinds.returned or UNKNOWN
        self.name = self.hessian or f"{self.base.name}_{step.mode}"
        for p in self.step.wrt:
            if not is_float(self.kinds[p]):
                raise UnsupportedError(
                    "Jacobians with respect to a tuple, list or dict are not supported yet "
                    f"({p!r} is one).",
                    self.base.function.span,
                    None,
                    "pass an array.",
                )
        check_result(self.result, self.base.name)

    @property
    def step(self) -> Step:
        return self.derived.step

    def plain(self) -> n.Function:
        """The Jacobian as a function that can be differentiated again: by columns, or as the
        gradient that it is of a number.
        """
        if self._is_gradient():
            return self._gradient()
        return self._forward(self.name)

    def functions(self) -> list[n.Function]:
        """The Jacobian, after functions that it calls."""
        mode = self.step.mode
        if self._is_gradient():
            return [self._gradient()]
        if mode == "jacobian":
            mode = self._cheaper()
        elif self.hessian and self._acts():
            # Its forward sweep is run once.
            mode = "jacrev"
        if mode == "jacfwd":
            return [self._forward(self.name)]
        if mode == "jacrev":
            return self._reverse(self.name)
        *others, rows = self._reverse(f"{self.base.name}_jacrev")
        columns = self._forward(f"{self.base.name}_jacfwd")
        return [*others, rows, columns, self._either(rows, columns)]

    # --- which ----------------------------------------------------------------------------------

    def _is_gradient(self) -> bool:
        return self.step.mode != "jacfwd" and is_number(self.result)

    def _cheaper(self) -> str:
        """By columns or by rows; "jacobian" where it depends on sizes."""
        wrt = [self.kinds[p] for p in self.step.wrt]
        if self._acts():
            return "jacrev"
        if all(map(is_number, wrt)):
            return "jacfwd"
        if isinstance(self.result, TupleOf):
            return "jacrev" if all(map(is_number, self.result.items)) else "jacobian"
        sizes = [kind.dims for kind in (self.result, *wrt) if isinstance(kind, Array)]
        return "jacfwd" if len(wrt) == 1 and sizes[0] == sizes[-1] else "jacobian"

    def _acts(self) -> bool:
        """Whether the function may do more than compute, which must not happen several times."""
        calls = self.nesting.surroundings.again()
        todo, seen = [self.base.function], set[n.Function]()
        while todo:
            function = todo.pop()
            if function in seen:
                continue
            seen.add(function)
            if any(map(_is_effect, statements(function.body))):
                return True
            for x in _calls(function):
                callee = x.callee if isinstance(x, n.Call) else None
                if isinstance(callee, n.Ref) and calls.ours(callee.value):
                    if calls.helpers.derived(callee.value) is None:
                        todo.append(calls.helpers.callee(callee.value).function)
                elif not _is_pure(x, calls.world):
                    return True
        return False

    # --- how ------------------------------------------------------------------------------------

    def _names(self) -> Names:
        names = Names(self.base.function.param_names)
        self.nesting.surroundings.reserve(names)
        names.reserve((self.base.name,))
        return names

    def _jacobian(self) -> Jacobian:
        step = self.step
        wish = "hessian" if self.hessian else "jacobian"
        return Jacobian(
            self.base, step.wrt, step.as_tuple, self.kinds, self.result, self._names(), wish
        )

    def _doc(self, mode: str) -> str:
        if self.hessian:
            mode = "hessian"
        return title(replace(self.step, mode=mode), place_of(self.base.function))

    def _gradient(self) -> n.Function:
        gradient = Derived(self.derived.base, replace(self.step, mode="grad"))
        function = self.nesting.callee(gradient, self.kinds).function
        return replace(function, name=self.name, doc=self._doc(self.step.mode))

    def _forward(self, name: str) -> n.Function:
        if self._acts():
            raise UnsupportedError(
                f"the Jacobian of {self.base.name} by columns would do each time what it does "
                "besides computing (a call that may have effects, or is not known to have none).",
                self.base.function.span,
                None,
                "use jacrev, which runs the function once; or compute that value outside.",
            )
        return self._jacobian().forward(self._tangent_of, name, self._doc("jacfwd"))

    def _tangent_of(self, p: str) -> tuple[Callee, str]:
        tangent = Derived(self.derived.base, Step("tangent", (p,)))
        callee = self.nesting.callee(tangent, self.kinds)
        own = set(callee.function.param_names) - set(self.base.function.param_names)
        return callee, own.pop()

    def _reverse(self, name: str) -> list[n.Function]:
        step = Step("vjp", self.step.wrt)
        calls = self.nesting.surroundings.again()
        calls.again = False
        work = derivation(self.base.function, step, self.kinds, calls)
        self.nesting.surroundings.reserve(work.primal.names)
        made = work.functions(title(step, place_of(self.base.function)), lambda kind: "?")
        return [*made, self._jacobian().reverse(made[-1], name, self._doc("jacrev"))]

    def _either(self, rows: n.Function, columns: n.Function) -> n.Function:
        """Both ways, and the choice between them."""
        names = self._names()
        value = n.Var(names.fresh("value"))
        height, width = (
            _sizes(value, self.result),
            [size for p in self.step.wrt for size in _sizes(n.Var(p), self.kinds[p])],
        )
        test = n.Compare(("lt",), (_sum(height), _sum(width)))
        body = (
            n.Assign(value, passed_on(self.base)),
            n.If(test, (n.Return(self._call(rows)),)),
            n.Return(self._call(columns)),
        )
        return n.Function(self.name, self.base.params, body, self._doc("jacobian"))

    def _call(self, function: n.Function) -> n.Expr:
        return passed_on(self.base, ref=n.Ref(function.name, function, function))


def _sizes(e: n.Expr, kind: Kind) -> list[n.Expr]:
    if isinstance(kind, TupleOf):
        items = enumerate(kind.items)
        return [size for i, k in items for size in _sizes(n.Index(e, n.Const(i)), k)]
    return [n.Field(e, "size")] if isinstance(kind, Array) else [n.Const(1)]


def _sum(sizes: list[n.Expr]) -> n.Expr:
    total = sizes[0]
    for size in sizes[1:]:
        total = n.Op("add", (total, size))
    return total


def _is_effect(s: n.Stmt) -> bool:
    """Whether the statement is there for what it does, if not to a list or an array."""
    if isinstance(s, n.Opaque):
        return True
    return isinstance(s, n.Effect) and not isinstance(getattr(s.value, "callee", None), n.Field)


def _calls(function: n.Function) -> Iterator[n.Expr]:
    for s in statements(function.body):
        for e in () if isinstance(s, n.Raise | n.Assert) else expressions(s):
            for x in subexpressions(e):
                if isinstance(x, n.Call) or (isinstance(x, n.OpaqueExpr) and "(" in x.text):
                    yield x


def _is_pure(e: n.Expr, world: World) -> bool:
    if isinstance(e, n.Call) and isinstance(e.callee, n.Field):
        return not isinstance(e.callee.base, n.Ref | n.Global)
    return isinstance(e, n.Call | n.OpaqueExpr) and world.is_pure(e)
