"""Syntax tree → the text of a module: `print_module`.

Takes trees of gast and of ast alike. Comments, which syntax trees do not have, are statements of
their own (`Comment`) or hang on a statement as its attribute `trailing_comment`.
"""

from __future__ import annotations

import ast
from io import StringIO
from typing import Any, ClassVar

import astunparse

from srcdiff.emit.literals import docstring_text
from srcdiff.emit.print_expressions import ExpressionPrinter, Level, operator_text
from srcdiff.emit.print_patterns import PatternPrinter

__all__ = ["Comment", "print_module"]

_DEFINITIONS = ("FunctionDef", "AsyncFunctionDef", "ClassDef")
_IMPORTS = ("Import", "ImportFrom")


class Comment(ast.stmt):
    """A statement that is only a comment: each line of `text` after a `#`."""

    _fields = ("text",)
    _field_types: ClassVar[dict[str, Any]] = {"text": str}
    text: str

    def __init__(self, text: str = "", **attributes: Any) -> None:
        super().__init__(text=text, **attributes)  # type: ignore[call-arg]


def print_module(tree: Any) -> str:
    """The text of a syntax tree: a module, or any other node of gast or ast, or `Comment`.

    The text begins with its first statement and ends with exactly one newline; that of an empty
    module is empty. Parsing it gives the tree back.
    """
    file = StringIO()
    _Printer(ast.Module([tree], []) if isinstance(tree, ast.stmt) else tree, file)
    text = file.getvalue().strip("\n")
    return text + "\n" if text else ""


def _kind(node: Any) -> str:
    return type(node).__name__


def _name(node: Any) -> str:
    """A name that is a string in ast and a Name in gast."""
    return node if isinstance(node, str) else str(node.id if hasattr(node, "id") else node.arg)


