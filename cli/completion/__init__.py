"""What a shell may put in when Tab is pressed; the way from the question to the answer imports next to nothing."""
