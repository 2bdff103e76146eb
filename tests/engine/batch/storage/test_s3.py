"""Shards at an S3 address, against a local server: parts, kill -9 in the middle of one, and no key anywhere."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from thinkdial.engine.batch.storage.address import Address
from thinkdial.engine.batch.storage.store import RemoteStore
from thinkdial.providers.errors import ConfigError

from ..bench import Provider, good

pytest.importorskip("s3fs")
moto = pytest.importorskip("moto.server")
pytestmark = pytest.mark.slow

SECRET = "a-secret-that-nobody-prints"
ROWS = 40


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    given = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1", "STORED_KEY": "a",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    import fsspec

    fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False).makedirs("bucket", exist_ok=True)
    try:
        yield "s3://bucket"
    finally:
        server.stop()


def test_a_store_creates_once_and_complains_in_words(bucket: str) -> None:
    store = RemoteStore(Address(f"{bucket}/once"))
    assert store.names() == [] and store.read("x") is None
    assert store.create("x", b"1") and store.create("x", b"1") and not store.create("x", b"2")
    assert store.read("x") == b"1" and store.names() == ["x"] and store.size("x") == 1
    store.put("x", b"22")
    assert store.read("x") == b"22"
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        RemoteStore(Address("s3://no-such-bucket/run")).create("x", b"1")
    assert SECRET not in str(caught.value) and "AKIA" not in str(caught.value)


def test_shards_in_a_store(bucket: str, tmp_path: Path) -> None:
    """A shard is killed in the middle of a part; the same command goes on, and the merge says what is missing."""
    import fsspec

    lines = "".join(json.dumps({"id": f"r{number}", "prompt": f"{number}?"}) + "\n" for number in range(ROWS))
    files = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)
    files.pipe_file("bucket/rows.jsonl", lines.encode())
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
    merged = [json.loads(line)["row_id"] for line in files.cat_file("bucket/all.jsonl").splitlines()]
    assert merged == [f"r{number}" for number in range(ROWS)]
    assert calls[0] <= ROWS + 2, "a call that was under way may be paid twice, and no other"
    assert not (tmp_path / "s3:").exists()
    everything = "".join(said) + "".join(
        files.cat_file(name).decode() for name in files.find("bucket/run") if "json" in name
    )
    for folder, _, names in os.walk(tmp_path):
        everything += "".join((Path(folder) / name).read_text(errors="replace") for name in names)
    assert SECRET not in everything and "AKIAEXAMPLE" not in everything
