"""The errors that srcdiff raises about source code, and the place in the source they point to."""

from __future__ import annotations

import linecache
import unicodedata
from dataclasses import dataclass
from typing import Any

__all__ = ["SourceError", "Span", "UnsupportedError"]


@dataclass(frozen=True)
class Span:
    """A stretch of source text: lines count from 1, columns from 0 and in characters."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of_line(cls, file: str, line: int, text: str | None = None) -> Span:
        """The whole of one line, without its indentation; `text` is looked up when not given."""
        text = linecache.getline(file, line) if text is None else text
        stripped = text.strip()
        column = len(text) - len(text.lstrip()) if stripped else 0
        return cls(file, line, column, line, column + len(stripped))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column + 1}"


class UnsupportedError(NotImplementedError):
    """A program, or a part of one, that srcdiff does not differentiate.

    The message looks like Python's own: file, line and function, the line of source with a caret
    under the part in question, then the reason, then what to write instead.

    `reason` says why; `span` says where; `source_line` is the text of the span's first line,
    looked up through `linecache` when not given and left out of the message when empty; `remedy`
    says what to write instead; `function` names the function that contains the span; `subject`
    names what "cannot be differentiated", and without it the reason stands alone. All six are
    attributes. The error can be pickled.
    """

    def __init__(
        self,
        reason: str,
        span: Span | None = None,
        source_line: str | None = None,
        remedy: str | None = None,
        function: str | None = None,
        subject: str | None = None,
    ) -> None:
        if source_line is None:
            source_line = linecache.getline(span.file, span.line) if span is not None else ""
        self.reason = reason
        self.span = span
        self.source_line = source_line
        self.remedy = remedy
        self.function = function
        self.subject = subject
        super().__init__("\n".join(self._message_lines()))

    def inside(self, function: str) -> UnsupportedError:
        """The same error, saying that it lies in this function; as it is where it says already."""
        if self.function is not None:
            return self
        line, remedy, subject = self.source_line, self.remedy, self.subject
        return type(self)(self.reason, self.span, line, remedy, function, subject)

    def _message_lines(self) -> list[str]:
        lines: list[str] = []
        if self.span is not None:
            place = f", in {self.function}" if self.function else ""
            # The empty line sets the location off from "srcdiff.errors.UnsupportedError: ".
            lines += ["", f'  File "{self.span.file}", line {self.span.line}{place}']
            lines += _marked(self.source_line, self.span)
        prefix = f"{self.subject} cannot be differentiated: " if self.subject else ""
        lines.append(prefix + self.reason)
        if self.remedy:
            lines.append(f"Instead: {self.remedy}")
        return lines

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the class with the finished message as the reason.
        arguments = (
            self.reason,
            self.span,
            self.source_line,
            self.remedy,
            self.function,
            self.subject,
        )
        return type(self), arguments, self.__dict__


class SourceError(UnsupportedError):
    """A function whose source cannot be had, or is not what the interpreter loaded.

    Built-in functions, functions made by `exec` or typed into `python -c`, files that are gone,
    and files that have changed since they were imported. It is an `UnsupportedError`, so that
    one `except` covers everything that keeps a function from being differentiated. (An object
    that is no function at all is a `TypeError` instead.)
    """


def _marked(source_line: str, span: Span) -> list[str]:
    """The line of source, dedented, and the line of carets below it."""
    text = source_line.rstrip()
    code = text.lstrip()
    if not code:
        return []
    indent = len(text) - len(code)
    last = span.end_column if span.end_line == span.line else len(text)
    start = min(max(span.column - indent, 0), len(code))
    stop = min(max(last - indent, start), len(code))
    # A tab stays a tab below a tab, so that the caret lines up at any tab width.
    padding = "".join("\t" if c == "\t" else " " * _width(c) for c in code[:start])
    carets = "^" * max(sum(map(_width, code[start:stop])), 1)
    return [f"    {code}", f"    {padding}{carets}"]


def _width(character: str) -> int:
    """The number of columns that a terminal gives to a character."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
