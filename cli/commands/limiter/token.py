"""`thinkdial limiter token`: a secret that a limiter and its clients share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...exit_codes import ExitCode

TOKEN_BYTES = 32


def token(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, for its owner alone.")],
) -> ExitCode:
    """Make a token, write it to a private file, and say how it is handed on. The token itself is not printed.

    Example:  thinkdial limiter token ~/.config/thinkdial/limiter.token
    """
    import os
    import secrets

    from ....profiles.disk import create_private, make_private_directory
    from ....providers.errors import ConfigError, UsageError
    from ...output import say

    try:
        if not path.parent.exists():
            make_private_directory(path.parent)
        descriptor = create_private(path)
    except FileExistsError:
        raise UsageError(f"{path} is there already", hint="name another file, or remove it first") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
    say(f"a token is in {path}, which only you can read")
    say(f"  the limiter:  thinkdial limiter serve tls://HOST:7433 --token-file {path} --cert FILE --key-file FILE")
    say(f'  its clients:  export THINKDIAL_LIMITER_TOKEN="$(cat {path})"')
    say("  to machines:  scp -p, a secret of your scheduler or of Kubernetes; never a command line or a repository")
    return ExitCode.OK


def token_in(path: Path) -> str:
    """The token in a file. Raises `ConfigError`."""
    from ....profiles.disk import read_bounded
    from ....providers.errors import ConfigError

    try:
        text = read_bounded(path).decode("ascii").strip()
    except FileNotFoundError:
        raise ConfigError(f"{path}: is not there", hint=f"thinkdial limiter token {path} makes one") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: no token can be read from it: {error}") from None
    if not text or not text.isprintable() or " " in text:
        raise ConfigError(f"{path}: holds no token", hint=f"thinkdial limiter token {path}.new makes one")
    return text
