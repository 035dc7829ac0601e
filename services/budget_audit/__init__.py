"""Where money and reality differ.

Owns: budget lines and their cash plan, reservations, SP2D and STS documents, postings, census counts and contracts of
panti, detectors, mismatches and their follow-up.
Publishes: ``budget_audit.reservation``, ``budget_audit.treasury``, ``budget_audit.mismatch``, ``budget_audit.evidence``.
Consumes: ``disbursement.month`` (batches approved, withdrawn, sent, settled), ``assistive_devices.stock`` (goods received),
``beneficiary.panti`` (residents of a day, by its daily book) and its own ``budget_audit.treasury`` and ``budget_audit.evidence``, so
that detection runs in the worker and never in the request that records.
Never does: pay, hold a person's data, or stop those whose figures differ. A detector raises a fact with its formula.
"""
