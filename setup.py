"""What pyproject.toml cannot say: manual pages, and addresses that only a release knows.

`THINKDIAL_REPOSITORY=https://HOST/OWNER/NAME` is where the release is made from; it becomes the project's links, and
those of the README, whose pictures and pages an index could not find otherwise.
"""

import os
import re
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "scripts"))

from man_pages import write_pages  # noqa: E402


class Modules(build_py):
    """The modules of the packages: this file lies among them, and is none."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        found = super().find_package_modules(package, package_dir)
        return [module for module in found if Path(module[2]).resolve() != Path(__file__).resolve()]


def project_urls(repository: str) -> dict[str, str]:
    """The project's links, empty where nobody said from where it is released."""
    if not repository:
        return {}
    return {
        "Homepage": repository,
        "Documentation": f"{repository}/tree/main/docs",
        "Changelog": f"{repository}/blob/main/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }


def readme(repository: str) -> str:
    """The README; with a repository, its relative links lead there, and its pictures are the files themselves."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    if not repository:
        return text
    text = re.sub(r"!\[([^\]]*)\]\((docs/[^)]+)\)", rf"![\1]({repository}/raw/main/\2)", text)
    return re.sub(r"\]\((docs/[^)]+)\)", rf"]({repository}/blob/main/\1)", text)


address = os.environ.get("THINKDIAL_REPOSITORY", "").rstrip("/")
manuals = [str(path.relative_to(ROOT)) for path in write_pages(ROOT / "build" / "man")]
setup(
    cmdclass={"build_py": Modules},
    project_urls=project_urls(address),
    long_description=readme(address),
    long_description_content_type="text/markdown",
    data_files=[("share/man/man1", manuals)],
)
