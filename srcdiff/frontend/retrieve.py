"""Function object → the syntax tree it was compiled from, with its place in its file.

The whole file is parsed and compiled once. The function's code object is then looked for in what
came out, so that the tree that is handed on is the one the interpreter loaded: a file that has
changed since is an error, never a silent derivative of the new text.
"""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
import linecache
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MappingProxyType
from typing import Any

import gast

from srcdiff.errors import SourceError, Span
from srcdiff.frontend.codematch import difference, extent

__all__ = ["Retrieved", "retrieve", "span_of"]

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_LAMBDA = "<lambda>"

# The flags of `from __future__` that change compilation; a notebook's or a doctest's are in force
# without being written in the text.
_FUTURE_FLAGS = functools.reduce(
    int.__or__,
    (
        getattr(__future__, name).compiler_flag
        for name in __future__.all_feature_names
        if name not in ("nested_scopes", "generators")
    ),
)

# Cells of notebooks may await at their top level; functions inside are not affected by the flag.
_EXTRA_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


@dataclass(frozen=True, eq=False)
class Retrieved:
    """A function's syntax tree and everything else that is known about where it was defined.

    `node` is a gast FunctionDef, AsyncFunctionDef or Lambda of its own (nobody else holds it),
    with its decorators; its positions are those of `file`, whose text is `lines`. `name` is the
    name it was defined under, "lambda" for lambdas. `cells` holds its free variables.
    """

    name: str
    node: Any
    file: str
    line: int
    lines: tuple[str, ...]
    globals: dict[str, Any]
    cells: Mapping[str, CellType]
    defaults: tuple[Any, ...]
    kwdefaults: Mapping[str, Any]
    function: FunctionType

    def span(self, node: Any = None) -> Span:
        """The place of `node`, which is part of this function, or of the whole function."""
        return span_of(self.node if node is None else node, self.file, self.lines)


def retrieve(function: Callable[..., Any], *, unwrap: bool = False) -> Retrieved:
    """Find the source of a function.

    Args:
        function: a function or lambda written in Python.
        unwrap: follow `__wrapped__`, which `functools.wraps` sets, to the innermost function.

    Raises:
        TypeError: `function` is not a function.
        SourceError: it has no source, or its source is no longer the one that was loaded.
    """
    plain = _plain_function(inspect.unwrap(function) if unwrap else function)
    code = plain.__code__
    text = _text_of(plain)
    try:
        parsed = _parse(code.co_filename, text, code.co_flags & _FUTURE_FLAGS)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _changed(code, f"the text can no longer be compiled ({error})") from error
    node = parsed.locate(code)
    return Retrieved(
        name=_shown_name(code),
        node=gast.ast_to_gast(node),
        file=code.co_filename,
        line=code.co_firstlineno,
        lines=parsed.lines,
        globals=plain.__globals__,
        cells=MappingProxyType(dict(zip(code.co_freevars, plain.__closure__ or (), strict=True))),
        defaults=plain.__defaults__ or (),
        kwdefaults=MappingProxyType(dict(plain.__kwdefaults__ or {})),
        function=plain,
    )


def span_of(node: Any, file: str, lines: Sequence[str]) -> Span:
    """The span of an ast or gast node in `file`, whose text is `lines`.

    Syntax trees count columns in bytes of UTF-8; spans count characters.
    """
    line: int = node.lineno
    end_line = getattr(node, "end_lineno", None) or line
    end = getattr(node, "end_col_offset", None)
    column = _characters(lines, line, node.col_offset)
    end_column = column if end is None else _characters(lines, end_line, end)
    return Span(file, line, column, end_line, end_column)


def _characters(lines: Sequence[str], line: int, offset: int) -> int:
    if not 1 <= line <= len(lines) or lines[line - 1].isascii():
        return offset
    return len(lines[line - 1].encode()[:offset].decode(errors="ignore"))


@dataclass(frozen=True, eq=False)
class _Parsed:
    """A file's text, parsed and compiled; functions are found by name and first line."""

    file: str
    text: str
    flags: int
    lines: tuple[str, ...]
    nodes: Mapping[tuple[str, int], Sequence[_FunctionNode]]
    codes: Mapping[tuple[str, int], Sequence[CodeType]]

    def locate(self, code: CodeType) -> _FunctionNode:
        """The node that `code` was compiled from; an error if there is none any more."""
        key = code.co_name, code.co_firstlineno
        nodes = self.nodes.get(key)
        candidates = self.codes.get(key, ())
        if not nodes or not candidates:
            raise _changed(code, f"there is no {_shown_name(code)} at line {code.co_firstlineno}")
        if code in candidates:
            return self._node_of(code, nodes)
        asserts = _assert_lines(nodes)
        differences = [difference(candidate, code, asserts) for candidate in candidates]
        for candidate, found in zip(candidates, differences, strict=True):
            if found is None:
                return self._node_of(candidate, nodes)
        raise _changed(code, next(iter(filter(None, differences))))

    def _node_of(self, code: CodeType, nodes: Sequence[_FunctionNode]) -> _FunctionNode:
        """The one of `nodes` (all of one name and line) that this file's `code` came from."""
        if len(nodes) == 1:
            return nodes[0]
        inside = extent(code)
        if inside is None:
            return self._node_of_tagged(code, nodes)
        # An enclosing lambda's body holds the inner one's too: the last to begin is right.
        holders = [node for node in nodes if _holds(node, inside)]
        if not holders:
            return self._node_of_tagged(code, nodes)
        return max(holders, key=lambda node: (node.lineno, node.col_offset))

    def _node_of_tagged(self, code: CodeType, nodes: Sequence[_FunctionNode]) -> _FunctionNode:
        """As `_node_of`, for code without columns (`python -X no_debug_ranges`).

        Each of the lambdas in turn is compiled with a first line of its own, far below the
        text, by which its code object is told from the others.
        """
        tree = _parse_only(self.file, self.text, self.flags)
        places = {(node.lineno, node.col_offset): node for node in nodes}
        tag = len(self.lines) + 1
        for node in ast.walk(tree):
            place = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
            if not isinstance(node, ast.Lambda) or place not in places:
                continue
            end, node.lineno, node.end_lineno = node.end_lineno, tag, tag
            tagged = _compile(tree, self.file, self.flags)
            (node.lineno, _), node.end_lineno = place, end
            for found in _codes_within(tagged):
                at_tag = found.co_firstlineno == tag
                if at_tag and difference(found, code, with_places=False) is None:
                    return places[place]
        raise _changed(code, f"which of the lambdas at line {code.co_firstlineno} is unclear")


