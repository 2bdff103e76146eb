"""Print a Homebrew formula of a release: scripts/release/homebrew.py SDIST ADDRESS PYLOCK.

SDIST is the file, ADDRESS where it is served, PYLOCK a `pylock.toml` (PEP 751) of what it needs at the locked versions:

    uv pip compile --universal --format pylock.toml -c requirements-dev.lock -o pylock.toml pyproject.toml

The formula holds addresses of packages, and is no part of this repository: it is made for each release.
"""

from __future__ import annotations

import hashlib
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.markers import Marker

PYTHON = "3.13"
SYSTEMS = (
    {"sys_platform": "darwin", "platform_system": "Darwin"},
    {"sys_platform": "linux", "platform_system": "Linux"},
)
COMMON = {
    "os_name": "posix", "python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "extra": "",
    "platform_python_implementation": "CPython", "implementation_name": "cpython",
}  # fmt: skip
HEAD = """class Thinkdial < Formula
  include Language::Python::Virtualenv

  desc "One dial for LLM reasoning: one prompt to many providers, side by side"
  homepage "{homepage}"
  url "{address}"
  sha256 "{sha256}"
  license "MIT"

  depends_on "pkgconf" => :build
  depends_on "rust" => :build
  depends_on "libyaml"
  depends_on "python@{python}"
"""
TAIL = """
  def install
    virtualenv_install_with_resources
    man1.install Dir[libexec/"share/man/man1/*.1"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/thinkdial --version")
    assert_match "SIMULATED", shell_output("#{bin}/thinkdial demo 2>&1")
  end
end"""


def main() -> None:
    file, address, lock = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    print("\n".join(formula(file.read_bytes(), address, tomllib.loads(lock.read_text(encoding="utf-8")))))


def formula(sdist: bytes, address: str, lock: dict[str, Any]) -> Iterator[str]:
    """The lines of the formula. Raises `ValueError` where something that is needed has no source to build from."""
    homepage = address.partition("/releases/")[0]
    yield HEAD.format(homepage=homepage, address=address, sha256=hashlib.sha256(sdist).hexdigest(), python=PYTHON)
    for package in lock["packages"]:
        if not is_needed(package):
            continue
        if "sdist" not in package:
            raise ValueError(f"{package['name']} {package['version']} has no source distribution")
        yield f'  resource "{package["name"]}" do'
        yield f'    url "{package["sdist"]["url"]}"'
        yield f'    sha256 "{package["sdist"]["hashes"]["sha256"]}"'
        yield "  end\n"
    yield TAIL.lstrip("\n")


def is_needed(package: dict[str, Any]) -> bool:
    """On macOS or Linux with the Python of the formula."""
    if "version" not in package:
        return False
    marker = Marker(package["marker"]) if "marker" in package else None
    return marker is None or any(marker.evaluate({**COMMON, **system}) for system in SYSTEMS)


if __name__ == "__main__":
    main()
