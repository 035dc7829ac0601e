"""The ``ritme`` command: serve and work run the services; everything else speaks HTTP and SQL to them."""
