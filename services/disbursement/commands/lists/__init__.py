"""Payment lists: composed, looked at, signed, financed, frozen, released."""
