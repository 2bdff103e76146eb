"""Write the control files of a Debian package: scripts/release/debian.py FOLDER WHEELS MAINTAINER [DATE].

FOLDER becomes a source tree that `dpkg-buildpackage -b` builds without a network: WHEELS is the folder that `wheels.py`
made with the Python of the Debian release. What Debian has no packages of lies in /usr/lib/thinkdial, beside nobody
else's. MAINTAINER is `Name <address>`; DATE is of the form of RFC 5322, by default now.
"""

from __future__ import annotations

import re
import shutil
import sys
from email.utils import formatdate
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from man_pages import write_pages  # noqa: E402

CONTROL = """Source: thinkdial
Section: utils
Priority: optional
Maintainer: {maintainer}
Build-Depends: debhelper-compat (= 13), python3, python3-pip
Standards-Version: 4.6.2
Rules-Requires-Root: no

Package: thinkdial
Architecture: any
Depends: python3 (>= {low}), python3 (<< {high}), ca-certificates, ${{shlibs:Depends}}, ${{misc:Depends}}
Description: One dial for LLM reasoning, over many providers
 thinkdial sends the same prompt, with one value of how much to think, to one
 or many providers of language models, and shows side by side what each of
 them thought, answered, took and cost.
"""
RULES = """#!/usr/bin/make -f
%:
\tdh $@

override_dh_auto_clean override_dh_auto_configure override_dh_auto_build override_dh_auto_test:

override_dh_auto_install:
\tpython3 -m pip install --quiet --no-index --find-links wheels --no-compile \\
\t    --target debian/thinkdial/usr/lib/thinkdial thinkdial
\trm -rf debian/thinkdial/usr/lib/thinkdial/bin debian/thinkdial/usr/lib/thinkdial/share
\tinstall -D -m 755 debian/thinkdial.py debian/thinkdial/usr/bin/thinkdial

# Shared libraries of wheels bring what they need; those of the system are found as usual.
override_dh_strip override_dh_dwz:
"""
PROGRAM = """#!/usr/bin/python3
import sys

sys.path.insert(0, "/usr/lib/thinkdial")

from thinkdial.cli.main import main

sys.exit(main())
"""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: thinkdial

Files: *
Copyright: the authors of thinkdial
License: Expat
Comment: what lies in /usr/lib/thinkdial beside the folder thinkdial has its licences in its *.dist-info.

License: Expat
{licence}
"""


def main() -> None:
    folder, wheels, maintainer = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    date = sys.argv[4] if len(sys.argv) > 4 else formatdate(localtime=False)
    for path in write_tree(folder, wheels, maintainer, date):
        print(path)


def write_tree(folder: Path, wheels: Path, maintainer: str, date: str) -> list[Path]:
    """Write `debian` and `wheels` into `folder`; the control files. Raises `ValueError` for wheels of many Pythons."""
    shutil.copytree(wheels, folder / "wheels")
    low, high = python_of(wheels)
    version = next(wheels.glob("thinkdial-*.whl")).name.split("-")[1]
    debian = folder / "debian"
    manuals = write_pages(debian / "man")
    files = {
        "control": CONTROL.format(maintainer=maintainer, low=low, high=high),
        "rules": RULES,
        "thinkdial.py": PROGRAM,
        "changelog": f"thinkdial ({version}-1) unstable; urgency=medium\n\n"
        f"  * Release {version}; see CHANGELOG.md.\n\n -- {maintainer}  {date}\n",
        "copyright": COPYRIGHT.format(licence=indented((ROOT / "LICENSE").read_text(encoding="utf-8"))),
        "source/format": "3.0 (quilt)\n",
        "thinkdial.manpages": "".join(f"debian/man/{path.name}\n" for path in manuals),
    }
    for name, text in files.items():
        (debian / name).parent.mkdir(parents=True, exist_ok=True)
        (debian / name).write_text(text, encoding="utf-8")
    (debian / "rules").chmod(0o755)
    return [debian / name for name in files]


def python_of(wheels: Path) -> tuple[str, str]:
    """The one Python that the compiled wheels are for, and the one after it: `3.13`, `3.14`."""
    found = {int(minor) for wheel in wheels.glob("*.whl") for minor in re.findall(r"-cp3(\d+)-cp3\1-", wheel.name)}
    if len(found) != 1:
        raise ValueError(f"{wheels}: wheels of one Python are needed, and these are of {sorted(found) or 'none'}")
    minor = found.pop()
    return f"3.{minor}", f"3.{minor + 1}"


def indented(text: str) -> str:
    return "\n".join(f" {line}" if line.strip() else " ." for line in text.strip().splitlines())


if __name__ == "__main__":
    main()
