"""Film the README's moving picture, a comparison in a real terminal (tmux): python scripts/live_picture.py.

The vendors are the simulator's, and the picture says so. What is filmed is the screen, ten times a second.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
COLUMNS, ROWS = 100, 32
COMMAND = "thinkdial compare 'A bat and a ball cost $1.10 ...' -p claude -p gpt -p gemini --think high"
NAMES = {"sim-anthropic": "claude", "sim-openai": "gpt", "sim-google": "gemini"}
PACE = "0.6"
STEP_S, LONGEST_S, LAST_S = 0.1, 30.0, 5.0
WIDTH, HEIGHT, SIZE = 8.4, 18, 14
"""Of a cell, and of its letters, in pixels."""
PAPER = Console(width=COLUMNS, color_system="truecolor", force_terminal=True)
PROMPT = "$ "
SOCKET = f"thinkdial-picture-{os.getpid()}"


def main() -> None:
    if shutil.which("tmux") is None:
        sys.exit("no tmux: install the package `tmux`")
    with tempfile.TemporaryDirectory() as home, simulated_vendors(Path(home)) as environment:
        frames = list(film(environment, Path(home)))
    (IMAGES / "compare-live.svg").write_text(drawn(frames), encoding="utf-8")
    print(f"{len(frames)} frames, {sum(seconds for _, seconds in frames):.1f} s")


@contextmanager
def simulated_vendors(home: Path) -> Iterator[dict[str, str]]:
    """An environment in which the built-in profiles call the simulator, as long as this lasts."""
    written = home / "sim.yaml"
    with written.open("w", encoding="utf-8") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "thinkdial.cli", "simulate", "--port", "0", "--pace", PACE],
            stdout=file, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        while "groups:" not in (text := written.read_text(encoding="utf-8")):
            time.sleep(0.05)
        for simulated, real in NAMES.items():
            text = text.replace(simulated, real)
        (home / "thinkdial").mkdir()
        (home / "thinkdial" / "config.yaml").write_text(text, encoding="utf-8")
        yield {
            "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "PS1": PROMPT, "LANG": "C.UTF-8",
            "PAGER": "cat", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }  # fmt: skip
    finally:
        server.terminate()
        server.wait()


def film(environment: dict[str, str], home: Path) -> Iterator[tuple[list[str], float]]:
    """The different screens of one run, each with the seconds that it stood."""
    settings = [f"{name}={value}" for name, value in environment.items()]
    shell = shlex.join(["env", *settings, "bash", "--norc", "--noprofile"])
    tmux("-f", "/dev/null", "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "-c", str(home), shell)
    tmux("set", "-g", "status", "off")
    try:
        time.sleep(0.5)
        begun = time.monotonic()
        seen, since = screen(), begun
        for word in COMMAND.split(" "):
            tmux("send-keys", "-l", "--", f"{word} ")
            time.sleep(0.08)
            yield seen, 0.12
            seen = screen()
        tmux("send-keys", "BSpace", "Enter")
        since = time.monotonic()
        while time.monotonic() - begun < LONGEST_S:
            time.sleep(STEP_S)
            now = screen()
            if now != seen:
                yield seen, time.monotonic() - since
                seen, since = now, time.monotonic()
            if now and Text.from_ansi(now[-1]).plain == PROMPT.rstrip() and len(now) > ROWS // 2:
                break
        yield seen, LAST_S
    finally:
        tmux("kill-server")


def screen() -> list[str]:
    return tmux("capture-pane", "-e", "-p").rstrip("\n").split("\n")


def tmux(*arguments: str) -> str:
    return subprocess.run(["tmux", "-L", SOCKET, *arguments], check=True, capture_output=True, text=True).stdout


def drawn(frames: list[tuple[list[str], float]]) -> str:
    """One SVG: the screens side by side on a film that jumps from one to the next. Lines that recur are kept once."""
    width, height = COLUMNS * WIDTH, ROWS * HEIGHT
    lines: dict[str, int] = {}
    film_strip, stops, at = [], [], 0.0
    whole = sum(seconds for _, seconds in frames)
    for number, (rows, seconds) in enumerate(frames):
        decoded = AnsiDecoder().decode("\n".join(rows))  # a style goes on over the end of a line
        uses = [
            f'<use href="#l{lines.setdefault(row, len(lines))}" y="{y * HEIGHT}"/>'
            for y, row in enumerate(map(letters, decoded))
            if row
        ]
        film_strip.append(f'<g transform="translate({number * width:.0f})">{"".join(uses)}</g>')
        stops.append(f"{at / whole * 100:.2f}%{{transform:translateX(-{number * width:.0f}px)}}")
        at += seconds
    last = (len(frames) - 1) * width
    kept = "".join(f'<g id="l{number}">{row}</g>' for row, number in lines.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 32:.0f} {height + 64}" '
        f'font-family="ui-monospace,Menlo,Consolas,monospace" font-size="{SIZE}">'
        "<title>thinkdial compare, in a terminal, with simulated providers</title>"
        f"<style>text{{white-space:pre}}@keyframes film{{{''.join(stops)}100%{{transform:translateX(-{last:.0f}px)}}}}"
        f"#film{{animation:film {whole:.1f}s steps(1,end) infinite}}"
        f"@media(prefers-reduced-motion:reduce){{#film{{animation:none;transform:translateX(-{last:.0f}px)}}}}</style>"
        f'<defs>{kept}</defs><rect width="100%" height="100%" rx="8" fill="#1b1c22"/>'
        '<g fill="#8a8d98"><circle cx="22" cy="20" r="6"/><circle cx="42" cy="20" r="6"/>'
        '<circle cx="62" cy="20" r="6"/><text x="84" y="25">thinkdial (simulated providers)</text></g>'
        f'<svg x="16" y="44" width="{width:.0f}" height="{height}" fill="#d9dbe3">'
        f'<g id="film">{"".join(film_strip)}</g>'
        "</svg></svg>\n"
    )


def letters(line: Text) -> str:
    """A line of a terminal as texts, one for each style, each as wide as its cells."""
    x, found = 0, []
    for segment in line.render(PAPER):
        text, style = segment.text.rstrip("\n"), segment.style or Style.null()
        if text.strip():
            look = f' fill="{_hex(style.color)}"' if style.color and not style.color.is_default else ""
            look += ' font-weight="bold"' if style.bold else ""
            look += ' opacity=".6"' if style.dim else ""
            wide = segment.cell_length * WIDTH
            found.append(
                f'<text x="{x * WIDTH:.1f}" y="{SIZE}" textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs"{look}>'
                f"{escape(text, quote=False)}</text>"
            )
        x += segment.cell_length
    return "".join(found)


def _hex(color: Color) -> str:
    return color.get_truecolor(MONOKAI).hex


if __name__ == "__main__":
    main()
