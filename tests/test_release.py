"""What is made of a release: manual pages, links, a formula, control files, and the workflow that makes them."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOW = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")


def script(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_command_has_a_manual_page(tmp_path: Path) -> None:
    pages = script("scripts/man_pages.py").write_pages(tmp_path)
    names = {path.stem.replace("-", " ", path.stem.count("-")) for path in pages}
    listed = re.findall(r"^- \[(thinkdial .+?)\]", (ROOT / "docs" / "commands.md").read_text("utf-8"), re.MULTILINE)
    assert names == {"thinkdial", *listed} and len(pages) > 40
    text = (tmp_path / "thinkdial-compare.1").read_text(encoding="utf-8")
    assert ".SH SYNOPSIS" in text and "\n.B \\-t, \\-\\-think VALUE\n" in text and ".SH EXAMPLES" in text


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_the_formatter_has_nothing_to_say_against_them(tmp_path: Path) -> None:
    pages = script("scripts/man_pages.py").write_pages(tmp_path)
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", *map(str, pages)], capture_output=True, text=True, check=True
    )
    assert not done.stderr and "thinkdial-session-fork" in re.sub(r"\x1b\[\d*m|.\x08", "", done.stdout)


def test_what_begins_like_a_request_is_text() -> None:
    plain = script("scripts/man_pages.py").plain
    assert plain(".thinkdial.yaml\n'x' \\n --a") == "\\&.thinkdial.yaml\n\\(aqx\\(aq \\en \\-\\-a"


def test_the_formula_names_what_macos_and_linux_need() -> None:
    def package(name: str, **more: object) -> dict[str, object]:
        sdist = {"url": f"https://example.com/{name}.tar.gz", "hashes": {"sha256": "5" * 64}}
        return {"name": name, "version": "1", "sdist": sdist, **more}

    lock = {
        "packages": [
            package("rich"),
            package("uvloop", marker="sys_platform != 'win32'"),
            package("colorama", marker="sys_platform == 'win32'"),
            {"name": "thinkdial", "directory": {"path": "."}},
        ]
    }
    module = script("scripts/release/homebrew.py")
    text = "\n".join(module.formula(b"sdist", "https://example.com/me/thinkdial/releases/download/v1/t.tar.gz", lock))
    assert re.findall(r'resource "(\w+)"', text) == ["rich", "uvloop"]
    assert 'homepage "https://example.com/me/thinkdial"' in text and text.rstrip().endswith("end")
    with pytest.raises(ValueError, match="no source"):
        list(module.formula(b"", "https://example.com", {"packages": [{"name": "a", "version": "1"}]}))


def test_the_debian_package_depends_on_the_python_of_its_wheels(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in ("thinkdial-0.9-py3-none-any", "yarl-1-cp313-cp313-linux_x86_64", "wcwidth-1-cp310-abi3-linux_x86_64"):
        (wheels / f"{name}.whl").touch()
    module = script("scripts/release/debian.py")
    date = "Mon, 30 Nov 2026 12:00:00 -0000"
    written = module.write_tree(tmp_path / "tree", wheels, "Someone <someone@example.com>", date)
    debian = tmp_path / "tree" / "debian"
    assert {path.relative_to(debian).as_posix() for path in written} >= {"control", "rules", "changelog", "copyright"}
    assert "python3 (>= 3.13), python3 (<< 3.14)" in (debian / "control").read_text(encoding="utf-8")
    assert (debian / "changelog").read_text(encoding="utf-8").startswith("thinkdial (0.9-1) ")
    (wheels / "yarl-1-cp312-cp312-linux_x86_64.whl").touch()
    with pytest.raises(ValueError, match="one Python"):
        module.python_of(wheels)


def test_the_lock_constrains_without_hashes() -> None:
    text = script("scripts/release/wheels.py").constraints()
    assert "--hash" not in text and "\\" not in text
    assert len(re.findall(r"^[\w.-]+==\S+", text, re.MULTILINE)) > 40


@pytest.mark.slow
def test_a_release_knows_its_addresses(tmp_path: Path) -> None:
    """The wheel as a release builds it: links, pictures that an index can show, manual pages, and no `setup` module."""
    source = tmp_path / "source"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", "tests")
    )
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(source)],
        check=True, capture_output=True, env={"PATH": "/usr/bin:/bin", "THINKDIAL_REPOSITORY": "https://example.com/a/b/"},
    )  # fmt: skip
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(next(tmp_path.glob("*.whl")), unpacked, "zip")
    metadata = next(unpacked.glob("*.dist-info/METADATA")).read_text(encoding="utf-8")
    assert "Project-URL: Issues, https://example.com/a/b/issues" in metadata
    assert "](docs/" not in metadata and "https://example.com/a/b/raw/main/docs/images/compare-live.svg" in metadata
    assert (unpacked / "thinkdial" / "cli" / "app.py").exists() and not (unpacked / "thinkdial" / "setup.py").exists()
    assert len(list(unpacked.glob("*.data/data/share/man/man1/thinkdial*.1"))) > 40


def test_the_workflow_holds_no_secret_and_few_rights() -> None:
    workflow = yaml.safe_load(WORKFLOW)
    assert workflow["permissions"] == {} and "secrets." not in WORKFLOW
    assert workflow["jobs"]["publish"]["permissions"] == {"id-token": "write"}
    assert workflow["jobs"]["publish"]["environment"] == "release"
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), "a value reaches a shell through the environment alone"
    for path in re.findall(r"scripts/[\w/]+\.py", WORKFLOW):
        assert (ROOT / path).exists(), path
