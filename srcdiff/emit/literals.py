"""The text of constants, in the style of generated code: `"text"`, `1e-12`, `1e309`."""

from __future__ import annotations

import math
import re

__all__ = ["constant_text", "docstring_text", "string_text"]

# A literal too large for a float is read back as infinity.
_INFINITY = "1e309"
_NAN = f"({_INFINITY} - {_INFINITY})"

# Python refuses to write very long integers in decimal.
_LONG_INTEGER_BITS = 10_000


def constant_text(value: object) -> str:
    """The literal for a constant; what has no literal (nan) becomes an expression in brackets."""
    if value is Ellipsis:
        return "..."
    if isinstance(value, str):
        return string_text(value)
    if isinstance(value, bytes):
        return "b" + _double_quoted(repr(value)[1:])
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, complex):
        return _complex_text(value)
    if isinstance(value, int) and value.bit_length() > _LONG_INTEGER_BITS:
        return hex(value)
    if isinstance(value, tuple):
        items = ", ".join(map(constant_text, value))
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, frozenset):
        items = ", ".join(sorted(map(constant_text, value)))
        return f"frozenset({{{items}}})" if value else "frozenset()"
    return repr(value)


def string_text(value: str) -> str:
    """A string literal, in double quotes unless that takes more backslashes."""
    return _double_quoted(repr(value))


def docstring_text(value: str) -> str:
    """A string literal in three double quotes, whose lines are lines of the text."""
    escaped = "".join(map(_escaped, value))
    # Neither three quotes in a row nor one before the closing three.
    escaped = re.sub(r'"(?=""|\Z)', r"\"", escaped)
    return f'"""{escaped}"""'


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character == "\n" or character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def _double_quoted(literal: str) -> str:
    if literal.startswith('"') or '"' in literal:
        return literal
    return '"' + literal[1:-1].replace("\\'", "'") + '"'


def _float_text(value: float) -> str:
    if math.isnan(value):
        return _NAN
    return repr(value).replace("inf", _INFINITY)


def _complex_text(value: complex) -> str:
    if math.isnan(value.real) or math.isnan(value.imag):
        return f"complex({_float_text(value.real)}, {_float_text(value.imag)})"
    return repr(value).replace("inf", _INFINITY)
