"""`itertools.product` and its like: how many items each choice has."""

from __future__ import annotations

import itertools
from typing import Any

from srcdiff.ir import nodes as n

# Functions whose results are made of what they are given, one for each choice.
CHOICES: tuple[Any, ...] = (
    itertools.product,
    itertools.combinations,
    itertools.combinations_with_replacement,
    itertools.permutations,
)


def choices(e: n.Call) -> int | None:
    """How many items each choice of `itertools.product` and its like has."""
    assert isinstance(e.callee, n.Ref)
    keywords = dict(e.keywords)
    if e.callee.value is itertools.product:
        repeat = keywords.get("repeat", n.Const(1))
        times = repeat.value if isinstance(repeat, n.Const) else None
        return len(e.args) * times if type(times) is int else None
    given = e.args[1] if len(e.args) == 2 else keywords.get("r")
    count = given.value if isinstance(given, n.Const) else None
    return count if type(count) is int else None
