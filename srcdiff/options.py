"""The options of a derivative, checked once, when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from srcdiff.ir.callee import JACOBIANS
from srcdiff.parameters import Argnums, check_argnums

MODES = ("grad", "value_and_grad", "jvp", "vjp", "hvp", *JACOBIANS)
BACKENDS = ("numpy", "numba", "auto")
OPTIMIZE = ("fast", "readable")


@dataclass(frozen=True)
class Options:
    """How a function is differentiated.

    Attributes:
        argnums: with respect to what: an int, a parameter's name, or a tuple of these.
        has_aux: whether the function returns `(value, aux)`.
        backend: what runs the text; only "numpy" as yet.
        optimize: "fast" or "readable".
        mode: one of `MODES`.
    """

    argnums: Argnums = 0
    has_aux: bool = False
    backend: str = "numpy"
    optimize: str = "fast"
    mode: str = "grad"

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            TypeError: `argnums` or `has_aux` is of another type.
            ValueError: there is no such backend, optimization or mode.
            NotImplementedError: the backend is not supported yet.
        """
        # Without any tangent, a forward derivative has nothing to differentiate by.
        if self.mode not in ("jvp", "hvp") or self.argnums:
            object.__setattr__(self, "argnums", check_argnums(self.argnums))
        if not isinstance(self.has_aux, bool):
            raise TypeError(f"has_aux is True or False, not {self.has_aux!r}")
        _check_choice("backend", self.backend, BACKENDS)
        _check_choice("optimize", self.optimize, OPTIMIZE)
        _check_choice("mode", self.mode, MODES)
        if self.backend != "numpy":
            raise NotImplementedError(
                f'backend={self.backend!r} is not supported yet; there is backend="numpy"'
            )

    @classmethod
    def product(cls, mode: str, wrt: tuple[str, ...], has_aux: bool) -> Options:
        """The options of "jvp", "vjp" or "hvp" with respect to these parameters."""
        return cls(argnums=wrt, has_aux=has_aux, mode=mode)

    @property
    def as_tuple(self) -> bool:
        """Whether the gradients come as a tuple."""
        return isinstance(self.argnums, tuple)

    def with_mode(self, mode: str) -> Options:
        """The same options for "grad" or "value_and_grad"."""
        return replace(self, mode=mode)


def _check_choice(option: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        *others, last = (f'"{choice}"' for choice in choices)
        raise ValueError(f"{option} is {', '.join(others)} or {last}, not {value!r}")
