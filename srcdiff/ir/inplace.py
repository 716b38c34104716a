"""Calls of NumPy's that write into an array, as their text tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n

# Functions and methods that write into their first argument.
WRITERS: frozenset[Any] = frozenset(
    (np.copyto, np.place, np.putmask, np.put, np.put_along_axis, np.fill_diagonal)
)
WRITING_METHODS = frozenset(
    ("fill", "put", "sort", "partition", "resize", "setfield", "byteswap", "setflags", "itemset")
)


def written_places(e: n.Call) -> Iterator[n.Expr]:
    """What a call may write into."""
    for name, value in e.keywords:
        if name == "out":
            yield from value.items if isinstance(value, n.Tuple) else (value,)
    if isinstance(e.callee, n.Field):
        function = e.callee.base.value if isinstance(e.callee.base, n.Ref) else None
        if isinstance(function, np.ufunc) and e.callee.name == "at":
            yield from e.args[:1]
        elif e.callee.name in WRITING_METHODS:
            yield e.callee.base
    if not isinstance(e.callee, n.Ref):
        return
    function = e.callee.value
    if isinstance(function, np.ufunc):
        yield from e.args[function.nin :]
    elif getattr(function, "__hash__", None) is not None and function in _ALL:
        yield from e.args[:1]


_ALL = WRITERS | {np.nan_to_num}
