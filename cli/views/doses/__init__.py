"""Dose curves for people: in the terminal, and as a page."""
