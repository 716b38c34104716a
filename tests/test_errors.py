"""The errors point at the source as Python's own do."""

import linecache
import pickle

import pytest

from srcdiff.errors import SourceError, Span, UnsupportedError


def lines_of(error: UnsupportedError) -> list[str]:
    return str(error).split("\n")


def test_message_has_place_line_caret_reason_and_remedy() -> None:
    error = UnsupportedError(
        "it is unknown",
        Span("examples/foo.py", 12, 8, 12, 21),
        "    y = frobnicate(x) + 1\n",
        "frob it yourself",
        "f",
        "frobnicate",
    )
    assert lines_of(error) == [
        "",
        '  File "examples/foo.py", line 12, in f',
        "    y = frobnicate(x) + 1",
        "        ^^^^^^^^^^^^^",
        "frobnicate cannot be differentiated: it is unknown",
        "Instead: frob it yourself",
    ]


def test_message_without_place_is_the_reason() -> None:
    assert str(UnsupportedError("it is unknown")) == "it is unknown"
    assert str(UnsupportedError("so", subject="f")) == "f cannot be differentiated: so"


def test_source_line_comes_from_linecache(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = (10, None, ["def f(x):\n", "    return g(x)\n"], "<cell 1>")
    monkeypatch.setitem(linecache.cache, "<cell 1>", entry)
    error = UnsupportedError("no", Span("<cell 1>", 2, 11, 2, 15))
    assert error.source_line == "    return g(x)\n"
    assert lines_of(error)[2:4] == ["    return g(x)", "           ^^^^"]


def test_no_source_line_no_caret() -> None:
    span = Span("nowhere.py", 3, 0, 3, 1)
    assert lines_of(UnsupportedError("no", span)) == ["", '  File "nowhere.py", line 3', "no"]
    assert lines_of(UnsupportedError("no", span, "")) == lines_of(UnsupportedError("no", span))


def caret_line(text: str, column: int, end_line: int, end_column: int) -> str:
    error = UnsupportedError("no", Span("f.py", 1, column, end_line, end_column), text)
    return lines_of(error)[3]


def test_tabs_are_kept_below_tabs() -> None:
    assert caret_line("\ty\t= g(x)", 5, 1, 9) == "     \t  ^^^^"


def test_wide_and_combining_characters() -> None:
    assert caret_line("漢 = g(x)", 4, 1, 8) == "         ^^^^"
    assert caret_line("e\N{COMBINING ACUTE ACCENT} = g(x)", 5, 1, 9) == "        ^^^^"


def test_span_over_several_lines_is_marked_to_the_end_of_the_first() -> None:
    assert caret_line("  y = g(a,   \n", 6, 3, 1) == "        ^^^^"


def test_empty_and_misplaced_spans_have_a_caret() -> None:
    assert caret_line("y = x", 4, 1, 4) == "        ^"
    assert caret_line("y = x", 70, 1, 75) == "         ^"
    assert caret_line("      y = x", 0, 1, 3) == "    ^"


@pytest.mark.parametrize("kind", [UnsupportedError, SourceError])
def test_pickles(kind: type[UnsupportedError]) -> None:
    error = kind("why", Span("f.py", 1, 0, 1, 1), "y = x\n", "what", "f", "y")
    error.add_note("a note")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
    assert copy.__notes__ == ["a note"]


def test_kinds() -> None:
    assert issubclass(UnsupportedError, NotImplementedError)
    assert issubclass(SourceError, UnsupportedError)


def test_span_of_a_line() -> None:
    span = Span.of_line("f.py", 7, "    x = 1\n")
    assert span == Span("f.py", 7, 4, 7, 9)
    assert str(span) == "f.py:7:5"
    assert Span.of_line("f.py", 7, "\n") == Span("f.py", 7, 0, 7, 0)
    assert Span.of_line(__file__, 1).end_column == len(__doc__ or "") + 6
