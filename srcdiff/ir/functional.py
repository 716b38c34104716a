"""Functions as values: what a value of a functional kind consists of.

A function that travels is its code, which is known when the text is made, and the values that it
holds, which are not: its *leaves*. A leaf is reached by a path: `("k",)` is what a closure holds
as `k`, `("g", "k")` what the function holds that it holds as `g`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import (
    UNKNOWN,
    DerivedOf,
    FunctionOf,
    KeywordsOf,
    Kind,
    Known,
    PartialOf,
    TupleOf,
)

Path = tuple[str, ...]
Infer = Callable[[n.Expr], Kind]


def is_function(kind: Kind) -> bool:
    """Whether every value of the kind is one known function (types are not meant)."""
    if isinstance(kind, Known):
        return callable(kind.value) and not isinstance(kind.value, type | ModuleType)
    return isinstance(kind, FunctionOf | PartialOf | DerivedOf)


def is_functional(kind: Kind) -> bool:
    """Whether the value is a function, or a tuple with functions in it."""
    if isinstance(kind, TupleOf):
        return any(map(is_functional, kind.items))
    return is_function(kind)


def part(e: n.Expr, *path: str) -> n.Expr:
    """What a value holds under a path; it stands in the IR only until functions are normalised."""
    for name in path:
        e = n.Field(e, f"<{name}>")
    return e


def part_name(e: n.Field) -> str | None:
    """The name of what a `part` takes out; None for the fields of the user's text."""
    return e.name[1:-1] if e.name.startswith("<") else None


def held(kind: Kind) -> tuple[tuple[str, Kind], ...]:
    """The names and kinds of what a functional value holds."""
    match kind:
        case FunctionOf():
            return kind.held
        case PartialOf():
            args = tuple((str(i), item) for i, item in enumerate(kind.args))
            return (("function", kind.function), *args, *kind.keywords)
        case DerivedOf():
            return (("function", kind.function),)
        case TupleOf():
            return tuple((str(i), item) for i, item in enumerate(kind.items))
    return ()


def map_held(kind: FunctionOf | PartialOf | DerivedOf, f: Callable[[str, Kind], Kind]) -> Kind:
    """The kind with `f` applied to the names and kinds of what the value holds."""
    if isinstance(kind, FunctionOf):
        return FunctionOf(kind.code, tuple((name, f(name, item)) for name, item in kind.held))
    if isinstance(kind, DerivedOf):
        return DerivedOf(f("function", kind.function), kind.step)
    args = tuple(f(str(i), item) for i, item in enumerate(kind.args))
    keywords = tuple((name, f(name, item)) for name, item in kind.keywords)
    return PartialOf(f("function", kind.function), args, keywords)


def given_part(kind: PartialOf, name: str) -> Kind:
    """The kind of an attribute of a partial or a bound method that the program was given."""
    match name:
        case "args":
            return TupleOf(kind.args)
        case "keywords":
            return KeywordsOf(kind.keywords)
        case "func":
            return kind.function
        case "__self__":
            return kind.args[0]
    return UNKNOWN


def leaves(kind: Kind) -> Iterator[tuple[Path, Kind]]:
    """What a functional value holds that is not functional itself."""
    for name, item in held(kind):
        if is_functional(item):
            yield from (((name, *path), leaf) for path, leaf in leaves(item))
        else:
            yield (name,), item


def encoded(e: n.Expr, kind: Kind, infer: Infer) -> list[tuple[Path, n.Expr, Kind]]:
    """The leaves of a value outside of the frame that made it: captured variables are read now."""
    return list(_encoded(e, kind, infer, ()))


def _encoded(
    e: n.Expr, kind: Kind, infer: Infer, within: tuple[object, ...]
) -> Iterator[tuple[Path, n.Expr, Kind]]:
    if isinstance(kind, TupleOf) and isinstance(e, n.Tuple):
        pairs = [(str(i), item, infer(item)) for i, item in enumerate(e.items)]
    else:
        pairs = [(name, part(e, name), item) for name, item in held(kind)]
    here = 0
    if isinstance(kind, FunctionOf) and captured_here(kind):
        _check_finite(kind, e, within)
        within = (*within, kind.code)
        here = len(pairs)
        pairs += [(name, n.Var(name), infer(n.Var(name))) for name in captured_here(kind)]
    for i, (name, value, item) in enumerate(pairs):
        if is_functional(item):
            inside = within if i >= here else ()
            for path, leaf, leaf_kind in _encoded(value, item, infer, inside):
                yield (name, *path), leaf, leaf_kind
        else:
            yield (name,), value, item


def captured_here(kind: FunctionOf) -> tuple[str, ...]:
    """The captured variables that are those of the running function."""
    names = {name for name, _ in kind.held}
    return tuple(name for name in kind.code.captured if name not in names)


def left(kind: Kind, infer: Infer) -> Kind:
    """The kind of a value outside of the frame that made it."""
    return _left(kind, infer, ())


def _left(kind: Kind, infer: Infer, within: tuple[object, ...]) -> Kind:
    match kind:
        case TupleOf():
            return TupleOf(tuple(_left(item, infer, within) for item in kind.items))
        case PartialOf():
            args = tuple(_left(item, infer, within) for item in kind.args)
            keywords = tuple((name, _left(item, infer, within)) for name, item in kind.keywords)
            return PartialOf(_left(kind.function, infer, within), args, keywords)
        case DerivedOf():
            return DerivedOf(_left(kind.function, infer, within), kind.step)
        case FunctionOf():
            names = captured_here(kind)
            if names:
                _check_finite(kind, None, within)
            inside = (*within, kind.code)
            own = ((name, _left(item, infer, ())) for name, item in kind.held)
            here = ((name, _left(infer(n.Var(name)), infer, inside)) for name in names)
            return FunctionOf(kind.code, (*own, *here))
    return kind


def _check_finite(kind: FunctionOf, e: n.Expr | None, within: tuple[object, ...]) -> None:
    if kind.code in within:
        raise UnsupportedError(
            f"the function {kind.code.function.name} holds itself, and is used as a value.",
            kind.code.function.span if e is None else e.span,
            None,
            "call it where it is defined.",
        )
