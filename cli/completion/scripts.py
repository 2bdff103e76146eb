"""What each shell reads to complete `thinkdial`, and where it belongs."""

from __future__ import annotations

import os
from pathlib import Path

from ...providers.errors import UsageError, did_you_mean

BASH = r"""_thinkdial_completion() {
    local line program="${1/#\~/$HOME}" word="${COMP_WORDS[COMP_CWORD]}"
    case "$word" in [@:=]) word="" ;; esac
    COMPREPLY=()
    while IFS= read -r line; do
        case "$line" in
            $'\tfile') compopt -o filenames 2>/dev/null
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word") ;;
            $'\tdir') compopt -o filenames 2>/dev/null
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$word") ;;
            *=) compopt -o nospace 2>/dev/null; COMPREPLY+=("$line") ;;
            *) COMPREPLY+=("$line") ;;
        esac
    done < <("$program" --complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -F _thinkdial_completion thinkdial
"""

ZSH = r"""#compdef thinkdial
_thinkdial() {
    local line program="${~words[1]}"
    local -a found
    for line in "${(@f)$("$program" --complete zsh "${(@Q)words[1,CURRENT]}" 2>/dev/null)}"; do
        case "$line" in
            $'\tfile') _files ;;
            $'\tdir') _files -/ ;;
            '') ;;
            *) found+=("$line") ;;
        esac
    done
    (( $#found )) && _describe -V 'thinkdial' found
}
if [[ "$funcstack[1]" = _thinkdial ]]; then
    _thinkdial "$@"
else
    compdef _thinkdial thinkdial
fi
"""

FISH = r"""function __thinkdial_completion
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~' "$HOME" -- $words[1])
    for line in ($program --complete fish $words "$current" 2>/dev/null)
        switch $line
            case \tfile
                __fish_complete_path "$current"
            case \tdir
                __fish_complete_directories "$current"
            case '*'
                echo -- $line
        end
    end
end
complete -c thinkdial -f -k -a '(__thinkdial_completion)'
"""

POWERSHELL = r"""Register-ArgumentCompleter -Native -CommandName thinkdial -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition })
    $words = @($before | ForEach-Object {
        $length = [Math]::Min($_.Extent.Text.Length, $cursorPosition - $_.Extent.StartOffset)
        $_.Extent.Text.Substring(0, $length).Trim('"', "'")
    })
    $written = $wordToComplete.Trim('"', "'")
    $kept = 0
    if ($before[-1].Extent.EndOffset -lt $cursorPosition) {
        $words += '""'
    } elseif ($words[-1].EndsWith($written)) {
        $kept = $words[-1].Length - $written.Length
    }
    & $words[0] --complete powershell @words 2>$null | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        if ($value -eq '') {
            Get-ChildItem -Path "$written*" -Directory:($help -eq 'dir') -ErrorAction SilentlyContinue |
                ForEach-Object {
                    $path = Resolve-Path -Relative -LiteralPath $_.FullName
                    if ($path -match '[^\w./\\:~-]') { $path = "'" + $path.Replace("'", "''") + "'" }
                    [System.Management.Automation.CompletionResult]::new($path, $_.Name, 'ProviderItem', $_.FullName)
                }
        } elseif ($value.Length -gt $kept) {
            $about = if ($help) { $help } else { $value }
            $rest = $value.Substring($kept)
            [System.Management.Automation.CompletionResult]::new($rest, $value, 'ParameterValue', $about)
        }
    }
}
"""
"""What it counts on (learn.microsoft.com, Register-ArgumentCompleter): a native completer gets the word, the
elements of the command with their extents, and where the cursor is. Of `off,lo` PowerShell may take `lo` alone for
the word: what stands before it is kept. Before PowerShell 7.3 an empty argument is dropped, and since then two
quotes arrive as such."""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH, "powershell": POWERSHELL}
NAMES = {"pwsh": "powershell"}


def script_for(shell: str | None) -> tuple[str, str]:
    """The shell's name, and what it reads. Without a name it is the user's own. Raises `UsageError`."""
    name = shell or _own_shell()
    name = NAMES.get(name.lower(), name.lower())
    if name not in SCRIPTS:
        words = f"{shell!r} is no shell that is known" if shell else "it cannot be told which shell this is"
        raise UsageError(f"{words}{did_you_mean(name, SCRIPTS)}", hint=f"use {', '.join(SCRIPTS)}")
    return name, SCRIPTS[name]


def installed(shell: str | None) -> str:
    """Put the script where the shell looks for it, and say what else is to be done. Raises `UsageError`."""
    from ...profiles.disk import real_path, write_private

    name, text = script_for(shell)
    if name == "powershell":
        return (
            "add it to your profile: thinkdial --show-completion powershell | Add-Content $PROFILE"
            "  (where there is none yet: New-Item -Force $PROFILE first)"
        )
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    path = {
        "bash": data / "bash-completion" / "completions" / "thinkdial",
        "zsh": home / ".zfunc" / "_thinkdial",
        "fish": config / "fish" / "completions" / "thinkdial.fish",
    }[name]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(real_path(path), text.encode())
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    todo = {
        "bash": f"it works in new shells where bash-completion is installed; else add to ~/.bashrc: source {path}",
        "zsh": "have these two lines in ~/.zshrc:  fpath+=~/.zfunc  and behind it  autoload -Uz compinit && compinit",
        "fish": "it works in new shells",
    }[name]
    return f"written to {path}; {todo}"


def _own_shell() -> str:
    if os.name == "nt" or ("PSModulePath" in os.environ and "SHELL" not in os.environ):
        return "powershell"
    return Path(os.environ.get("SHELL") or "unknown").name
