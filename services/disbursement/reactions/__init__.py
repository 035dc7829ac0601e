"""What disbursement does with events, assembled: people (and seals), budget, sweep (each file has ``reactions``)."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from shared.messaging.reactions import OnParked, Reaction

reactions: tuple[Reaction, ...] = ()
on_parked: OnParked | None = None
for _part in ("people", "budget", "sweep"):
    if find_spec(f"{__name__}.{_part}") is not None:  # while the halves are being written
        _module = import_module(f"{__name__}.{_part}")
        reactions += _module.reactions
        on_parked = getattr(_module, "on_parked", on_parked)
