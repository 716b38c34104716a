"""All the ways to make a program's tree one step smaller, the large steps first."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any

Edit = Callable[[ast.Module], bool]  # changes a copy of the tree; False where it does not apply

BLOCKS = ("body", "orelse", "finalbody")
CONSTANTS = ("1.0", "0.5", "1")


def edits(tree: ast.Module) -> Iterator[ast.Module]:
    """Smaller trees, one edit each."""
    every = (_deletions, _unwrappings, _untupled, _expressions, _constants)
    for edit in (edit for make in every for edit in make(tree)):
        smaller = copy.deepcopy(tree)
        if edit(smaller):
            yield ast.fix_missing_locations(smaller)


def _nodes(tree: ast.Module) -> list[ast.AST]:
    return list(ast.walk(tree))  # breadth first: the same order in every copy


def _blocks(tree: ast.Module) -> Iterator[tuple[int, str, list[ast.stmt]]]:
    for position, node in enumerate(_nodes(tree)):
        for name in BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                yield position, name, block


def _deletions(tree: ast.Module) -> Iterator[Edit]:
    """Runs of statements left out, long runs first."""
    spans = []
    for position, name, block in _blocks(tree):
        length = len(block)
        while length:
            for start in range(0, len(block) - length + 1, max(1, length // 2)):
                spans.append((length, position, name, start))
            length //= 2
    for length, position, name, start in sorted(spans, key=lambda span: -span[0]):

        def edit(
            copied: ast.Module,
            position: int = position,
            name: str = name,
            start: int = start,
            length: int = length,
        ) -> bool:
            node = _nodes(copied)[position]
            block = getattr(node, name)
            del block[start : start + length]
            if not block and name == "body":
                block.append(ast.Pass())
                return length > 1 or not isinstance(node, ast.Module)
            return True

        yield edit


def _unwrappings(tree: ast.Module) -> Iterator[Edit]:
    """Compound statements replaced by one of their blocks."""
    for position, name, block in _blocks(tree):
        for place, statement in enumerate(block):
            for inner in BLOCKS:
                if not getattr(statement, inner, None) or isinstance(
                    statement, ast.FunctionDef | ast.ClassDef
                ):
                    continue

                def edit(
                    copied: ast.Module,
                    position: int = position,
                    name: str = name,
                    place: int = place,
                    inner: str = inner,
                ) -> bool:
                    around = getattr(_nodes(copied)[position], name)
                    around[place : place + 1] = getattr(around[place], inner)
                    return True

                yield edit


def _slots(node: ast.AST) -> Iterator[tuple[str, int | None, ast.expr]]:
    """The expressions that stand directly in a node, but neither targets nor callees."""
    for name, value in ast.iter_fields(node):
        if name in ("targets", "target", "func", "decorator_list", "annotation", "returns"):
            continue
        if isinstance(value, ast.expr):
            yield name, None, value
        elif isinstance(value, list):
            for place, item in enumerate(value):
                if isinstance(item, ast.expr):
                    yield name, place, item


def _operands(expression: ast.expr) -> Iterator[ast.expr]:
    for _, _, operand in _slots(expression):
        if not isinstance(operand, ast.Slice):
            yield operand
    if isinstance(expression, ast.Call):
        for keyword in expression.keywords:
            yield keyword.value


def _expressions(tree: ast.Module) -> Iterator[Edit]:
    """Expressions replaced by an operand or by a constant; augmented stores made plain."""
    for position, node in enumerate(_nodes(tree)):
        if isinstance(node, ast.arguments):
            continue
        for name, place, expression in _slots(node):
            if isinstance(expression, ast.Slice):
                continue
            replacements = list(_operands(expression))
            if not isinstance(expression, ast.Constant):
                replacements += [ast.parse(text, mode="eval").body for text in CONSTANTS]
            for replacement in replacements:

                def edit(
                    copied: ast.Module,
                    position: int = position,
                    name: str = name,
                    place: int | None = place,
                    replacement: ast.expr = replacement,
                ) -> bool:
                    found = _nodes(copied)[position]
                    if place is None:
                        setattr(found, name, copy.deepcopy(replacement))
                    else:
                        getattr(found, name)[place] = copy.deepcopy(replacement)
                    return True

                yield edit


def _untupled(tree: ast.Module) -> Iterator[Edit]:
    """One of several assignments that a statement makes."""
    for position, node in enumerate(_nodes(tree)):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Tuple):
            continue
        target = node.targets[0]
        if not isinstance(target, ast.Tuple) or len(target.elts) != len(node.value.elts):
            continue
        for place in range(len(target.elts)):

            def edit(copied: ast.Module, position: int = position, place: int = place) -> bool:
                found = _nodes(copied)[position]
                assert isinstance(found, ast.Assign)
                left, right = found.targets[0], found.value
                assert isinstance(left, ast.Tuple) and isinstance(right, ast.Tuple)
                found.targets, found.value = [left.elts[place]], right.elts[place]
                return True

            yield edit


def _constants(tree: ast.Module) -> Iterator[Edit]:
    """Numbers made plainer."""
    for position, node in enumerate(_nodes(tree)):
        if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
            continue
        plainer = [1.0, 2.0] if isinstance(node.value, float) else range(node.value)
        for value in plainer:
            if value == node.value:
                break

            def edit(copied: ast.Module, position: int = position, value: Any = value) -> bool:
                found = _nodes(copied)[position]
                assert isinstance(found, ast.Constant)
                found.value = value
                return True

            yield edit
