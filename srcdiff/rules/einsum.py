"""`np.einsum`: its derivative is an `einsum` again, with the adjoint in an operand's place.

y = np.einsum("ij,jk->ik", a, b)    →    da = np.einsum("ik,jk->ij", dy, b)
                                         db = np.einsum("ij,ik->jk", a, dy)
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcdiff.ir.kinds import (
    Dim,
    Dims,
    Kind,
    broadcast_dims,
    not_one,
    same_dim,
)
from srcdiff.rules.operands import array_kind, array_parts
from srcdiff.rules.registry import NoRule, Pull, Rule, rule
from srcdiff.rules.spelled import spelled


@dataclass(frozen=True)
class _Sum:
    """Subscripts with a letter for each axis, those of ellipses among them."""

    inputs: tuple[str, ...]
    output: str
    shapes: tuple[Dims, ...]

    def size(self, letter: str) -> int | Dim:
        """The size that a letter stands for: axes of length 1 are stretched to it."""
        sizes = [
            ((dim),)
            for s, dims in self._axes()
            for c, dim in zip(s, dims, strict=True)
            if c == letter
        ]
        return broadcast_dims(*sizes)[0]

    def _axes(self) -> Iterator[tuple[str, Dims]]:
        return zip(self.inputs, self.shapes, strict=True)

    def met(self) -> Iterator[tuple[int | Dim, int | Dim]]:
        """Pairs of sizes that one letter stands for."""
        first: dict[str, int | Dim] = {}
        for letters, dims in self._axes():
            for letter, dim in zip(letters, dims, strict=True):
                if not_one(dim):
                    yield first.setdefault(letter, dim), dim


@rule(np.einsum)
def einsum(subscripts: Any, *operands: Kind, optimize: Any = False) -> Rule:
    if not isinstance(subscripts, str):
        raise NoRule("the subscripts are no string", 'write them as in "ij,jk->ik"')
    parts = [array_parts(kind) for kind in operands]
    dtype = np.result_type(*(dtype for dtype, _ in parts))
    found = _parsed(subscripts, tuple(dims for _, dims in parts))
    names = tuple(f"operands[{i}]" for i in range(len(operands)))
    texts = {name: _pull(found, i, dtype) for i, name in enumerate(names)}
    pulls = {name: Pull(spelled(f"lambda operands, d: {text}")) for name, text in texts.items()}
    # Of one operand, nothing being summed over, it is a view.
    view = len(operands) == 1 and set(found.inputs[0]) == set(found.output)
    return Rule(
        kind=array_kind(dtype, tuple(found.size(letter) for letter in found.output)),
        pulls=pulls,
        linear=names,
        shares=("operands",) if view else (),
        equal=tuple(found.met()),
    )


def _parsed(subscripts: str, shapes: tuple[Dims, ...]) -> _Sum:
    before, arrow, after = subscripts.replace(" ", "").partition("->")
    inputs = before.split(",")
    if len(inputs) != len(shapes):
        raise NoRule(f"{subscripts!r} is for {len(inputs)} operands, not {len(shapes)}")
    spare = [c for c in string.ascii_letters if c not in subscripts]
    hidden = [len(dims) - len(s.replace("...", "")) for s, dims in zip(inputs, shapes, strict=True)]
    if any(
        count < 0 or (count and "..." not in s) for s, count in zip(inputs, hidden, strict=True)
    ):
        raise NoRule(f"{subscripts!r} does not fit the operands' numbers of dimensions")
    letters = "".join(spare[: max(hidden, default=0)])
    named = tuple(
        s.replace("...", letters[len(letters) - count :])
        for s, count in zip(inputs, hidden, strict=True)
    )
    if arrow:
        output = after.replace("...", letters)
    else:
        counts = Counter("".join(inputs).replace(".", ""))
        output = letters + "".join(sorted(c for c, count in counts.items() if count == 1))
    return _Sum(named, output, shapes)


def _pull(found: _Sum, k: int, dtype: np.dtype[Any]) -> str:
    """The text of what one operand gets."""
    own, sizes = found.inputs[k], found.shapes[k]
    target, terms = _distinct(found, k, dtype)
    others = [(s, f"operands[{i}]") for i, s in enumerate(found.inputs) if i != k]
    factor = not found.output
    here = [] if factor else [(found.output, "d")]
    unsure = any(
        not not_one(dim) and not same_dim(dim, found.size(c)) and dim != 1
        for c, dim in zip(own, sizes, strict=True)
    )
    if unsure:  # whether an axis is stretched: ones make the product have all axes in full
        terms = [*terms, (target, f"np.ones_like(operands[{k}])")]
    terms = [*others[:k], *here, *others[k:], *terms]
    present = {letter for letters, _ in terms for letter in letters}
    # An axis of length 1 that was stretched is summed over, and put in again.
    single = {c for c, dim in zip(own, sizes, strict=True) if dim == 1 and found.size(c) != 1}
    kept = "".join(c for c in target if c in present and (unsure or c not in single))
    value = _einsum(terms, kept)
    if factor:
        value = "d" if value is None else f"d * {value}"
    assert value is not None
    if unsure:
        return f"unbroadcast({value}, operands[{k}].shape)"
    added = [i for i, c in enumerate(target) if c not in kept]
    if added and kept:
        value = f"({value})" if factor else value
        key = ", ".join("None" if i in added else ":" for i in range(len(target)))
        return f"{value}[{key}]"
    return value


def _distinct(found: _Sum, k: int, dtype: np.dtype[Any]) -> tuple[str, list[tuple[str, str]]]:
    """An operand's letters, those that stand there twice told apart, and an identity for each."""
    spare = iter(c for c in string.ascii_letters if c not in "".join((*found.inputs, found.output)))
    target = ""
    terms: list[tuple[str, str]] = []
    like = "" if dtype == np.float64 else f", dtype=operands[{k}].dtype"
    for i, (letter, dim) in enumerate(zip(found.inputs[k], found.shapes[k], strict=True)):
        if letter in target:
            size = str(dim) if isinstance(dim, int) else f"operands[{k}].shape[{i}]"
            first, letter = letter, next(spare)
            terms.append((first + letter, f"np.eye({size}{like})"))
        target += letter
    return target, terms


def _einsum(terms: list[tuple[str, str]], kept: str) -> str | None:
    """The text of the sum of a product; None of nothing."""
    if not terms:
        return None
    if len(terms) == 1:
        ((letters, value),) = terms
        if letters == kept:
            return value
        if letters == kept[::-1] and len(kept) == 2:
            return f"{value}.T"
    subscripts = ",".join(letters for letters, _ in terms) + f"->{kept}"
    return f"np.einsum({subscripts!r}, {', '.join(value for _, value in terms)})"
