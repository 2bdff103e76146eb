"""Runs as one self-contained HTML page, for reading answers side by side."""

from .page import report_page

__all__ = ["report_page"]
