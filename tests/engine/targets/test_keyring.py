"""Keys in the keyring: where they stand in the order, where they may go, and what is said when there is no keyring."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring as library
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
from msgspec.structs import replace

from thinkdial.engine.targets import keyring
from thinkdial.engine.targets.authorize import authorization
from thinkdial.engine.targets.keyring import Entry, profile_entry
from thinkdial.engine.targets.keys import describe_key, find_key, place_of_key
from thinkdial.engine.targets.target import Target, resolve
from thinkdial.profiles.config import user_directory
from thinkdial.profiles.profile import Profile
from thinkdial.providers.errors import ConfigError

from ..conftest import builtin

SECRET = "sk-marked-KEYRING-0123456789"
HOST = "https://api.openai.com"


class Memory(KeyringBackend):
    """A keyring in this process that counts what it is asked."""

    priority = 9  # pyright: ignore[reportAssignmentType]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.error: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append(username)
        if self.error is not None:
            raise self.error
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.error is not None:
            raise self.error
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class PlaintextKeyring(Memory):
    """Named as the one that writes a readable file is."""


class Chain(Memory):
    """Stores in the first of its members."""

    def __init__(self, *members: KeyringBackend) -> None:
        super().__init__()
        self.backends = members


@pytest.fixture
def memory() -> Iterator[Memory]:
    before = library.get_keyring()
    backend = Memory()
    library.set_keyring(backend)
    yield backend
    library.set_keyring(before)


def target(**changes: Any) -> Target:
    settings: dict[str, Any] = {"provider": "openai", "model": "gpt-6-sol", **changes}
    return resolve(Profile(name="p", **settings), builtin(), environment={})


def secret(where: Target, environment: dict[str, str] | None = None) -> str | None:
    key = find_key(where, environment or {})
    return None if key is None else key.reveal()


def test_the_order(memory: Memory) -> None:
    keyring.put(Entry("openai"), "of-provider")
    keyring.put(Entry(profile_entry("p"), HOST), "of-profile")
    usual, own = {"OPENAI_API_KEY": "usual"}, {"MINE": "own"}
    command = (sys.executable, "-c", "print('of-command')")
    everything = target(api_key_env=("MINE",), api_key_command=command)
    assert secret(everything, usual | own) == "of-command"
    assert secret(target(api_key_env=("MINE",)), usual | own) == "own"
    assert secret(target(api_key_env=("MINE",)), usual) == "of-profile"
    assert secret(target(), usual) == "of-profile"
    keyring.remove(profile_entry("p"))
    assert secret(target(), usual) == "usual"
    assert secret(target()) == "of-provider"


def test_a_profile_with_variables_of_its_own_never_gets_its_providers_key(memory: Memory) -> None:
    keyring.put(Entry("openai"), SECRET)
    with pytest.raises(ConfigError, match="MINE is not set") as caught:
        find_key(target(api_key_env=("MINE",)), {})
    assert caught.value.hint == "export MINE=..."  # and nothing of its provider
    assert memory.asked == ["openai"]  # reading back what was put


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"base_url": "https://example.net/v1"},
        {"base_url": "https://api.openai.com.example.net/v1"},
        {"base_url": "https://api.openai.com:8443/v1"},
        {"base_url": "http://api.openai.com/v1"},
        {"provider": "anthropic", "model": "claude-opus-5-5"},
    ],
)
def test_a_profiles_key_goes_only_where_it_was_set_for(memory: Memory, elsewhere: dict[str, str]) -> None:
    keyring.put(Entry(profile_entry("p"), HOST), SECRET)
    memory.asked.clear()
    other = target(**elsewhere)
    with pytest.raises(ConfigError, match=f"in the keyring is for {HOST}, not") as caught:
        find_key(other, {})
    assert SECRET not in caught.value.message + str(caught.value.hint) and memory.asked == []
    assert secret(target(base_url="https://API.openai.com/other")) == SECRET


def test_the_keyring_is_not_asked_when_the_list_of_names_says_nothing(memory: Memory) -> None:
    memory.kept["thinkdial", "openai"] = SECRET
    with pytest.raises(ConfigError, match="OPENAI_API_KEY is not set"):
        find_key(target(), {})
    assert memory.asked == []


def test_describing_fetches_nothing(memory: Memory) -> None:
    keyring.put(Entry("openai"), SECRET)
    memory.asked.clear()
    assert describe_key(target(), {}) == "keyring (openai)"
    place = place_of_key(target(), {})
    assert place is not None and place.kind == "keyring" and memory.asked == []


def test_the_list_of_names_is_private_and_holds_no_secret(memory: Memory) -> None:
    keyring.put(Entry(profile_entry("p"), HOST), SECRET)
    path = user_directory() / keyring.NAMES_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in path.read_text(encoding="utf-8")
    assert dict(keyring.entries()) == {"profile:p": Entry("profile:p", HOST)}


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "thinkdial.keyring-names/9", "entries": {}}'])
def test_a_list_of_names_that_cannot_be_read_is_said(memory: Memory, text: str) -> None:
    path = user_directory() / keyring.NAMES_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"keyring-names\.json"):
        find_key(target(), {})


def test_a_key_that_somebody_else_removed(memory: Memory) -> None:
    keyring.put(Entry("openai"), SECRET)
    memory.kept.clear()
    with pytest.raises(ConfigError, match="has no key openai any more") as caught:
        find_key(target(), {})
    assert "thinkdial keys set openai" in (caught.value.hint or "")
    keyring.remove("openai")
    assert not keyring.entries()


def test_a_locked_keyring_and_one_that_fails(memory: Memory) -> None:
    keyring.put(Entry("openai"), SECRET)
    memory.error = KeyringLocked("the user said no")
    with pytest.raises(ConfigError, match=r"profile p: the keyring \(.*Memory\) is locked") as caught:
        find_key(target(), {})
    assert "unlock" in (caught.value.hint or "") and "api_key_command" in (caught.value.hint or "")
    memory.error = OSError(f"cannot write {SECRET}")
    with pytest.raises(ConfigError, match="failed: OSError") as caught:
        keyring.put(Entry("openai"), SECRET)
    assert SECRET not in caught.value.message


def test_a_keyring_that_keeps_nothing_is_found_out(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "set_password", lambda *_: None)
    with pytest.raises(ConfigError, match="did not keep the key"):
        keyring.put(Entry("openai"), SECRET)
    assert not keyring.entries()


def test_a_readable_file_is_no_keyring(memory: Memory) -> None:
    from keyring.backends import fail, null

    for backend, words in (
        (PlaintextKeyring(), "does not protect"),
        (null.Keyring(), "does not protect"),
        (Chain(PlaintextKeyring()), "does not protect"),
        (fail.Keyring(), "no keyring that can be used"),
    ):
        library.set_keyring(backend)
        with pytest.raises(ConfigError, match=words) as caught:
            keyring.put(Entry("openai"), SECRET)
        assert caught.value.hint and not keyring.entries()
        assert not getattr(backend, "kept", None)


def test_a_chain_stores_in_the_first_member_that_protects(memory: Memory) -> None:
    plain = PlaintextKeyring()
    library.set_keyring(Chain(plain, memory))
    keyring.put(Entry("openai"), SECRET)
    assert plain.kept == {} and memory.kept == {("thinkdial", "openai"): SECRET}
    assert secret(target()) == SECRET


def test_without_the_package_it_is_said_what_to_install(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.put(Entry("openai"), SECRET)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match="not installed") as caught:
        find_key(target(), {})
    assert "[keyring]'" in (caught.value.hint or "")
    assert secret(target(), {"OPENAI_API_KEY": "usual"}) == "usual"


def test_a_stored_key_that_no_header_can_carry(memory: Memory) -> None:
    keyring.put(Entry("openai"), SECRET)
    memory.kept["thinkdial", "openai"] = f"{SECRET}\nx"
    with pytest.raises(ConfigError, match=r"keyring \(openai\) holds characters") as caught:
        find_key(target(), {})
    assert SECRET not in caught.value.message


def test_a_stored_key_goes_before_a_signature(memory: Memory) -> None:
    bedrock = target(provider="bedrock", model="m", endpoint={"region": "us-west-2"})
    keyring.put(Entry("bedrock"), SECRET)
    key, _ = authorization(bedrock, {"AWS_ACCESS_KEY_ID": "x"})
    assert key is not None and key.reveal() == SECRET and SECRET not in repr(key)


def test_a_server_on_this_machine_still_needs_none(memory: Memory) -> None:
    local = target(provider="openai-compatible", base_url="http://127.0.0.1:1/v1")
    assert find_key(local, {}) is None
    keyring.put(Entry(profile_entry("p"), "http://127.0.0.1:1"), SECRET)
    assert secret(local) == SECRET


@pytest.mark.parametrize("code", ["print('marked-key')", "raise SystemExit(3)"])
def test_a_command_runs_once_in_a_process_also_when_it_fails(tmp_path: Path, code: str) -> None:
    count = tmp_path / "count"
    command = (sys.executable, "-c", f"open({str(count)!r}, 'a').write('x'); {code}")
    for name in ("one", "two", "three"):
        where = target(api_key_command=command)
        where = replace(where, profile=replace(where.profile, name=name))
        if "print" in code:
            assert secret(where) == "marked-key"
        else:
            with pytest.raises(ConfigError, match=rf"profile {name}: .*exit 3"):
                find_key(where, {})
    assert count.read_text(encoding="utf-8") == "x"


def test_a_command_is_not_run_by_a_shell(tmp_path: Path) -> None:
    echo = (sys.executable, "-c", "import sys; print(sys.argv[1])", f"$HOME;touch {tmp_path}/made")
    assert secret(target(api_key_command=echo)) == f"$HOME;touch {tmp_path}/made"
    assert not (tmp_path / "made").exists()


def test_a_command_that_waits_for_input_gets_none_and_a_slow_one_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = (sys.executable, "-c", "import sys; print(len(sys.stdin.read()))")
    assert secret(target(api_key_command=reads)) == "0"
    monkeypatch.setattr("thinkdial.engine.targets.keys.COMMAND_TIMEOUT_S", 0.2)
    hangs = (sys.executable, "-c", "import threading; threading.Event().wait()")
    with pytest.raises(ConfigError, match="gave no key in 0 s"):
        find_key(target(api_key_command=hangs), {})


def test_looking_for_a_key_does_not_import_keyring() -> None:
    code = (
        "import sys\n"
        "from thinkdial.engine.targets.keys import find_key\n"
        "from thinkdial.engine.targets.target import resolve\n"
        "from thinkdial.profiles.config import load_builtin\n"
        "config = load_builtin()\n"
        "where = resolve(config.profiles['gpt'], config)\n"
        "assert find_key(where, {'OPENAI_API_KEY': 'x'}).reveal() == 'x'\n"
        "try: find_key(where, {})\n"
        "except Exception as error: assert 'is not set' in str(error)\n"
        "else: raise AssertionError\n"
        "assert 'keyring' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
