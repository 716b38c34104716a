"""How expressions are printed: with as few brackets as their grammar allows.

Every kind of expression has a level, how tightly it binds. Who prints an expression inside another
one says the level that is needed at that place, and brackets appear where it is not reached.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import gast

from srcdiff.emit.literals import constant_text

__all__ = ["ExpressionPrinter", "Level"]


class Level(IntEnum):
    """How tightly an expression binds, from loose to tight, in the order of Python's grammar."""

    YIELD = 0
    TUPLE = 1
    NAMED = 2
    TEST = 3
    OR = 4
    AND = 5
    NOT = 6
    COMPARE = 7
    BIT_OR = 8
    BIT_XOR = 9
    BIT_AND = 10
    SHIFT = 11
    SUM = 12
    TERM = 13
    FACTOR = 14
    POWER = 15
    AWAIT = 16
    ATOM = 17

    def tighter(self) -> Level:
        return Level(self + 1)


_LEVELS = {
    "Yield": Level.YIELD,
    "YieldFrom": Level.YIELD,
    "Tuple": Level.TUPLE,
    "NamedExpr": Level.NAMED,
    "IfExp": Level.TEST,
    "Lambda": Level.TEST,
    "Compare": Level.COMPARE,
    "Await": Level.AWAIT,
}

_BINARY = {
    "BitOr": ("|", Level.BIT_OR),
    "BitXor": ("^", Level.BIT_XOR),
    "BitAnd": ("&", Level.BIT_AND),
    "LShift": ("<<", Level.SHIFT),
    "RShift": (">>", Level.SHIFT),
    "Add": ("+", Level.SUM),
    "Sub": ("-", Level.SUM),
    "Mult": ("*", Level.TERM),
    "Div": ("/", Level.TERM),
    "FloorDiv": ("//", Level.TERM),
    "Mod": ("%", Level.TERM),
    "MatMult": ("@", Level.TERM),
    "Pow": ("**", Level.POWER),
}

_UNARY = {
    "Not": ("not ", Level.NOT),
    "Invert": ("~", Level.FACTOR),
    "UAdd": ("+", Level.FACTOR),
    "USub": ("-", Level.FACTOR),
}

_BOOLEAN = {"Or": ("or", Level.OR), "And": ("and", Level.AND)}

_COMPARISONS = {
    "Eq": "==",
    "NotEq": "!=",
    "Lt": "<",
    "LtE": "<=",
    "Gt": ">",
    "GtE": ">=",
    "Is": "is",
    "IsNot": "is not",
    "In": "in",
    "NotIn": "not in",
}


def operator_text(node: Any) -> str:
    """The sign of a binary operator, as `+=` needs it too."""
    return _BINARY[_kind(node)][0]


def level_of(node: Any) -> Level:
    """How tightly the text of an expression binds."""
    kind = _kind(node)
    if kind == "BinOp":
        return _BINARY[_kind(node.op)][1]
    if kind == "UnaryOp":
        return _UNARY[_kind(node.op)][1]
    if kind == "BoolOp":
        return _BOOLEAN[_kind(node.op)][1]
    if kind == "Tuple" and not node.elts:
        return Level.ATOM
    if kind == "Constant":
        # Negative numbers are constants in trees that were not parsed.
        return Level.FACTOR if constant_text(node.value).startswith("-") else Level.ATOM
    return _LEVELS.get(kind, Level.ATOM)


def _left_level(operator: Any) -> Level:
    """What the left operand needs: all but the power lean to the left."""
    level = _BINARY[_kind(operator)][1]
    return level.tighter() if level is Level.POWER else level


def _kind(node: Any) -> str:
    return type(node).__name__


