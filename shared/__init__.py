"""The platform under the services: no business verb lives here, and nothing here imports a service."""
