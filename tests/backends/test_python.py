"""Loading texts: tracebacks, `inspect` and pdb see their lines, for as long as they live."""

from __future__ import annotations

import bdb
import contextlib
import gc
import inspect
import io
import linecache
import pdb  # noqa: T100
import sys
import threading
import traceback

import pytest

from srcdiff.backends.python import Listing, load

TEXT = '''\
"""A module."""


def f_grad(x):
    """Doubles."""
    y = 2.0 * x  # ünïcode
    return y / (x - x)
'''


def function(listing: Listing):
    return listing.run({"__name__": __name__})["f_grad"]


def test_load_runs_the_text() -> None:
    namespace = {"k": 3.0}
    assert load("y = 2.0 * k", "<srcdiff test>", namespace) is namespace
    assert namespace["y"] == 6.0
    assert linecache.getline("<srcdiff test>", 1) == "y = 2.0 * k\n"
    del linecache.cache["<srcdiff test>"]


def test_file_name() -> None:
    listing = Listing(TEXT, "f_grad", ["x", "y"])
    assert listing.filename == "<srcdiff f_grad wrt x, y #1>"
    assert listing.text == TEXT
    assert function(listing).__code__.co_filename == listing.filename


def test_names_are_numbered_among_the_living() -> None:
    first, second = Listing(TEXT, "g_grad", ["x"]), Listing(TEXT, "g_grad", ["x"])
    other = Listing(TEXT, "g_grad", ["y"])
    assert second.filename == "<srcdiff g_grad wrt x #2>"
    assert other.filename == "<srcdiff g_grad wrt y #1>"
    name = first.filename
    del first
    gc.collect()
    assert name not in linecache.cache
    assert second.filename in linecache.cache
    assert Listing(TEXT, "g_grad", ["x"]).filename == name


def test_a_text_that_is_no_python_leaves_nothing() -> None:
    for _ in range(2):
        with pytest.raises(SyntaxError) as caught:
            Listing("def (", "bad_grad", ["x"])
        assert caught.value.filename == "<srcdiff bad_grad wrt x #1>"
        assert not [name for name in linecache.cache if "bad_grad" in name]
        del caught
        gc.collect()


def test_traceback_shows_generated_lines() -> None:
    listing = Listing(TEXT, "f_grad", ["x"])
    linecache.checkcache()
    with pytest.raises(ZeroDivisionError) as caught:
        function(listing)(1.0)
    text = "".join(traceback.format_exception(caught.value))
    assert f'File "{listing.filename}", line 7, in f_grad' in text
    assert "return y / (x - x)" in text


@pytest.mark.parametrize("module", [__name__, "srcdiff.generated", "os"])
def test_inspect_finds_the_source(module: str) -> None:
    listing = Listing(TEXT, "f_grad", ["x"])
    f = listing.run({"__name__": module})["f_grad"]
    assert inspect.getsource(f) == TEXT.split("\n\n\n")[1]
    assert inspect.getsourcelines(f)[1] == 4
    assert inspect.getsource(f.__code__) == inspect.getsource(f)


def test_pdb_lists_generated_lines() -> None:
    listing = Listing(TEXT, "f_grad", ["x"])
    f = function(listing)
    out = io.StringIO()
    trace = sys.gettrace()
    debugger = pdb.Pdb(stdin=io.StringIO("step\nlist\nquit\n"), stdout=out)
    debugger.use_rawinput = False
    try:
        with contextlib.suppress(bdb.BdbQuit, ZeroDivisionError):
            debugger.runcall(f, 1.0)
    finally:
        sys.settrace(trace)
    assert "y = 2.0 * x  # ünïcode" in out.getvalue()


def test_lines_are_those_that_python_counts() -> None:
    text = 'a = """x\x0cy\x1cz"""\ndef f():\n    return 1 / 0\n'
    listing = Listing(text, "f", ["x"])
    assert linecache.getline(listing.filename, 3) == "    return 1 / 0\n"


def test_numbers_are_unique_among_threads() -> None:
    made: list[Listing] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        made.extend(Listing(TEXT, "t_grad", ["x"]) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = {f"<srcdiff t_grad wrt x #{i}>" for i in range(1, 161)}
    assert {listing.filename for listing in made} == names
