"""The official SDK drives the batch mode of Gemini, inline and by files, and the Files API."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from thinkdial.simulator import simulator_in_thread

from ....sdks import genai, says
from ....sdks import genai_errors as errors
from ....sdks import genai_types as types

MODEL = "gemini-4-argon"
ENDED = {"JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED"}


def client_of(base_url: str) -> genai.Client:
    return genai.Client(api_key="sim-key", http_options=types.HttpOptions(base_url=f"{base_url}/google"))


@pytest.fixture
def google(simulator):
    with client_of(simulator.base_url) as client:
        yield client


def inline(name: str, **config: Any) -> dict[str, Any]:
    contents = [{"role": "user", "parts": [{"text": f"What is {name}?"}]}]
    return {"contents": contents, "metadata": {"key": name}, "config": config}


def ended(google, job):
    for _ in range(5):
        job = google.batches.get(name=job.name)
        if job.state.name in ENDED:
            return job
    raise AssertionError(f"still {job.state}")


def upload(google, *lines: dict[str, Any]):
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    config = types.UploadFileConfig(mime_type="application/jsonl", display_name="rows")
    return google.files.upload(file=io.BytesIO(content), config=config)


def row(key: str, **generation: Any) -> dict[str, Any]:
    contents = [{"role": "user", "parts": [{"text": f"What is {key}?"}]}]
    return {"key": key, "request": {"contents": contents, "generationConfig": generation}}


def test_an_inline_batch(google):
    names = [f"row-{number}" for number in range(12)]
    job = google.batches.create(model=MODEL, src=[inline(name) for name in names], config={"display_name": "run 7"})
    assert job.state.name == "JOB_STATE_PENDING" and job.display_name == "run 7" and job.model == f"models/{MODEL}"
    assert google.batches.get(name=job.name).state.name == "JOB_STATE_RUNNING"
    done = ended(google, job)
    assert done.state.name == "JOB_STATE_SUCCEEDED" and done.end_time
    answers = {item.metadata["key"]: item for item in done.dest.inlined_responses}
    assert set(answers) == set(names) and list(answers) != names
    live = google.models.generate_content(model=MODEL, contents="What is row-3?")
    batched = answers["row-3"].response
    assert batched.text == live.text
    assert batched.usage_metadata.thoughts_token_count == live.usage_metadata.thoughts_token_count


def test_a_batch_by_file(google):
    file = upload(google, row("a"), row("b", maxOutputTokens=0), row("c"))
    assert file.state.name == "ACTIVE" and file.display_name == "rows"
    done = ended(google, google.batches.create(model=MODEL, src=file.name))
    assert done.dest.file_name.startswith("files/batch-")
    lines = [json.loads(text) for text in google.files.download(file=done.dest.file_name).splitlines()]
    found = {line["key"]: line for line in lines}
    assert set(found) == {"a", "b", "c"} and "candidates" in found["a"]["response"]
    # The code is gRPC's.
    assert found["b"]["error"]["code"] == 3 and "maxOutputTokens" in found["b"]["error"]["message"]


def test_the_wire_of_an_operation(google, client, simulator):
    job = google.batches.create(model=MODEL, src=[inline("a"), inline("b", max_output_tokens=0)])
    url, headers = f"{simulator.base_url}/google/v1beta/{job.name}", {"x-goog-api-key": "k"}
    running = client.get(url, headers=headers).json()
    assert "done" not in running and running["metadata"]["state"] == "BATCH_STATE_RUNNING"
    done = client.get(url, headers=headers).json()
    stats = {"requestCount": "2", "successfulRequestCount": "1", "failedRequestCount": "1"}
    assert done["done"] is True and done["metadata"]["batchStats"] == stats
    nested = done["metadata"]["output"]["inlinedResponses"]["inlinedResponses"]
    assert done["response"]["inlinedResponses"]["inlinedResponses"] == nested and len(nested) == 2


def test_cancelling_omits_what_was_not_done(google):
    job = google.batches.create(model=MODEL, src=[inline(f"row-{number}") for number in range(10)])
    google.batches.get(name=job.name)
    google.batches.cancel(name=job.name)
    done = ended(google, job)
    assert done.state.name == "JOB_STATE_CANCELLED" and len(done.dest.inlined_responses) == 5
    google.batches.delete(name=job.name)
    with pytest.raises(errors.ClientError) as missing:
        google.batches.get(name=job.name)
    assert missing.value.code == 404


def test_faults(google):
    def created(fault: str):
        return google.batches.create(model=f"{MODEL}@{fault}", src=[inline(f"row-{number}") for number in range(4)])

    failed = ended(google, created("batch_failed"))
    assert failed.state.name == "JOB_STATE_FAILED" and not failed.dest
    expired = ended(google, created("batch_expired"))
    assert expired.state.name == "JOB_STATE_EXPIRED" and len(expired.dest.inlined_responses) == 2
    broken = ended(google, created("row_errored:3"))
    assert [item.error.code for item in broken.dest.inlined_responses if item.error] == [13] * 3
    lost = ended(google, created("row_lost:1"))
    assert lost.state.name == "JOB_STATE_SUCCEEDED" and len(lost.dest.inlined_responses) == 3
    hung = created("batch_hang")
    assert {google.batches.get(name=hung.name).state.name for _ in range(9)} == {"JOB_STATE_RUNNING"}
    with pytest.raises(errors.ClientError) as limited:
        created("rate_limit")
    assert limited.value.code == 429


def test_refusals(google, client, simulator):
    for wrong, code in (("gemini-9", 404), (MODEL, 403)):
        with pytest.raises(errors.ClientError) as refused:
            google.batches.create(model=wrong, src="files/none")
        assert refused.value.code == code
    url = f"{simulator.base_url}/google/v1beta/models/{MODEL}:batchGenerateContent"
    headers = {"x-goog-api-key": "k"}
    for config in ({}, {"requests": {"requests": []}}, {"requests": {"requests": [{"metadata": {}}]}}, {"rows": 1}):
        answer = client.post(url, json={"batch": {"inputConfig": config}}, headers=headers)
        assert answer.status_code == 400 and answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert client.post(url, json={}, headers={"x-goog-api-key": "wrong-key"}).status_code == 400
    assert client.post(url, json={}).status_code == 403
    with simulator_in_thread(batch_bytes=500) as running, client_of(running.base_url) as small:
        with pytest.raises(errors.ClientError, check=says("exceeds the limit")):
            small.batches.create(model=MODEL, src=[inline("x" * 600)])
        with pytest.raises(errors.ClientError, check=says("exceeds the limit")):
            upload(small, row("x" * 600))


def test_an_upload_in_pieces(client, simulator):
    base = f"{simulator.base_url}/google"
    start = {
        "x-goog-api-key": "k",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": "6",
        "x-goog-upload-header-content-type": "text/plain",
    }
    url = client.post(f"{base}/upload/v1beta/files", json={}, headers=start).headers["x-goog-upload-url"]

    def send(piece: bytes, offset: int, command: str):
        return client.post(
            url, content=piece, headers={"x-goog-upload-command": command, "x-goog-upload-offset": str(offset)}
        )

    assert send(b"abc", 0, "upload").headers["x-goog-upload-status"] == "active"
    assert send(b"x", 1, "upload").status_code == 400
    final = send(b"def", 3, "upload, finalize")
    assert final.headers["x-goog-upload-status"] == "final" and final.json()["file"]["sizeBytes"] == "6"
    name = final.json()["file"]["name"]
    key = {"x-goog-api-key": "k"}
    assert client.get(f"{base}/v1beta/{name}", headers=key).json()["state"] == "ACTIVE"
    # What was uploaded cannot be downloaded.
    assert client.get(f"{base}/download/v1beta/{name}:download?alt=media", headers=key).status_code == 400
    assert client.delete(f"{base}/v1beta/{name}", headers=key).status_code == 200
    assert client.get(f"{base}/v1beta/{name}", headers=key).status_code == 403


def test_listing_by_pages(google):
    made = [google.batches.create(model=MODEL, src=[inline("a")]).name for _ in range(3)]
    assert [job.name for job in google.batches.list(config={"page_size": 2})][:3] == made[::-1]
