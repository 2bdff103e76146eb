"""Whose certificates are trusted."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Files or directories of roots that are trusted beside the system's, or beside those of SSL_CERT_FILE.

Source: https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification
"""

HASHED = ".0"
"""The end of a name in a directory that OpenSSL can look certificates up in."""


def trust_store(environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Those that SSL_CERT_FILE or SSL_CERT_DIR name, else the system's; `CA_VARIABLES` name others beside them.

    Raises `OSError` for a file that is not there or holds no certificates.
    """
    trust = _main_store(environment)
    _add_named_roots(trust, environment)
    trust.set_alpn_protocols(["http/1.1"])
    return trust


def _main_store(environment: Mapping[str, str]) -> ssl.SSLContext:
    if named := environment.get("SSL_CERT_FILE"):
        with _named("SSL_CERT_FILE", named):
            return ssl.create_default_context(cafile=named)
    if named := environment.get("SSL_CERT_DIR"):
        with _named("SSL_CERT_DIR", named):
            return ssl.create_default_context(capath=named)
    usual = ssl.get_default_verify_paths()
    file, directory = Path(usual.openssl_cafile), Path(usual.openssl_capath)
    bundle = str(file) if file.is_file() else None
    hashed = str(directory) if directory.is_dir() and any(directory.glob(f"*{HASHED}")) else None
    if sys.platform in ("win32", "darwin") or not (bundle or hashed):
        import httpx2  # here: it knows the stores of other systems

        return httpx2.create_ssl_context()
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.load_verify_locations(bundle, hashed)
    return trust


def _add_named_roots(trust: ssl.SSLContext, environment: Mapping[str, str]) -> None:
    """Trust what `CA_VARIABLES` name as well. Raises `OSError` for a file that holds no certificates."""
    for name in CA_VARIABLES:
        path = Path(environment.get(name) or "/dev/null")
        with _named(name, path):
            if path.is_dir():
                trust.load_verify_locations(capath=path)
            elif path.is_file():
                trust.load_verify_locations(cafile=path)


@contextmanager
def _named(name: str, path: object) -> Generator[None]:
    """An error says which variable names which file."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{name} names {path}: {error.strerror or error}") from None


def absent_roots(environment: Mapping[str, str] = os.environ) -> list[str]:
    """What the variables name that is not there, and that nobody has complained of."""
    named = ((name, environment.get(name)) for name in ("SSL_CERT_DIR", *CA_VARIABLES))
    return [f"{name} names {path}, which is not there" for name, path in named if path and not Path(path).exists()]
