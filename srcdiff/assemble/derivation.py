"""One derivative of one function: the functions that its text consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from srcdiff.analysis.unknowns import check_none
from srcdiff.assemble.calls import PairMaker
from srcdiff.assemble.containers import Setting
from srcdiff.assemble.gradient import Wanted, check_result, gradient, written_params
from srcdiff.assemble.prepare import prepare
from srcdiff.assemble.pullback import Pullback
from srcdiff.assemble.pushed import PushforwardMaker
from srcdiff.assemble.tangent import Pushforward, Trees, pushforward
from srcdiff.errors import Span, UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.callee import JACOBIANS, Callee, Step
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import UNKNOWN, DictOf, ItemsOf, Kind, Maybe, TupleOf
from srcdiff.ir.walk import names_of, statements
from srcdiff.normalize.arguments import calling
from srcdiff.normalize.jumps import falls_through
from srcdiff.normalize.results import named_results
from srcdiff.normalize.trees import Apart, assembled, has_records, taken_apart, trees_of
from srcdiff.transform.primal import Primal

_FORWARD = ("jvp", "tangent", "hvp")


@dataclass(frozen=True)
class Derivation:
    """A function that is being differentiated, made ready for it.

    Attributes:
        step: what is derived.
        base: the function.
        primal: it, prepared, and its facts.
        kinds: the kinds of its parameters.
        calls: what knows of the functions it calls.
    """

    step: Step
    base: Callee
    primal: Primal
    kinds: Mapping[str, Kind]
    calls: PairMaker
    apart: Apart | None = None

    @property
    def written(self) -> tuple[str, ...]:
        """The parameters whose arguments the primal writes into."""
        found = written_params(self.primal)
        return tuple(found) if self.apart is None else self.apart.owners(found)

    def functions(self, doc: str, sizes: Callable[[Kind], str]) -> list[n.Function]:
        """The derivative, after the functions that it calls.

        Args:
            doc: its docstring.
            sizes: the shape of a kind, for messages.

        Raises:
            UnsupportedError: the function does what cannot be differentiated.
            TypeError: the result is not a real scalar, and a gradient is wanted.
        """
        if self.primal.kinds.returned == UNKNOWN:
            raise UnsupportedError(
                "it is not known what this function returns.",
                _first_return(self.primal.function),
                None,
                "return a number made by functions that have a derivative.",
            )
        if isinstance(self.primal.kinds.returned, Maybe):
            check_none(self.primal.function, self.primal.kinds)
            self.primal.kinds.returned = self.primal.kinds.returned.item
        if self.step.mode in _FORWARD:
            return self._forward(doc)
        return self._both(doc) if self.step.mode == "vjp" else self._reverse(doc, sizes)

    def _reverse(self, doc: str, sizes: Callable[[Kind], str]) -> list[n.Function]:
        step, primal = self.step, self.primal
        kind = primal.kinds.returned
        if kind is not None or falls_through(primal.function.body):
            if step.has_aux and isinstance(kind, TupleOf) and kind.items:
                kind = kind.items[0]
            check_result(kind, primal.function.name, sizes)
        # Otherwise it always raises, and so will its derivative.
        value = step.mode == "value_and_grad"
        wanted = Wanted(step.wrt, value, step.as_tuple, step.has_aux, self.apart)
        function = gradient(primal, wanted, self.kinds, self.calls.world, self.calls, doc)
        function = self.calls.used_by(function)
        return [*self.calls.functions(), function]

    def _both(self, doc: str) -> list[n.Function]:
        kinds = self.kinds if self.apart is None else self.apart.kinds
        what = Pullback(self.base, self.primal, self.step, kinds, self.calls, self.apart)
        return what.functions(doc)

    def _forward(self, doc: str) -> list[n.Function]:
        step, primal = self.step, self.primal
        pushed = PushforwardMaker(self.calls)
        trees, wrt, kinds = None, step.wrt, self.kinds
        if self.apart is not None:
            trees = Trees(self.apart, step.wrt, self.kinds)
            wrt, kinds = self.apart.leaves(step.wrt), self.apart.kinds
        what = Pushforward(
            primal,
            wrt,
            kinds,
            self.calls.world,
            pushed,
            has_aux=step.has_aux,
            trees=trees,
            value=step.mode == "jvp",
        )
        name = primal.function.name
        if step.mode == "hvp":
            name = name.removesuffix("_grad")
        function = pushforward(what, f"{name}_{step.mode}", doc)
        return [*pushed.functions(), function]


def derivation(
    function: n.Function, step: Step, kinds: Mapping[str, Kind], calls: PairMaker
) -> Derivation:
    """A function made ready for a derivative.

    Raises:
        UnsupportedError: the function does what cannot be differentiated.
    """
    # In forward mode the tangent of a tree is a tree; only lists of several kinds are taken apart.
    apart = None
    if any(has_records(kinds[name]) for name in step.wrt):
        return _of_trees(
            function, _without_records(function, step, kinds, calls), step, kinds, calls
        )
    whole = calls.world.containers is not None
    if (
        whole
        or step.mode not in _FORWARD
        or any(map(_has_list, (kinds[name] for name in step.wrt)))
    ):
        apart = taken_apart(function, kinds, step.wrt, Names(names_of(function)), whole)
    if apart is not None:
        return _of_trees(function, apart, step, kinds, calls)
    setting = Setting(kinds, calls.world, calls.ours)

    def ready(function: n.Function) -> Primal:
        if step.mode in _FORWARD:
            function = named_results(function, Names(names_of(function)))
        return prepare(function, step.wrt, setting)

    primal = ready(function)
    base = Callee(function if function.origin is None else function.origin, function)
    # What it wraps may have its name.
    calls.names.reserve((f"{function.name}_{step.mode}",))
    if step.mode != "vjp" and function.origin is not None and calls.results.is_called(base):
        # One that calls itself is differentiated as a callee, of one that does nothing else.
        primal = ready(calling(function, step.has_aux))
    return Derivation(step, base, primal, kinds, calls)


def _without_records(
    function: n.Function, step: Step, kinds: Mapping[str, Kind], calls: PairMaker
) -> Apart:
    """The function with the objects taken apart that it is differentiated with respect to."""
    names = Names(names_of(function))
    trees = trees_of(kinds, step.wrt, names)
    body = calls.world.records_apart(function, kinds, trees, names)
    return assembled(replace(function, flat=True), kinds, trees, body)


def _has_list(kind: Kind) -> bool:
    """Whether a list whose items are of several kinds is in a tree."""
    if isinstance(kind, TupleOf | DictOf):
        return any(map(_has_list, kind.items))
    return isinstance(kind, ItemsOf)


def _of_trees(
    function: n.Function, apart: Apart, step: Step, kinds: Mapping[str, Kind], calls: PairMaker
) -> Derivation:
    """The same, where what is differentiated is made of tuples, lists and dicts."""
    setting = Setting(apart.kinds, calls.world, calls.ours)
    whole = apart.function
    if step.mode in _FORWARD:
        whole = named_results(whole, Names(names_of(whole)))
    primal = prepare(whole, apart.leaves(step.wrt), setting)
    if function.origin is not None and calls.results.is_called(Callee(function.origin, function)):
        raise UnsupportedError(
            f"{function.name} calls itself, and is differentiated with respect to a tuple, list "
            "or dict, which is not supported yet.",
            function.span,
            None,
            "pass its numbers and arrays as arguments of their own.",
        )
    # No object stands for it: the user's function takes the trees as they are.
    base = Callee(apart.function, replace(apart.function, origin=None))
    return Derivation(step, base, primal, kinds, calls, apart)


def title(step: Step, subject: str) -> str:
    """What a derivative is, as the first line of its docstring."""
    *first, last = step.wrt or ("nothing",)
    wrt = f"{', '.join(first)} and {last}" if first else last
    if step.mode in ("jvp", "tangent"):
        many = "tangents" if first else "the tangent"
        what = "Value and tangent" if step.mode == "jvp" else "Tangent"
        return f"{what} of {subject}, for {many} of {wrt}."
    if step.mode == "hvp":
        many = "directions" if first else "a direction"
        return f"Product of the Hessian of {subject} with {many} of {wrt}."
    if step.mode in JACOBIANS:
        what = "Hessian" if step.mode == "hessian" else "Jacobian"
        how = {"jacfwd": ", a column at a time", "jacrev": ", a row at a time"}.get(step.mode, "")
        return f"{what} of {subject} with respect to {wrt}{how}."
    if step.mode == "vjp":
        return f"Value of {subject} and its pullback, with respect to {wrt}."
    what = "Gradient" if step.mode == "grad" else "Value and gradient"
    return f"{what} of {subject} with respect to {wrt}."


def _first_return(function: n.Function) -> Span | None:
    return next((s.span for s in statements(function.body) if isinstance(s, n.Return)), None)
