"""The test on the first page is run as it is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

PAGE = Path(__file__).parents[2] / "README.md"


def test_the_test_on_the_first_page_passes_as_it_is_printed(tmp_path: Path) -> None:
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    (printed,) = [textwrap.dedent(block) for block in blocks if "def test_" in block]
    assert len(printed.strip().splitlines()) < 20
    (tmp_path / "test_printed.py").write_text(printed, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "test_printed.py"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 1 passed" in done.stdout