class ExpressionPrinter:
    """The part of the printer that prints expressions; one method for each kind."""

    if TYPE_CHECKING:

        def write(self, text: str) -> None: ...
        def dispatch(self, tree: Any) -> None: ...

    def expression(self, node: Any, needed: Level = Level.TEST) -> None:
        """Print an expression where the grammar asks for one that binds at least as `needed`."""
        if level_of(node) >= needed:
            self.dispatch(node)
        else:
            self.write("(")
            self.dispatch(node)
            self.write(")")

    def separated(self, nodes: Iterable[Any], needed: Level = Level.TEST) -> None:
        """Print expressions with commas between them."""
        for i, node in enumerate(nodes):
            self.write(", " if i else "")
            self.expression(node, needed)

    def value(self, node: Any) -> None:
        """Print the right-hand side of an assignment, where `yield` needs no brackets."""
        bare = _kind(node) in ("Yield", "YieldFrom")
        self.expression(node, Level.YIELD if bare else Level.TEST)

    def unbracketed(self, node: Any) -> None:
        """Print an expression where a tuple needs no brackets (`(x,)` keeps them, to be seen)."""
        bare = _kind(node) == "Tuple" and len(node.elts) > 1
        self.expression(node, Level.TUPLE if bare else Level.TEST)

    # Operators

    def _BinOp(self, t: Any) -> None:
        # A long sum leans to the left; a loop spares it the recursion limit.
        pending = [t]
        while _kind(t.left) == "BinOp" and level_of(t.left) >= _left_level(t.op):
            t = t.left
            pending.append(t)
        self.expression(t.left, _left_level(t.op))
        while pending:
            t = pending.pop()
            sign, level = _BINARY[_kind(t.op)]
            self.write(f" {sign} ")
            self.expression(t.right, Level.FACTOR if level is Level.POWER else level.tighter())

    def _UnaryOp(self, t: Any) -> None:
        sign, level = _UNARY[_kind(t.op)]
        self.write(sign)
        self.expression(t.operand, level)

    def _BoolOp(self, t: Any) -> None:
        word, level = _BOOLEAN[_kind(t.op)]
        for i, operand in enumerate(t.values):
            self.write(f" {word} " if i else "")
            self.expression(operand, level.tighter())

    def _Compare(self, t: Any) -> None:
        self.expression(t.left, Level.COMPARE.tighter())
        for operator, operand in zip(t.ops, t.comparators, strict=True):
            self.write(f" {_COMPARISONS[_kind(operator)]} ")
            self.expression(operand, Level.COMPARE.tighter())

    def _IfExp(self, t: Any) -> None:
        self.expression(t.body, Level.OR)
        self.write(" if ")
        self.expression(t.test, Level.OR)
        self.write(" else ")
        self.expression(t.orelse)

    def _NamedExpr(self, t: Any) -> None:
        self.expression(t.target)
        self.write(" := ")
        self.expression(t.value)

    def _Await(self, t: Any) -> None:
        self.write("await ")
        self.expression(t.value, Level.ATOM)

    def _Yield(self, t: Any) -> None:
        self.write("yield")
        if t.value is not None:
            self.write(" ")
            self.unbracketed(t.value)

    def _YieldFrom(self, t: Any) -> None:
        self.write("yield from ")
        self.expression(t.value)

    def _Lambda(self, t: Any) -> None:
        a = t.args
        some = a.args or getattr(a, "posonlyargs", ()) or a.vararg or a.kwonlyargs or a.kwarg
        self.write("lambda " if some else "lambda")
        self.dispatch(t.args)
        self.write(": ")
        self.expression(t.body)

    # Atoms

    def _Constant(self, t: Any) -> None:
        self.write("u" if getattr(t, "kind", None) == "u" else "")
        self.write(constant_text(t.value))

    def _JoinedStr(self, t: Any) -> None:
        tree = t if isinstance(t, ast.JoinedStr) else gast.gast_to_ast(t)
        text = ast.unparse(tree)
        # The quotes can be exchanged only where no others are inside.
        inside = text[2:-1]
        if text.startswith("f'") and "'" not in inside and '"' not in inside:
            text = f'f"{inside}"'
        self.write(text)

    def _Tuple(self, t: Any) -> None:
        # Brackets come from `expression`; the empty tuple consists of nothing else.
        if not t.elts:
            self.write("()")
            return
        self.separated(t.elts)
        self.write("," if len(t.elts) == 1 else "")

    def _List(self, t: Any) -> None:
        self.write("[")
        self.separated(t.elts)
        self.write("]")

    def _Set(self, t: Any) -> None:
        self.write("{" if t.elts else "{*()")
        self.separated(t.elts)
        self.write("}")

    def _Dict(self, t: Any) -> None:
        self.write("{")
        for i, (key, value) in enumerate(zip(t.keys, t.values, strict=True)):
            self.write(", " if i else "")
            if key is None:
                self.write("**")
                self.expression(value, Level.BIT_OR)
            else:
                self.expression(key)
                self.write(": ")
                self.expression(value)
        self.write("}")

    def _ListComp(self, t: Any) -> None:
        self._comprehended("[", t, "]")

    def _SetComp(self, t: Any) -> None:
        self._comprehended("{", t, "}")

    def _GeneratorExp(self, t: Any) -> None:
        self._comprehended("(", t, ")")

    def _comprehended(self, start: str, t: Any, end: str) -> None:
        self.write(start)
        self.expression(t.elt)
        self.dispatch(t.generators)
        self.write(end)

    def _DictComp(self, t: Any) -> None:
        self.write("{")
        self.expression(t.key)
        self.write(": ")
        self.expression(t.value)
        self.dispatch(t.generators)
        self.write("}")

    def _comprehension(self, t: Any) -> None:
        self.write(" async for " if getattr(t, "is_async", 0) else " for ")
        self.unbracketed(t.target)
        self.write(" in ")
        self.expression(t.iter, Level.OR)
        for condition in t.ifs:
            self.write(" if ")
            self.expression(condition, Level.OR)

    # What follows an atom

    def _Attribute(self, t: Any) -> None:
        # `1.real` would be a number followed by a name.
        if _kind(t.value) == "Constant" and type(t.value.value) is int:
            self.write(f"({constant_text(t.value.value)})")
        else:
            self.expression(t.value, Level.ATOM)
        self.write(f".{t.attr}")

    def _Subscript(self, t: Any) -> None:
        self.expression(t.value, Level.ATOM)
        self.write("[")
        self.expression(t.slice, Level.TUPLE if _kind(t.slice) == "Tuple" else Level.TEST)
        self.write("]")

    def _Slice(self, t: Any) -> None:
        if t.lower is not None:
            self.expression(t.lower, Level.OR)
        self.write(":")
        if t.upper is not None:
            self.expression(t.upper, Level.OR)
        if t.step is not None:
            self.write(":")
            self.expression(t.step, Level.OR)

    def _Call(self, t: Any) -> None:
        self.expression(t.func, Level.ATOM)
        if len(t.args) == 1 and not t.keywords and _kind(t.args[0]) == "GeneratorExp":
            self.dispatch(t.args[0])
            return
        self.write("(")
        self.arguments_of(t.args, t.keywords)
        self.write(")")

    def arguments_of(self, positional: list[Any], keywords: list[Any]) -> None:
        """Print what stands between the brackets of a call or a class."""
        self.separated(positional, Level.NAMED)
        for i, keyword in enumerate(keywords):
            self.write(", " if i or positional else "")
            self.dispatch(keyword)

    def _keyword(self, t: Any) -> None:
        self.write("**" if t.arg is None else f"{t.arg}=")
        self.expression(t.value, Level.BIT_OR if t.arg is None else Level.TEST)

    def _Starred(self, t: Any) -> None:
        self.write("*")
        self.expression(t.value, Level.BIT_OR)
