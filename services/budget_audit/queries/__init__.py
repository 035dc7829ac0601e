"""SQL to schemas, a file per room; every answer from one snapshot."""
