"""What README.md and docs/ say is what happens.

Two comments of HTML, each on the line above a ```python block, ask for a check:

- `<!-- run -->`: the block is a program. The programs of one file are run as one module, in order.
- `<!-- printed by PATH -->`: running the file at PATH prints this text.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!-- (?P<mark>.+?) -->\n\Z")
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)#\s]+)[^)]*\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, its first line's number, the comment above it."""

    language: str
    text: str
    line: int
    mark: str


def blocks(page: Path) -> list[Block]:
    content = page.read_text(encoding="utf-8")
    found = []
    for fence in FENCE.finditer(content):
        mark = MARK.search(content[: fence.start()])
        line = content.count("\n", 0, fence.start("text")) + 1
        found.append(Block(fence["language"], fence["text"], line, mark["mark"] if mark else ""))
    return found


def run(path: Path) -> str:
    """What the program at `path` prints; it must end without error."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def without_directories(text: str) -> str:
    """`text` with the places in it, such as `(examples/stencil.py:4)`, cut to `(stencil.py:4)`."""
    return re.sub(r"\((?:[^()\n]*[/\\])?([^()/\\\n]+\.py:\d+)\)", r"(\1)", text)


def sh_commands() -> list[str]:
    return [block.text for block in blocks(PAGES[0]) if block.language == "sh"][:2]


@pytest.mark.parametrize("which", [0, 1])
def test_the_first_two_sh_blocks_are_one_line(which: int) -> None:
    command = sh_commands()[which]
    assert command.strip()
    assert command.count("\n") == 1


def test_the_first_sh_block_runs_the_first_example() -> None:
    words = shlex.split(sh_commands()[0])
    assert "examples/control_flow.py" in words


def test_the_second_sh_block_runs_the_tests() -> None:
    words = shlex.split(sh_commands()[1])
    assert "pytest" in words
    assert ".[test]" in words


@pytest.mark.parametrize("which", [0, 1])
def test_the_sh_blocks_name_existing_files(which: int) -> None:
    words = shlex.split(sh_commands()[which])
    paths = [word for word in words if "/" in word and not word.startswith(".venv/")]
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_fences_are_closed_and_marks_are_known(page: Path) -> None:
    content = page.read_text(encoding="utf-8")
    assert len(re.findall(r"^```", content, re.MULTILINE)) == 2 * len(blocks(page))
    used = [block.mark for block in blocks(page) if block.mark]
    assert len(used) == content.count("<!-- ")
    assert all(mark == "run" or mark.startswith("printed by ") for mark in used)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_existing_files(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    inside = [target for target in targets if "://" not in target]
    assert [target for target in inside if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_programs_run(page: Path, tmp_path: Path) -> None:
    programs = [block for block in blocks(page) if block.mark == "run"]
    if not programs:
        pytest.skip("this page has no programs")
    # Each line keeps its number, so that a traceback tells the line of the page.
    text = ""
    for program in programs:
        text += "\n" * (program.line - 1 - text.count("\n")) + program.text
    path = tmp_path / page.with_suffix(".py").name
    path.write_text(text, encoding="utf-8")
    run(path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_texts_shown_are_the_texts_printed(page: Path) -> None:
    shown = [block for block in blocks(page) if block.mark.startswith("printed by ")]
    if not shown:
        pytest.skip("this page shows no printed text")
    for block in shown:
        printed = run(ROOT / block.mark.removeprefix("printed by "))
        assert without_directories(block.text) in without_directories(printed)
