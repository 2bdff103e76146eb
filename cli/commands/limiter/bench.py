"""`thinkdial limiter bench`: what leave costs a call, and how many calls a second a limiter keeps up with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...exit_codes import ExitCode

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

CLIENTS, SECONDS = 4, 5.0
READY = "listens at"


def bench(
    clients: Annotated[int, typer.Option("--clients", metavar="N", min=1, max=64, help="Clients at once.")] = CLIENTS,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=0.2, max=600, help="How long each load lasts.")
    ] = SECONDS,
) -> ExitCode:
    """Start a limiter for the purpose, and ask it as runs do, first for leave, then for leave and money.

    No provider is called, and nothing that another limiter keeps is touched.

    Example:  thinkdial limiter bench --clients 8
    """
    import asyncio
    import tempfile
    from pathlib import Path

    from ....engine.limiter.load import run_load
    from ....profiles.settings.limiter_settings import LimiterSettings
    from ...output import emit

    with tempfile.TemporaryDirectory(prefix="thinkdial-bench-") as made:
        folder = Path(made)
        process = _limiter(folder)
        try:
            settings = LimiterSettings(_ready(process))
            for words, money in (("leave", False), ("leave and money", True)):
                before = _cpu_s(process.pid)
                figures = asyncio.run(run_load(settings, clients=clients, seconds=seconds, money=money))
                after = _cpu_s(process.pid)
                server = (
                    "" if before is None or after is None else f", the limiter {_each(after - before, figures.calls)}"
                )
                emit(
                    f"{words}: {figures.per_s:,.0f} calls a second by {clients} clients,"
                    f" {figures.calls / max(1, figures.frames):,.0f} calls a message;"
                    f" CPU a call: the clients {_each(figures.cpu_s, figures.calls)}{server}\n"
                )
        finally:
            process.terminate()
            process.communicate()
    return ExitCode.OK


def _limiter(folder: Path) -> subprocess.Popen[str]:
    import subprocess
    import sys

    url = "tcp://127.0.0.1:0" if sys.platform == "win32" else f"unix://{folder / 'limiter.sock'}"
    package = (__package__ or "").partition(".cli")[0]
    words = [
        sys.executable,
        "-m",
        f"{package}.cli",
        "limiter",
        "serve",
        url,
        "--store",
        str(folder / "limiter.sqlite3"),
    ]
    return subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)  # noqa: S603 it is ours


def _ready(process: subprocess.Popen[str]) -> str:
    """Where it listens. Raises `ConfigError` where it has ended."""
    from ....providers.errors import ConfigError

    for line in process.stderr or ():
        if READY in line:
            return line.partition(READY)[2].split(";")[0].strip()
    raise ConfigError("the limiter did not start")


def _cpu_s(pid: int) -> float | None:
    """The CPU that a process has used, where the system says it in a file."""
    import os
    from pathlib import Path

    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def _each(seconds: float, calls: int) -> str:
    return f"{seconds / max(1, calls) * 1e6:.1f} µs"
