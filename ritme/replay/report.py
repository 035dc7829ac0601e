"""What the services answer at the end of a story: the JSON object of the issue, key by key."""

from __future__ import annotations

from typing import Any, Final

from ritme.client import Json
from ritme.commands import SERVICES
from ritme.replay.drive import Office

EQUATION: Final = ("entitled", "due", "in_payment", "unknown", "paid", "held", "missed", "excluded", "holds")
MONEY: Final = ("sp2d", "credited", "returned", "holding", "balanced")
MISMATCH: Final = ("code", "expected", "actual", "difference", "state")


def month_report(office: Office, month: str) -> tuple[Json, Json]:
    """The month as its services tell it, and what is checked beside the object."""
    doors = office.as_("leader")
    equation = doors.get(f"/disbursement/months/{month}/equation")
    seal = doors.get(f"/beneficiary/months/{month}/seal")
    gaps = doors.get("/disbursement/gaps", month=month, limit=0)
    money = doors.get(f"/budget_audit/months/{month}/money")
    at_the_bank = doors.get(f"/disbursement/months/{month}/money")
    report: dict[str, Any] = {
        "quota": equation["quota"],
        "named": sum(one["count"] for one in seal["programmes"]),
        "vacant": equation["vacant"],
        "equation": {key: equation[key] for key in EQUATION},
        "paid_amount": equation["paid_amount"],
        "paid_by_programme": equation["paid_by_programme"],
        "paid_by_cohort": equation["paid_by_cohort"],
        "unpaid_by_reason": equation["unpaid_by_reason"],
        "gaps": {key: gaps[key] for key in ("open", "without_owner", "without_due_date")},
        "seal": {"beneficiary": seal["hash"], "disbursement": equation["seal"]["disbursement"]},
        "money": {key: money[key] for key in MONEY},
        "mismatches": mismatches(office, int(month[:4])),
    }
    beside = {
        "seal": {"count": report["named"], "sum": sum(one["sum"] for one in seal["programmes"])},
        "seals_agree": bool(seal["hash"]) and report["seal"]["beneficiary"] == report["seal"]["disbursement"],
        "books_agree": all(money[key] == at_the_bank[key] for key in MONEY),
        "parked": gaps["parked"],
    }
    return report, beside


def mismatches(office: Office, year: int) -> list[Json]:
    """All of the year, in whatever state."""
    found = office.as_("auditor").get("/budget_audit/mismatches", year=year)["items"]
    return [{key: one[key] for key in MISMATCH} for one in found]


def parked(office: Office) -> int:
    """Keys that stand still, in any service."""
    return sum(len(office.as_("operator").get(f"/{service}/status")["parked"]) for service in SERVICES)
