"""Files in messages: counted where they are read, refused in the vendors' words where they are not."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests.files_made import pdf, png, wav

PNG, PDF, WAV = (b64encode(data).decode() for data in (png(280, 280), pdf(2), wav()))
TEXT = {"type": "text", "text": "What is it?"}


def messages(part: dict[str, Any], text: dict[str, Any] = TEXT) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [text, part]}]


def claude(kind: str, media_type: str, data: str) -> dict[str, Any]:
    return {"type": kind, "source": {"type": "base64", "media_type": media_type, "data": data}}


def test_claude_counts_images_and_pages(vendors: Any) -> None:
    plain = vendors.anthropic(messages=[{"role": "user", "content": [TEXT]}]).json()["usage"]["input_tokens"]
    image = vendors.anthropic(messages=messages(claude("image", "image/png", PNG))).json()
    assert image["usage"]["input_tokens"] == plain + 100
    paper = vendors.anthropic(messages=messages(claude("document", "application/pdf", PDF))).json()
    assert paper["usage"]["input_tokens"] == plain + 3200


@pytest.mark.parametrize(
    "part, words",
    [
        (
            claude("image", "image/jpeg", PNG),
            "using the image/jpeg media type, but the image appears to be a image/png",
        ),
        (claude("image", "image/bmp", PNG), "media_type: Input should be"),
        (claude("image", "image/png", "nonsense!"), "Could not process image"),
        (claude("image", "image/png", "A" * 10_485_764), "image exceeds 10 MB maximum"),
    ],
    ids=["labelled wrong", "no such type", "no base64", "too large"],
)
def test_claude_refuses(vendors: Any, part: dict[str, Any], words: str) -> None:
    answer = vendors.anthropic(messages=messages(part))
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]


def test_openai_counts_and_refuses(vendors: Any) -> None:
    words = {"type": "input_text", "text": "What is it?"}
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "high"}
    plain = vendors.responses(input=[{"role": "user", "content": [words]}]).json()["usage"]["input_tokens"]
    counted = vendors.responses(input=messages(image, words)).json()["usage"]["input_tokens"]
    assert counted == plain + 100
    sound = {"type": "input_file", "filename": "a.wav", "file_data": f"data:audio/wav;base64,{WAV}"}
    refused = vendors.responses(input=messages(sound, words)).json()["error"]
    assert (refused["code"], refused["message"]) == (
        "unsupported_file", "The file type you uploaded is not supported. Please try again with a pdf",
    )  # fmt: skip
    lie = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PDF}"}}
    assert vendors.chat(messages=messages(lie)).json()["error"]["code"] == "invalid_image_format"
    audio = {"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}}
    assert "either text or image_url" in vendors.chat(messages=messages(audio)).json()["error"]["message"]


def test_gemini_counts_and_refuses(vendors: Any) -> None:
    def asked(part: dict[str, Any]) -> Any:
        return vendors.gemini(contents=[{"role": "user", "parts": [{"text": "What is it?"}, part]}])

    def inline(media_type: str, data: str) -> dict[str, Any]:
        return {"inlineData": {"mimeType": media_type, "data": data}}

    plain = asked({"text": ""}).json()["usageMetadata"]["promptTokenCount"]
    assert asked(inline("image/png", PNG)).json()["usageMetadata"]["promptTokenCount"] == plain + 1120
    assert "Unsupported MIME type" in asked(inline("application/zip", PNG)).json()["error"]["message"]
    assert "Unable to process input image" in asked(inline("image/png", PDF)).json()["error"]["message"]
