"""What is known of schedulers that run many tasks of one job."""
