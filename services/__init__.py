"""The services. Each owns its database, publishes its events, and never imports another."""
