"""What a function leaves behind in an object that it was given: `self.v = v`, at its end.

Nothing in the function reads the attribute afterwards, so that it is an effect, and no variable.
"""

from __future__ import annotations

from typing import Any

from srcdiff.ir import nodes as n


def set_attribute(place: Any, value: Any) -> None:
    """Stands in the IR for `owner.name = value`; it is never called."""


def fill_array(place: Any, value: Any) -> None:
    """Stands in the IR for `owner.name[...] = value`; it is never called."""


KEEPERS = (set_attribute, fill_array)


def leave(place: n.Field, value: n.Expr, whole: bool) -> n.Effect:
    """The statement that sets an attribute; `whole`: that fills the array which it holds."""
    keeper = fill_array if whole else set_attribute
    ref = n.Ref(keeper.__name__, keeper, keeper)
    return n.Effect(n.Call(ref, (place, value)), span=place.span)


def left_behind(s: n.Stmt) -> tuple[n.Index | n.Field, n.Expr] | None:
    """What the statement sets, and the value."""
    if not isinstance(s, n.Effect) or not isinstance(s.value, n.Call):
        return None
    callee = s.value.callee
    if not isinstance(callee, n.Ref) or callee.value not in KEEPERS:
        return None
    place, value = s.value.args
    assert isinstance(place, n.Field)
    if callee.value is fill_array:
        return n.Index(place, n.Const(...), span=s.span), value
    return place, value
