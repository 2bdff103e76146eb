"""Configuration, keys, models, prices and plans."""

from __future__ import annotations

from ..steps import Case, Write, run
from .given import PROFILES, sim

MISTAKES = (
    "profile: {}", "profiles:\n  claude: {modle: x}", "profiles:\n  x: {provider: antropic, model: m}",
    "profiles:\n  x: {model: m}", "profiles:\n  x:", "profiles: [a]", "profiles:\n  claude: {think: hgih}",
    "profiles:\n  claude: {retries: 21}", "profiles:\n  claude: {timeout: soon}", "profiles:\n  claude: {params: [1]}",
    "profiles:\n  claude: {base_url: host/v1}", "profiles:\n  claude: {api_key: sk-1}",
    "profiles:\n  claude: {price: {input: 1}}", "profiles:\n  a@b: {provider: openai, model: m}",
    "groups:\n  all: [claude, gtp]", "defaults: {thnk: low}", "reference: {budgets: {low: 9000}}",
    "providers:\n  x: {dialects: {openai-chta: {}}}", "a: 1\na: 2", "a: &x 1\nb: *x", "a: {b: 1", "- a", "a: b: c",
    "budget: {daily_usd: -1}", "budget: {on_exceed: shrug}", "prices: {openai: {input: 1}}", "history: {keep_days: 0}",
)  # fmt: skip
INCOMPLETE = ("profiles:\n  x: {provider: openai-compatible, model: m}", "profiles:\n  claude: {quirks: {pth: /x}}")
PROJECT = """
profiles:
  claude: {base_url: "http://127.0.0.1:9/v1"}
  team: {provider: openai, model: gpt-6-sol, think: low}
"""
KEYED = """
profiles:
  piped: {provider: openai, model: gpt-6-sol, base_url: "http://simulator/openai/v1", api_key_command: [printf, x-y-z]}
  failing: {provider: openai, model: gpt-6-sol, base_url: "http://simulator/openai/v1", api_key_command: ["false"]}
  named: {provider: openai, model: gpt-6-sol, base_url: "http://simulator/openai/v1", api_key_env: [NO_SUCH, SIM_KEY]}
  ringed: {provider: openai, model: gpt-6-sol, base_url: "http://simulator/openai/v1"}
"""
LOCKED = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
ONLINE = """
profiles:
  a: {provider: anthropic, base_url: "http://simulator/anthropic", model: claude-opus-5-5, api_key_env: SIM_KEY}
  o: {provider: openai, base_url: "http://simulator/openai/v1", model: gpt-6-sol, api_key_env: SIM_KEY}
  g: {provider: google, base_url: "http://simulator/google", model: gemini-4-argon, api_key_env: SIM_KEY}
  x: {provider: xai, base_url: "http://simulator/xai/v1", model: grok-4.3, api_key_env: SIM_KEY}
  m: {provider: mistral, base_url: "http://simulator/mistral", model: nobody, api_key_env: SIM_KEY}
  l: {provider: openai-compatible, base_url: "http://simulator/compatible/v1", model: m}
  off: {provider: openai-compatible, base_url: "http://127.0.0.1:9/v1", model: m}
  bad:
    provider: openai
    base_url: http://simulator/openai/v1
    model: gpt-6-sol
    headers: {authorization: Bearer wrong-key}
"""
OWN_PROVIDER = """
providers:
  mine:
    base_url: https://models.example.org/v1
    api_key_env: [MINE_KEY]
    dialects: {openai-chat: {quirks: {path: /chat}}}
    unknown_model:
      control: budget
      budget: {min: 100, max: 9000}
      visibility: full
      spelling: {openai-chat: mine-budget}
spellings:
  mine-budget: {budget: {thinking: {tokens: $budget}}, off: {thinking: {tokens: 0}}, owns: [thinking]}
reference: {budgets: {minimal: 200, low: 500, medium: 1000, high: 3000, xhigh: 6000}}
"""
DIAL = "auto,off,minimal,low,medium,high,xhigh,max,1,1024,4000,8k,100000"

