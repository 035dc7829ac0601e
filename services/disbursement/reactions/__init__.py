"""What disbursement does with events, assembled: people and seals, money that is promised or paid, results that are due."""

from __future__ import annotations

from services.disbursement.reactions import budget, people, sweep

reactions = (*people.reactions, *budget.reactions, *sweep.reactions)
on_parked = sweep.on_parked
