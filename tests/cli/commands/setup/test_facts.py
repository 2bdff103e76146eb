"""`thinkdial facts`: told before it is used, proved to be whole, checked like what is shipped, and removable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from thinkdial.engine.lookups import fact_update

from ...conftest import Ended

Cli = Callable[..., Ended]

FACTS = """
thinkdial_facts: 1
date: 2026-12-05
cards:
  openai:
    - match: gpt-7(-mini)?
      example: gpt-7
      control: effort
      levels: [low, high, max]
      can_be_off: true
      spelling: {openai-responses: openai-responses-effort}
      dialects: [openai-responses]
      min_output_limit: 16
      sources: ["https://developers.openai.com/api/docs/models/gpt-7.md"]
prices:
  - models: [openai/gpt-7]
    price: {input: 3, output: 12}
    why: new
    sources: ["https://developers.openai.com/api/docs/models/gpt-7.md"]
retirements:
  - provider: openai
    match: gpt-5\\.4
    retires: 2027-02-01
    successor: gpt-7
    sources: ["https://developers.openai.com/api/docs/deprecations"]
"""


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """What is read once in a process is read anew for each test."""
    fact_update.read_anew()
    yield
    fact_update.read_anew()


@dataclass
class Site:
    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there, body = told.moved.get(self.path), told.files.get(self.path)
            self.send_response(302 if there else 404 if body is None else 200)
            if there:
                self.send_header("location", there)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Site(f"http://127.0.0.1:{server.server_address[1]}")
    Thread(target=server.serve_forever, daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()


def publish(site: Site, text: str = FACTS, proof: str | None = None) -> str:
    site.files["/facts.yaml"] = text.encode()
    told = hashlib.sha256(text.encode()).hexdigest() if proof is None else proof
    site.files["/facts.yaml.sha256"] = f"{told}  facts.yaml\n".encode()
    return f"{site.url}/facts.yaml"


def test_a_diff_tells_and_keeps_nothing(cli: Cli, site: Site) -> None:
    ended = cli("facts", "diff", "--url", publish(site))
    assert ended.code == 0
    assert "openai/gpt-7: new: effort, levels low, high, max, can be off" in ended.out
    assert "prices of openai/gpt-7: input 3, output 12; no price is known now" in ended.out
    assert "openai: models gpt-5\\.4 end on 2027-02-01; use gpt-7" in ended.out
    assert "proves that the file came whole, not who wrote it" in ended.out
    assert "fact file:  none" in cli("facts", "status").out


def test_an_update_is_used_by_plans_and_prices_and_can_be_removed(cli: Cli, site: Site) -> None:
    unknown = json.loads(cli("plan", "hi", "-p", "openai/gpt-7@max", "--json").out)
    assert "assumed" in json.dumps(unknown)
    assert cli("facts", "update", "--url", publish(site)).code == 2, "there is nobody to ask"
    assert cli("facts", "update", "--url", publish(site), "--yes").code == 0
    status = json.loads(cli("facts", "status", "--json").out)
    assert (status["in_use"]["date"], status["in_use"]["cards"], status["in_use"]["prices"]) == ("2026-12-05", 1, 1)
    known = cli("plan", "hi", "-p", "openai/gpt-7@max", "--json").out
    assert '"effort": "max"' in known and '"assumed"' not in known
    assert "prices of openai" not in cli("prices", "show", "openai/gpt-7").out
    assert json.loads(cli("prices", "show", "openai/gpt-7", "--json").out)["table"][0]["input"] == "3"
    assert "gpt-7" in cli("plan", "hi", "-p", "openai/gpt-5.4").out + cli("plan", "hi", "-p", "openai/gpt-5.4").err
    assert "of the release" in cli("facts", "remove").err
    assert "no fact file" in cli("facts", "remove").err
    assert cli("prices", "show", "openai/gpt-7").code != 0


def test_a_file_of_this_machine_needs_no_network(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text(FACTS)
    assert "nothing proves that it is whole" in cli("facts", "diff", "--from", str(file)).out
    file.with_name("facts.yaml.sha256").write_text(hashlib.sha256(FACTS.encode()).hexdigest())
    assert cli("facts", "update", "--from", str(file), "--yes").code == 0
    file.with_name("facts.yaml.sha256").write_text("0" * 64)
    assert "damaged or changed" in cli("facts", "update", "--from", str(file), "--yes").err


def test_a_price_that_falls_by_half_wants_to_be_accepted(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text(
        "{thinkdial_facts: 1, date: 2026-12-05, prices: [{models: ['openai/gpt-6-so*'], price: {input: 1, output: 9},"
        " why: cheaper, sources: ['https://openai.com/x']}]}"
    )
    refused = cli("facts", "update", "--from", str(file), "--yes")
    assert refused.code != 0 and "openai/gpt-6-sol input 2 → 1" in refused.err and "--accept" in refused.err
    assert "fact file:  none" in cli("facts", "status").out
    assert cli("facts", "update", "--from", str(file), "--yes", "--accept").code == 0
    assert json.loads(cli("prices", "show", "openai/gpt-6-sol", "--json").out)["table"][0]["input"] == "1"


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("thinkdial_facts: 1", "thinkdial_facts: 2", "no fact file that this version can read"),
        ("date: 2026-12-05", "date: soon", "must be a day"),
        ("  openai:\n    - match", "  opanai:\n    - match", "no provider that is shipped"),
        ("control: effort", "control: effort\n      off: {anything: true}", "unknown key"),
        ("control: effort", "control: effort\n      base_url: https://evil.test", "unknown key"),
        ("openai-responses-effort}", "my-own-words}", "is not a spelling"),
        ("gpt-7(-mini)?\n", "(a+)+\n", "no simple pattern"),
        ("    price: {input", "    hosts: [evil.test]\n    price: {input", "unknown key"),
        ("cards:", "providers: {openai: {base_url: https://evil.test}}\ncards:", "unknown key"),
        ("input: 3", "input: 900000", "dearer than anything is"),
        ('    sources: ["https://developers.openai.com/api/docs/deprecations"]\n', "", "sources"),
    ],
)
def test_what_it_may_not_say_is_refused_with_its_place(
    cli: Cli, tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in FACTS
    file = tmp_path / "facts.yaml"
    file.write_text(FACTS.replace(old, new, 1))
    ended = cli("facts", "update", "--from", str(file), "--yes")
    assert ended.code != 0 and words in ended.err and "Traceback" not in ended.err
    assert "fact file:  none" in cli("facts", "status").out


def test_only_https_but_on_this_machine_also_behind_a_redirect(cli: Cli, site: Site) -> None:
    assert "https only" in cli("facts", "update", "--url", "http://example.com/facts.yaml").err
    publish(site)
    site.moved = {"/latest/facts.yaml": "/facts.yaml", "/latest/facts.yaml.sha256": "/facts.yaml.sha256"}
    assert cli("facts", "diff", "--url", f"{site.url}/latest/facts.yaml").code == 0
    site.moved["/latest/facts.yaml"] = "http://example.com/facts.yaml"
    assert "without https" in cli("facts", "diff", "--url", f"{site.url}/latest/facts.yaml").err


def test_a_missing_or_wrong_hash_an_older_file_and_a_damaged_store_change_nothing(
    cli: Cli, site: Site, tmp_path: Path
) -> None:
    assert "damaged or changed" in cli("facts", "update", "--url", publish(site, proof="0" * 64), "--yes").err
    address = publish(site)
    del site.files["/facts.yaml.sha256"]
    assert "HTTP 404" in cli("facts", "update", "--url", address, "--yes").err
    assert cli("facts", "update", "--url", publish(site), "--yes").code == 0
    older = publish(site, FACTS.replace("2026-12-05", "2026-12-04"))
    assert "older than the facts in use" in cli("facts", "update", "--url", older, "--yes").err
    path = Path(json.loads(cli("facts", "status", "--json").out)["in_use"]["path"])
    path.write_text("{")
    fact_update.read_anew()
    assert cli("plan", "hi", "-p", "gpt").code == 0
    assert "cannot be read" in cli("facts", "status").err


def test_without_an_address_it_says_what_to_give(cli: Cli) -> None:
    ended = cli("facts", "update", "--yes")
    assert ended.code == 2 and "--from" in ended.err and "THINKDIAL_FACTS_URL" in ended.err
