"""What a user says of limits that runs on several machines share."""
