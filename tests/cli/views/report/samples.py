"""Runs as they happen: a sweep over three profiles with a failure and a cut answer, and texts that attack the page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from thinkdial.engine.exchange.call_facts import Latency
from thinkdial.engine.results.result import Cost, Forecast, Reasoning, Result, Run, Summary, ThinkReceipt
from thinkdial.providers.errors import Failure
from thinkdial.providers.schema import Notice, Usage

PROMPT = (
    "Our rate limiter lets a burst of twice the limit through whenever two windows meet. "
    "Show how to fix it, with code, and compare the options."
)
ANSWER = """## The cause

A fixed window resets at its edge. A client that sends `limit` requests just before the edge and as many just after \
gets **twice the limit** within one window's length.

| Algorithm | Burst at the edge | Memory per client | Exact |
|:--|--:|--:|:-:|
| Fixed window | 2.0 × | 1 counter | no |
| Sliding log | 1.0 × | one entry a request | yes |
| Sliding counter | about 1.0 × | 2 counters | nearly |
| Token bucket | bucket size | 2 numbers | yes |

## The fix

A token bucket needs two numbers and no timer:

```python
class TokenBucket:
    def __init__(self, rate_per_s: float, size: int, clock=time.monotonic) -> None:
        self.rate_per_s, self.size, self.clock = rate_per_s, size, clock
        self.tokens, self.updated_s = float(size), clock()

    def take(self, count: int = 1) -> bool:
        now_s = self.clock()
        self.tokens = min(self.size, self.tokens + (now_s - self.updated_s) * self.rate_per_s)
        self.updated_s = now_s
        if self.tokens < count:
            return False
        self.tokens -= count
        return True
```

### What to watch

1. The *clock* has to be monotonic: a wall clock that is set back refuses everybody.
2. With several processes the two numbers belong into one place:
   - a Lua script in Redis keeps read and write together,
   - or each process gets its share of the rate.
3. Say `Retry-After` as `ceil((count - tokens) / rate)`.

> A sliding counter is the better choice when the limit is a contract ("100 a minute") rather than a protection.

