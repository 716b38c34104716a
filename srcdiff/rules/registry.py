"""The registry: which derivative belongs to which function, method or operator.

A rule is a compile-time function. It is called with the kinds of the operands and with the values
of the constant arguments, under the parameter names of its own signature, and returns a `Rule`:
the result's kind and one template for each operand. A parameter annotated `Kind` is an operand;
every other parameter is a constant (`axis`, `keepdims`), and an argument that its signature does
not name is not supported.

A template is a lambda that is *source*: it is read, lowered by our own front end and inlined in
the generated text; it is never run. Its parameters are any of

- the operands by name,
- `y`, the result,
- `d`, the adjoint of the result.

Names that it takes from the enclosing rule function are constants and are inlined by value. It
must be linear in `d`.

An operand that is a display, such as the arrays of `np.stack((a, b))`, and a starred one have items
that are operands in their turn: `pulls`, `linear` and `pushes` call them `arrays[0]`, and so may a
template.

One statement serves both modes wherever the mathematics allows. The partials of an elementwise
function do: the tangent of the result is the partial times the tangent of the operand. So does a
function that is linear in an operand: its tangent is the function itself, of the operand's tangent.
For anything else a rule states a `push`, whose `t` is the tangent of the operand.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from srcdiff.ir.kinds import Dim, Kind

Template = Callable[..., Any]


@dataclass(frozen=True)
class Pull:
    """How the adjoint `d` of a result reaches one operand.

    `template` gives a contribution of the operand's shape, or one that broadcasts to it. It may
    rely on `d` having the result's full shape. `scalar` is used instead where `d` is one number
    that stands for an array of the result's shape; without it, `d` is first spread out.
    """

    template: Template
    scalar: Template | None = None


@dataclass(frozen=True)
class Rule:
    """What is known of one call.

    Attributes:
        kind: the result's kind.
        pulls: operand name -> Pull, for each operand that the result depends on smoothly. An
            operand without a Pull has zero derivative.
        elementwise: the operands are broadcast against each other and the result has their common
            shape. Templates may then take a `d` of any shape that broadcasts to the result's, and
            the engine sums what they give to the operand's shape. A template without the parameter
            `d` is the partial derivative itself.
        safe: operand name (or "y") -> a value at which the partials are finite; put in its place
            where `d` is zero, since zero times infinity is not zero.
        shares: operands whose memory the result may share (views, and reshapes that may copy).
        linear: operands in each of which the function is linear, the others held fixed: the
            result's tangent is the same call with the operand's tangent in its place, and the sum
            of these over the active operands (`a @ b`, `np.sum(a)`, `x.T`).
        joint: whether it is linear in all of `linear` together (`np.concatenate`): the tangent is
            one call, with every operand replaced by its tangent, or by a zero where it has none.
        seed: template of what the pulls read as `d`, where they share a costly part: a solution
            of the adjoint's system, say. Its own `d` is the adjoint, with the result's full shape.
        items: for a function that returns a tuple, a rule for each of its items.
        pushes: operand name -> template of the tangent's contribution, where neither of these
            serves. Its parameters are the operands, `y`, and `t`: the operand's tangent, of the
            operand's full shape. It must be linear in `t`.
        equal: pairs of sizes that are equal, or else the call raises (those that a product sums
            over); the sizes of elementwise operands need not be said.
    """

    kind: Kind
    pulls: Mapping[str, Pull] = field(default_factory=dict)
    elementwise: bool = False
    safe: Mapping[str, float] = field(default_factory=dict)
    shares: tuple[str, ...] = ()
    linear: tuple[str, ...] = ()
    joint: bool = False
    seed: Template | None = None
    items: tuple[Rule, ...] = ()
    pushes: Mapping[str, Template] = field(default_factory=dict)
    equal: tuple[tuple[int | Dim, int | Dim], ...] = ()


class NoRule(Exception):
    """Raised by a rule function for arguments it does not cover: the reason, and what to write."""

    def __init__(self, reason: str, remedy: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, eq=False)
class Entry:
    """A registered rule function and the signature that calls are bound to.

    `positional` are the parameters that positional arguments go to (none where one is starred),
    of which the first `required` have no default.
    """

    maker: Callable[..., Rule]
    signature: inspect.Signature
    operands: tuple[str, ...]
    positional: tuple[str, ...]
    required: int
    # Other spellings of keywords.
    spelled: Mapping[str, str] = field(default_factory=dict)
    # Whether it holds for complex operands.
    complex: bool = False

    @classmethod
    def of(cls, maker: Callable[..., Rule], spelled: Mapping[str, str]) -> Entry:
        """The entry of a rule function."""
        signature = inspect.signature(maker)
        parameters = list(signature.parameters.values())
        # Annotations are strings: every rules module has postponed annotations.
        operands = (p.name for p in parameters if p.annotation in (Kind, "Kind", "Kind | None"))
        given = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        if any(p.kind is p.VAR_POSITIONAL for p in parameters):
            given = []
        required = sum(p.default is p.empty for p in parameters)
        positional = tuple(p.name for p in given)
        return cls(maker, signature, tuple(operands), positional, required, spelled)


_RULES: dict[Any, Entry] = {}
# Callees whose rules, registered or to be, hold for complex operands.
_ANALYTIC: set[Any] = set()
_METHODS: dict[tuple[type, str], Any] = {}


def rule(
    *callees: Any, spelled: Mapping[str, str] | None = None
) -> Callable[[Callable[..., Rule]], Callable[..., Rule]]:
    """Registers the decorated rule function for these callees (functions, or operator names).

    `spelled` maps other spellings of keywords to the names of parameters.
    """

    def register(maker: Callable[..., Rule]) -> Callable[..., Rule]:
        entry = Entry.of(maker, spelled or {})
        for callee in callees:
            _RULES[callee] = replace(entry, complex=callee in _ANALYTIC)
        return maker

    return register


def for_complex(*callees: Any) -> None:
    """Says that the rules of these callees hold for complex operands.

    They are linear in the operand, or analytic: then the tangent of the result is the partial
    times the operand's tangent, and the operand's adjoint the partial times the result's.
    """
    _ANALYTIC.update(callees)
    for callee in callees:
        if callee in _RULES:
            _RULES[callee] = replace(_RULES[callee], complex=True)


def method(cls: type, name: str, function: Any) -> None:
    """Says that `x.name(...)` on an object of kind class `cls` means `function(x, ...)`."""
    _METHODS[cls, name] = function


def lookup(callee: Any) -> Entry | None:
    """The rule registered for a callee, if there is one."""
    try:
        return _RULES.get(callee)
    except TypeError:  # an unhashable callable has no rule
        return None


def method_function(kind: Kind, name: str) -> Any | None:
    """The function that a method of a value of this kind stands for, if we know one."""
    return _METHODS.get((type(kind), name))


def registered() -> tuple[Any, ...]:
    """Every callee with a rule, in order of registration."""
    return tuple(_RULES)


def method_names() -> frozenset[str]:
    """The names of all methods that stand for a function with a rule."""
    return frozenset(name for _, name in _METHODS)
