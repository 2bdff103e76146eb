"""The version, alone in a module without imports so that `--version` costs nothing."""

VERSION = "0.1.0"
