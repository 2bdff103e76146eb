"""Whose certificates are trusted, and what is said where that comes to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from thinkdial.engine.exchange.connections.errors import ConnectError
from thinkdial.engine.exchange.connections.trust import absent_roots, trust_store
from thinkdial.engine.exchange.transport import read_transport_error

VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.mark.parametrize("name", VARIABLES)
def test_a_file_that_holds_no_certificate_is_named_with_its_variable(tmp_path: Path, name: str) -> None:
    path = tmp_path / "roots.pem"
    path.write_text("nothing")
    with pytest.raises(OSError, match=name) as caught:
        trust_store({name: str(path)})
    assert str(path) in str(caught.value)


def test_a_main_file_that_is_not_there_is_an_error_and_others_are_told_where_trust_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = str(tmp_path / "nowhere.pem")
    with pytest.raises(OSError, match=r"SSL_CERT_FILE names .*nowhere"):
        trust_store({"SSL_CERT_FILE": nowhere})
    assert trust_store({"REQUESTS_CA_BUNDLE": nowhere})
    assert absent_roots({"REQUESTS_CA_BUNDLE": nowhere, "CURL_CA_BUNDLE": str(tmp_path), "SSL_CERT_DIR": ""}) == [
        f"REQUESTS_CA_BUNDLE names {nowhere}, which is not there"
    ]
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", nowhere)
    assert nowhere in _hint("self-signed certificate")


def _hint(words: str) -> str:
    error = ConnectError(f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {words} (_ssl.c:1006)")
    failed = read_transport_error(error, "https://a.example/v1", 5)
    assert failed.hint is not None
    return failed.hint


def test_what_to_do_about_a_certificate_depends_on_what_is_wrong_with_it() -> None:
    assert "SSL_CERT_FILE" in _hint("unable to get local issuer certificate")
    assert "base_url" in _hint("Hostname mismatch, certificate is not valid for 'a.example'.")
    assert "renew" in _hint("certificate has expired")
    assert "clock" in _hint("certificate is not yet valid")
