"""PostgreSQL for every service: roles, sessions that know their caller's areas, migrations, COPY."""
