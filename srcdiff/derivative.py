"""What `grad` and `value_and_grad` return.

| attribute                     | is                                                           |
|-------------------------------|--------------------------------------------------------------|
| `d(*args, **kwargs)`          | the result                                                   |
| `d.source`                    | the text that the latest call used; before any call, one for |
|                               | kinds that were inferred, or a comment that says what to do  |
| `d.source_for(*args, **kw)`   | the text for these arguments; nothing is run                 |
| `d.sources`                   | signature → text, of all texts at hand                       |
| `d.__name__`, `d.__doc__`     | `f_grad`; what it is, then the function's docstring          |
| `inspect.signature(d)`        | the function's                                               |

There is no `__wrapped__`: whoever follows it (`inspect.unwrap`) would silently get the function
instead of its derivative.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from types import MappingProxyType, MethodType
from typing import Any

from srcdiff.dispatch import Dispatcher
from srcdiff.errors import UnsupportedError
from srcdiff.ir.callee import Derived, Step
from srcdiff.options import Options
from srcdiff.signature import kind_of
from srcdiff.target import Target

_TITLES = {
    "grad": "gradient",
    "value_and_grad": "value and gradient",
    "jacobian": "Jacobian",
    "jacfwd": "Jacobian",
    "jacrev": "Jacobian",
    "hessian": "Hessian",
}


class Derivative:
    """A derivative of a function, compiled at the first call with arguments of new kinds.

    Called as the function is. It can be used as a method, pickled where the function can be
    imported, and called from several threads at once.

    Example:
        >>> import srcdiff
        >>> srcdiff.grad(lambda x: x * x)
        <srcdiff gradient of lambda with respect to x>
    """

    __name__: str
    __qualname__: str

    def __init__(
        self, target: Target, options: Options, dispatcher: Dispatcher | None = None
    ) -> None:
        """The derivative of a target; users call `srcdiff.grad` and its like.

        Args:
            target: what is differentiated.
            options: how.
            dispatcher: that of another derivative of the same function with the same options.

        Raises:
            TypeError: `argnums` does not fit the function's parameters.
        """
        self._target = target
        self._options = options
        self._fixed = target.fixed
        self._keywords = target.keywords
        self.dispatcher = dispatcher or Dispatcher(target, options)
        self._bound_dispatcher: Dispatcher | None = None
        self.__name__ = f"{target.name}_{options.mode}"
        scope, dot, _ = target.function.__qualname__.rpartition(".")
        self.__qualname__ = f"{scope}{dot}{self.__name__}"
        self.__module__ = target.function.__module__
        doc = inspect.getdoc(target.function)
        title = f"{self._title[0].upper()}{self._title[1:]}."
        self.__doc__ = f"{title}\n\n{doc}" if doc else title

    @property
    def _step(self) -> Step:
        options = self._options
        wrt = self.dispatcher.state.wrt
        return Step(options.mode, wrt, options.as_tuple, options.has_aux)

    @property
    def __srcdiff_derivative__(self) -> Derived:
        """What this is a derivative of, and how, for a text that calls it."""
        if self._fixed or self._keywords:
            raise UnsupportedError(
                "a derivative of a function with bound arguments is not supported here yet.",
                subject=self.__name__,
                remedy="differentiate a function that is given all arguments.",
            )
        base: Any = self._target.function
        for step in (*self._target.inner, self._step):
            base = Derived(base, step)
        return base  # type: ignore[no-any-return]

    def as_target(self) -> Target:
        """This derivative as something to differentiate once more."""
        target = self._target
        return replace(target, origin=self, name=self.__name__, inner=(*target.inner, self._step))

    @property
    def _title(self) -> str:
        *others, last = self.dispatcher.state.wrt
        wrt = f"{', '.join(others)} and {last}" if others else last
        return f"{_TITLES[self._options.mode]} of {self._target.name} with respect to {wrt}"

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the derivative with the arguments of the function."""
        if self._fixed:
            args = self._fixed + args
        if self._keywords:
            kwargs = {**self._keywords, **kwargs}
        return self.dispatcher.call(args, kwargs)

    @property
    def source(self) -> str:
        """The generated text: that of the latest call.

        Before any call, the text for kinds inferred from annotations and use; where these don't
        suffice, a comment that says so.
        """
        latest = self.dispatcher.state.latest
        return self._inferred_source() if latest is None else latest.template.text

    def source_for(self, /, *args: Any, **kwargs: Any) -> str:
        """The generated text for these arguments. Neither it nor the function is run.

        Raises:
            UnsupportedError: the function does what cannot be differentiated.
            TypeError: the arguments don't fit, or cannot be differentiated with respect to.
        """
        found = self.dispatcher.find(self._fixed + args, {**self._keywords, **kwargs})
        return found.template.text

    @property
    def sources(self) -> MappingProxyType[str, str]:
        """Signature → text, for all calls so far (the oldest may be forgotten).

        Example:
            >>> import srcdiff
            >>> dict(srcdiff.grad(lambda x: x * x).sources)
            {}
        """
        bound = self.dispatcher.state.bound()
        return MappingProxyType({b.template.signature: b.template.text for b in bound})

    def _inferred_source(self) -> str:
        from srcdiff import pipeline

        try:
            kinds = pipeline.guess_kinds(self._target.function)
            if kinds is not None:
                names = self.dispatcher.state.parameters.names
                fixed = dict(zip(names, self._fixed, strict=False))
                kinds = {**kinds, **{name: kind_of(v, name) for name, v in fixed.items()}}
                return pipeline.derive(replace(self.dispatcher.request(kinds), guessed=True)).text
        except (UnsupportedError, TypeError) as error:
            return self._no_source(f"the kinds of its arguments were guessed, and then:\n{error}")
        return self._no_source("the kinds of its arguments can't be told from it alone.")

    def _no_source(self, why: str) -> str:
        name = self.__name__
        text = (
            f"{name} has no text yet: {why}\nCall it, or ask {name}.source_for(...) with arguments."
        )
        return "".join(f"# {line}".rstrip() + "\n" for line in text.split("\n"))

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._target.origin)

    def __get__(self, instance: Any, owner: type | None = None) -> Derivative:
        if instance is None or not self._target.binds:
            return self
        origin = MethodType(self._target.origin, instance)
        target = self._target.with_fixed((instance,), origin)
        if self._bound_dispatcher is None:
            self._bound_dispatcher = Dispatcher(target, self._options)
        return Derivative(target, self._options, self._bound_dispatcher)

    def __repr__(self) -> str:
        return f"<srcdiff {self._title}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return derivative, (self._target.origin, self._options)


def derivative(f: Any, options: Options) -> Derivative:
    """The derivative of a callable.

    Args:
        f: a callable.
        options: how it is differentiated.

    Raises:
        TypeError: `f` is not callable, or `argnums` does not fit its parameters.
        UnsupportedError: `f` is a derivative, a class, or has no Python source.
    """
    return Derivative(Target.of(f), options)