@functools.lru_cache(maxsize=64)
def _parse(file: str, text: str, flags: int) -> _Parsed:
    tree = _parse_only(file, text, flags)
    nodes: dict[tuple[str, int], list[_FunctionNode]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            nodes.setdefault((_LAMBDA, node.lineno), []).append(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            # A code object's first line is that of the first decorator.
            first = node.decorator_list[0] if node.decorator_list else node
            nodes.setdefault((node.name, first.lineno), []).append(node)
    codes: dict[tuple[str, int], list[CodeType]] = {}
    for code in _codes_within(_compile(tree, file, flags)):
        codes.setdefault((code.co_name, code.co_firstlineno), []).append(code)
    return _Parsed(file, text, flags, tuple(text.split("\n")), nodes, codes)


def _parse_only(file: str, text: str, flags: int) -> ast.Module:
    with warnings.catch_warnings():
        # The interpreter has shown these when it loaded the file.
        warnings.simplefilter("ignore")
        tree = compile(
            text, file, "exec", flags | _EXTRA_FLAGS | ast.PyCF_ONLY_AST, dont_inherit=True
        )
    assert isinstance(tree, ast.Module)
    return tree


def _compile(tree: ast.Module, file: str, flags: int) -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(tree, file, "exec", flags | _EXTRA_FLAGS, dont_inherit=True)
    assert isinstance(code, CodeType)
    return code


def _codes_within(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes_within(constant)


def _holds(node: _FunctionNode, inside: tuple[int, int, int, int]) -> bool:
    """Whether positions from (line, column) to (line, column) all lie in a lambda's body."""
    assert isinstance(node, ast.Lambda)
    body = node.body
    assert body.end_lineno is not None
    assert body.end_col_offset is not None
    first = body.lineno, body.col_offset
    last = body.end_lineno, body.end_col_offset
    return first <= inside[:2] and inside[2:] <= last


def _assert_lines(nodes: Sequence[_FunctionNode]) -> frozenset[int]:
    return frozenset(
        line
        for node in nodes
        for part in ast.walk(node)
        if isinstance(part, ast.Assert)
        for line in range(part.lineno, (part.end_lineno or part.lineno) + 1)
    )


def _text_of(function: FunctionType) -> str:
    """The whole text of the file that defines a function."""
    code = function.__code__
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        # Python knows of more places, such as what was typed at its prompt.
        try:
            lines, _ = inspect.findsource(function)
        except (OSError, TypeError, IndexError):
            raise SourceError(
                f"there is no source text for it in {code.co_filename!r}",
                remedy="define it in a file or a notebook; text run by exec() or `python -c` is "
                "not kept by Python",
                subject=_shown_name(code),
            ) from None
    return "".join(lines)


def _plain_function(function: Callable[..., Any]) -> FunctionType:
    if isinstance(function, FunctionType):
        return function
    name = getattr(function, "__name__", None)
    shown = name if isinstance(name, str) else repr(function)
    # Methods of built-in types and NumPy's ufuncs are other types, without code as well.
    compiled = isinstance(function, BuiltinFunctionType) or (
        not isinstance(function, type)
        and type(function).__module__ in ("builtins", "numpy")
        and not hasattr(function, "__func__")
        and callable(function)
    )
    if compiled:
        raise SourceError(
            "it is not written in Python and has no source",
            remedy=f"call it from a Python function, or give a rule for {shown}",
            subject=shown,
        )
    raise TypeError(f"a function is needed, not {type(function).__name__} {shown}")


def _changed(code: CodeType, what: str) -> SourceError:
    span = Span.of_line(code.co_filename, code.co_firstlineno)
    return SourceError(
        f"the source has changed since it was loaded: {what}",
        span,
        source_line="",  # the line that stands there now is another one
        remedy="reload the module, or start Python again, so that text and code agree",
        function=_shown_name(code),
        subject=_shown_name(code),
    )


def _shown_name(code: CodeType) -> str:
    return "lambda" if code.co_name == _LAMBDA else code.co_name
