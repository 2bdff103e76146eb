"""What the user types and sees: Typer commands, Rich rendering, exit codes."""
