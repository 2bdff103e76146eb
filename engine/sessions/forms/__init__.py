"""The forms in which conversations come from files and go into them: a pure module a form."""
