"""What the simulated OpenAI endpoints refuse, through raw HTTP."""

from __future__ import annotations

from ....cases import each


def error_of(response, status: int = 400) -> dict:
    assert response.status_code == status, response.text
    assert response.headers["x-request-id"].startswith("req_")
    return response.json()["error"]


@each(
    ("model", "effort", "listed"),
    [
        ("gpt-6-astra", "none", "'low', 'medium', 'high', 'xhigh', and 'max'"),
        ("gpt-5.5", "max", "'none', 'low', 'medium', 'high', and 'xhigh'"),
        ("gpt-5", "none", "'minimal', 'low', 'medium', and 'high'"),
        ("gpt-5.1", "xhigh", "'none', 'low', 'medium', and 'high'"),
        ("gpt-5-pro", "low", "'high'"),
        ("o3", "minimal", "'low', 'medium', and 'high'"),
    ],
)
def test_an_unsupported_effort_lists_the_supported_ones(vendors, model, effort, listed):
    error = error_of(vendors.responses(model=model, reasoning={"effort": effort}))
    assert (error["code"], error["param"]) == ("unsupported_value", "reasoning.effort")
    assert f"Supported values are: {listed}." in error["message"]


@each(
    ("body", "code", "param"),
    [
        ({"model": None}, "missing_required_parameter", "model"),
        ({"input": None}, "missing_required_parameter", "input"),
        ({"frobnicate": 1}, "unknown_parameter", "frobnicate"),
        ({"messages": []}, "unknown_parameter", "messages"),
        ({"reasoning": {"effort": "huge"}}, "invalid_value", "reasoning.effort"),
        ({"reasoning": {"depth": "high"}}, "unknown_parameter", "reasoning.depth"),
        ({"reasoning": {"summary": "long"}}, "invalid_value", "reasoning.summary"),
        ({"reasoning": {"mode": "turbo"}}, "invalid_value", "reasoning.mode"),
        ({"model": "gpt-5.5", "reasoning": {"mode": "pro"}}, "unsupported_parameter", "reasoning.mode"),
        ({"model": "gpt-5", "reasoning": {"context": "auto"}}, "unsupported_parameter", "reasoning.context"),
        ({"model": "gpt-4.1", "reasoning": {"effort": "low"}}, "unsupported_parameter", "reasoning.effort"),
        ({"temperature": 0.2}, None, "temperature"),
        ({"top_p": 0.5}, None, "top_p"),
        ({"top_logprobs": 2}, None, "top_logprobs"),
        ({"max_output_tokens": 15}, "integer_below_min_value", "max_output_tokens"),
        ({"max_output_tokens": "many"}, "invalid_type", "max_output_tokens"),
        ({"max_output_tokens": 500_000}, "invalid_value", "max_output_tokens"),
        ({"stream_options": {"include_usage": True}}, "unknown_parameter", "stream_options.include_usage"),
        ({"include": ["everything"]}, "invalid_value", "include[0]"),
        ({"service_tier": "gold"}, "invalid_value", "service_tier"),
        ({"text": {"verbosity": "silent"}}, "invalid_value", "text.verbosity"),
        ({"previous_response_id": "resp_1"}, "previous_response_not_found", "previous_response_id"),
        ({"input": [{"role": "model", "content": "x"}]}, "invalid_value", "input[0].role"),
        ({"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}, None, "input"),
        (
            {"input": [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAforeign"}]},
            "invalid_encrypted_content",
            None,
        ),
    ],
)
def test_responses_refuses(vendors, body, code, param):
    error = error_of(vendors.responses(**body))
    assert (error["code"], error["param"], error["type"]) == (code, param, "invalid_request_error")


@each(
    ("body", "code", "param"),
    [
        ({"max_tokens": 100}, "unsupported_parameter", "max_tokens"),
        ({"reasoning_effort": "max"}, "unsupported_value", "reasoning_effort"),
        ({"model": "gpt-4o", "reasoning_effort": "low"}, None, None),
        ({"temperature": 0.2}, "unsupported_value", "temperature"),
        ({"presence_penalty": 1}, "unsupported_value", "presence_penalty"),
        ({"logprobs": True}, "unsupported_parameter", "logprobs"),
        ({"stop": ["x"]}, "unsupported_parameter", "stop"),
        ({"reasoning": {"effort": "low"}}, "unknown_parameter", "reasoning"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, None, "reasoning_effort"),
        ({"messages": []}, "empty_array", "messages"),
        ({"messages": [{"role": "model", "content": "x"}]}, "invalid_value", "messages[0].role"),
    ],
)
def test_chat_refuses(vendors, body, code, param):
    error = error_of(vendors.chat(**body))
    assert (error["code"], error["param"]) == (code, param)


def test_sampling_is_fine_when_nothing_is_thought(vendors):
    assert vendors.responses(model="gpt-5.4", temperature=0.2).status_code == 200
    assert vendors.responses(reasoning={"effort": "none"}, top_p=0.5).status_code == 200
    assert vendors.chat(model="gpt-4.1", temperature=0.2, max_tokens=50, stop=["x"]).status_code == 200


def test_models_that_never_reason(vendors):
    body = vendors.responses(model="gpt-4.1", max_output_tokens=500.0).json()
    assert [item["type"] for item in body["output"]] == ["message"]
    assert body["reasoning"] == {"effort": None, "summary": None}


def test_pro_models_are_not_on_chat(vendors):
    assert "only supported in v1/responses" in error_of(vendors.chat(model="gpt-5.5-pro"), 404)["message"]
    assert vendors.responses(model="gpt-5.5-pro").status_code == 200


def test_keys_and_models(vendors):
    assert error_of(vendors.responses({"authorization": "Bearer wrong-key"}), 401)["code"] == "invalid_api_key"
    assert "didn't provide an API key" in error_of(vendors.responses({"authorization": ""}), 401)["message"]
    assert error_of(vendors.responses(model="gpt-5-chat-latest"), 404)["code"] == "model_not_found"


def test_reasoning_options_are_echoed_as_effective(vendors):
    echoed = vendors.responses(model="gpt-5.1", reasoning={"summary": "auto"}).json()["reasoning"]
    assert echoed == {"effort": "none", "summary": "detailed"}
    echoed = vendors.responses(model="gpt-6-sol").json()["reasoning"]
    assert echoed == {"effort": "medium", "summary": None, "mode": "standard", "context": "all_turns"}


def test_pro_mode_thinks_more(vendors):
    spent = [
        vendors.responses(reasoning={"effort": "low", "mode": mode}).json()["usage"]["output_tokens"]
        for mode in ("standard", "pro")
    ]
    assert spent[0] < spent[1]


def test_cached_prompts_are_inside_the_input_tokens(vendors):
    first, second = (vendors.responses(model="gpt-5.6", input="word " * 3000).json()["usage"] for _ in range(2))
    assert first["input_tokens"] == second["input_tokens"] > 2000
    assert first["input_tokens_details"] == {"cached_tokens": 0, "cache_write_tokens": 2944}
    assert second["input_tokens_details"] == {"cached_tokens": 2944, "cache_write_tokens": 0}


def test_chat_stream_without_usage_or_padding(vendors, frames):
    plain = frames(vendors.chat(stream=True, stream_options={"include_obfuscation": False}))
    assert all(frame["choices"] and "usage" not in frame and "obfuscation" not in frame for frame in plain)
    padded = frames(vendors.chat(stream=True))
    assert all(frame["obfuscation"] for frame in padded)
