"""Decisions of beneficiary: pure, without database or clock."""