class _Printer(ExpressionPrinter, PatternPrinter, astunparse.Unparser):
    """Mends what astunparse brackets needlessly, gets wrong or does not know."""

    # Statements in sequence

    def _Module(self, t: Any) -> None:
        self._statements(t.body, documented=True)

    def _Interactive(self, t: Any) -> None:
        self._statements(t.body)

    def _Expression(self, t: Any) -> None:
        self.unbracketed(t.body)

    def _statements(self, body: list[Any], *, documented: bool = False) -> None:
        first = next((s for s in body if not isinstance(s, Comment)), None)
        for i, statement in enumerate(body):
            self.write("\n" * _blank_lines(body, i, nested=self._indent > 0))
            if documented and statement is first and _is_text(statement):
                self.fill()
                self._docstring(statement)
            else:
                self.dispatch(statement)
            if not _is_compound(statement):
                self._trailing(statement)

    def _docstring(self, statement: Any) -> None:
        constant = statement.value
        self.write("u" if getattr(constant, "kind", None) == "u" else "")
        self.write(docstring_text(constant.value))

    def _trailing(self, statement: Any) -> None:
        text = getattr(statement, "trailing_comment", None)
        if text:
            self.write(f"  # {' '.join(text.split())}")

    def _block(self, body: list[Any], owner: Any = None, *, documented: bool = False) -> None:
        """Print a colon, the comment of the statement that owns the block, and the block."""
        self.write(":")
        self._trailing(owner)
        self._indent += 1
        self._statements(body, documented=documented)
        if all(isinstance(statement, Comment) for statement in body):
            self.fill("pass")
        self._indent -= 1

    def _optional_block(self, keyword: str, body: list[Any] | None) -> None:
        if body:
            self.fill(keyword)
            self._block(body)

    def _Comment(self, t: Comment) -> None:
        for line in t.text.splitlines() or [""]:
            self.fill(f"# {line}".rstrip())

    # Simple statements

    def _Expr(self, t: Any) -> None:
        self.fill()
        self.value(t.value)

    def _Assign(self, t: Any) -> None:
        self.fill()
        for target in t.targets:
            self.unbracketed(target)
            self.write(" = ")
        unpacks = any(_kind(target) in ("Tuple", "List") for target in t.targets)
        if unpacks and _kind(t.value) == "Tuple":
            self.unbracketed(t.value)
        else:
            self.value(t.value)

    def _AugAssign(self, t: Any) -> None:
        self.fill()
        self.expression(t.target)
        self.write(f" {operator_text(t.op)}= ")
        self.value(t.value)

    def _AnnAssign(self, t: Any) -> None:
        self.fill()
        # `(x): int` declares nothing, unlike `x: int`.
        bracketed = not t.simple and _kind(t.target) == "Name"
        self.write(f"({t.target.id})" if bracketed else "")
        if not bracketed:
            self.expression(t.target)
        self.write(": ")
        self.expression(t.annotation)
        if t.value is not None:
            self.write(" = ")
            self.value(t.value)

    def _Return(self, t: Any) -> None:
        self.fill("return")
        if t.value is not None:
            self.write(" ")
            self.unbracketed(t.value)

    def _Delete(self, t: Any) -> None:
        self.fill("del ")
        self.separated(t.targets)

    def _Assert(self, t: Any) -> None:
        self.fill("assert ")
        self.expression(t.test)
        if t.msg is not None:
            self.write(", ")
            self.expression(t.msg)

    def _Raise(self, t: Any) -> None:
        self.fill("raise")
        if t.exc is not None:
            self.write(" ")
            self.expression(t.exc)
        if t.cause is not None:
            self.write(" from ")
            self.expression(t.cause)

    def _ImportFrom(self, t: Any) -> None:
        self.fill(f"from {'.' * (t.level or 0)}{t.module or ''} import ")
        self.separated(t.names)

    def _TypeAlias(self, t: Any) -> None:
        self.fill("type ")
        self.dispatch(t.name)
        self._type_params(t)
        self.write(" = ")
        self.expression(t.value)

    # Definitions

    def _FunctionDef(self, t: Any) -> None:
        self._function("def", t)

    def _AsyncFunctionDef(self, t: Any) -> None:
        self._function("async def", t)

    def _function(self, keyword: str, t: Any) -> None:
        self._decorators(t)
        self.fill(f"{keyword} {t.name}")
        self._type_params(t)
        self.write("(")
        self.dispatch(t.args)
        self.write(")")
        if getattr(t, "returns", None) is not None:
            self.write(" -> ")
            self.expression(t.returns)
        self._block(t.body, t, documented=True)

    def _ClassDef(self, t: Any) -> None:
        self._decorators(t)
        self.fill(f"class {t.name}")
        self._type_params(t)
        if t.bases or t.keywords:
            self.write("(")
            self.arguments_of(t.bases, t.keywords)
            self.write(")")
        self._block(t.body, t, documented=True)

    def _decorators(self, t: Any) -> None:
        for decorator in t.decorator_list:
            self.fill("@")
            self.expression(decorator)

    def _arguments(self, t: Any) -> None:
        positional_only = getattr(t, "posonlyargs", [])
        positional = [*positional_only, *t.args]
        defaults = [*[None] * (len(positional) - len(t.defaults)), *t.defaults]
        parts: list[tuple[str, Any, Any]] = [
            ("", argument, default) for argument, default in zip(positional, defaults, strict=True)
        ]
        if positional_only:
            parts.insert(len(positional_only), ("/", None, None))
        if t.vararg is not None or t.kwonlyargs:
            parts.append(("*", t.vararg, None))
        parts += [("", a, d) for a, d in zip(t.kwonlyargs, t.kw_defaults, strict=True)]
        if t.kwarg is not None:
            parts.append(("**", t.kwarg, None))
        for i, (prefix, argument, default) in enumerate(parts):
            self.write(f"{', ' if i else ''}{prefix}")
            self._argument(argument, default)

    def _argument(self, t: Any, default: Any) -> None:
        if t is None:
            return
        self.write(_name(t))
        annotation = getattr(t, "annotation", None)
        if annotation is not None:
            self.write(": ")
            self.expression(annotation)
        if default is not None:
            self.write("=" if annotation is None else " = ")
            self.expression(default)

    def _type_params(self, t: Any) -> None:
        params = getattr(t, "type_params", None)
        if params:
            self.write("[")
            self.separated(params)
            self.write("]")

    def _TypeVar(self, t: Any) -> None:
        self.write(t.name)
        if t.bound is not None:
            self.write(": ")
            self.expression(t.bound)
        self._type_default(t)

    def _TypeVarTuple(self, t: Any) -> None:
        self.write(f"*{t.name}")
        self._type_default(t)

    def _ParamSpec(self, t: Any) -> None:
        self.write(f"**{t.name}")
        self._type_default(t)

    def _type_default(self, t: Any) -> None:
        default = getattr(t, "default_value", None)
        if default is not None:
            self.write(" = ")
            self.expression(default)

    # Compound statements

    def _If(self, t: Any) -> None:
        keyword = "if "
        while True:
            self.fill(keyword)
            self.expression(t.test, Level.NAMED)
            self._block(t.body, t)
            orelse = getattr(t, "orelse", None) or []
            if len(orelse) != 1 or _kind(orelse[0]) != "If":
                break
            t, keyword = orelse[0], "elif "
        self._optional_block("else", orelse)

    def _While(self, t: Any) -> None:
        self.fill("while ")
        self.expression(t.test, Level.NAMED)
        self._block(t.body, t)
        self._optional_block("else", getattr(t, "orelse", None))

    def _For(self, t: Any) -> None:
        self._loop("for ", t)

    def _AsyncFor(self, t: Any) -> None:
        self._loop("async for ", t)

    def _loop(self, keyword: str, t: Any) -> None:
        self.fill(keyword)
        self.unbracketed(t.target)
        self.write(" in ")
        self.expression(t.iter)
        self._block(t.body, t)
        self._optional_block("else", getattr(t, "orelse", None))

    def _With(self, t: Any) -> None:
        self._with("with ", t)

    def _AsyncWith(self, t: Any) -> None:
        self._with("async with ", t)

    def _with(self, keyword: str, t: Any) -> None:
        self.fill(keyword)
        only = t.items[0] if len(t.items) == 1 else None
        # A tuple in one pair of brackets would be read as several items.
        doubled = only and only.optional_vars is None and _kind(only.context_expr) == "Tuple"
        self.write("(" if doubled else "")
        self.separated(t.items)
        self.write(")" if doubled else "")
        self._block(t.body, t)

    def _withitem(self, t: Any) -> None:
        self.expression(t.context_expr)
        if t.optional_vars is not None:
            self.write(" as ")
            self.expression(t.optional_vars)

    def _Try(self, t: Any) -> None:
        self._try(t, "except")

    def _TryStar(self, t: Any) -> None:
        self._try(t, "except*")

    def _try(self, t: Any, keyword: str) -> None:
        self.fill("try")
        self._block(t.body, t)
        for handler in t.handlers:
            self.fill(keyword)
            if handler.type is not None:
                self.write(" ")
                self.expression(handler.type)
            if handler.name is not None:
                self.write(f" as {_name(handler.name)}")
            self._block(handler.body, handler)
        self._optional_block("else", getattr(t, "orelse", None))
        self._optional_block("finally", getattr(t, "finalbody", None))

    def _Match(self, t: Any) -> None:
        self.fill("match ")
        self.expression(t.subject)
        self.write(":")
        self._trailing(t)
        self._indent += 1
        for case in t.cases:
            self.fill("case ")
            self.pattern(case.pattern)
            if case.guard is not None:
                self.write(" if ")
                self.expression(case.guard, Level.NAMED)
            self._block(case.body, case)
        self._indent -= 1


def _blank_lines(body: list[Any], i: int, *, nested: bool) -> int:
    """The number of empty lines before `body[i]`."""
    if i == 0:
        return 0
    before, after = body[i - 1], body[i]
    # What comments stand above belongs to them.
    heads = next((_kind(s) for s in body[i:] if not isinstance(s, Comment)), "")
    if heads in _DEFINITIONS and isinstance(before, Comment):
        return 0
    if heads in _DEFINITIONS or _kind(before) in _DEFINITIONS:
        return 1 if nested else 2
    if nested:
        return 0
    imported = _kind(before) in _IMPORTS and _kind(after) not in _IMPORTS
    return 1 if imported or (i == 1 and _is_text(before)) else 0


def _is_text(statement: Any) -> bool:
    """Whether a statement is only a string, as docstrings are."""
    return (
        _kind(statement) == "Expr"
        and _kind(statement.value) == "Constant"
        and isinstance(statement.value.value, str)
    )


def _is_compound(statement: Any) -> bool:
    return hasattr(statement, "body") or hasattr(statement, "cases")
