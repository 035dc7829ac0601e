"""The rules of disbursement, pure: standard library and the kernel only."""
