"""What each route takes beside text: kinds of files, their limits, their form on the wire and what they count."""
