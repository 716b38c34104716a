"""Products of Jacobians with vectors: `jvp`, and what `f.jvp` is."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from srcdiff.dispatch import Dispatcher
from srcdiff.options import Options
from srcdiff.parameters import Parameters
from srcdiff.target import Target


class Pushforward:
    """The forward derivative of a function: `f.jvp`.

    Called as `f.jvp(primals, tangents)`; see `srcdiff.jvp`. Its text is at hand as that of other
    derivatives is: `source`, `source_for(primals, tangents)`, `sources`.
    """

    # A call of this in a differentiated function is one of `jvp`.
    __srcdiff_transform__ = "jvp"

    def __init__(self, target: Target) -> None:
        """The forward derivative of a target; users call `srcdiff.jvp`."""
        self._target = target
        # For each choice of parameters that have a tangent, and whether there is an aux.
        self._dispatchers: dict[tuple[tuple[str, ...], bool], Dispatcher] = {}
        self._latest: Dispatcher | None = None
        self.__name__ = f"{target.name}_jvp"

    def __call__(
        self, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
    ) -> Any:
        """The value and its tangent; see `srcdiff.jvp`."""
        args, given = self._given(primals, tangents)
        dispatcher = self._latest = self._dispatcher(tuple(given), has_aux)
        bound, values = dispatcher.bound(args, self._target.keywords)
        return dispatcher.run(bound, values, dict(zip(bound.tangents, given.values(), strict=True)))

    @property
    def source(self) -> str:
        """The text of the latest call; before any, a comment that says so."""
        latest = None if self._latest is None else self._latest.state.latest
        if latest is None:
            name = self.__name__
            return f"# {name} has no text yet.\n# Call it, or ask {name}.source_for(...).\n"
        return latest.template.text

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

    @property
    def sources(self) -> MappingProxyType[str, str]:
        """Signature → text, for all calls so far (the oldest may be forgotten)."""
        bound = (b for d in self._dispatchers.values() for b in d.state.bound())
        return MappingProxyType({b.template.signature: b.template.text for b in bound})

    def __repr__(self) -> str:
        return f"<srcdiff forward derivative of {self._target.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return pushforward, (self._target.origin,)

    @property
    def __srcdiff_primal__(self) -> Any:
        return self._target.origin

    def _given(
        self, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """All positional arguments, and the tangents by parameter."""
        primals, tangents = _several(primals, "primals"), _several(tangents, "tangents")
        name = self._target.name
        if len(primals) != len(tangents):
            raise TypeError(
                f"jvp of {name} takes a tangent for each primal: there are {len(primals)} primals "
                f"and {len(tangents)} tangents"
            )
        args = (*self._target.fixed, *primals)
        names = Parameters.of(self._target.function.__code__).positional
        places = names[len(self._target.fixed) :]
        if len(primals) > len(places):
            raise TypeError(f"{name} takes {len(places)} positional arguments, not {len(primals)}")
        given = {}
        for place, primal, tangent in zip(places, primals, tangents, strict=False):
            if tangent is not None:
                given[place] = matched(primal, tangent, place, name)
        return args, given

    def _dispatcher(self, wrt: tuple[str, ...], has_aux: bool) -> Dispatcher:
        found = self._dispatchers.get((wrt, has_aux))
        if found is None:
            made = Dispatcher(self._target, Options.forward(wrt, has_aux))
            found = self._dispatchers.setdefault((wrt, has_aux), made)
        return found


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
        raise TypeError(f"the {what} of jvp are a tuple or a list, not {type(values).__name__}")
    return tuple(values)


def matched(primal: Any, tangent: Any, name: str, function: str) -> Any:
    """A tangent in the type of its primal.

    Raises:
        TypeError: it does not fit.
    """
    if isinstance(primal, tuple | list):
        return _matched_items(primal, tangent, name, function)
    if isinstance(primal, dict):
        if not isinstance(tangent, dict) or tangent.keys() != primal.keys():
            raise TypeError(f"the tangent of {name!r} of {function} has other keys than it")
        return {k: matched(v, tangent[k], f"{name}[{k!r}]", function) for k, v in primal.items()}
    dtype = np.result_type(primal) if np.isscalar(primal) else getattr(primal, "dtype", None)
    if dtype is None or dtype.kind not in "fc":
        if tangent is None:
            return None
        raise TypeError(
            f"{name!r} of {function} is a {type(primal).__name__} of no derivative: "
            "its tangent is None"
        )
    if tangent is None:
        return np.zeros_like(primal) if isinstance(primal, np.ndarray) else type(primal)(0.0)
    array = np.asarray(tangent)
    if array.shape != np.shape(primal):
        raise TypeError(
            f"the tangent of {name!r} of {function} has shape {array.shape}, "
            f"and {name!r} has shape {np.shape(primal)}"
        )
    if array.dtype.kind not in "iufc" or (array.dtype.kind == "c" and dtype.kind != "c"):
        raise TypeError(
            f"the tangent of {name!r} of {function} has dtype {array.dtype}, "
            f"and {name!r} has {dtype}"
        )
    if isinstance(primal, np.ndarray):
        return array.astype(dtype, copy=False)
    return type(primal)(array[()])


def _matched_items(primal: Any, tangent: Any, name: str, function: str) -> Any:
    if type(tangent) is not type(primal) or len(tangent) != len(primal):
        raise TypeError(
            f"the tangent of {name!r} of {function} is no {type(primal).__name__} of "
            f"{len(primal)} items, as {name!r} is"
        )
    pairs = enumerate(zip(primal, tangent, strict=True))
    items = (matched(p, t, f"{name}[{i}]", function) for i, (p, t) in pairs)
    return type(primal)(items)
