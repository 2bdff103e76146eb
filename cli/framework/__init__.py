"""What our commands add to the command-line framework: groups imported late, light parameters, options in groups."""
