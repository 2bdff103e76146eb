"""What somebody else gets of a cluster: no entrance without the token, and no key wherever Ray keeps something."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from .conftest import NEEDS_RAY, OWN_KEY, Desk
from .nodes import Nodes, until

pytestmark = NEEDS_RAY

SIOCGIFADDR = 0x8915
DUMP = """
import json, sys
from ray._raylet import GcsClient
client, found = GcsClient(address=sys.argv[1]), []
for space in (None, b"fun", b"job", b"session", b"default", b"cluster", b"package", b"serve", b"dashboard"):
    for key in client.internal_kv_keys(b"", space, timeout=30):
        found.append(key.hex())
        found.append((client.internal_kv_get(key, space, timeout=30) or b"").hex())
import ray
ray.init(address=sys.argv[1], logging_level="ERROR", log_to_driver=False, namespace="thinkdial")
from ray._private.state import state
if hasattr(state, "_connect_and_get_accessor"):
    told = state._connect_and_get_accessor()
else:
    state._really_init_global_state()
    told = state.global_state_accessor
raw = [*told.get_actor_table(None, None), *told.get_job_table(), *told.get_task_events()]
print(json.dumps([*found, *(each.hex() for each in raw)]))
"""
"""All that the head knows: tables of actors, of jobs and tasks, and what it keeps for others."""


@pytest.fixture(scope="module")
def bare(shared_directory: Path) -> Iterator[Nodes]:
    """Two nodes without any key."""
    made = Nodes(shared_directory)
    try:
        for _ in range(2):
            made.begin(key=None)
        yield made
    finally:
        made.close()


def head_knows(nodes: Nodes, desk: Desk) -> bytes:
    asked = subprocess.run(
        [sys.executable, "-c", DUMP, nodes.address], capture_output=True, text=True, timeout=120, check=False,
        env=desk.environment(nodes.environment),
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr[-2000:]
    return b"\n".join(bytes.fromhex(each) for each in json.loads(asked.stdout.splitlines()[-1]))


def stores(nodes: Nodes) -> Iterator[bytes]:
    """The shared memory of the object stores."""
    for node in nodes.nodes:
        for pid in node.processes("raylet/raylet"):
            for each in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    if "plasma" in os.readlink(each):  # noqa: PTH115 it has no name on the disk any more
                        yield each.read_bytes()


def test_no_key_is_in_anything_that_ray_keeps(desk: Desk, bare: Nodes) -> None:
    desk.write_rows(300)
    command = desk.begin("--send-keys", more={**bare.environment, "RAY_ADDRESS": bare.address})
    until(lambda: desk.answered() >= 100, command.lives)
    os.kill(bare.nodes[1].workers[0], signal.SIGKILL)  # and errors are written
    until(lambda: desk.answered() >= 200, command.lives)
    key, seen = OWN_KEY.encode(), 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                assert key not in (entry / "cmdline").read_bytes(), entry
    for node in bare.nodes:
        for pid in node.processes():
            with suppress(OSError):
                assert key not in Path(f"/proc/{pid}/environ").read_bytes(), pid
                seen += 1
    assert seen > 4
    kept = list(stores(bare))
    assert len(kept) >= 2 and not any(key in each for each in kept)
    known = head_knows(bare, desk)
    assert b"RayWorker" in known and key not in known
    code, out, err = command.end()
    assert (code, out) == (0, ""), err
    desk.check_whole(300)
    assert set(desk.provider.by_key()) == {OWN_KEY} and OWN_KEY not in err
    files = [path for path in bare.files() if path.stat().st_size]
    assert any(b"RayWorker" in path.read_bytes() for path in files)
    assert not [path for path in files if key in path.read_bytes()]


def refused(desk: Desk, more: Mapping[str, str], *arguments: object) -> str:
    """What a command says that is not let do anything."""
    desk.write_rows(20)
    code, out, err = desk.begin(*arguments, more=more).end()
    assert code != 0 and out == "" and not desk.provider.bills and not desk.answered(), err
    return err


def test_without_the_token_nobody_is_let_in(desk: Desk, bare: Nodes) -> None:
    place = {"RAY_TMPDIR": str(bare.temporary), "RAY_ADDRESS": bare.address}
    for more in ({"RAY_AUTH_MODE": "disabled"}, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "00" * 32}):
        err = refused(desk, {**place, **more})
        assert "token" in err.lower() and "RAY_AUTH_MODE" in err, err


def test_an_open_cluster_is_for_loopback_alone(desk: Desk, shared_directory: Path) -> None:
    address = own_address()
    if address is None:
        pytest.skip("this machine has loopback alone")
    opened = Nodes(shared_directory, token=None)
    try:
        opened.begin(key=None, address=address)
        for named in (opened.address, "auto"):
            err = refused(desk, {**opened.environment, "RAY_ADDRESS": named}, "--send-keys")
            assert "lets anybody in" in err and "RAY_AUTH_MODE=token" in err, err
    finally:
        opened.close()
    closed = Nodes(shared_directory)
    try:
        closed.begin(key="sk-marked-of-a-node", address=address)
        more = {**closed.environment, "RAY_ADDRESS": closed.address}
        assert "listened to" in refused(desk, more, "--send-keys")
        code, _, err = desk.begin(more=more).end()
        assert code == 0, err
        desk.check_whole(20)
    finally:
        closed.close()


def own_address() -> str | None:
    """An address of this machine that others could reach."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            with suppress(OSError):
                found = fcntl.ioctl(asked.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                address = socket.inet_ntoa(found[20:24])
                if not address.startswith("127."):
                    return address
    return None


def test_keys_go_along_where_all_is_encrypted(desk: Desk, shared_directory: Path, tmp_path: Path) -> None:
    address = own_address()
    if address is None or shutil.which("openssl") is None:
        pytest.skip("it needs an address beside loopback, and openssl")
    certificate, private = tmp_path / "cluster.pem", tmp_path / "cluster.key"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=cluster",
            "-addext", f"subjectAltName=IP:{address},IP:127.0.0.1,DNS:localhost",
            "-keyout", private, "-out", certificate,
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    secured = {"RAY_USE_TLS": "1", "RAY_TLS_SERVER_CERT": str(certificate), "RAY_TLS_SERVER_KEY": str(private),
               "RAY_TLS_CA_CERT": str(certificate)}  # fmt: skip
    nodes = Nodes(shared_directory, more=secured)
    try:
        nodes.begin(key=None, address=address)
        desk.write_rows(40)
        code, _, err = desk.begin("--send-keys", more={**nodes.environment, "RAY_ADDRESS": nodes.address}).end()
        assert code == 0, err
        desk.check_whole(40)
        assert set(desk.provider.by_key()) == {OWN_KEY}
    finally:
        nodes.close()
