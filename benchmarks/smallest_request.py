"""The smallest script that makes the request of `thinkdial ask` and streams its answer: what there is to beat."""

import asyncio
import json
import sys

import httpx2


async def main(url: str) -> None:
    body = {
        "model": "example-1",
        "messages": [{"role": "user", "content": "Is 91 prime?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    async with (
        httpx2.AsyncClient(verify=False, trust_env=False) as client,
        client.stream("POST", url, json=body) as response,
    ):
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                for choice in json.loads(line[6:])["choices"]:
                    sys.stdout.write(choice["delta"].get("content", ""))


asyncio.run(main(sys.argv[1]))
