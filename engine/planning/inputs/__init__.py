"""What goes along with a prompt beside its text, as each route wants it."""
