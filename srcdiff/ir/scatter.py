"""Updates through indices that may repeat.

`x[i] += v` adds once for each element of x that `i` names; `np.add.at(x, i, v)` adds once for each
entry of `i`, which is what contributions to an adjoint need. The IR has the latter as an `Update`
with the operator "add_at" or "sub_at", so that every pass sees a write into `x`.
"""

from __future__ import annotations

import numpy as np

from srcdiff.ir import nodes as n

_FUNCTIONS = {"add_at": np.add, "sub_at": np.subtract}
# The operator that adds once for each element, and the one for each entry.
AT = {"add": "add_at", "sub": "sub_at"}


def is_scatter(s: n.Update) -> bool:
    """Whether an update adds once for each entry of its key."""
    return s.op in _FUNCTIONS


def as_call(s: n.Update) -> n.Call:
    """The call by which the text says such an update."""
    assert isinstance(s.target, n.Index)
    function = _FUNCTIONS[s.op]
    callee = n.Field(n.Ref(f"np.{function.__name__}", function, np), "at")
    return n.Call(callee, (s.target.base, as_argument(s.target.key), s.value))


def as_argument(key: n.Expr) -> n.Expr:
    """A key as a value that may be passed: slices stand in brackets only."""
    if any(isinstance(x, n.Slice) for x in (key.items if isinstance(key, n.Tuple) else (key,))):
        return n.Index(n.Ref("np.s_", np.s_, np), key)
    return key


def as_update(s: n.Effect) -> n.Update | None:
    """The update that `np.add.at(x, i, v)` is, where `x` is a place; else None."""
    e = s.value
    if not (isinstance(e, n.Call) and isinstance(e.callee, n.Field) and e.callee.name == "at"):
        return None
    function = e.callee.base.value if isinstance(e.callee.base, n.Ref) else None
    op = next((op for op, f in _FUNCTIONS.items() if f is function), None)
    if op is None or e.keywords or len(e.args) != 3:
        return None
    base, key, value = e.args
    if not isinstance(base, n.Var | n.Index | n.Field):
        return None
    if isinstance(key, n.Index) and isinstance(key.base, n.Ref) and key.base.value is np.s_:
        key = key.key
    return n.Update(n.Index(base, key, span=e.span), op, value, span=s.span)
