"""What people read of a run: answers, numbers, receipts, plans and forecasts."""
