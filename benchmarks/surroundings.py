"""Where the children run: an interpreter that starts without an editable install's import hooks, and an empty home."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
TREE_VARIABLE = "THINKDIAL_BENCHMARK_TREE"
"""Another checkout to measure, for comparing two states of the code."""

LAUNCHER = "import sys\nfrom thinkdial.cli.main import main\nsys.exit(main())\n"


@dataclass(frozen=True)
class Surroundings:
    """`python` sees the installed packages and this tree as `thinkdial`; `launcher` is the console script's text.

    `directory` is empty and private. Bytecode goes there as well: a first run compiles it, and no tree is touched.
    """

    python: Path
    launcher: Path
    directory: Path
    environment: dict[str, str]

    @property
    def thinkdial(self) -> list[str | Path]:
        return [self.python, self.launcher]


def measured_tree() -> Path:
    """The checkout whose code is measured: this one, unless the environment names another."""
    return Path(os.environ.get(TREE_VARIABLE) or ROOT).resolve()


def link_tree(directory: Path) -> Path:
    """A directory to import `thinkdial` from, made inside `directory`."""
    package = directory / "tree"
    package.mkdir()
    (package / "thinkdial").symlink_to(measured_tree(), target_is_directory=True)
    return package


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """A virtual environment that looks like a plain install: an editable one slows every start by its finder."""
    with TemporaryDirectory(prefix="thinkdial-benchmarks-") as name:
        directory = Path(name)
        made = directory / "venv"
        venv.create(made, symlinks=os.name != "nt", with_pip=False)
        scripts = made / ("Scripts" if os.name == "nt" else "bin")
        purelib = Path(sysconfig.get_path("purelib", vars={"base": str(made), "platbase": str(made)}))
        paths = [str(link_tree(directory)), *site.getsitepackages()]
        (purelib / "benchmarks.pth").write_text("\n".join(paths) + "\n", encoding="utf-8")
        work = directory / "work"
        work.mkdir()
        launcher = directory / "thinkdial"
        launcher.write_text(_installed_launcher() or LAUNCHER, encoding="utf-8")
        yield Surroundings(
            scripts / Path(sys.executable).name,
            launcher,
            work,
            {
                **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ},
                "HOME": str(work),
                "USERPROFILE": str(work),
                "XDG_CONFIG_HOME": str(work),
                "PYTHONPYCACHEPREFIX": str(directory / "bytecode"),
                "COLUMNS": "100",
                "LC_ALL": "C.UTF-8",
            },
        )


def _installed_launcher() -> str | None:
    """The text that the installer wrote: pip's own imports `re`, which a user pays for as well."""
    path = Path(sysconfig.get_path("scripts")) / "thinkdial"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return text if "thinkdial.cli.main" in text else None
