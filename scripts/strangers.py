"""Check programs that somebody else could have written against an installed thinkdial: their types, strictly; one runs.

    python scripts/strangers.py PYTHON

They are those of docs/library.md and tests/stranger.py. PYTHON is the interpreter of an environment with the wheel:
a type checker does not follow an editable installation whose folder has another name. The programs stand in a
directory of their own, so that nothing is found but what is installed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write_programs(directory: Path) -> int:
    """Write the programs and the settings of the type checker. How many there are."""
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    programs = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    programs.append((ROOT / "tests" / "stranger.py").read_text(encoding="utf-8"))
    for number, text in enumerate(programs):
        (directory / f"program_{number}.py").write_text(text, encoding="utf-8")
    settings = {"typeCheckingMode": "strict", "include": ["."]}
    (directory / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    return len(programs)


def main() -> None:
    """Check them, and run the last."""
    python = Path(sys.argv[1]).absolute()  # not resolved: a link is what makes an interpreter that of an environment
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        count = write_programs(directory)
        where = "import thinkdial; print(thinkdial.__file__)"
        found = subprocess.run([python, "-c", where], cwd=directory, check=True, capture_output=True, text=True)
        print(f"{count} programs against {found.stdout.strip()}", flush=True)
        pyright = [sys.executable, "-m", "pyright", "--pythonpath", str(python), "-p", str(directory)]
        subprocess.run(pyright, cwd=directory, check=True)
        subprocess.run([python, f"program_{count - 1}.py"], cwd=directory, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
