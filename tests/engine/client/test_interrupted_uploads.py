"""An upload that nobody waits for any more is broken off: a run that is cancelled does not wait for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import thinkdial
from tests.files_made import png


def test_a_cancelled_call_ends_while_its_file_is_uploaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-none")
    chart, config = tmp_path / "chart.png", tmp_path / "mine.yaml"
    chart.write_bytes(png(280, 280))
    seen: list[bytes] = []

    async def go() -> None:
        began, gone = asyncio.Event(), asyncio.Event()

        async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append((await reader.readline()).split()[1])
            began.set()
            while await reader.read(65_536):
                pass
            gone.set()
            writer.close()

        server = await asyncio.start_server(stall, "127.0.0.1", 0)
        async with server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            config.write_text(
                f"profiles: {{a: {{provider: anthropic, model: claude-opus-5-5, base_url: '{url}'}}}}", encoding="utf-8"
            )
            async with thinkdial.Client(config) as client:
                asking = asyncio.create_task(client.ask("What?", "a", attachments=[chart], upload=True))
                await asyncio.wait_for(began.wait(), 60)
                asking.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await asyncio.wait_for(asking, 60)
                await asyncio.wait_for(gone.wait(), 60)

    asyncio.run(go())
    assert seen == [b"/v1/files"]
