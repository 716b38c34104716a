"""What a function does with the memory of the arrays that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Kind, join

# The parameter that a result is; for a tuple, of each item; None where it is none.
Returned = str | None | tuple["Returned", ...]


@dataclass(frozen=True)
class Effects:
    """What a function does with the memory of its arguments.

    Attributes:
        written: the parameters whose arrays it writes into.
        shared: those whose memory its result may share.
        outside: whether its result may share memory with what lies outside of the function.
        returned: the parameters that it returns.
        named: those for whose memory it has other names while it writes into it.
        lists: those that are lists which it changes, or into whose arrays it writes.
        active_lists: of these, the ones whose items may carry derivatives.
        items: what the lists hold afterwards.
    """

    written: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    outside: bool = False
    returned: Returned = None
    named: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    active_lists: tuple[str, ...] = ()
    items: tuple[tuple[str, Kind], ...] = ()

    def joined(self, other: Effects) -> Effects:
        """What holds if either may be so."""
        return Effects(
            tuple(dict.fromkeys((*self.written, *other.written))),
            tuple(dict.fromkeys((*self.shared, *other.shared))),
            self.outside or other.outside,
            other.returned,
            tuple(dict.fromkeys((*self.named, *other.named))),
            tuple(dict.fromkeys((*self.lists, *other.lists))),
            tuple(dict.fromkeys((*self.active_lists, *other.active_lists))),
            tuple(_joined(dict(self.items), dict(other.items)).items()),
        )

    def memory(self, places: Mapping[str, tuple[int | str, ...]]) -> n.Memory:
        """The same for a call that gives the parameters at these places."""

        def at(names: tuple[str, ...]) -> tuple[int | str, ...]:
            return tuple(place for name in names for place in places[name])

        named, lists = at(self.named), at(self.lists)
        return n.Memory(at(self.written), at(self.shared), self.outside, named=named, lists=lists)


def _joined(a: Mapping[str, Kind], b: Mapping[str, Kind]) -> dict[str, Kind]:
    return {**a, **{name: join(a[name], k, name) if name in a else k for name, k in b.items()}}
