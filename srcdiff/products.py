"""Products with vectors: `jvp`, `vjp` and `hvp`, and what `f.jvp`, `f.vjp` and `f.hvp` are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar

from srcdiff.dispatch import Dispatcher
from srcdiff.errors import UnsupportedError
from srcdiff.ir.callee import Step
from srcdiff.matching import Wording, has_derivative, matched, outline
from srcdiff.options import Options
from srcdiff.parameters import Parameters, check_differentiable
from srcdiff.signature import tree_kind
from srcdiff.target import Target


class _Product:
    """What is called with primals, and has a text for each choice of those that are active.

    `source`, `source_for` and `sources` are as those of other derivatives.
    """

    _mode: ClassVar[str]

    def __init__(self, target: Target) -> None:
        """The product of a target's Jacobian; users call `srcdiff.jvp` or `srcdiff.vjp`."""
        self._target = target
        # For each choice of active parameters, and whether there is an aux.
        self._dispatchers: dict[tuple[tuple[str, ...], bool], Dispatcher] = {}
        self._latest: Dispatcher | None = None
        self.__name__ = f"{target.name}_{self._mode}"

    @property
    def source(self) -> str:
        """The text of the latest call; before any, a comment that says so."""
        latest = None if self._latest is None else self._latest.state.latest
        if latest is None:
            name = self.__name__
            return f"# {name} has no text yet.\n# Call it, or ask {name}.source_for(...).\n"
        return latest.template.text

    @property
    def sources(self) -> MappingProxyType[str, str]:
        """Signature → text, for all calls so far (the oldest may be forgotten)."""
        bound = (b for d in self._dispatchers.values() for b in d.state.bound())
        return MappingProxyType({b.template.signature: b.template.text for b in bound})

    def _places(self, primals: tuple[Any, ...]) -> tuple[str, ...]:
        """The parameters that the primals are for."""
        parameters = Parameters.of(self._target.function.__code__)
        places = parameters.positional[len(self._target.fixed) :]
        if len(primals) > len(places):
            if parameters.star is not None:
                raise UnsupportedError(
                    f"{self._mode} of what *{parameters.star} collects is not supported yet.",
                    subject=self._target.name,
                    remedy="give each argument a parameter of its own.",
                )
            raise TypeError(
                f"{self._target.name} takes {len(places)} positional arguments, not {len(primals)}"
            )
        return places[: len(primals)]

    def _given(
        self, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """All positional arguments, and the tangents by parameter."""
        primals, tangents = (
            _several(values, f"{what} of {self._mode}")
            for values, what in ((primals, "primals"), (tangents, "tangents"))
        )
        name = self._target.name
        if len(primals) != len(tangents):
            raise TypeError(
                f"{self._mode} of {name} takes a tangent for each primal: there are "
                f"{len(primals)} primals and {len(tangents)} tangents"
            )
        given = {}
        wording = Wording("tangent", name)
        for place, primal, tangent in zip(self._places(primals), primals, tangents, strict=True):
            if tangent is not None:
                given[place] = matched(primal, tangent, repr(place), wording)
        return (*self._target.fixed, *primals), given

    def _active(self, primals: tuple[Any, ...]) -> dict[int, str]:
        """The positions and parameters of the primals that have a derivative."""
        places = self._places(primals)
        found = {}
        for i, (place, primal) in enumerate(zip(places, primals, strict=True)):
            if has_derivative(primal):
                check_differentiable(tree_kind(primal, place), place, self._target.name)
                found[i] = place
        if not found:
            raise TypeError(
                f"{self._mode} of {self._target.name}: none of its {len(primals)} primals is a "
                "float or an array of floats"
            )
        return found

    def _dispatcher(self, wrt: tuple[str, ...], has_aux: bool) -> Dispatcher:
        found = self._dispatchers.get((wrt, has_aux))
        if found is None:
            made = Dispatcher(self._target, Options.product(self._mode, wrt, has_aux))
            found = self._dispatchers.setdefault((wrt, has_aux), made)
        return found


class Pushforward(_Product):
    """The forward derivative of a function: `f.jvp`.

    Called as `f.jvp(primals, tangents)`; see `srcdiff.jvp`. Its text is at hand as that of other
    derivatives is: `source`, `source_for(primals, tangents)`, `sources`.
    """

    # A call of this in a differentiated function is one of `jvp`.
    __srcdiff_transform__ = "jvp"
    _mode = "jvp"

    def __call__(
        self, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
    ) -> Any:
        """The value and its tangent; see `srcdiff.jvp`."""
        args, given = self._given(primals, tangents)
        dispatcher = self._latest = self._dispatcher(tuple(given), has_aux)
        bound, values = dispatcher.bound(args, self._target.keywords)
        return dispatcher.run(bound, values, dict(zip(bound.tangents, given.values(), strict=True)))

    def source_for(
        self, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
    ) -> str:
        """The text for these arguments. Neither it nor the function is run.

        Raises:
            UnsupportedError: the function does what cannot be differentiated.
            TypeError: the arguments don't fit, or cannot be differentiated with respect to.
        """
        args, given = self._given(primals, tangents)
        found = self._dispatcher(tuple(given), has_aux).find(args, self._target.keywords)
        return found.template.text

    def __repr__(self) -> str:
        return f"<srcdiff forward derivative of {self._target.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return pushforward, (self._target.origin,)

    @property
    def __srcdiff_primal__(self) -> Any:
        return self._target.origin


def pushforward(f: Any) -> Pushforward:
    """The forward derivative of a callable."""
    return Pushforward(Target.of(f))


def jvp(f: Any, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """The value of a function, and the product of its Jacobian with a vector: forward mode.

    Args:
        f: the function.
        primals: its positional arguments, a tuple or list.
        tangents: for each the direction in which it moves: of its type, shape and dtype. None for
            an argument that stays as it is, or that has no derivative (an int, a string).
        has_aux: whether `f` returns `(value, aux)`.

    Returns:
        `(value, tangent)`, or `(value, tangent, aux)`. The tangent has the value's structure,
        shapes and dtypes, and None for what has no derivative.

    Raises:
        TypeError: the tangents don't fit the primals.
        UnsupportedError: `f` cannot be differentiated.

    Example:
        >>> jvp(lambda x, y: x * y, (3.0, 2.0), (1.0, 0.0))
        (6.0, 2.0)
    """
    return pushforward(f)(primals, tangents, has_aux)


def _several(values: Any, what: str) -> tuple[Any, ...]:
    if not isinstance(values, tuple | list):
        raise TypeError(f"the {what} are a tuple or a list, not {type(values).__name__}")
    return tuple(values)


class Reverse(_Product):
    """The reverse derivative of a function: `f.vjp`.

    Called as `f.vjp(*primals)`; see `srcdiff.vjp`. Its text is at hand as that of other
    derivatives is: `source`, `source_for(*primals)`, `sources`.
    """

    _mode = "vjp"

    def __call__(self, /, *primals: Any, has_aux: bool = False) -> Any:
        """The value and its pullback; see `srcdiff.vjp`."""
        wrt = self._active(primals)
        dispatcher = self._latest = self._dispatcher(tuple(wrt.values()), has_aux)
        args = (*self._target.fixed, *primals)
        bound, values = dispatcher.bound(args, self._target.keywords)
        value, sweep, *aux = dispatcher.run(bound, values, {})
        pullback = Pullback(sweep, outline(value), tuple(wrt), len(primals), self._target.name)
        return value, pullback, *aux

    def source_for(self, /, *primals: Any, has_aux: bool = False) -> str:
        """The text for these arguments. Neither it nor the function is run.

        Raises:
            UnsupportedError: the function does what cannot be differentiated.
            TypeError: the arguments don't fit, or none of them has a derivative.
        """
        dispatcher = self._dispatcher(tuple(self._active(primals).values()), has_aux)
        found = dispatcher.find((*self._target.fixed, *primals), self._target.keywords)
        return found.template.text

    def __repr__(self) -> str:
        return f"<srcdiff reverse derivative of {self._target.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return reverse, (self._target.origin,)


class Pullback:
    """From a cotangent of a function's value to those of its primals; see `srcdiff.vjp`.

    It can be called any number of times.
    """

    def __init__(
        self,
        sweep: Callable[[Any], tuple[Any, ...]],
        value: Any,
        active: tuple[int, ...],
        count: int,
        name: str,
    ) -> None:
        """A pullback; users call `srcdiff.vjp`.

        Args:
            sweep: the pullback in the text.
            value: the outline of the function's value.
            active: the positions of the primals that have a derivative.
            count: how many primals there are.
            name: what the function is called.
        """
        self._sweep = sweep
        self._value = value
        self._active = active
        self._count = count
        self._name = name

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """The cotangents of the primals, one for each; None for what has no derivative.

        Raises:
            TypeError: the cotangent does not fit the value.
        """
        wording = Wording("cotangent", self._name)
        adjoints = self._sweep(matched(self._value, cotangent, "the value", wording))
        found = dict(zip(self._active, adjoints, strict=True))
        return tuple(found.get(i) for i in range(self._count))

    def __repr__(self) -> str:
        return f"<srcdiff pullback of {self._name}>"


def reverse(f: Any) -> Reverse:
    """The reverse derivative of a callable."""
    return Reverse(Target.of(f))


def vjp(f: Any, /, *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function, and its pullback: reverse mode.

    Args:
        f: the function.
        primals: its positional arguments.
        has_aux: whether `f` returns `(value, aux)`.

    Returns:
        `(value, pullback)`, or `(value, pullback, aux)`. The pullback takes a cotangent: of the
        structure, shapes and dtypes of the value, None for what in it has no derivative. It
        returns a tuple with one entry for each primal, None for those that have no derivative. It
        can be called any number of times, whatever becomes of arguments and value in between.

    Raises:
        TypeError: none of the primals has a derivative.
        UnsupportedError: `f` cannot be differentiated.

    Example:
        >>> value, pullback = vjp(lambda x, y: x * y, 3.0, 2.0)
        >>> value, pullback(1.0), pullback(10.0)
        (6.0, (2.0, 3.0), (20.0, 30.0))
    """
    return reverse(f)(*primals, has_aux=has_aux)


class HessianProduct(_Product):
    """The product of a function's Hessian with a vector: `f.hvp`.

    Called as `f.hvp(primals, tangents)`; see `srcdiff.hvp`. Its text is at hand as that of other
    derivatives is: `source`, `source_for(primals, tangents)`, `sources`.
    """

    _mode = "hvp"

    def __call__(self, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
        """The product, with one entry for each primal; see `srcdiff.hvp`."""
        active, dispatcher, args, given = self._taken(primals, tangents)
        self._latest = dispatcher
        bound, values = dispatcher.bound(args, self._target.keywords)
        more = dict(zip(bound.tangents, given.values(), strict=True))
        found = dict(zip(active, dispatcher.run(bound, values, more), strict=True))
        return tuple(found.get(i) for i in range(len(primals)))

    def source_for(self, primals: Sequence[Any], tangents: Sequence[Any]) -> str:
        """The text for these arguments. Neither it nor the function is run.

        Raises:
            UnsupportedError: the function does what cannot be differentiated.
            TypeError: the arguments don't fit, or cannot be differentiated with respect to.
        """
        _, dispatcher, args, _ = self._taken(primals, tangents)
        return dispatcher.find(args, self._target.keywords).template.text

    def _taken(
        self, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[dict[int, str], Dispatcher, tuple[Any, ...], dict[str, Any]]:
        args, given = self._given(primals, tangents)
        active = self._active(tuple(primals))
        for i, place in active.items():
            if isinstance(primals[i], tuple | list | dict):
                raise UnsupportedError(
                    "Hessians with respect to a tuple, list or dict are not supported yet.",
                    subject=f"{self._target.name} with respect to {place!r}",
                    remedy="pass its numbers and arrays as arguments of their own.",
                )
        key = (*active.values(), ":", *given)
        dispatcher = self._dispatchers.get((key, False))
        if dispatcher is None:
            gradient = Step("grad", tuple(active.values()), as_tuple=True)
            target = replace(self._target, inner=(*self._target.inner, gradient))
            made = Dispatcher(target, Options.product("hvp", tuple(given), False))
            dispatcher = self._dispatchers.setdefault((key, False), made)
        return active, dispatcher, args, given

    def __repr__(self) -> str:
        return f"<srcdiff Hessian product of {self._target.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return hessian_product, (self._target.origin,)


def hessian_product(f: Any) -> HessianProduct:
    """The product of a callable's Hessian with a vector."""
    return HessianProduct(Target.of(f))


def hvp(f: Any, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
    """The product of the Hessian of a function that returns one real number with a vector.

    Forward mode over reverse mode, at a small multiple of the function's own cost: the Hessian is
    never formed.

    Args:
        f: the function.
        primals: its positional arguments, a tuple or list.
        tangents: the vector, as in `jvp`.

    Returns:
        A tuple with one entry for each primal, of its shape and dtype; None for those that have
        no derivative.

    Raises:
        TypeError: the tangents don't fit the primals.
        UnsupportedError: `f` cannot be differentiated.

    Example:
        >>> hvp(lambda x, y: x * x * y, (3.0, 2.0), (1.0, None))
        (4.0, 6.0)
    """
    return hessian_product(f)(primals, tangents)
