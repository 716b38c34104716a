"""Runs rules directly: templates are plain lambdas, though the compiler only ever reads them.

A `Row` is a call with example values. It is checked under several readings of its arguments'
kinds (sizes known, sizes named), since a rule may choose another template for each.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import srcdiff.rules.load  # noqa: F401  (registers every rule)
from srcdiff.ir.kinds import (
    UNKNOWN,
    Array,
    Dim,
    Kind,
    Known,
    Number,
    Scalar,
    TupleOf,
    carries,
)
from srcdiff.ir.names import BINARY, COMPARE, UNARY
from srcdiff.rules.registry import Rule, lookup
from srcdiff.runtime.broadcast import unbroadcast

OPERATORS: dict[str, Callable[..., Any]] = {**BINARY, **UNARY, **COMPARE}


@dataclass(frozen=True)
class Row:
    """`callee(*operands, **constants)`, at a point where it is differentiable."""

    callee: Any
    operands: tuple[Any, ...]
    constants: Mapping[str, Any] = field(default_factory=dict)
    # Positions of operands that are literals in the program.
    literals: tuple[int, ...] = ()
    # The kind may be less than the truth.
    vague: bool = False
    # Whether to run it in float32 as well, and whether contributions stay float32 there.
    single: bool = True
    widens: bool = False
    # Which item of a result that is a tuple.
    item: int | None = None

    def __str__(self) -> str:
        name = getattr(self.callee, "__name__", self.callee)
        module = getattr(self.callee, "__module__", None) or "operator"
        shapes = ",".join(_describe(x) for x in self.operands)
        constants = "".join(f",{k}={v}" for k, v in self.constants.items())
        return f"{module.split('.')[0]}.{name}({shapes}{constants})"

    @property
    def function(self) -> Callable[..., Any]:
        if isinstance(self.callee, str):
            return OPERATORS[self.callee]
        return self.callee

    def run(self, *operands: Any) -> Any:
        with np.errstate(all="ignore"):
            result = self.function(*operands, **self.constants)
        return result if self.item is None else result[self.item]


def row(callee: Any, *operands: Any, **constants: Any) -> Row:
    return Row(callee, operands, constants)


def _describe(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype.char}{list(value.shape)}".replace(" ", "")
    return (
        f"{type(value).__name__}:{value}" if isinstance(value, int | str) else type(value).__name__
    )


# --- kinds of examples --------------------------------------------------------------------------


class Reading:
    """A way to read the kinds of a row's operands: what is known of their sizes."""

    def __init__(self, name: str, dim: Callable[[int, str], int | Dim]) -> None:
        self.name = name
        self.dim = dim

    def kind(self, value: Any, label: str) -> Kind:
        if isinstance(value, np.ndarray):
            dims = tuple(self.dim(n, f"{label}.{i}") for i, n in enumerate(value.shape))
            return Array(value.dtype, dims)
        if isinstance(value, np.generic):
            return Scalar(value.dtype)
        if isinstance(value, tuple | list):
            items = enumerate(value)
            return TupleOf(tuple(self.kind(item, f"{label}.{i}") for i, item in items))
        if type(value) is int:
            # -1, in a shape, is a literal.
            return Number(int, size=value if value < 0 else self.dim(value, label))
        if type(value) in (float, bool, complex):
            return Number(type(value))
        return Known(value)


READINGS = (
    Reading("sizes", lambda n, label: n),
    Reading("named by size", lambda n, label: n if n == 1 else Dim(f"n{n}", not_one=n != 1)),
    Reading("named by place", lambda n, label: 1 if n == 1 else Dim(f"{label}={n}")),
)


def bind(row: Row, reading: Reading, values: tuple[Any, ...]) -> tuple[Rule, dict[str, Any]]:
    """The rule of a call, and the operands' values by name (a tuple for a starred one)."""
    entry = lookup(row.callee)
    assert entry is not None, f"no rule for {row.callee}"
    bound = entry.signature.bind(*values, **row.constants)
    operands: dict[str, Any] = {}
    args: list[Any] = []
    keywords: dict[str, Any] = {}
    starred = any(p.kind is p.VAR_POSITIONAL for p in entry.signature.parameters.values())
    for name, value in bound.arguments.items():
        parameter = entry.signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            literal = bool(row.literals)
            if name in entry.operands:
                operands[name] = value
            args += [_kind(item, reading, f"{name}.{i}", literal) for i, item in enumerate(value)]
        elif name in entry.operands:
            literal = len(operands) in row.literals
            operands[name] = value
            if starred or parameter.kind is parameter.POSITIONAL_ONLY:
                args.append(_kind(value, reading, name, literal))
            else:
                keywords[name] = _kind(value, reading, name, literal)
            if literal and f"{name}_value" in entry.signature.parameters:
                keywords[f"{name}_value"] = value
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD and starred:
            args.append(value)
        else:
            keywords[name] = value
    if "at" in entry.signature.parameters:
        keywords["at"] = "here"
    rule = entry.maker(*args, **keywords)
    return rule if row.item is None else rule.items[row.item], operands


