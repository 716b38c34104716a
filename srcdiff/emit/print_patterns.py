"""How the patterns of `match` statements are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["PatternPrinter"]


class PatternPrinter:
    """The part of the printer that prints patterns; one method for each kind."""

    if TYPE_CHECKING:

        def write(self, text: str) -> None: ...
        def dispatch(self, tree: Any) -> None: ...

    def pattern(self, node: Any, *, alternative: bool = False) -> None:
        """Print a pattern; `alternative` says that it stands beside a `|` or before an `as`."""
        kind = type(node).__name__
        named = kind == "MatchAs" and node.pattern is not None
        bracketed = alternative and (named or kind == "MatchOr")
        self.write("(" if bracketed else "")
        self.dispatch(node)
        self.write(")" if bracketed else "")

    def _patterns(self, nodes: list[Any]) -> None:
        for i, node in enumerate(nodes):
            self.write(", " if i else "")
            self.pattern(node)

    def _MatchValue(self, t: Any) -> None:
        self.dispatch(t.value)

    def _MatchSingleton(self, t: Any) -> None:
        self.write(repr(t.value))

    def _MatchSequence(self, t: Any) -> None:
        self.write("[")
        self._patterns(t.patterns)
        self.write("]")

    def _MatchStar(self, t: Any) -> None:
        self.write(f"*{t.name or '_'}")

    def _MatchMapping(self, t: Any) -> None:
        self.write("{")
        for i, (key, value) in enumerate(zip(t.keys, t.patterns, strict=True)):
            self.write(", " if i else "")
            self.dispatch(key)
            self.write(": ")
            self.pattern(value)
        if t.rest:
            self.write(", **" if t.keys else "**")
            self.write(t.rest)
        self.write("}")

    def _MatchClass(self, t: Any) -> None:
        self.dispatch(t.cls)
        self.write("(")
        self._patterns(t.patterns)
        for i, (name, value) in enumerate(zip(t.kwd_attrs, t.kwd_patterns, strict=True)):
            self.write(", " if i or t.patterns else "")
            self.write(f"{name}=")
            self.pattern(value)
        self.write(")")

    def _MatchAs(self, t: Any) -> None:
        if t.pattern is not None:
            # An alternative needs no brackets here, another `as` does.
            self.pattern(t.pattern, alternative=type(t.pattern).__name__ == "MatchAs")
            self.write(" as ")
        self.write(t.name or "_")

    def _MatchOr(self, t: Any) -> None:
        for i, node in enumerate(t.patterns):
            self.write(" | " if i else "")
            self.pattern(node, alternative=True)