CASES = (
    Case(
        "profiles",
        (
            run("profiles list"),
            run("profiles list", columns=80),
            run("profiles list", columns=160, terminal=True),
            run("profiles list --json"),
            sim("profiles list --json"),
            sim("profiles list"),
            run("profiles show claude"),
            run("profiles show gemini --json"),
            sim("profiles show own --json"),
            sim("profiles show priced"),
            run("profiles schema"),
            run("profiles schema --result"),
            run("profiles path"),
            run("profiles path --json"),
            run("profiles check", 1),
            run("profiles check --json", 1),
            sim("profiles check priced own"),
            sim("profiles check -p a -p claude", 1),
            run("profiles init"),
            run("profiles init", 2),
            run("profiles init --force"),
            run("profiles init --project"),
            run("profiles path"),
            run("profiles list"),
            run("plan"),
            run("plan hi"),
        ),
        {"sim.yaml": PROFILES},
    ),
    Case(
        "a project's file",
        (
            run("profiles path"),
            run("profiles list --json"),
            run("profiles show team"),
            run("plan hi -p team"),
            run("ask hi -p claude", 2),
            run("profiles check claude team", 1),
            run("profiles trust"),
            run("profiles path --json"),
            run("profiles show claude"),
            run("ask hi -p claude --retries 0", 3, environment={"ANTHROPIC_API_KEY": "marked"}),
            Write(".thinkdial.yaml", PROJECT + "defaults: {think: high}\n"),
            run("ask hi -p claude", 2),
            run("profiles trust .thinkdial.yaml"),
            run("profiles trust nowhere.yaml", 2),
        ),
        {".thinkdial.yaml": PROJECT},
    ),
    Case(
        "mistakes in the configuration",
        (
            *(run(f"profiles list --config wrong-{number:02d}.yaml", 2) for number in range(len(MISTAKES))),
            *(run(f"profiles list --config incomplete-{number}.yaml") for number in range(len(INCOMPLETE))),
            run("profiles check --config incomplete-0.yaml", 1),
            run("profiles list --config missing.yaml", 2),
            run("ask hi -p claude --config wrong-00.yaml", 2),
        ),
        {f"wrong-{number:02d}.yaml": text for number, text in enumerate(MISTAKES)}
        | {f"incomplete-{number}.yaml": text for number, text in enumerate(INCOMPLETE)},
    ),
    Case(
        "keys",
        (
            run("keys list", environment={"OPENAI_API_KEY": "marked"}),
            run("keys list --json", environment={"OPENAI_API_KEY": "marked"}),
            run("keys set anthropic --stdin", stdin="sk-marked-ring\n"),
            run("keys set openai", stdin="sk-marked-ring-2\n"),
            run("keys set anthropic --stdin", 2, stdin="\n"),
            run("keys set ringed --stdin --config keyed.yaml", stdin="sk-marked-ring-3"),
            run("keys list"),
            run("keys list --json --config keyed.yaml"),
            run("profiles show claude"),
            run("profiles check claude gpt"),
            run("ask hi -p ringed -q --config keyed.yaml"),
            run("ask hi -p piped -q --config keyed.yaml"),
            run("ask hi -p named -q --config keyed.yaml"),
            run("ask hi -p failing -q --config keyed.yaml", 2),
            run("keys rm ringed"),
            run("keys rm anthropic"),
            run("keys rm anthropic", 2),
            run("keys rm openai --forget"),
            run("keys list --json"),
            run("keys list", environment=LOCKED),
            run("keys set xai --stdin", 2, stdin="x\n", environment=LOCKED),
        ),
        {"keyed.yaml": KEYED},
        simulator="",
    ),
    Case(
        "asking providers what they have",
        (
            run("profiles check --online --config online.yaml a o g x m l off bad", 1),
            run("profiles check --online --json --config online.yaml a o g x m l off bad", 1),
            run("models refresh -p anthropic --config online.yaml", environment={"ANTHROPIC_API_KEY": "marked"}),
            run("models refresh -p google --json --config online.yaml"),
            run("models refresh -p xai --config online.yaml"),
            run("models refresh -p openai --config online.yaml", 2),
            run("models claude-opus-5-5"),
            run("models claude-opus-5-5 --json"),
            run("plan hi -p anthropic/claude-opus-5-5 --json"),
            run("prices update --url http://publisher/prices.json"),
            run("prices update --url http://publisher/prices.json --json"),
            run("prices show gpt-6-sol"),
            run("prices update --url http://simulator/", 2),
            run("prices update --url http://simulator/nothing", 2),
            run("prices update --url http://127.0.0.1:9/", 2),
        ),
        {"online.yaml": ONLINE},
        simulator="",
    ),
    Case(
        "models",
        (
            run("models"),
            run("models", columns=80),
            run("models", columns=160),
            run("models --all"),
            run("models --all --json"),
            run("models opus", terminal=True),
            run("models gpt -p openai"),
            run("models -p google --can off"),
            run("models --can xhigh --json"),
            run("models --budget"),
            run("models --max-price 5"),
            run("models -p openrouter --max-price 1 --json"),
            run("models nothing-like-this", 2),
            run("models -p nobody", 2),
            *(
                run(f"models {name}", columns=columns)
                for name in ("gpt-6-sol", "gemini-2.5-flash", "deepseek-flash", "qwen3", "mistral-medium-latest")
                for columns in (80, 140)
            ),
            run("models claude-opus-5-5 -p azure --json"),
            run("models some-new-model -p openai", 2),
        ),
    ),
    Case(
        "prices",
        (
            run("prices show gpt-6-sol"),
            run("prices show gpt-6-sol", columns=60),
            run("prices show gpt-6-sol", terminal=True),
            run("prices show gpt-6-sol --json"),
            run("prices show anthropic/claude-opus-5-5 --json"),
            run("prices show claude-haiku-5-5"),
            run("prices show -p gemini"),
            sim("prices show -p priced"),
            sim("prices show -p priced --json"),
            run("prices show gemini-4-argon --config prices.yaml"),
            run("prices show deepseek-flash --json"),
        ),
        {
            "sim.yaml": PROFILES,
            "prices.yaml": "prices: {google/gemini-4-argon: {input: 2, cached_input: 0.2, output: 8, batch: 0.5}}\n",
        },
    ),
    Case(
        "plans",
        (
            run(f"plan hi -p claude -p gpt -p gemini -t {DIAL}"),
            run(f"plan hi -p claude -p gpt -p gemini -t {DIAL}", columns=160),
            run("plan hi -p claude -p gpt -p gemini -t off,8k", columns=60),
            run("plan hi -p claude -p gpt -p gemini -t off,8k", terminal=True),
            run("plan -p claude@max -p google/gemini-2.5-flash -s 'Be brief.' --max-output 5000 --no-stream"),
            run("plan -p claude@max -p google/gemini-2.5-flash -s 'Be brief.' --max-output 5000 --json"),
            run("plan hi -p openai/gpt-4.1 -t high --emulate"),
            run("plan hi -p openai/gpt-4.1 -t high --strict-think", 5),
            run("plan hi -p claude -t high --strict-think --json"),
            run("plan hi -p claude -p azure", 1, environment={"AZURE_OPENAI_RESOURCE": ""}),
            run("plan --count -p claude", 2),
            run("plan hi -f notes.txt -p claude --json"),
            run(f"plan hi -p mine/some-model -t {DIAL} --config mine.yaml"),
            run(f"plan hi -p mine/some-model -t {DIAL} --config mine.yaml --json"),
            run("models some-model -p mine --config mine.yaml", 2),
        ),
        {"notes.txt": "A text of some length.\n" * 40, "mine.yaml": OWN_PROVIDER},
    ),
)
