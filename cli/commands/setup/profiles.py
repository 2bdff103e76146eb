"""`thinkdial profiles`: see, check and start the YAML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...light import LightCommand, LightGroup
from ...options import AsJson, ConfigFile, Profiles

if TYPE_CHECKING:
    from ....profiles.config import Config
    from ....profiles.profile import Profile

app = typer.Typer(
    cls=LightGroup, help="Manage and check the profiles in YAML.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list", cls=LightCommand, short_help="List all profiles and groups.")
def list_(json: AsJson = False, config: ConfigFile = None) -> None:
    """List all profiles and groups: what they call, where they come from, and whether a key is there.

    Example:  thinkdial profiles list
    """
    import asyncio

    from ....engine.lookups.local_servers import listening
    from ....profiles.config import load
    from ...formats import json_text
    from ...output import console, emit, rendered
    from ...views.setup.profile_list import profile_table

    settings = load(config)
    rows = [_document(profile, settings) for profile in settings.profiles.values()]
    if json:
        groups = {name: list(members) for name, members in settings.groups.items()}
        emit(json_text({"schema": "thinkdial.profiles/1", "profiles": rows, "groups": groups}))
        return
    emit(rendered(profile_table(rows, settings.groups, console().width)))
    found = asyncio.run(listening(settings.providers.values()))
    if found:
        emit("\nlistening on this machine\n")
        emit("".join(f"{local.name}: {local.base_url}\n" for local in found))


@app.command(cls=LightCommand, short_help="Show one profile as it results from all layers.")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A profile.")],
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Show one profile as it results from all layers, with its provider's part.

    Example:  thinkdial profiles show claude
    """
    import yaml

    from ....engine.targets.target import select
    from ....profiles.config import load
    from ...formats import json_text
    from ...output import emit
    from ...views.untrusted import harmless

    settings = load(config)
    selection = select([name], settings)[0]
    document = _document(selection.profile, settings, whole=True)
    dump: Any = vars(yaml)["safe_dump"]  # its stubs are partly unknown
    text = json_text(document) if json else harmless(dump(document, sort_keys=False, allow_unicode=True))
    emit(text)


@app.command(cls=LightCommand, short_help="Say which profiles are ready, and why others are not.")
def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Profiles or groups; all of them without.")
    ] = None,
    profile: Profiles = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask each provider for its list of models. No prompt is sent.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", min=0.001, help="How long a provider may take.")
    ] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Check every layer of the YAML, and say which profiles are ready and why others are not.

    Without --online nothing is sent. With it, each provider is asked once for a list that costs nothing: whether the
    host answers, takes the key, and lists the model. Exits with 1 when a profile is not ready, and with 2 when the YAML
    is wrong.

    Example:  thinkdial profiles check --online -p claude -p gpt
    """
    from .profiles_check import check_profiles

    check_profiles([*(names or []), *(profile or [])], config, online=online, timeout_s=timeout, json=json)


@app.command(cls=LightCommand, short_help="Write a first configuration to edit.")
def init(
    project: Annotated[
        bool, typer.Option("--project", help="Start .thinkdial.yaml here instead of your own file.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is already there.")] = False,
) -> None:
    """Write a first configuration with examples to edit. It never replaces a file unless told to.

    Example:  thinkdial profiles init
    """
    from ....profiles.config import PROJECT_FILE, user_file
    from ....profiles.facts import packaged_text
    from ....profiles.trust import write_private
    from ....providers.errors import ConfigError, UsageError
    from ...output import emit, say

    path = Path(PROJECT_FILE) if project else user_file()
    if path.exists() and not force:
        raise UsageError(f"{path} is already there", hint="edit it, or replace it with --force")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, packaged_text("data/example.yaml"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    emit(f"{path}\n")
    say("edit it, then: thinkdial profiles check")


@app.command(cls=LightCommand, short_help="Say which configuration files are read.")
def path(json: AsJson = False, config: ConfigFile = None) -> None:
    """Say which configuration files are read, lowest first, and where yours belongs.

    Example:  thinkdial profiles path
    """
    from ....profiles.config import load, user_file
    from ...formats import json_text
    from ...output import emit

    layers = load(config).layers
    if json:
        rows = [{"layer": x.name, "path": str(x.path) if x.path else None, "trusted": x.trusted} for x in layers]
        emit(json_text({"schema": "thinkdial.profiles.path/1", "layers": rows, "user_file": str(user_file())}))
        return
    for layer in layers:
        trust = "" if layer.trusted else "  (not trusted: see thinkdial profiles trust)"
        emit(f"{layer.name:9} {layer.path or ''}{trust}\n".replace("  \n", "\n"))
    if not user_file().exists():
        emit(f"{'user':9} {user_file()}  (not there yet: thinkdial profiles init)\n")


@app.command(cls=LightCommand, short_help="Print the JSON Schema of configuration or results.")
def schema(
    result: Annotated[bool, typer.Option("--result", help="The schema of results and runs instead.")] = False,
) -> None:
    """Print the JSON Schema of the configuration, for editors; or, with --result, of what --json prints.

    Example:  thinkdial profiles schema > thinkdial.schema.json
    """
    from ....profiles.facts import packaged_text
    from ...output import emit

    emit(packaged_text(f"schemas/{'result' if result else 'config'}.schema.json"))


@app.command(cls=LightCommand, short_help="Vouch for a project's .thinkdial.yaml.")
def trust(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The project file; the nearest one without.")
    ] = None,
) -> None:
    """Vouch for a project's .thinkdial.yaml, so that its base_url, headers and key settings are used.

    The trust holds for this very content; after an edit it must be given again.

    Example:  thinkdial profiles trust
    """
    from ....profiles.config import PROJECT_FILE, TRUST_FILE, project_file, read_text, user_directory
    from ....profiles.trust import trust as remember
    from ....providers.errors import UsageError
    from ...output import say

    found = file or project_file(Path.cwd())
    if found is None:
        raise UsageError(f"there is no {PROJECT_FILE} here or above")
    remember(user_directory() / TRUST_FILE, found, read_text(found))
    say(f"trusted as it is now: {found}")


def _document(profile: Profile, config: Config, *, whole: bool = False) -> dict[str, Any]:
    from ....engine.targets.keys import describe_key
    from ....engine.targets.target import resolve
    from ....providers.errors import ConfigError

    try:
        target = resolve(profile, config)
    except ConfigError as error:
        return {"profile": profile.name, "provider": profile.provider, "model": profile.model, "problem": error.message}
    document: dict[str, Any] = {
        "profile": profile.name,
        "provider": profile.provider,
        "model": profile.model,
        "known_model": target.card.known,
        "dialect": target.dialect,
        "base_url": target.base_url,
        "think": str(profile.think or config.defaults.think or "auto"),
        "key": describe_key(target),
        "defined_in": profile.place,
    }
    if whole:
        from ....profiles.price_list import price_document

        price, limits = profile.price, profile.limits
        document |= {
            "stream": config.defaults.stream if profile.stream is None else profile.stream,
            "max_output_tokens": profile.max_output_tokens or config.defaults.max_output_tokens,
            "timeout": profile.timeout or config.defaults.timeout,
            "total_timeout": profile.total_timeout or config.defaults.total_timeout,
            "retries": config.defaults.retries if profile.retries is None else profile.retries,
            "headers": sorted(profile.headers),
            "params": dict(profile.params),
            "price": None if price is None else price_document(price),
            "limits": {"concurrency": limits.concurrency, "rpm": limits.rpm, "tpm": limits.tpm},
            "system": profile.system,
        }
    return document
