"""What people see of cells: medians of samples, with their intervals and ranges."""
