"""Put a wheel and all that it needs, at the locked versions, into a folder: scripts/release/wheels.py FOLDER WHEEL.

They are those of the Python and system that run this. From that folder an image is built without a network.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

LOCK = Path(__file__).resolve().parents[2] / "requirements-dev.lock"


def main() -> None:
    folder, wheel = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(constraints())
        file.flush()
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:"]
        subprocess.run([*download, "--constraint", file.name, "--dest", str(folder), str(wheel)], check=True)
    print("\n".join(sorted(path.name for path in folder.iterdir())))


def constraints() -> str:
    """The locked versions without their hashes: pip takes no hash of a file that was built here."""
    text = re.sub(r" *\\\n(?: +--hash=\S+(?: \\)?\n)+", "\n", LOCK.read_text(encoding="utf-8"))
    return re.sub(r"^ .*\n", "", text, flags=re.MULTILINE)


if __name__ == "__main__":
    main()
