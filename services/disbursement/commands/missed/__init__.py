"""Gaps and cases: what was missed, who owns it, how it ends."""