def _kind(value: Any, reading: Reading, label: str, literal: bool) -> Kind:
    if literal and isinstance(value, int):
        return Number(type(value), size=value)
    return reading.kind(value, label)


def mismatch(kind: Kind, value: Any, vague: bool = False) -> str | None:
    """What a kind says wrongly of a value; with `vague`, saying too little is no mistake."""
    if kind == UNKNOWN:
        return None if vague else "unknown"
    if isinstance(kind, Number):
        if type(value) is not kind.type:
            return f"{kind} but {type(value)}"
        return None if kind.size is None else _wrong_size(kind.size, value)
    if isinstance(kind, Scalar):
        wrong = not isinstance(value, np.generic) or value.dtype != kind.dtype
        return f"{kind} but {value!r}" if wrong else None
    if isinstance(kind, Array):
        if not isinstance(value, np.ndarray) or value.dtype != kind.dtype:
            return f"{kind} but {value!r}"
        if value.ndim != kind.ndim:
            return f"{kind} but {value.shape}"
        wrongs = (_wrong_size(d, n) for d, n in zip(kind.dims, value.shape, strict=True))
        return next((wrong for wrong in wrongs if wrong), None)
    if isinstance(kind, TupleOf):
        if not isinstance(value, tuple) or len(value) != len(kind.items):
            return f"{kind} but {value!r}"
        wrongs = (mismatch(k, v, vague) for k, v in zip(kind.items, value, strict=True))
        return next((wrong for wrong in wrongs if wrong), None)
    return None if isinstance(value, range) else f"{kind} but {value!r}"


def _wrong_size(size: int | Dim, value: int) -> str | None:
    if isinstance(size, int):
        return None if size == value else f"size {size} but {value}"
    if "*" in size.name or " by " in str(size) or size.name.startswith("here"):
        return None
    known = sum(_named(term) for term in size.terms or (replace(size, minus=0),))
    right = max(known - size.minus, 0) == value and (value != 1 or not size.not_one)
    return None if right else f"size {size} but {value}"


def _named(size: Dim) -> int:
    """The size that its name tells."""
    return max(int(size.name.removeprefix("n").rpartition("=")[2]) - size.minus, 0)


# --- templates ----------------------------------------------------------------------------------


def names_of(template: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(template).parameters)


def apply(template: Callable[..., Any], known: Mapping[str, Any], d: Any) -> Any:
    """What a template gives; a template without `d` is a partial."""
    names = names_of(template)
    with np.errstate(all="ignore"):
        result = template(**{name: d if name == "d" else known[name] for name in names})
        return result if "d" in names else d * result


def contribution(rule: Rule, name: str, operands: Mapping[str, Any], y: Any, d: Any) -> Any:
    """The adjoint of one operand, of its shape, for the adjoint `d` of the result."""
    if rule.seed is not None:
        d = apply(rule.seed, {**operands, "y": y}, d)
    result = apply(rule.pulls[name].template, {**operands, "y": y}, d)
    shape = np.shape(parts(operands)[name])
    if rule.elementwise:
        return unbroadcast(np.broadcast_to(result, np.shape(y)), shape)
    return np.broadcast_to(result, shape)


# --- operands and their items -------------------------------------------------------------------

Path = tuple[int, ...]


def parts(operands: Mapping[str, Any]) -> dict[str, Any]:
    """The operands by name, and the items of sequences among them, as the engine names them."""
    out: dict[str, Any] = {}

    def add(name: str, value: Any) -> None:
        out[name] = value
        if isinstance(value, tuple | list):
            for i, item in enumerate(value):
                add(f"{name}[{i}]", item)

    for name, value in operands.items():
        add(name, value)
    return out


def active_paths(row: Row) -> dict[str, Path]:
    """The way to each operand or item that can carry a derivative, by its name."""
    entry = lookup(row.callee)
    assert entry is not None
    names: list[str] = []
    for parameter in entry.signature.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{i}]" for i in range(len(row.operands) - len(names))]
        else:
            names.append(parameter.name)
    out: dict[str, Path] = {}

    def add(name: str, value: Any, path: Path) -> None:
        if isinstance(value, tuple | list):
            for i, item in enumerate(value):
                add(f"{name}[{i}]", item, (*path, i))
        elif is_active(value):
            out[name] = path

    for i, (name, value) in enumerate(zip(names, row.operands, strict=False)):
        add(name, value, (i,))
    return out


