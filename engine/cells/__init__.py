"""What was measured of a profile with a think value: samples, their medians and intervals, and what they can show."""
