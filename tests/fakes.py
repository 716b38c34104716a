"""A compiler that hands out texts written by hand, to test what runs them."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any

from srcdiff.frontend.scope import Dependency, Home, home_of
from srcdiff.pipeline import Derived, Request
from srcdiff.signature import kind_of


def dependency(function: Any, *steps: str, alias: str | None = None) -> Dependency:
    """The dependency on the variable to which the steps lead from a function's scope."""
    owner = function
    for step in steps[:-1]:
        owner = vars(owner)[step] if isinstance(owner, types.ModuleType) else read(owner, step)
    name = steps[-1]
    if isinstance(owner, types.ModuleType):
        home: Home | None = Home(owner.__name__, vars(owner))
    else:
        home = home_of(owner, name)
    assert home is not None
    value = home.read(name)
    path = tuple(steps[:-1])
    alias = name if alias is None else alias
    if isinstance(value, types.FunctionType):
        return Dependency(
            name,
            home,
            alias,
            value=value,
            code=value.__code__,
            defaults=value.__defaults__,
            path=path,
        )
    if callable(value) or isinstance(value, types.ModuleType):
        return Dependency(name, home, alias, value=value, path=path)
    return Dependency(name, home, alias, kind=kind_of(value, name), path=path)


def read(function: Any, name: str) -> Any:
    home = home_of(function, name)
    assert home is not None
    return home.read(name)


class FakeCompiler:
    """Stands in for `pipeline.derive`.

    `result` is the expression that the derivatives return; it is given by name of the function,
    or as a function of the request. `requests` are those that came.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.results: dict[str, str | Callable[[Request], str]] = {}
        self.steps: dict[str, list[tuple[str, ...]]] = {}
        self.fields: dict[str, dict[str, Any]] = {}

    def add(
        self,
        name: str,
        result: str | Callable[[Request], str],
        steps: list[tuple[str, ...]] | None = None,
        **fields: Any,
    ) -> None:
        self.results[name] = result
        self.steps[name] = steps or []
        self.fields[name] = fields

    def __call__(self, request: Request) -> Derived:
        self.requests.append(request)
        name = request.function.__name__.strip("<>")
        result = self.results[name]
        if callable(result):
            result = result(request)
        parameters = inspect.signature(request.function).parameters.values()
        # The values of defaults have no text, and are passed with each call.
        plain = [
            p.replace(annotation=p.empty, default=p.empty if p.default is p.empty else None)
            for p in parameters
        ]
        shown = inspect.Signature(plain)
        entry = f"{name}_{request.mode}"
        text = f"import numpy as np\n\n\ndef {entry}{shown}:\n    return {result}\n"
        dependencies = tuple(dependency(request.function, *s) for s in self.steps[name])
        fields = dict(self.fields[name])
        if request.general:
            fields.pop("equal_sizes", None)
        return Derived(text, entry, dependencies, **fields)

    @property
    def count(self) -> int:
        return len(self.requests)