def at(value: Any, path: Path) -> Any:
    return value if not path else at(value[path[0]], path[1:])


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A sequence with what lies at the end of the path replaced."""
    if not path:
        return new
    items = list(value)
    items[path[0]] = replaced(items[path[0]], path[1:], new)
    return type(value)(items)


def differences(row: Row, path: Path, d: Any) -> np.ndarray:
    """The gradient of `sum(d * f(...))` with respect to one operand, by central differences."""
    operand = at(row.operands, path)
    x = np.asarray(operand, dtype=float)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        h = 1e-6 * max(1.0, abs(x[index]))
        ends = []
        for sign in (1, -1):
            moved = np.array(x)
            moved[index] += sign * h
            new = moved if isinstance(operand, np.ndarray) else type(operand)(moved)
            ends.append(np.asarray(row.run(*replaced(row.operands, path, new)), float))
        gradient[index] = np.sum(d * (ends[0] - ends[1])) / (2 * h)
    return gradient


# --- forward mode -------------------------------------------------------------------------------


def way_forward(rule: Rule, name: str) -> str | None:
    """How a rule serves forward mode for an operand or item: None where it does not."""
    if any(name == each or name.startswith(f"{each}[") for each in rule.linear):
        return "joint" if rule.joint else "linear"
    if name in rule.pushes:
        return "push"
    return "elementwise" if rule.elementwise and name in rule.pulls else None


def pushed(
    rule: Rule, row: Row, operands: Mapping[str, Any], y: Any, tangents: Mapping[str, Any]
) -> Any:
    """The tangent of the result, of its shape, for the tangents of some operands."""
    paths = active_paths(row)
    total: Any = 0.0
    if rule.joint:
        names = [name for name in tangents if way_forward(rule, name) == "joint"]
        if names:
            total = row.run(*_zeroed(rule, row, {paths[name]: tangents[name] for name in names}))
    for name, t in tangents.items():
        match way_forward(rule, name):
            case "linear":
                part = row.run(*replaced(row.operands, paths[name], t))
            case "push":
                known = {**operands, "y": y, "t": t}
                template = rule.pushes[name]
                with np.errstate(all="ignore"):
                    part = template(**{each: known[each] for each in names_of(template)})
            case "elementwise":
                part = apply(rule.pulls[name].template, {**operands, "y": y}, t)
            case _:
                continue
        if rule.elementwise or way_forward(rule, name) == "elementwise":
            part = np.broadcast_to(part, np.shape(y))
        assert np.shape(part) == np.shape(y)
        total = total + part
    return total


def _zeroed(rule: Rule, row: Row, tangents: Mapping[Path, Any]) -> tuple[Any, ...]:
    """The operands of a jointly linear rule: tangents, and zeros where there are none."""
    entry = lookup(row.callee)
    assert entry is not None
    names = list(entry.signature.parameters)

    def zero(value: Any, path: Path) -> Any:
        if path in tangents:
            return tangents[path]
        if isinstance(value, tuple | list):
            return type(value)(zero(item, (*path, i)) for i, item in enumerate(value))
        return np.zeros_like(value) if isinstance(value, np.ndarray) else type(value)(0)

    return tuple(
        zero(value, (i,)) if names[i] in rule.linear else value
        for i, value in enumerate(row.operands)
    )


def cast(value: Any, dtype: Any) -> Any:
    """The value in another floating-point type; Python numbers stay what they are."""
    if isinstance(value, tuple | list):
        return type(value)(cast(item, dtype) for item in value)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f":
        return value.astype(dtype)
    return value


def spellings(callee: Any, *points: Any) -> Iterator[Row]:
    """An elementwise function on arrays, on numbers of all types, and broadcast."""
    arrays = [np.asarray(x, dtype=float) for x in points]
    base = Row(callee, tuple(arrays))
    yield base
    for convert in (float, np.float64, np.asarray):
        yield replace(base, operands=tuple(convert(x.flat[0]) for x in arrays))
    if len(arrays) == 2:
        a, b = arrays
        n = len(a)
        yield replace(base, operands=(a, float(b[0])))
        yield replace(base, operands=(np.float64(a[0]), b))
        yield replace(base, operands=(np.stack([a, a]), b))
        yield replace(base, operands=(a[:, None], b))
        yield replace(base, operands=(a[:1], np.resize(b, (2, n))))
    else:
        yield replace(base, operands=(np.stack([arrays[0], arrays[0]]),))


def is_active(value: Any) -> bool:
    return carries(READINGS[0].kind(value, "x"))
