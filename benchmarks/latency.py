"""How far the latency that is reported is from the time that a server on loopback took by its own clock."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from measure import LEAST_ROUNDS, Fact, Report, progress
from server import loopback_server
from surroundings import Surroundings, surroundings

ONE_CALL_S = 0.005
MANY_CALLS_S = 0.020
"""At the 95th percentile, of `MANY` at once."""

MANY = 64
WAITS_MS = (0, 50, 500)
PROFILE = "  p{number}: {{provider: {provider}, model: m, base_url: {url}/{wait}/clock/v1{price}}}\n"
OWN_PRICE = ", price: {input: 1, output: 2}"


def measure(rounds: int) -> Report:
    """One call as its median over the rounds, many at once at their 95th percentile; first word and end together."""
    progress("latency")
    report: Report = []
    with surroundings() as here, loopback_server() as url:
        for wait in WAITS_MS:
            for price in (OWN_PRICE, ""):
                config = _config(here.directory, url, wait, 1, price)
                off = [_off(here, ["ask", "?", "--json"], config, 1) for _ in range(max(rounds, LEAST_ROUNDS))]
                words = f"ask, {wait} ms{'' if price else ', price from the table'}: off by"
                report.append(_fact(words, sorted(max(one) for one in off), 0.5, ONE_CALL_S))
            config = _config(here.directory, url, wait, MANY, OWN_PRICE)
            found = [
                off
                for _ in range(max(rounds, LEAST_ROUNDS))
                for off in _off(here, ["compare", "?", "--json"], config, MANY)
            ]
            report.append(_fact(f"compare of {MANY}, {wait} ms: off by", sorted(found), 0.95, MANY_CALLS_S))
    return report


def _fact(what: str, off: list[float], share: float, limit_s: float) -> Fact:
    chosen = off[min(len(off) - 1, int(share * len(off)))]
    detail = f"{chosen * 1000:.1f} ms at {share:.0%}, most {off[-1] * 1000:.1f} ms"
    return Fact(f"{what} <= {limit_s * 1000:g} ms", chosen <= limit_s, detail)


def _config(directory: Path, url: str, wait: int, count: int, price: str) -> Path:
    path = directory / f"{wait}-{count}.yaml"
    provider = "openai-compatible"
    lines = (PROFILE.format(number=n, provider=provider, url=url, wait=wait, price=price) for n in range(count))
    path.write_text("profiles:\n" + "".join(lines), encoding="utf-8")
    return path


def _off(here: Surroundings, command: list[str], config: Path, count: int) -> list[float]:
    """For each call the larger of two differences, in seconds: of the first word's time and of the whole."""
    chosen = [word for number in range(count) for word in ("-p", f"p{number}")]
    done = subprocess.run(
        [*here.thinkdial, *command, "--config", config, *chosen],
        env=here.environment,
        cwd=here.directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    found: list[float] = []
    for result in json.loads(done.stdout)["results"]:
        first, last = (float(word) for word in result["answer"].split())
        latency = result["latency"]
        found.append(max(abs(latency["first_answer_s"] - first), abs(latency["total_s"] - last)))
    return found
