"""Do two code objects come from the same text?

Equal code objects do. Where they are not equal they still may: pytest rewrites assert
statements, byte code cached on disk may come from a compiler with another bug fix release or
without columns, and docstrings may have been stripped. So what the text says is compared:
arguments, names, constants, operators, and where each of them stands.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Iterator
from types import CodeType

__all__ = ["difference", "extent"]

Position = tuple[int, int, int, int]
Fact = tuple[str, object, tuple[int, ...]]

_LAYOUT_FLAGS = (
    inspect.CO_VARARGS
    | inspect.CO_VARKEYWORDS
    | inspect.CO_GENERATOR
    | inspect.CO_COROUTINE
    | inspect.CO_ASYNC_GENERATOR
)

_LOCAL = frozenset(dis.haslocal)
_NAMED = frozenset(dis.hasname) | frozenset(dis.hasfree)
_CONSTANT = frozenset(dis.hasconst)

_OPERATORS = ("BINARY_OP", "COMPARE_OP", "CONTAINS_OP", "IS_OP", "UNARY_", "POP_JUMP_", "JUMP_IF_")


def extent(code: CodeType) -> Position | None:
    """First line and column and last line and column of what `code` does; None if unknown."""
    starts, ends = [], []
    for line, end_line, column, end_column in code.co_positions():
        if line is None or end_line is None or column is None or end_column is None:
            continue
        # What sets up a function has no place of its own: it stands on nothing.
        if (line, column) != (end_line, end_column):
            starts.append((line, column))
            ends.append((end_line, end_column))
    return (*min(starts), *max(ends)) if starts else None


def difference(
    found: CodeType,
    loaded: CodeType,
    assert_lines: frozenset[int] = frozenset(),
    *,
    with_places: bool = True,
) -> str | None:
    """What shows that `loaded` is not compiled from the text that `found` is; None if nothing.

    What stands on `assert_lines` is not compared if the asserts of `loaded` were rewritten.
    """
    if found == loaded:
        return None
    if _arguments(found) != _arguments(loaded):
        return f"its arguments are now ({', '.join(_arguments(found)[0])})"
    if _kind(found) != _kind(loaded):
        return "it is another kind of function"
    if found.co_freevars != loaded.co_freevars:
        return "it uses other variables of the enclosing function"
    ignored = assert_lines if _has_rewritten_asserts(loaded) else frozenset()
    depth = _depth(found, loaded) if with_places else 0
    now = set(_facts(found, ignored, depth))
    then = set(_facts(loaded, ignored, depth))
    if now != then:
        return _describe(now - then, then - now)
    nested, loaded_nested = _nested(found, ignored), _nested(loaded, ignored)
    if len(nested) != len(loaded_nested):
        return "it contains other functions"
    pairs = zip(nested, loaded_nested, strict=True)
    parts = (
        difference(inner, other, assert_lines, with_places=with_places) for inner, other in pairs
    )
    return next(filter(None, parts), None)


def _depth(found: CodeType, loaded: CodeType) -> int:
    """How much of each place can be compared: the line only, or all four numbers."""
    return 4 if extent(found) is not None and extent(loaded) is not None else 1


def _arguments(code: CodeType) -> tuple[tuple[str, ...], tuple[int, ...]]:
    flags = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    counts = code.co_posonlyargcount, code.co_argcount, code.co_kwonlyargcount, flags
    number = code.co_argcount + code.co_kwonlyargcount + flags.bit_count()
    return code.co_varnames[:number], counts


def _kind(code: CodeType) -> tuple[str, int]:
    return code.co_name, code.co_flags & _LAYOUT_FLAGS


def _has_rewritten_asserts(code: CodeType) -> bool:
    """Whether pytest put its own instructions in; no Python name begins with its `@py`."""
    return any(name.startswith("@py") for name in (*code.co_names, *code.co_varnames))


def _nested(code: CodeType, ignored: frozenset[int]) -> list[CodeType]:
    """The code objects inside, each once (a `finally` is compiled twice), in order of place."""
    inner = {constant for constant in code.co_consts if isinstance(constant, CodeType)}
    kept = [constant for constant in inner if constant.co_firstlineno not in ignored]
    return sorted(kept, key=lambda one: (one.co_firstlineno, one.co_name, extent(one) or ()))


def _facts(code: CodeType, ignored: frozenset[int], depth: int) -> Iterator[Fact]:
    """What the instructions say, apart from how they say it, and where in the text."""
    locals_of: dict[tuple[int, ...], list[object]] = {}
    for instruction in dis.get_instructions(code):
        place = instruction.positions
        if place is None or place.lineno is None or place.lineno in ignored:
            continue
        where = tuple(number or 0 for number in place[:depth])
        name, value = instruction.opname, instruction.argval
        if instruction.opcode in _CONSTANT:
            # The None that a function returns at its end stands nowhere in the text.
            if value is not None and not isinstance(value, CodeType):
                yield "constant", (type(value).__name__, repr(value)), where
        elif instruction.opcode in _LOCAL:
            # Two of one line may be fused into one instruction: the columns are not to be had.
            names = value if isinstance(value, tuple) else (value,)
            locals_of.setdefault(where[:1], []).extend(names)
        elif instruction.opcode in _NAMED:
            yield "name", value, where
        elif name.startswith(_OPERATORS):
            # A jump's target is an offset, which says nothing of the text.
            yield "operator", (name, None if "JUMP" in name else value), where
    for line, variables in locals_of.items():
        yield from (("name", variable, line) for variable in variables)
        yield "order", tuple(variables), line


def _describe(now: set[Fact], then: set[Fact]) -> str:
    for kind, noun in (("name", "name"), ("constant", "constant")):
        old = {str(_shown(value)) for k, value, _ in then if k == kind}
        new = {str(_shown(value)) for k, value, _ in now if k == kind}
        if old - new:
            return f"the {noun} {min(old - new)} is gone"
        if new - old:
            return f"the {noun} {min(new - old)} is new"
    lines = [where[0] for _, _, where in now | then if where]
    return f"line {min(lines)} is another one" if lines else "its operators are others"


def _shown(value: object) -> object:
    return value[1] if isinstance(value, tuple) else value
