"""T3: `thinkdial ask` as a whole process, against a server on loopback that answers at once."""

from __future__ import annotations

import json
from pathlib import Path

import peers
from measure import Fact, Report, Target, compare, in_turns, progress, run_child
from server import loopback_server
from surroundings import Surroundings, surroundings

HERE = Path(__file__).resolve().parent
NEVER_BEFORE_SENDING = ("genai_prices", "sqlite3", "jinja2", "rich.markdown")
HEAVY = (*NEVER_BEFORE_SENDING, "pydantic", "rich.console", "typer.rich_utils", "yaml")
PROFILES = """\
profiles:
  priced: {{provider: openai-compatible, model: example-1, base_url: {url}/0/v1, price: {{input: 1, output: 2}}}}
  unpriced: {{provider: openai, dialect: openai-chat, model: gpt-6-luna, base_url: {url}/0/v1}}
"""
LLM_MODEL = """\
- model_id: example
  model_name: example-1
  api_base: {url}/0/v1
"""


def measure(rounds: int) -> Report:
    """The price in the profile, and without one: then the price table is imported while the request is on the wire."""
    progress("one-shot")
    with surroundings() as here, loopback_server() as url:
        config = here.directory / "profiles.yaml"
        config.write_text(PROFILES.format(url=url), encoding="utf-8")
        environment = {**here.environment, "OPENAI_API_KEY": "sk-loopback"}
        ask = ["ask", "Is 91 prime?", "--config", str(config), "-p"]
        commands: dict[str, list[str | Path]] = {
            "smallest": [here.python, HERE / "smallest_request.py", f"{url}/0/v1/chat/completions"],
            "priced": [*here.thinkdial, *ask, "priced"],
            "quiet": [*here.thinkdial, *ask, "priced", "-q"],
            "unpriced": [*here.thinkdial, *ask, "unpriced"],
            "priced, not kept": [*here.thinkdial, *ask, "priced", "--no-history"],
            "unpriced, not kept": [*here.thinkdial, *ask, "unpriced", "--no-history"],
        }
        missing = peers.absent("llm")
        if missing is None:
            (here.directory / "extra-openai-models.yaml").write_text(LLM_MODEL.format(url=url), encoding="utf-8")
            environment["LLM_USER_PATH"] = str(here.directory)
            commands["llm"] = [*peers.script("llm"), "-m", "example", "Is 91 prime?"]
        sides = {
            name: lambda command=command: run_child(command, environment, here.directory)
            for name, command in commands.items()
        }
        spent = in_turns(sides, rounds)
        target = Target("T3", "cpu", 1.35)
        report: Report = [
            compare("ask, price in the profile / smallest script", spent["priced"], spent["smallest"], target),
            compare("ask -q, price in the profile / smallest script", spent["quiet"], spent["smallest"]),
            compare("ask, price from the table / smallest script", spent["unpriced"], spent["smallest"]),
        ]
        kept = Target("history", "cpu", 1.03)
        report += [
            compare("ask, kept / not kept, price from the table", spent["unpriced"], spent["unpriced, not kept"], kept),
            compare("ask, kept / not kept, price in the profile", spent["priced"], spent["priced, not kept"], kept),
        ]
        if missing is not None:
            report.append(missing)
        else:
            report.append(compare("llm / ask, price in the profile", spent["llm"], spent["priced"]))
        report += [_imports(here, environment, [*ask, profile], profile) for profile in ("priced", "unpriced")]
    return report


def _imports(here: Surroundings, environment: dict[str, str], arguments: list[str], profile: str) -> Fact:
    """Which heavy modules were there when the first byte of the request left."""
    written = here.directory / f"modules-{profile}.json"
    run_child([here.python, HERE / "first_byte.py", written, *arguments], environment, here.directory)
    seen = json.loads(written.read_text(encoding="utf-8"))
    early = [name for name in HEAVY if name in seen["before"]]
    late = [name for name in HEAVY if name in seen["after"] and name not in early]
    return Fact(
        f"ask, {profile}: no price table, SQLite, jinja2 or Markdown before the first byte",
        not set(early) & set(NEVER_BEFORE_SENDING),
        f"{len(seen['before'])} modules before it; of the heavy ones before: {', '.join(early) or 'none'}; "
        f"after: {', '.join(late) or 'none'}",
    )
