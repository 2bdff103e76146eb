"""The shape of the repository: four layers, imports that only go down, and nothing forgotten in the packaging."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from pathlib import Path

import pytest

from .cases import each
from .sources import imports, is_source, registries

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("cli", "engine", "profiles", "providers")
DEMO_FILES = {"cli/commands/run/demo.py", "cli/commands/setup/simulate.py", "cli/commands/setup/simulated_profiles.py"}


def modules(layer: str) -> list[Path]:
    return sorted((ROOT / layer).rglob("*.py"))


def imported_layers(path: Path) -> set[str]:
    """The top-level packages of ours that a module imports relatively."""
    depth = len(path.relative_to(ROOT).parts) - 1
    found: set[str] = set()
    for node in imports(path):
        if isinstance(node, ast.ImportFrom) and node.level == depth + 1 and node.module:
            found.add(node.module.split(".")[0])
        if isinstance(node, ast.ImportFrom) and node.level == depth + 1 and not node.module:
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_only_go_down(layer: str) -> None:
    below = set(LAYERS[LAYERS.index(layer) :])
    for path in modules(layer):
        allowed = below | ({"simulator"} if str(path.relative_to(ROOT)) in DEMO_FILES else set())
        assert imported_layers(path) <= allowed, path


@each("room", ["batch", "choose", "history", "money", "run", "setup"])
def test_commands_return_their_code_and_end_nothing_themselves(room: str) -> None:
    for path in modules(f"cli/commands/{room}"):
        text = path.read_text(encoding="utf-8")
        assert "typer.Exit" not in text and "sys.exit" not in text and "SystemExit" not in text, path


def test_the_simulator_shares_no_line_with_the_layers() -> None:
    for path in modules("simulator"):
        assert imported_layers(path) <= {"simulator"}, path


def test_no_module_imports_the_package_by_its_absolute_name() -> None:
    for layer in (*LAYERS, "simulator"):
        for path in modules(layer):
            for node in imports(path):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0:
                    names.append(node.module or "")
                assert not any(name.split(".")[0] == "thinkdial" for name in names), path


def test_dialects_and_the_core_touch_no_socket_clock_or_environment() -> None:
    forbidden = {"socket", "ssl", "time", "os", "asyncio", "httpx2", "random", "subprocess", "pathlib"}
    for path in modules("providers"):
        for node in imports(path):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & forbidden, path
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] not in forbidden, path


def test_every_package_on_disk_is_packaged() -> None:
    configured = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    )
    on_disk = {
        "thinkdial." + ".".join(path.parent.relative_to(ROOT).parts)
        for layer in (*LAYERS, "simulator")
        for path in (ROOT / layer).rglob("__init__.py")
    }
    assert configured == {"thinkdial", *on_disk}


def test_every_data_file_is_packaged() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    wanted = {ROOT / "py.typed"}
    for layer in (*LAYERS, "simulator"):
        found = (path for path in (ROOT / layer).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        wanted |= {path for path in found if path.suffix not in (".py", ".pyc")}
    packaged: set[Path] = set()
    for package, patterns in data.items():
        folder = ROOT.joinpath(*package.split(".")[1:])
        packaged |= {path for pattern in patterns for path in folder.glob(pattern)}
    assert wanted == packaged


def test_no_module_has_grown_past_four_hundred_lines() -> None:
    for layer in (*LAYERS, "simulator"):
        for path in modules(layer):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


def test_no_file_names_the_host_of_a_package_registry() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("only a checkout knows its files")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    assert len(files) > 100
    named = {str(path): found for path in files if path.is_file() and (found := registries(path.read_text("latin-1")))}
    assert not named, "say the package and its version instead"


def test_a_source_is_an_address_or_a_package_with_its_version() -> None:
    registry = "py" + "pi.org"
    for text in ("https://docs.example.com/a", "genai-prices 0.2.3", "npm @ai-sdk/openai 3.0.1 src/model-catalog.ts"):
        assert is_source(text) and not registries(text), text
    for text in (f"https://{registry}/project/x/", f"https://{registry}", "http://docs.example.com/", "genai-prices"):
        assert not is_source(text), text
    assert registries(f"see HTTPS://FILES.{registry.upper()}/x") and not registries(f"my{registry} {registry}anic")
