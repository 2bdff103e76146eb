"""What our commands add to the framework: groups imported late, light parameters, grouped options, editor and pager."""
