"""What was typed for one call or several, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from ...options import ALONE, UNCHECKED, CheckOptions, Format, KeepOptions, PrintOptions, SendOptions, TalkOptions

if TYPE_CHECKING:
    from ....engine.planning.prepare import Prompt
    from ....engine.runs.jobs import Options
    from ....profiles.config import Config


class Inquiry(Struct, frozen=True):
    """The prompt, and all that was said of how it is sent, shown and kept."""

    settings: Config
    prompt: Prompt
    options: Options
    form: Format
    sending: SendOptions
    printing: PrintOptions
    keeping: KeepOptions
    command: str = "ask"
    talking: TalkOptions = ALONE
    checking: CheckOptions = UNCHECKED
