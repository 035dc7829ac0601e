"""The revisions of this database."""
