"""Names that we invent: from the user's own, by rule, with a suffix where one is taken."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable


class Names:
    """Hands out names that clash with nothing.

    Example:
        >>> names = Names({"db"})
        >>> names.fresh("db"), names.fresh("db"), names.fresh("dc")
        ('db_2', 'db_3', 'dc')
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken) | set(keyword.kwlist) | set(dir(builtins))

    def copy(self) -> Names:
        """Names that go on from here on their own."""
        return Names(self._taken)

    def fresh(self, wish: str) -> str:
        """A free name as close to the wish as can be; it is taken from now on."""
        name, count = wish, 1
        while name in self._taken:
            count += 1
            name = f"{wish}_{count}"
        self._taken.add(name)
        return name

    def join(self, other: Names) -> None:
        """Takes the names out of the choice that others have taken."""
        self._taken |= other._taken

    def reserve(self, names: Iterable[str]) -> None:
        """Takes these names out of the choice."""
        self._taken.update(names)
