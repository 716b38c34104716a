"""Importing srcdiff loads the three packages it depends on, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# six comes with astunparse.
ALLOWED = {"srcdiff", "numpy", "gast", "astunparse", "six"}

# Some of NumPy's extension modules register helpers of Cython, which have no spec: not imports.
PROGRAM = """
import sys
before = set(sys.modules)
import srcdiff
for name in set(sys.modules) - before:
    if getattr(sys.modules[name], "__spec__", None) is not None:
        print(name.partition(".")[0])
"""


def test_import_loads_only_the_dependencies() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "srcdiff" in loaded
    assert loaded - sys.stdlib_module_names <= ALLOWED
