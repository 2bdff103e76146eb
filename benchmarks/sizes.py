"""What grows with what a user has: the profiles of a configuration, the results of a report."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from measure import Report, Row, Target, compare, in_turns, progress, run_child
from server import loopback_server
from surroundings import surroundings

FEW, MANY = 10, 5000
RESULTS = 200
FIRST_RUN = "1"
PROFILE = """\
  p{number}: {{provider: openai-compatible, model: example-1, base_url: {url}/0/v1, price: {{input: 1, output: 2}}}}
"""


def measure(rounds: int) -> Report:
    """Whole processes."""
    progress("sizes")
    with surroundings() as here, loopback_server() as url:
        environment, directory = here.environment, here.directory

        def configuration(count: int) -> Path:
            path = directory / f"{count}.yaml"
            lines = (PROFILE.format(number=number, url=url) for number in range(count))
            path.write_text("profiles:\n" + "".join(lines), encoding="utf-8")
            return path

        def ask(count: int) -> list[str | Path]:
            return [*here.thinkdial, "ask", "Is 91 prime?", "-p", "p7", "--config", configuration(count)]

        commands: dict[str, list[str | Path]] = {"few": ask(FEW), "many": ask(MANY)}
        chosen = [word for number in range(RESULTS) for word in ("-p", f"p{number}")]
        compared = ["compare", "Is 91 prime?", "--config", configuration(RESULTS), "--json", *chosen]
        run_child([*here.thinkdial, *compared], environment, directory)
        page = directory / "report.html"
        commands["report"] = [*here.thinkdial, "history", "report", FIRST_RUN, "-o", page, "--force"]
        spent = in_turns(
            {
                name: lambda command=command: run_child(command, environment, directory)
                for name, command in commands.items()
            },
            rounds,
        )
        size = page.stat().st_size
    taken = [one.cpu_s for one in spent["report"].rounds]
    return [
        compare(f"ask, {MANY:,} profiles / {FEW}", spent["many"], spent["few"], Target("size", "cpu", 1.5)),
        Row(
            f"report of {RESULTS}: seconds of CPU",
            {"cpu": median(taken)},
            Target("size", "cpu", 1.0),
            f"{size / 1e6:.1f} MB",
            {"cpu": (min(taken), max(taken))},
        ),
    ]
