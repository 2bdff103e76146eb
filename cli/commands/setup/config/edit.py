"""`thinkdial config edit`: the file in an editor, checked before it counts."""

from __future__ import annotations

from ....exit_codes import ExitCode
from .options import InProject


def edit(project: InProject = False) -> ExitCode:
    """Open your configuration in $VISUAL or $EDITOR. What is saved is checked, and only then takes the file's place.

    Where something is wrong you may go on editing. The editor gets no API key in its environment.

    Example:  thinkdial config edit
    """
    from .....profiles.facts import packaged_text
    from .....profiles.written.config_file import check_text, save_text, target_file
    from .....profiles.yaml_file import read_text
    from .....providers.errors import ConfigError
    from ....confirmation import agreed
    from ....framework.text_editor import edited
    from ....output import complain, say

    file = target_file(in_project=project)
    before = read_text(file) if file.is_file() else ""
    text = before or packaged_text("data/example.yaml")
    while True:
        text = edited(text, "config.yaml", None)
        if text == before or (not text.strip() and not before):
            say("nothing was changed")
            return ExitCode.OK
        try:
            check_text(text, file)
            break
        except ConfigError as error:
            complain(error)
        if not agreed("Edit it again? What you wrote is lost otherwise."):
            say(f"nothing was changed: {file} is as it was")
            return ExitCode.USAGE
    save_text(text, file)
    say(f"written to {file}")
    return ExitCode.OK
