"""What was agreed on, written down a second time.

These tables repeat rules that the services have too. They are typed here by hand on purpose: a proof that imports the
thing to be proved proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TOPICS: Final[Mapping[str, tuple[int, int]]] = {
    "beneficiary.person": (1, 6),
    "beneficiary.programme": (2, 1),
    "beneficiary.panti": (3, 1),
    "disbursement.month": (11, 3),
    "disbursement.payment": (12, 3),
    "disbursement.gap": (13, 3),
    "disbursement.case": (14, 3),
    "disbursement.calendar": (15, 1),
    "disbursement.holidays": (16, 1),
    "disbursement.account": (17, 3),
    "budget_audit.reservation": (21, 1),
    "budget_audit.treasury": (22, 1),
    "budget_audit.mismatch": (23, 1),
    "budget_audit.budget": (24, 1),
    "budget_audit.evidence": (25, 1),
    "assistive_devices.stock": (31, 1),
    "assistive_devices.readiness": (32, 1),
}
"""Number and partitions."""

TYPES: Final[Mapping[str, tuple[int, ...]]] = {
    "beneficiary.person": (101, 102, 103, 104, 105, 106, 107, 108),
    "beneficiary.programme": (111, 112),
    "beneficiary.panti": (121,),
    "disbursement.month": (201, 202, 203, 204, 205, 206),
    "disbursement.payment": (211,),
    "disbursement.gap": (221, 222, 223),
    "disbursement.case": (231,),
    "disbursement.calendar": (241, 242),
    "disbursement.holidays": (243,),
    "disbursement.account": (251, 252, 253),
    "budget_audit.reservation": (301, 302),
    "budget_audit.treasury": (311, 312, 313),
    "budget_audit.mismatch": (321, 322, 323, 324, 325, 326, 327, 328),
    "budget_audit.budget": (331,),
    "budget_audit.evidence": (341, 342, 343),
    "assistive_devices.stock": (401, 402),
    "assistive_devices.readiness": (411, 412),
}

READS: Final[Mapping[str, tuple[str, ...]]] = {
    "disbursement": (
        "beneficiary.person", "beneficiary.programme", "budget_audit.reservation", "budget_audit.treasury", "disbursement.month",
    ),
    "budget_audit": (
        "beneficiary.panti", "disbursement.month", "budget_audit.treasury", "budget_audit.budget", "budget_audit.evidence",
        "assistive_devices.stock",
    ),
}  # fmt: skip
"""Which topics a service lives on; one that it does not read at all is as bad as one that it reads wrongly."""

MOVES: Final = (
    ("", "due"), ("", "held"), ("", "excluded"), ("", "missed"),
    ("due", "in_payment"), ("missed", "in_payment"),
    ("in_payment", "paid"), ("unknown", "paid"),
    ("in_payment", "missed"), ("unknown", "missed"),
    ("in_payment", "unknown"),
    ("paid", "missed"),
    ("due", "missed"), ("held", "missed"),
    ("held", "due"),
    ("held", "excluded"), ("due", "excluded"), ("missed", "excluded"),
    ("due", "held"), ("missed", "held"),
    ("missed", "missed"),
)  # fmt: skip
"""From what to what a person-month may go."""

NEEDS_REASON: Final = ("unknown", "held", "missed", "excluded")
"""Outcomes that must say why; the others must not."""

ONLY_REASON: Final = (
    ("in_payment", "unknown", "awaiting_bank"),
    ("paid", "missed", "bank_return"),
    ("held", "missed", "released_late"),
)
"""Moves that have one reason."""

SAME_OUTCOME: Final = ("lapsed_budget_year", "budget_reopened")
"""A missed month that stays missed: for these reasons only, ordered by two people."""

SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    "submitted": ("submit",),
    "checked": ("submit", "check"),
    "approved": ("submit", "check", "approve"),
    "refused": ("submit", "check", "approve"),
    "reserved": ("submit", "check", "approve"),
    "funded": ("submit", "check", "approve"),
    "released": ("submit", "check", "approve", "release"),
    "results_in": ("submit", "check", "approve", "release"),
    "closed": ("submit", "check", "approve", "release"),
}
"""Valid signatures that a batch must bear, by state; where the table of limits asked for two approvers, ``approve`` stands twice."""

SENT: Final = ("released", "results_in", "closed")

APPEND_ONLY: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "beneficiary": {
        "enrolment": ("area",), "cutoff": (), "cutoff_line": (), "decree": (), "decree_programme": (),
        "book_entry": (), "census_day": (), "panti_book": (), "provisional_person": (),
        "person_join": ("state", "decided_by", "decided_at"),
    },
    "disbursement": {
        "entitlement_entry": (), "seal": ("opened_at",), "batch_funding": (), "batch_sts": (), "bank_file": (), "result_file": (),
        "result_row": (), "enrolment_history": (), "batch_signature": ("void",), "payment_month": ("live",),
        "repayment": ("live",), "payment_paper": (),
        "not_executed": (), "bank_cutoff_hour": (),
        "posting": (), "statement": (), "statement_line": (), "statement_match": (), "statement_difference": (), "closed_day": (),
        "closed_year": (), "figure": (), "quarantine_decision": ("state", "decided_by", "decided_at", "result_file_id"),
        "holding_disposal": ("state", "decided_by", "decided_at"),
        "bank_file_form": (), "bank_handover": (), "bank_handover_trouble": (), "bank_receipt": (), "bank_inbox": ("moved_at",),
        "bank_setting": ("state", "decided_by", "decided_at"),
        "signing_rule": ("confirmed_by", "confirmed_at"), "anomaly_rule": ("confirmed_by", "confirmed_at"),
        "delegation": ("confirmed_by", "confirmed_at", "revoked_by", "revoked_at", "revoked_because"),
        "batch_anomaly": (), "batch_anomaly_word": (),
        "gap_note": ("area",), "case_entry": ("area",), "claim_month": ("area",),
        "account_cooling_off": ("confirmed_by", "confirmed_at"),
        "account_change": (
            "state", "version", "confirmed_by", "confirmed_at", "in_force_on", "in_force_at", "cancelled_by", "cancelled_at",
            "cancelled_because", "told_on", "told_by", "told_how", "area",
        ),
    },
    "budget_audit": {
        "posting": (), "sp2d": (), "sp2d_row": (), "treasury_return": (), "census_count": (), "contract": (), "ceiling_version": (),
        "budget_version": (), "treasury_document": (), "treasury_document_entry": (), "source_coverage": (), "spd": (),
        "mismatch_step": (), "goods_received": (), "supply_item": (), "standard_price": (), "handover": (), "invoice": (),
        "kitchen_count": (), "staff_count": (), "movement_count": (),
        "sample": (), "sample_item": (), "sample_note": (), "bpk_step": (),
    },
    "assistive_devices": {"delivery_line": (), "movement": (), "incoming": (), "handover": ()},
}  # fmt: skip
"""Tables whose rows never change for api and worker, but for the columns that are named."""

EVERYWHERE_APPEND_ONLY: Final = ("outbox", "outbox_command", "audit_entry", "idempotency_key")

DELETABLE: Final = (
    "outbox_pending", "parked", "parked_key", "import_problem", "import_rejected", "unreconciled", "to_evaluate", "statement_open",
    "stay", "census_ask",
)  # fmt: skip
"""Queues, and what is computed anew; of everything else (staging apart) no row may go."""
