"""Every endpoint of the simulator: which path belongs to which vendor, and who answers it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..batches.backend import BatchBackend
from ..calls.vendor import Answer, Vendor
from ..openai_family import chat as compatible
from ..openai_family.batches import MOST_BYTES, BatchRules, OpenAIBatchEndpoints, day_window
from ..openai_family.files import FileEndpoints, FileRules
from ..vendors import catalogue
from ..vendors.anthropic import api as anthropic
from ..vendors.anthropic.batches import AnthropicBatchEndpoints
from ..vendors.anthropic.batches import count_tokens as count_anthropic
from ..vendors.google import api as gemini
from ..vendors.google.batches import BATCH_METHOD, COUNT_METHOD, GoogleBatchEndpoints
from ..vendors.google.batches import count_tokens as count_google
from ..vendors.google.files import GoogleFileEndpoints
from ..vendors.groq import api as groq
from ..vendors.groq.models import find_groq
from ..vendors.mistral import api as mistral
from ..vendors.mistral import batches as mistral_batches
from ..vendors.openai import chat as openai_chat
from ..vendors.openai import responses as openai_responses
from ..vendors.openai import rules as openai_rules
from ..vendors.openai.models import find_gpt
from ..vendors.xai import api as xai
from ..vendors.xai import batches as xai_batches


class Body(Enum):
    """What a route expects of the request's body."""

    NONE = "none"
    JSON = "json"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path. The group `model` of the pattern, if any, names the model, else the body does.

    `changes`: a status fault strikes before anything has happened.
    """

    method: str
    pattern: re.Pattern[str]
    vendor: Vendor
    answer: Answer
    body: Body
    changes: bool = False


BASE_PATHS = ("/anthropic", "/openai/v1", "/google", "/mistral/v1", "/xai/v1", "/groq/openai/v1", "/compatible/v1")
VENDORS: tuple[tuple[str, Vendor], ...] = (
    ("/anthropic/", anthropic),
    ("/google/", gemini),
    ("/mistral/", mistral),
    ("/xai/", xai),
    ("/groq/", groq),
    ("/compatible/", compatible),
    ("/", openai_chat),
)
_GOOGLE = r"/google/v1(?:beta)?"
_BATCH = r"(?P<batch>[^/:]+)"
_FILE = r"(?P<file>[^/:]+)"
OPENAI_ENDPOINTS = ("responses", "chat/completions", "embeddings", "completions", "moderations")
MORE_OPENAI_ENDPOINTS = ("images/generations", "images/edits", "videos")


def all_routes(backend: BatchBackend) -> tuple[Endpoint, ...]:
    """The routes, in the order in which they are tried."""
    return (
        *_live_routes(),
        *_anthropic_batches(backend),
        *_openai(backend),
        *_groq(backend),
        *_google(backend),
        *_mistral(backend),
        *_xai(backend),
    )


def _get(pattern: str, vendor: Vendor, answer: Answer) -> Endpoint:
    return Endpoint("GET", re.compile(pattern), vendor, answer, Body.NONE)


def _ask(pattern: str, vendor: Vendor, answer: Answer) -> Endpoint:
    return Endpoint("POST", re.compile(pattern), vendor, answer, Body.JSON)


def _change(pattern: str, vendor: Vendor, answer: Answer, body: Body = Body.JSON, method: str = "POST") -> Endpoint:
    return Endpoint(method, re.compile(pattern), vendor, answer, body, changes=True)


def _live_routes() -> Iterator[Endpoint]:
    methods = f"(?:{gemini.GENERATE}|{gemini.STREAM})"
    yield _ask(r"/anthropic/v1/messages", anthropic, anthropic.answer)
    yield _ask(r"/anthropic/v1/messages/count_tokens", anthropic, count_anthropic)
    yield _get(r"/anthropic/v1/models(?:/(?P<model>[^/]+))?", anthropic, catalogue.anthropic_models)
    yield _ask(r"/openai/v1/responses", openai_responses, openai_responses.answer)
    yield _ask(r"/openai/v1/responses/input_tokens", openai_responses, openai_responses.input_tokens)
    yield _ask(r"/openai/v1/chat/completions", openai_chat, openai_chat.answer)
    yield _get(r"/openai/v1/models(?:/(?P<model>[^/]+))?", openai_chat, catalogue.openai_models)
    yield _ask(rf"{_GOOGLE}/models/(?P<model>[^/]+):{methods}", gemini, gemini.answer)
    yield _ask(rf"{_GOOGLE}/models/(?P<model>[^/]+):{COUNT_METHOD}", gemini, count_google)
    yield _get(rf"{_GOOGLE}/models(?:/(?P<model>[^/]+))?", gemini, catalogue.google_models)
    yield _ask(r"/mistral/v1/chat/completions", mistral, mistral.answer)
    yield _ask(r"/mistral/v1/responses/input_tokens", mistral, mistral.input_tokens)
    yield _get(r"/mistral/v1/models", mistral, catalogue.mistral_models)
    yield _ask(r"/xai/v1/responses", xai, xai.responses)
    yield _ask(r"/xai/v1/chat/completions", xai, xai.chat)
    yield _get(r"/xai/v1/models", xai, catalogue.xai_models)
    yield _ask(r"/groq/openai/v1/chat/completions", groq, groq.answer)
    yield _get(r"/groq/openai/v1/models", groq, catalogue.groq_models)
    yield _ask(r"/compatible/v1/chat/completions", compatible, compatible.answer)
    yield _get(r"/compatible/v1/models", compatible, catalogue.compatible_models)


def _anthropic_batches(backend: BatchBackend) -> Iterator[Endpoint]:
    batches = AnthropicBatchEndpoints(backend)
    base = r"/anthropic/v1/messages/batches"
    yield _change(base, anthropic, batches.create)
    yield _get(base, anthropic, batches.listed)
    yield _get(rf"{base}/{_BATCH}", anthropic, batches.show)
    yield _get(rf"{base}/{_BATCH}/results", anthropic, batches.results)
    yield _change(rf"{base}/{_BATCH}/cancel", anthropic, batches.cancel, Body.NONE)
    yield _change(rf"{base}/{_BATCH}", anthropic, batches.delete, Body.NONE, "DELETE")


def _file_routes(base: str, vendor: Vendor, files: FileEndpoints) -> Iterator[Endpoint]:
    yield _change(rf"{base}/files", vendor, files.upload, Body.RAW)
    yield _get(rf"{base}/files", vendor, files.listed)
    yield _get(rf"{base}/files/{_FILE}", vendor, files.show)
    yield _get(rf"{base}/files/{_FILE}/content", vendor, files.content)
    yield _change(rf"{base}/files/{_FILE}", vendor, files.delete, Body.NONE, "DELETE")


def _batch_routes(base: str, vendor: Vendor, batches: OpenAIBatchEndpoints) -> Iterator[Endpoint]:
    yield _change(rf"{base}/batches", vendor, batches.create)
    yield _get(rf"{base}/batches", vendor, batches.listed)
    yield _get(rf"{base}/batches/{_BATCH}", vendor, batches.show)
    yield _change(rf"{base}/batches/{_BATCH}/cancel", vendor, batches.cancel, Body.NONE)


def _openai(backend: BatchBackend) -> Iterator[Endpoint]:
    files = FileEndpoints(
        backend,
        FileRules(
            vendor="openai",
            prefix="file-",
            most_bytes=MOST_BYTES,
            purposes=("assistants", "batch", "fine-tune", "vision", "user_data", "evals"),
            life_s=30 * 86_400,
            strict_order=False,
            check_key=openai_rules.check_key,
            refuse=openai_rules.error,
            headers=openai_rules.request_headers,
        ),
    )
    batches = OpenAIBatchEndpoints(
        backend,
        files,
        BatchRules(
            name="openai",
            vendor=openai_responses,
            endpoints={"/v1/responses": openai_responses.answer, "/v1/chat/completions": openai_chat.answer},
            legal=tuple(f"/v1/{name}" for name in (*OPENAI_ENDPOINTS, *MORE_OPENAI_ENDPOINTS)),
            window_s=day_window,
            windows="'24h'",
            knows=lambda model: find_gpt(model) is not None,
            check_key=openai_rules.check_key,
            refuse=openai_rules.error,
            headers=openai_rules.request_headers,
        ),
    )
    yield from _file_routes("/openai/v1", openai_chat, files)
    yield from _batch_routes("/openai/v1", openai_chat, batches)


def _groq(backend: BatchBackend) -> Iterator[Endpoint]:
    files = FileEndpoints(
        backend,
        FileRules(
            "groq", "file_", MOST_BYTES, ("batch",), None, False, groq.check_key, groq.refusal, groq.request_headers
        ),
    )
    batches = OpenAIBatchEndpoints(
        backend,
        files,
        BatchRules(
            name="groq",
            vendor=groq,
            endpoints={"/v1/chat/completions": groq.answer},
            legal=("/v1/chat/completions", "/v1/audio/transcriptions", "/v1/audio/translations"),
            window_s=groq.window_s,
            windows="'24h' to '7d'",
            knows=lambda model: find_groq(model) is not None,
            check_key=groq.check_key,
            refuse=groq.refusal,
            headers=groq.request_headers,
        ),
    )
    yield from _file_routes("/groq/openai/v1", groq, files)
    yield from _batch_routes("/groq/openai/v1", groq, batches)


def _google(backend: BatchBackend) -> Iterator[Endpoint]:
    files = GoogleFileEndpoints(backend)
    batches = GoogleBatchEndpoints(backend, files)
    yield _change(r"/google/upload/v1(?:beta)?/files", gemini, files.upload, Body.RAW)
    yield _get(rf"{_GOOGLE}/files", gemini, files.listed)
    yield _get(rf"{_GOOGLE}/files/{_FILE}", gemini, files.show)
    yield _change(rf"{_GOOGLE}/files/{_FILE}", gemini, files.delete, Body.NONE, "DELETE")
    yield _get(rf"/google(?:/download)?/v1(?:beta)?/files/{_FILE}:download", gemini, files.download)
    yield _change(rf"{_GOOGLE}/models/(?P<model>[^/]+):{BATCH_METHOD}", gemini, batches.create)
    yield _get(rf"{_GOOGLE}/batches", gemini, batches.listed)
    yield _get(rf"{_GOOGLE}/batches/{_BATCH}", gemini, batches.show)
    yield _change(rf"{_GOOGLE}/batches/{_BATCH}:cancel", gemini, batches.cancel, Body.NONE)
    yield _change(rf"{_GOOGLE}/batches/{_BATCH}", gemini, batches.delete, Body.NONE, "DELETE")


def _mistral(backend: BatchBackend) -> Iterator[Endpoint]:
    rules = FileRules(
        vendor="mistral",
        prefix="",
        most_bytes=mistral_batches.MOST_FILE_BYTES,
        purposes=("batch", "fine-tune", "ocr"),
        life_s=None,
        strict_order=False,
        check_key=mistral.check_key,
        refuse=mistral.refusal,
        headers=mistral.request_headers,
        describe=mistral_batches.described,
    )
    files = FileEndpoints(backend, rules)
    batches = mistral_batches.MistralBatchEndpoints(backend, files)
    yield from _file_routes("/mistral/v1", mistral, files)
    yield _change(r"/mistral/v1/batch/jobs", mistral, batches.create)
    yield _get(r"/mistral/v1/batch/jobs", mistral, batches.listed)
    yield _get(rf"/mistral/v1/batch/jobs/{_BATCH}", mistral, batches.show)
    yield _change(rf"/mistral/v1/batch/jobs/{_BATCH}/cancel", mistral, batches.cancel, Body.NONE)


def _xai(backend: BatchBackend) -> Iterator[Endpoint]:
    most = xai_batches.MOST_FILE_BYTES
    files = FileEndpoints(
        backend, FileRules("xai", "file_", most, (), None, True, xai.check_key, xai.refusal, xai.request_headers)
    )
    batches = xai_batches.XaiBatchEndpoints(backend, files)
    base = "/xai/v1/batches"
    yield from _file_routes("/xai/v1", xai, files)
    yield _change(base, xai, batches.create)
    yield _get(base, xai, batches.listed)
    yield _get(rf"{base}/{_BATCH}", xai, batches.show)
    yield _change(rf"{base}/{_BATCH}/requests", xai, batches.add)
    yield _get(rf"{base}/{_BATCH}/requests", xai, batches.requests)
    yield _get(rf"{base}/{_BATCH}/results", xai, batches.results)
    yield _change(rf"{base}/{_BATCH}:cancel", xai, batches.cancel, Body.NONE)
