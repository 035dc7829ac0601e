"""What can be done to enrolments and seals: each command runs in the caller's transaction and publishes in it."""
