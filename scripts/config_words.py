"""What an editor shows of each key of the configuration: a description, and examples where they help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

SCHEMA_ID = "urn:x-thinkdial:schema:config"

_PRICES = {
    "input": "USD per million input tokens.",
    "cached_input": "USD per million input tokens that come from the provider's cache; else as much as input.",
    "cache_write": "USD per million input tokens written to the cache; else as much as input.",
    "cache_write_1h": "The same for what is kept for longer than the usual minutes.",
    "output": "USD per million output tokens.",
    "reasoning": "USD per million reasoning tokens, where they have another price than output.",
    "batch": "What the provider's batch API costs: a factor such as 0.5, or prices.",
    "long_prompt": "Prices of a request whose input is longer than above_tokens.",
}

WORDS: Mapping[str, str | tuple[str, list[Any]]] = {
    "defaults": "What holds when neither a profile nor an option says otherwise.",
    "defaults.profile": ("Who is asked without -p: profiles or groups, also with @think.", ["claude", ["a@high", "b"]]),
    "defaults.history": "false keeps nothing of any run.",
    "profiles": "Named presets: a provider, a model, settings. A built-in name changes that one field by field.",
    "profiles.*.provider": "Who is called: a shipped provider, openai-compatible, or one of `providers`.",
    "profiles.*.model": ("The model's id at the provider.", ["claude-opus-5-5", "gpt-6-sol"]),
    "*.think": (
        "How much to think: off, minimal, low, medium, high, xhigh, max, a token budget, auto, or a dose.",
        ["high", "8k", 4000, "auto", "~2000"],
    ),
    "profiles.*.dialect": "The wire format, where it is not the provider's usual one.",
    "profiles.*.base_url": ("Where the provider listens. Only https, or http on this machine.", ["http://127.0.0.1:8080/v1"]),
    "*.stream": "false asks for one whole body instead of a stream.",
    "*.max_output_tokens": "The limit of output tokens; it usually covers thinking too.",
    "*.timeout": "Seconds without an event from the provider after which a call is given up.",
    "*.total_timeout": "Seconds that a call may take in all.",
    "*.retries": "Attempts after the first one.",
    "profiles.*.api_key_env": ("Variables that may hold the key; the first that is set is used.", ["MY_KEY"]),
    "profiles.*.api_key_command": ("A program that prints the key, without a shell.", [["op", "read", "op://vault/item/key"]]),
    "profiles.*.allow_insecure": "true sends a key over plain http to another machine.",
    "profiles.*.headers": ("Headers of every request.", [{"X-Team": "red"}]),
    "profiles.*.params": ("Native fields, merged last into the request's body.", [{"temperature": 0.2}]),
    "profiles.*.price": ("What the model costs; goes before every table.", [{"input": 0.30, "output": 1.20}]),
    "profiles.*.limits": "What this profile may do at once.",
    "profiles.*.limits.concurrency": "Calls under way at the same time.",
    "profiles.*.limits.rpm": "Requests a minute.",
    "profiles.*.limits.tpm": "Tokens a minute.",
    "profiles.*.system": "The system prompt, where a call has none of its own.",
    "profiles.*.endpoint": ("Values for placeholders in the provider's address.", [{"region": "eu-west-1"}]),
    "profiles.*.known_as": "The model whose card and price describe a deployment with a name of its own.",
    "profiles.*.quirks": "How this server differs from its dialect.",
    "profiles.*.thinking": "What the model takes, where no card says it; goes before everything that is shipped.",
    "profiles.*.emulate": "true asks a model that cannot reason for reasoning by prompt; labelled emulated.",
    "profiles.*.simulated": "The mark of `thinkdial simulate`; it is believed only where the address proves it.",
    "profiles.*.cache": "on asks for prompt caches from the first turn on; off never.",
    "profiles.*.context": "How long sessions may grow.",
    "profiles.*.context.max_input_tokens": "The most input tokens of a session's call.",
    "profiles.*.context.keep_reasoning": "Of which earlier turns reasoning goes back.",
    "profiles.*.context.when_full": "What happens to a session that no longer fits.",
    "profiles.*.context.summary_profile": "Who sums up what the provider cannot compact itself.",
    "profiles.*.expect": "What answers are held against, where neither a row nor an option says it.",
    "groups": ("Lists of profiles under one name for -p.", [{"frontier": ["claude", "gpt", "gemini@high"]}]),
    "providers": "Providers of your own: address, key variables, dialects and quirks.",
    "spellings": "How think values are written into requests.",
    "reference": "How levels and token budgets stand for each other.",
    "reference.budgets": "Tokens that each level stands for.",
    "reference.answer_tokens": "Tokens that are kept free for the answer beside a budget.",
    "budget": "Limits of what may be spent.",
    "budget.on_exceed": "What happens at a limit.",
    "budget.profiles": "The same limits for single profiles.",
    "budget.groups": "The same limits for all members of a group together.",
    "prices": ("Prices by provider/model, before the shipped ones.", [{"openai/gpt-6-sol": {"input": 2, "output": 8}}]),
    "history": "Whether runs are kept, and for how long; false keeps none.",
    "models": (
        "What models take and cost that are newer than this program.",
        [{"anthropic/claude-opus-6": {"like": "claude-opus-5-5"}}],
    ),
    "checks": "Checks of answers under names: programs, shares of agreement, judges.",
    "checks.*.command": "A program without a shell that reads the answer; 0 passes. It gets no API key.",
    "checks.*.timeout": "Seconds that the program may take.",
    "checks.*.agree": "The share of the answers compared that have to say the same.",
    "checks.*.judge": "A question that a profile answers about the answer.",
    "tools": (
        "Programs that models may have run with --run-tools; taken from your own files alone.",
        [{"weather": {"command": ["python3", "weather.py"], "description": "The weather of a city."}}],
    ),
    "tools.*.command": "The program and its arguments, without a shell; a call's arguments come as JSON on its input.",
    "tools.*.description": "What the model is told of it.",
    "tools.*.parameters": "JSON Schema of the arguments: an object.",
    "tools.*.timeout": "Seconds that it may take; 30 unless it is said.",
    "tools.*.max_output": "Bytes of its output that go back to the model; 65536 unless it is said.",
    "tools.*.env": "Variables that it gets beside the harmless ones of yours.",
    "mcp_servers": (
        "Servers that speak MCP, started or on this machine; taken from your own files alone.",
        [{"files": {"command": ["npx", "-y", "@modelcontextprotocol/server-filesystem", "."]}}],
    ),
    "mcp_servers.*.command": "The program that is started, and its arguments, without a shell.",
    "mcp_servers.*.url": ("Where it listens on this machine.", ["http://127.0.0.1:8000/mcp"]),
    "mcp_servers.*.env": "Variables that it gets beside the harmless ones of yours.",
    "mcp_servers.*.timeout": "Seconds that a call of a tool may take; 30 unless it is said.",
    "mcp_servers.*.max_output": "Bytes of an output that go back to the model; 65536 unless it is said.",
    "limiter": (
        "A limiter whose rates and money runs share; taken from your own files alone.",
        [{"url": "tls://limiter.example.org:7433", "ca": "~/limiter-ca.pem"}],
    ),
    "limiter.url": ("Where it listens: unix:///PATH, tcp://127.0.0.1:PORT or tls://HOST:PORT.", ["tcp://127.0.0.1:7433"]),
    "limiter.token_env": "The variable that holds its token; THINKDIAL_LIMITER_TOKEN unless it is said.",
    "limiter.ca": "A file with the certificate to trust, where no authority of the system has signed it.",
    "limiter.unreachable": "What becomes of a run that does not find it: refuse (unless it is said), wait or alone.",
    "profiles.*.server_tools": ("Tools that the provider runs itself.", [["search"]]),
    "templates": ("Prompts with fields, for -T NAME.", [{"short": "Say it shortly: {{input}}"}]),
    "templates.*.prompt": "The prompt as a Jinja2 template; {{input}} is what is given beside it.",
    "templates.*.system": "The system prompt that goes with it.",
    "templates.*.vars": "Values of fields where --var gives none.",
    "templates.*.description": "What it is for, in a line.",
    **{f"*.{key}": words for key, words in _PRICES.items()},
    "*.price": "What the model costs; goes before every table.",
    "*.above_tokens": "The input tokens above which these prices hold for the whole request.",
    "*.exact": "The answer, white space around it aside.",
    "*.contains": "What the answer must contain.",
    "*.regex": "A regular expression that must match somewhere in the answer.",
    "*.schema": "A JSON Schema, or a file with one, for an answer that is JSON.",
    "*.number": "The number that the answer must end with.",
    "*.tolerance": "How far the number may be off.",
    "*.relative_tolerance": "The same as a share of the number.",
    "*.ignore_case": "true takes capital and small letters as the same.",
    "profiles.*.schema": "A JSON Schema, or a file with one, that answers are to follow.",
    "profiles.*.tools": "Functions that the model may call: files with declarations, or declarations.",
    "profiles.*.tool_choice": "auto, none, required, or the name of the tool that has to be called.",
    "profiles.*.expect.command": "A check of `checks` that is a program.",
    "profiles.*.expect.agree": "The share of the answers compared that have to say the same.",
    "profiles.*.expect.judge": "A check of `checks` that is a judge.",
    **{
        f"reference.budgets.{level}": f"Tokens that {level} stands for."
        for level in ("minimal", "low", "medium", "high", "xhigh")
    },
    "budget.per_run_usd": "USD for one run.",
    "budget.confirm_usd": "Ask before a run that may cost more.",
    "*.daily_usd": "USD a day (UTC).",
    "*.monthly_usd": "USD a calendar month (UTC).",
    "history.enabled": "false keeps no runs.",
    "history.keep_days": "Days after which a run is forgotten; null keeps it.",
    "history.keep_files_days": "Days after which attached files are forgotten; null keeps them with the run.",
    "history.max_mb": "Megabytes above which the oldest runs are forgotten.",
    "models.*.like": "The known model that it is like; every other key goes before what that one says.",
    "models.*.control": "What the model takes: effort words, a budget, both, a switch, or nothing.",
    "models.*.levels": "The levels that it takes.",
    "models.*.can_be_off": "Whether thinking can be turned off.",
    "models.*.off": "The native fields that turn it off.",
    "models.*.absent": "What happens when no thinking field is sent.",
    "models.*.budget": "The bounds of a token budget.",
    "models.*.budget.min": "The least tokens.",
    "models.*.budget.max": "The most tokens.",
    "models.*.budget.below_output_limit": "true where the budget must be less than the output limit.",
    "models.*.visibility": "How much of the reasoning is seen.",
    "models.*.spelling": "How think values are written, by dialect.",
    "models.*.refuses_always": "Native fields that the model never takes.",
    "models.*.refuses_thinking": "Native fields that it does not take while it thinks.",
    "models.*.dialects": "The wire formats on which it is to be had.",
    "models.*.context_tokens": "The tokens that fit into it.",
    "models.*.min_output_limit": "The least output limit that it takes.",
    "models.*.output_limit_covers_thinking": "Whether the output limit counts thinking too.",
    "models.*.token_percent": "Its tokens for 100 tokens of the usual estimate.",
    "models.*.retires": "The ISO day on which it ends.",
    "models.*.retired": "The ISO day on which it has ended.",
    "models.*.successor": "The model to use instead.",
    "models.*.then": "What the provider does after the end.",
    "models.*.notes": "What else is to be known.",
    "models.*.unverified": "Keys that no source proves.",
    "models.*.sources": "Where this is documented.",
    "models.*.inline_think": "true where reasoning stands in tags inside the answer.",
    "checks.*.judge.profile": "Who judges, perhaps with @think.",
    "checks.*.judge.question": "The question about the answer.",
    "checks.*.judge.scale": ("The lowest and highest mark; without it the answer is yes or no.", ["1-5"]),
    "checks.*.judge.least": "The least mark that passes.",
    "checks.*.judge.against": "The profile whose answer it is compared with.",
}  # fmt: skip
"""By path: `*` is any name, or at the beginning any path."""


def with_words(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the words at their places."""
    for path, place in places(schema):
        words = WORDS.get(path) or _by_end(path)
        if words is not None and "description" not in place:
            text, examples = words if isinstance(words, tuple) else (words, None)
            place["description"] = text
            if examples is not None:
                place.setdefault("examples", examples)
    return schema


def places(schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that the schema has a place for. A part that several keys share is told apart for each."""
    for kind in (schema, *schema.get("anyOf", ())):
        properties: dict[str, Any] = kind.get("properties", {})
        for key, shared in list(properties.items()):
            own = properties[key] = deepcopy(shared)
            path = f"{above}{key}"
            yield path, own
            yield from places(own, f"{path}.")
        more = kind.get("additionalProperties")
        if isinstance(more, dict):
            yield from places(more, f"{above}*.")


def _by_end(path: str) -> str | tuple[str, list[Any]] | None:
    parts = path.split(".")
    return next((WORDS[end] for at in range(1, len(parts)) if (end := ".".join(["*", *parts[at:]])) in WORDS), None)