See [RFC 6585](https://www.rfc-editor.org/rfc/rfc6585) for the status code.
"""
SHORT = """Use a **token bucket** in place of the fixed window:

- refill `rate × elapsed` tokens on every call,
- refuse when fewer than one is left.

It bounds the burst to the size of the bucket, at any moment. A sliding log is exact too, but keeps every request.
"""
THOUGHT = """**Reading the question**

The user describes the classic edge effect of fixed windows: 2 × limit across the boundary. They want a fix, code, \
and a comparison, so I should cover fixed window, sliding log, sliding counter and token bucket.

**Choosing what to show**

Token bucket is the least code. I want an injected clock so that it can be tested; `time.monotonic` by default. \
Distributed use needs a remark: without one place for the two numbers, n processes give n times the rate.
"""


def make_result(profile: str = "claude", asked: str = "high", /, **changes: Any) -> Result:
    """A whole answer; every part replaceable."""
    whole = Result(
        id=f"{profile}-{asked}",
        run_id="5f0c1d2ea9b44d6f8a31c7de90b1a2c3",
        created_at="2026-11-21T10:00:00Z",
        profile=profile,
        provider="anthropic",
        dialect="anthropic-messages",
        model="claude-opus-5-5",
        model_reported="claude-opus-5-5",
        status="ok",
        think=ThinkReceipt(asked, {"output_config": {"effort": asked}}, "exact", None, "as_asked"),
        reasoning=Reasoning(THOUGHT, "summary", 312, "reported"),
        answer=ANSWER,
        finish="stop",
        finish_raw="end_turn",
        usage=Usage(1325, 1024, 0, 848, 312, 2173),
        cost=Cost(Decimal("0.01706"), Decimal("0.0011"), Decimal("0.01596"), Decimal("0.00624"), "table"),
        latency=Latency(0.41, 0.62, 3.1, 9.0, 87.0),
        attempts=1,
        request_id="req_1",
    )
    return replace(whole, **changes)


def make_run(*results: Result, prompt: str = PROMPT, system: str | None = None, run_id: str = "") -> Run:
    """A run of these results, with honest totals."""
    known = [r.cost.usd for r in results if r.cost.usd is not None]
    times = [r.latency.total_s for r in results if r.latency.total_s is not None]
    return Run(
        run_id=run_id or "5f0c1d2ea9b44d6f8a31c7de90b1a2c3",
        prompt=prompt,
        results=results,
        system=system,
        summary=Summary(
            results=len(results),
            ok=sum(r.status == "ok" for r in results),
            partial=sum(r.status == "partial" for r in results),
            error=sum(r.status == "error" for r in results),
            cancelled=sum(r.status == "cancelled" for r in results),
            usd=sum(known, Decimal(0)) if known else None,
            usd_unknown=len(results) - len(known),
            output_tokens=sum(r.usage.output_tokens or 0 for r in results),
            reasoning_tokens=sum(r.usage.reasoning_tokens or 0 for r in results),
            total_s=max(times, default=0.0),
        ),
    )


def sweep() -> Run:
    """Three profiles at three think values: one failed, one was cut, one hides its reasoning."""
    return make_run(
        _claude("off", 0, 640, (0.38, None, 0.44, 7.2)),
        _claude("low", 240, 905, (0.40, 0.61, 3.3, 12.1)),
        _claude("high", 3180, 4215, (0.39, 0.63, 38.2, 49.8)),
        _gpt("off", 0, 410, 5.1, 1.1),
        _gpt("low", 512, 1010, 13.4, 6.9),
        _gpt("high", 2944, 3720, 44.6, 35.5),
        _gemini("off", 96, 530, (0.52, 0.7, 1.9, 4.0), SHORT, unwanted=True),
        make_result(
            "gemini", "low", model="gemini-4-argon", model_reported=None, provider="google", status="error", answer="",
            think=ThinkReceipt("low", {"thinkingLevel": "low"}, "exact", None, "unknown"),
            reasoning=Reasoning(), usage=Usage(), cost=Cost(), latency=Latency(None, None, None, 1.2),
            finish="error", finish_raw=None, attempts=3,
            error=Failure(kind="rate_limit", status=429, message="Resource has been exhausted (e.g. check quota).",
                          retryable=True, hint="wait, or lower `limits: {rpm: ...}`", retry_after_s=21.0),
        ),
        replace(
            _gemini("high", 1890, 2400, (0.5, 0.9, 14.4, 21.7), ANSWER[:900]),
            status="partial", finish="error", finish_raw=None,
            cost=Cost(Decimal("0.0241"), None, None, None, "estimated", "no usage was reported: the stream was cut"),
            usage=Usage(1310, None, None, 2400, None, None),
            reasoning=Reasoning(THOUGHT, "full", 1890, "estimated"),
            error=Failure(kind="connection", message="the connection was closed in mid-stream", retryable=True),
        ),
        system="You are a careful senior engineer. Prefer small, tested code.",
    )  # fmt: skip


def _claude(
    think: str, reasoning: int, output: int, times: tuple[float, float | None, float, float], verdict: Any = "as_asked"
) -> Result:
    usd = Decimal(output) * 20 / 1_000_000
    return make_result(
        "claude", think, answer=ANSWER if think != "off" else SHORT,
        think=ThinkReceipt(think, {"thinking": {"type": "disabled"}} if think == "off" else
                           {"output_config": {"effort": think}}, "exact", None, verdict),
        reasoning=Reasoning(THOUGHT if reasoning else None, "summary" if reasoning else "none", reasoning, "reported"),
        usage=Usage(1325, 1024, 0, output, reasoning, 1325 + output),
        cost=Cost(usd + Decimal("0.0016"), Decimal("0.0016"), usd, Decimal(reasoning) * 20 / 1_000_000, "table", None,
                  Decimal("0.0037")),
        latency=Latency(*times, output / times[3]),
        forecast=_forecast(Decimal("0.004"), usd * Decimal("1.2"), Decimal("0.64"), 14),
    )  # fmt: skip


def _gpt(think: str, reasoning: int, output: int, total_s: float, first_s: float) -> Result:
    usd = Decimal(output) * 12 / 1_000_000
    return make_result(
        "gpt", think, model="gpt-6-sol", model_reported="gpt-6-sol-2026-09-01", provider="openai",
        answer=ANSWER if think == "high" else SHORT, finish_raw="completed",
        think=ThinkReceipt(think, {"reasoning": {"effort": {"off": "none"}.get(think, think)}}, "exact", None,
                           "as_asked"),
        reasoning=Reasoning(None, "hidden" if reasoning else "none", reasoning, "reported"),
        usage=Usage(1290, 0, None, output, reasoning, 1290 + output),
        cost=Cost(usd + Decimal("0.0026"), Decimal("0.0026"), usd, Decimal(reasoning) * 12 / 1_000_000, "table"),
        latency=Latency(0.6, None, first_s, total_s, output / total_s),
        forecast=_forecast(Decimal("0.003"), usd * Decimal("0.8"), None, 0),
    )  # fmt: skip


def _gemini(
    think: str, reasoning: int, output: int, times: tuple[float, ...], answer: str, *, unwanted: bool = False
) -> Result:
    usd = Decimal(output) * 10 / 1_000_000
    note = "gemini-4-argon cannot be turned off; minimal, its least, was sent" if unwanted else None
    return make_result(
        "gemini", think, model="gemini-4-argon", model_reported="gemini-4-argon", provider="google", answer=answer,
        finish_raw="STOP",
        think=ThinkReceipt(think, {"thinkingLevel": "minimal" if unwanted else think},
                           "clamped" if unwanted else "exact", note, "unwanted" if unwanted else "as_asked"),
        reasoning=Reasoning(THOUGHT, "summary", reasoning, "reported"),
        usage=Usage(1310, None, None, output, reasoning, 1310 + output),
        cost=Cost(usd + Decimal("0.0016"), Decimal("0.0016"), usd, Decimal(reasoning) * 10 / 1_000_000, "table"),
        latency=Latency(*times, output / times[-1]),
        warnings=(Notice("think_substituted", note),) if note else (),
    )  # fmt: skip


def _forecast(low: Decimal, expected: Decimal, high: Decimal | None, runs: int) -> Forecast:
    return Forecast(
        1300, "estimated", 1000, "history" if runs else "reference", runs, 32000, low, expected, high, "table",
        "input estimated at 4 bytes a token",
    )  # fmt: skip


MARK = "window.attacked = 1"
"""What every attack tries to run."""

ATTACKS = (
    f"<script>{MARK}</script>",
    f"</script><script>{MARK}</script>",
    f"</style><script>{MARK}</script>",
    f"</title><script>{MARK}</script>",
    f"</textarea></noscript></template><script>{MARK}</script>",
    f"--><script>{MARK}</script><!--",
    f"]]><script>{MARK}</script><![CDATA[",
    f'<img src=x onerror="{MARK}">',
    f"<svg/onload={MARK}>",
    f"<svg><animate onbegin={MARK} attributeName=x dur=1s></svg>",
    f'<details open ontoggle="{MARK}">x</details>',
    f'"><b onmouseover="{MARK}" style="position:fixed;inset:0">x</b>',
    f"' autofocus tabindex=1 onfocus='{MARK}",
    "<iframe src='javascript:window.parent.attacked=1'></iframe>",
    "<meta http-equiv=refresh content='0;url=http://192.0.2.1/'>",
    "<base href='http://192.0.2.1/'><link rel=stylesheet href='//192.0.2.1/x.css'>",
    "<style>* { display: none }</style>",
    "<form action=http://192.0.2.1/><button>Log in</button></form>",
    f"[click](javascript:{MARK})",
    f"[click](JaVaScRiPt:{MARK})",
    "[click](javascript&#58;window.attacked=1)",
    "[click](javascript&colon;window.attacked=1)",
    "[click](&#x6A;avascript:window.attacked=1)",
    "[click](java\tscript:window.attacked=1)",
    "[click](<java\nscript:window.attacked=1>)",
    "[click](\x01javascript:window.attacked=1)",
    "[click](data:text/html,<script>window.attacked=1</script>)",
    "[click](data:image/svg+xml;base64,PHN2Zz4=)",
    "[click](vbscript:msgbox)",
    "[click](file:///etc/passwd)",
    "[click](//192.0.2.1/x)",
    "[click](#run-1)",
    "[click](http:javascript)",
    "[click](https://)",
    "<javascript:window.attacked=1>",
    "<data:text/html,x>",
    f'[click](https://example.org/"onmouseover="{MARK}")',
    f"[click](https://example.org/ '\"><script>{MARK}</script>')",
    f"[click][ref]\n\n[ref]: javascript:{MARK}",
    "![x](http://192.0.2.1/pixel.png)",
    "![x](javascript:window.attacked=1)",
    f'![x" onerror="{MARK}](http://192.0.2.1/p.png "t" onerror="{MARK}")',
    "[![x](http://192.0.2.1/p.png)](http://192.0.2.1/)",
    f'```"><script>{MARK}</script>\nnever closed <script>{MARK}</script>',
    f"`<script>{MARK}</script>`",
    f"    <script>{MARK}</script>",
    f"| <script>{MARK}</script> | b |\n|---|:--|\n| <img src=x onerror={MARK}> | `|` |",
    "&lt;script&gt;window.attacked=1&lt;/script&gt; &amp;lt;b&amp;gt;",
    "&#60;script&#62;window.attacked=1&#60;/script&#62;",
    "{{ 7 * 7 }} {% raw %} {{ self }}",
    "\u202egnp.exe \u2066x\u2069 \u200b\ufeff \x1b[2J\x00\x9b",
    "&#x202E;gnp.exe &#x1b;[2J &#0;",
    "<div id=run-1 name=querySelector class=theme>x</div>",
)
