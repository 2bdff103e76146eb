"""What the Tab key offers, by what stands before the cursor."""

from __future__ import annotations

from pathlib import Path

from thinkdial.cli.commands.chat.completion import MOST_FILES, Vocabulary, proposals

from ....cases import each

WORDS = Vocabulary(
    {"/think": "Set the dial.", "/profile": "Who goes on."},
    profiles=("claude", "gpt", "gemini"),
    groups=("trio",),
    answers=("claude@high", "gpt@low"),
    formats=("thinkdial", "md"),
)


@each(
    "before, offered",
    [
        ("", []),
        ("/", ["/think", "/profile"]),
        ("/th", ["/think"]),
        ("/think ", ["auto", "off", "minimal", "low", "medium", "high", "xhigh", "max"]),
        ("/think m", ["minimal", "medium", "max"]),
        ("/profile g", ["gpt", "gemini"]),
        ("/profile gpt@h", ["high"]),
        ("/compare claude,g", ["gpt", "gemini"]),
        ("/compare tr", ["trio"]),
        ("/compare claude@x", ["xhigh"]),
        ("/compare claude what about g", []),
        ("/pick c", ["claude@high"]),
        ("/export m", ["md"]),
        ("/unknown c", []),
        ("tell me /th", []),
        ("line\n/th", []),
    ],
)
def test_commands_and_what_follows_them(before: str, offered: list[str]) -> None:
    found = proposals(before, WORDS)
    assert [one.text for one in found] == offered
    for one in found:
        assert one.replaced == 0 or one.text.startswith(before[-one.replaced :])


def test_files_are_offered_behind_an_at_sign(own_home: Path) -> None:
    Path("notes.txt").touch()
    Path("my notes.txt").touch()
    Path(".hidden").touch()
    Path("sub").mkdir()
    Path("sub/more.md").touch()
    (own_home / "home.txt").touch()

    def offered(before: str) -> list[str]:
        return [one.text for one in proposals(before, WORDS)]

    assert offered("see @") == ["notes.txt", "sub/"] and offered("see @no") == ["notes.txt"]
    assert offered("@sub/") == ["more.md"] and offered("@.h") == [".hidden"]
    assert offered("@~/ho") == ["home.txt"] and offered(f"@{own_home}/ho") == ["home.txt"]
    assert offered("@none/") == [] and offered("@~nobody-here/") == [] and offered("a@no") == []
    for number in range(MOST_FILES + 20):
        Path(f"sub/{number}").touch()
    assert len(offered("@sub/")) == MOST_FILES
