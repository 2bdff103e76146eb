"""What the user types and sees: click commands, Rich rendering, exit codes."""
