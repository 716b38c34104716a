"""Objects of a user's class, made of their attributes."""

from __future__ import annotations

from typing import Any


def remade(cls: Any, **attributes: Any) -> Any:
    """An object of a class with these attributes; its `__init__` is not run.

    Example:
        >>> from types import SimpleNamespace
        >>> remade(SimpleNamespace, x=1.0)
        namespace(x=1.0)
    """
    if issubclass(cls, tuple):
        return cls(**attributes)
    made = cls.__new__(cls)
    for name, value in attributes.items():
        object.__setattr__(made, name, value)
    return made
