"""From a text to functions of CPython, with the text in sight of tracebacks, `inspect` and pdb."""

from __future__ import annotations

import itertools
import linecache
import threading
import weakref
from collections.abc import Iterable
from types import CodeType
from typing import Any

_numbering = threading.RLock()
# The file names in use.
_taken: set[str] = set()


def load(text: str, filename: str, namespace: dict[str, Any]) -> dict[str, Any]:
    r"""Run a text as a module, its lines registered with `linecache` under a file name.

    Args:
        text: the source of a module.
        filename: a name in angle brackets.
        namespace: what the text may read; gets what the text defines.

    Returns:
        The namespace.

    Raises:
        SyntaxError: the text is not Python.

    Example:
        >>> load("def f(x):\n    return 2.0 * x\n", "<example>", {})["f"](3.0)
        6.0
    """
    code = compile(text, filename, "exec", dont_inherit=True)
    register(text, filename)
    exec(code, namespace)
    return namespace


def register(text: str, filename: str) -> None:
    """Let `linecache` give the lines of the text. Without a time it never looks for a file."""
    lines = [f"{line}\n" for line in text.removesuffix("\n").split("\n")]
    linecache.cache[filename] = len(text), None, lines, filename


class Listing:
    """A text with a file name of its own, in `linecache` as long as this object lives.

    Attributes:
        text: the text.
        filename: such as `<srcdiff f_grad wrt x #1>`.
        code: the text, compiled.

    Example:
        >>> Listing("x = 1", "f_grad", ["x", "y"]).filename
        '<srcdiff f_grad wrt x, y #1>'
    """

    def __init__(self, text: str, name: str, wrt: Iterable[str]) -> None:
        """Give the text a name and compile it.

        Args:
            text: the source of a module.
            name: what it defines.
            wrt: with respect to what.

        Raises:
            SyntaxError: the text is not Python.
        """
        self.text = text
        self.filename = _claim(name, ", ".join(wrt))
        # Before anything can fail; and by name, as what it holds must not hold this object.
        weakref.finalize(self, _release, self.filename).atexit = False
        self.code: CodeType = compile(text, self.filename, "exec", dont_inherit=True)
        register(text, self.filename)

    def run(self, namespace: dict[str, Any]) -> dict[str, Any]:
        """Run the text in a namespace, and return it."""
        exec(self.code, namespace)
        return namespace


def _claim(name: str, wrt: str) -> str:
    """A file name with the lowest number that no living listing has."""
    with _numbering:
        for number in itertools.count(1):
            filename = f"<srcdiff {name} wrt {wrt} #{number}>"
            if filename not in _taken:
                _taken.add(filename)
                return filename
    raise AssertionError("unreachable")


def _release(filename: str) -> None:
    # Without the lock: the garbage collector may call this while this very thread holds it.
    linecache.cache.pop(filename, None)
    _taken.discard(filename)
