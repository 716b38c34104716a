"""Tangents and cotangents, checked against what they belong to and brought into its types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from srcdiff.aggregates.classes import attributes_of, is_data, is_record
from srcdiff.runtime import remade


@dataclass(frozen=True)
class Wording:
    """How messages call what is given: "the tangent of 'x' of f".

    Attributes:
        what: "tangent" or "cotangent".
        function: the name of the function.
    """

    what: str
    function: str

    def of(self, name: str) -> str:
        """The beginning of a sentence on what is given for `name`."""
        return f"the {self.what} of {name} of {self.function}"


def matched(primal: Any, given: Any, name: str, wording: Wording) -> Any:
    """A tangent or cotangent in the type of its primal; zeros for None.

    Args:
        primal: what it belongs to; only types, shapes and dtypes are looked at.
        given: the tangent or cotangent.
        name: what messages call the primal.
        wording: what they call the rest.

    Raises:
        TypeError: it does not fit.
    """
    if is_record(type(primal)):
        return _matched_attributes(primal, given, name, wording)
    if isinstance(primal, tuple | list):
        return _matched_items(primal, given, name, wording)
    if isinstance(primal, dict):
        if not isinstance(given, dict) or given.keys() != primal.keys():
            raise TypeError(f"{wording.of(name)} has other keys than it")
        return {k: matched(v, given[k], f"{name}[{k!r}]", wording) for k, v in primal.items()}
    dtype = np.result_type(primal) if np.isscalar(primal) else getattr(primal, "dtype", None)
    if dtype is None or dtype.kind not in "fc":
        if given is None or (wording.what == "cotangent" and _is_zero(given)):
            return None
        raise TypeError(
            f"{name} of {wording.function} is a {type(primal).__name__} of no derivative: "
            f"its {wording.what} is None"
        )
    if given is None:
        return np.zeros(primal.shape, dtype) if _is_array(primal) else type(primal)(0.0)
    array = np.asarray(given)
    if array.shape != np.shape(primal):
        raise TypeError(
            f"{wording.of(name)} has shape {array.shape}, and {name} has shape {np.shape(primal)}"
        )
    if array.dtype.kind not in "iufc" or (array.dtype.kind == "c" and dtype.kind != "c"):
        raise TypeError(f"{wording.of(name)} has dtype {array.dtype}, and {name} has {dtype}")
    return array.astype(dtype, copy=False) if _is_array(primal) else type(primal)(array[()])


def _matched_items(primal: Any, given: Any, name: str, wording: Wording) -> Any:
    if type(given) is not type(primal) or len(given) != len(primal):
        raise TypeError(
            f"{wording.of(name)} is no {type(primal).__name__} of {len(primal)} items, as it is"
        )
    pairs = enumerate(zip(primal, given, strict=True))
    return type(primal)(matched(p, g, f"{name}[{i}]", wording) for i, (p, g) in pairs)


def _matched_attributes(primal: Any, given: Any, name: str, wording: Wording) -> Any:
    whole = attributes_of(primal)
    if type(given) is not type(primal) or attributes_of(given).keys() != whole.keys():
        raise TypeError(f"{wording.of(name)} is no {type(primal).__name__} as it is")
    parts = attributes_of(given)
    return remade(
        type(primal),
        **{key: matched(v, parts[key], f"{name}.{key}", wording) for key, v in whole.items()},
    )


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def _is_zero(given: Any) -> bool:
    array = np.asarray(given)
    # JAX's zeros for integers have a dtype without any bytes.
    return array.dtype.itemsize == 0 or (array.dtype.kind in "biufc" and not array.any())


def outline(value: Any) -> Any:
    """A value's structure, types, shapes and dtypes, without its memory.

    Example:
        >>> outline((np.ones((2, 3)), 4.0, "mean"))[0].strides
        (0, 0)
    """
    if is_record(type(value)):
        return remade(type(value), **{key: outline(v) for key, v in attributes_of(value).items()})
    if isinstance(value, tuple | list):
        return type(value)(map(outline, value))
    if isinstance(value, dict):
        return {key: outline(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return np.broadcast_to(np.zeros((), value.dtype), value.shape)
    return value


def has_derivative(value: Any) -> bool:
    """Whether a value is a float or complex number or array, or holds one.

    Example:
        >>> has_derivative({"n": 3, "x": (1.0,)}), has_derivative([1, "a", None])
        (True, False)
    """
    if is_data(type(value)):
        return any(map(has_derivative, attributes_of(value).values()))
    if isinstance(value, tuple | list):
        return any(map(has_derivative, value))
    if isinstance(value, dict):
        return any(map(has_derivative, value.values()))
    dtype = getattr(value, "dtype", None)
    if isinstance(value, np.ndarray | np.generic):
        return dtype is not None and dtype.kind in "fc"
    return isinstance(value, float | complex)
