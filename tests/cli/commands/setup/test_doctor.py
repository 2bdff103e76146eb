"""`thinkdial doctor`: what is wrong is marked, and nothing secret is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.history.store import database_path
from thinkdial.engine.lookups.health import program
from thinkdial.engine.lookups.health.observation import shown_address, shown_path

Cli = Callable[..., Any]


def told(ended: Any, section: str, name: str) -> Any:
    (one,) = [one for one in ended.json["findings"] if (one["section"], one["name"]) == (section, name)]
    return one


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_a_sound_installation(cli: Cli) -> None:
    ended = cli("doctor")
    assert ended.code == 0, ended.everything
    for word in ("Python", "libraries", "none has a key", "no fact file", "TLS", "streams"):
        assert word in ended.out
    assert not any(line.startswith("!") for line in ended.out.splitlines())
    assert all(len(line) <= 80 for line in ended.out.splitlines())


def test_every_library_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = ["typer>=0.16", "no-such-thing>=1", "keyring>=25; extra == 'keyring'", "pytest; extra == 'dev'"]
    monkeypatch.setattr(program, "requires", lambda _: listed)
    assert program.required() == (["typer", "no-such-thing"], ["keyring"])
    (missing,) = [one for one in program.program_findings() if one.name == "missing"]
    assert (missing.value, missing.state) == ("no-such-thing", "problem")


def test_nothing_secret_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = "sk-very-SECRET-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    monkeypatch.setenv("HTTPS_PROXY", f"http://bob:{secret}@proxy.example:8080/path")
    monkeypatch.setenv("THINKDIAL_TEST", secret)
    config = tmp_path / "mine.yaml"
    config.write_text(
        "profiles: {p: {provider: openai-compatible, model: m, base_url: 'https://hidden.example/v1', "
        f"headers: {{X: {secret}}}}}}}"
    )
    for form in ((), ("--json",)):
        ended = cli("doctor", "--config", config, *form)
        assert "OPENAI_API_KEY" in ended.out and "proxy.example:8080 (with a password)" in ended.out
        assert secret not in ended.everything and "bob" not in ended.everything and "hidden" not in ended.everything
        assert str(Path.home()) not in ended.out.replace(str(tmp_path), "")


def test_a_broken_configuration_is_one_finding_among_others(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("profils: {}\n")
    ended = cli("doctor", "--config", config, "--json")
    assert ended.code == 1 and not ended.json["ok"]
    assert "did you mean profiles?" in told(ended, "configuration", "cannot be read")["value"]
    assert told(ended, "program", "Python")["state"] == "ok"


def test_certificates_that_are_none_are_told(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    assert told(cli("doctor", "--json"), "network", "SSL_CERT_FILE")["state"] == "problem"
    (tmp_path / "gone.pem").write_text("no certificate")
    assert "holds no certificates" in told(cli("doctor", "--json"), "network", "SSL_CERT_FILE")["value"]


def test_a_damaged_history_is_told(cli: Cli) -> None:
    assert cli("demo", "-q").code == 0
    assert " 1 runs" in told(cli("doctor", "--json"), "history", "database")["value"]
    database_path().write_bytes(b"no database at all" * 100)
    ended = cli("doctor", "--json")
    assert ended.code == 1 and "damaged" in told(ended, "history", "database")["value"]


def test_a_project_without_trust_is_noted(cli: Cli) -> None:
    Path(".thinkdial.yaml").write_text("defaults: {think: low}\n")
    assert told(cli("doctor", "--json"), "configuration", "project")["state"] == "note"
    assert cli("profiles", "trust").code == 0
    assert told(cli("doctor", "--json"), "configuration", "project")["state"] == "ok"


def test_a_variable_that_sets_nothing_is_noted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THINKDIAL_RETRYS", "3")
    monkeypatch.setenv("THINKDIAL_QUIET", "1")
    ended = cli("doctor", "--json")
    assert "did you mean THINKDIAL_RETRIES?" in told(ended, "configuration", "THINKDIAL_RETRYS")["value"]
    assert not any(one["name"] == "THINKDIAL_QUIET" for one in ended.json["findings"])


def test_paths_and_addresses_for_others() -> None:
    assert shown_path(Path.home() / "x") == "~/x"
    assert shown_path("/somewhere/else") == "/somewhere/else"
    assert shown_address("http://u:p@h.example:1/x?y") == "http://h.example:1 (with a password)"
    assert shown_address("proxy:80") == "proxy:80"
    assert shown_address("http://h:99999999/") == "no address"
