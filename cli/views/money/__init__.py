"""What people read about money: what was spent, and what is charged."""
