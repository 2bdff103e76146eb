"""What stands between this machine and the providers: proxies and certificates. Nothing is sent."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...exchange.connections.trust import CA_VARIABLES
from .observation import Finding, shown_address, shown_path

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
ROOTS = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def network_findings(environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Proxies without their passwords, and whose certificates are trusted."""
    section = "network"
    found = False
    for name in PROXIES:
        for spelled in (name, name.lower()):
            if value := environment.get(spelled, "").strip():
                found = True
                address = shown_address(value)
                bad = address == "no address" or address.startswith("?")
                hint = f"{spelled} must be an address such as http://proxy.example:8080" if bad else None
                yield Finding(section, spelled, address, "problem" if bad else "ok", hint)
    for spelled in ("NO_PROXY", "no_proxy"):
        if value := environment.get(spelled, "").strip():
            yield Finding(section, spelled, f"{len(value.split(','))} entries")
    if not found:
        yield Finding(section, "proxy", "none")
    for name in dict.fromkeys((*ROOTS, *CA_VARIABLES)):
        if value := environment.get(name, "").strip():
            yield _roots(section, name, Path(value))
    yield Finding(section, "TLS", ssl.OPENSSL_VERSION)


def _roots(section: str, name: str, path: Path) -> Finding:
    hint = f"name a PEM file, or unset {name}"
    if not path.exists():
        return Finding(section, name, f"{shown_path(path)} is not there", "problem", hint)
    if path.is_dir():
        return Finding(section, name, f"{shown_path(path)}, a directory")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError):
        return Finding(section, name, f"{shown_path(path)} holds no certificates", "problem", hint)
    return Finding(section, name, f"{shown_path(path)}, {context.cert_store_stats()['x509']} certificates")
