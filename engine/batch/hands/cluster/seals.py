"""Secrets that only one worker can read, wherever they travel: sealed to a public key that it has just made.

X25519 (RFC 7748), HKDF-SHA256 (RFC 5869) and ChaCha20-Poly1305 (RFC 8439), as `cryptography` has them. That the public
key is that of our worker is for the cluster to warrant, by its token over TLS or loopback.
"""

from __future__ import annotations

import os
import pickle
from importlib import import_module
from typing import Any

from .....providers.errors import UsageError
from ....targets.extras import how_to_add
from ..messages import Secret

KEY_BYTES, NONCE_BYTES = 32, 12
PURPOSE = b"thinkdial.worker/1 secret"


class Seal:
    """A worker's key pair."""

    def __init__(self) -> None:
        self._private = _part("asymmetric.x25519").X25519PrivateKey.generate()
        self.public: str = self._private.public_key().public_bytes_raw().hex()

    def open(self, sealed: bytes) -> bytes:
        """What was sealed for us. Raises where it was not."""
        theirs = _part("asymmetric.x25519").X25519PublicKey.from_public_bytes(sealed[:KEY_BYTES])
        nonce, text = sealed[KEY_BYTES : KEY_BYTES + NONCE_BYTES], sealed[KEY_BYTES + NONCE_BYTES :]
        return _cipher(self._private.exchange(theirs)).decrypt(nonce, text, PURPOSE)


def sealed(secret: Secret, public: str) -> bytes:
    """`secret`, for the worker whose public key that is."""
    x25519 = _part("asymmetric.x25519")
    own = x25519.X25519PrivateKey.generate()
    shared = own.exchange(x25519.X25519PublicKey.from_public_bytes(bytes.fromhex(public)))
    nonce = os.urandom(NONCE_BYTES)
    text = _cipher(shared).encrypt(nonce, pickle.dumps(secret, protocol=5), PURPOSE)
    return own.public_key().public_bytes_raw() + nonce + text


def check_sealing() -> None:
    """Raise `UsageError` where nothing can be sealed."""
    try:
        _part("asymmetric.x25519")
    except ImportError:
        raise UsageError("--send-keys needs the package cryptography", hint=how_to_add("ray")) from None


def _cipher(shared: bytes) -> Any:
    derived = _part("kdf.hkdf").HKDF(_part("hashes").SHA256(), KEY_BYTES, None, PURPOSE).derive(shared)
    return _part("ciphers.aead").ChaCha20Poly1305(derived)


def _part(name: str) -> Any:
    return import_module(f"cryptography.hazmat.primitives.{name}")
