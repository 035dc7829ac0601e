"""What the database itself forbids: whoever gets past the code still meets these."""

from __future__ import annotations

import psycopg
import pytest

from services.disbursement.main import service
from shared.db import migrate
from tests.service.disbursement.desk import AREA, Desk, person

MONTH = "2025-09"


def connect(desk: Desk, role: str, areas: str = "31.%") -> psycopg.Connection[tuple[object, ...]]:
    address = desk.postgres.address("ritme_disbursement", f"disbursement_{role}").replace("+psycopg", "")
    connection = psycopg.connect(address, autocommit=True)
    connection.execute("SELECT set_config('app.areas', %s, false)", (areas,))
    return connection


async def one_head(desk: Desk) -> None:
    desk.beneficiary.activate(person(1))
    desk.beneficiary.seal()
    await desk.told()
    assert (await desk.as_("operator").post(f"/months/{MONTH}/opening")).status_code == 200


async def test_tables_and_migrations_say_the_same(desk: Desk) -> None:
    migrate.check(desk.postgres.address("ritme_disbursement", "disbursement_owner"), service.migrations, service.metadata)


FORBIDDEN = (
    "UPDATE entitlement_entry SET outcome = 'paid'",
    "DELETE FROM entitlement_entry",
    "DELETE FROM entitlement_month",
    "UPDATE entitlement_month SET amount = 1",
    "UPDATE entitlement_month SET person_id = uuidv7()",
    "UPDATE enrolment_history SET status = 'active'",
    "UPDATE seal SET hash = ''",
    "UPDATE payment SET amount = 1",
    "UPDATE payment_month SET person_id = uuidv7()",
    "UPDATE result_row SET code = '00'",
    "UPDATE outbox SET data = ''",
    "UPDATE audit_entry SET person = 'x'",
    "SELECT * FROM part.entitlement_month_2025_09",
    "DROP TABLE seal",
)


async def test_no_role_of_the_service_rewrites_history(desk: Desk) -> None:
    await one_head(desk)
    allowed = []
    for role in ("api", "worker"):
        with connect(desk, role) as connection:
            for statement in FORBIDDEN:
                try:
                    connection.execute(statement)
                except psycopg.errors.InsufficientPrivilege:
                    continue
                allowed.append((role, statement))
    assert allowed == []


async def test_an_outcome_that_is_none_is_refused(desk: Desk) -> None:
    await one_head(desk)
    with connect(desk, "worker") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE entitlement_month SET outcome = 'lost'")


async def test_the_same_person_month_stands_once(desk: Desk) -> None:
    await one_head(desk)
    with connect(desk, "worker") as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(
            """INSERT INTO entitlement_month (month, programme, person_id, outcome, amount, area, area_at_cutoff, cohort, cause, changed_at)
               SELECT month, programme, person_id, 'due', amount, area, area, cohort, 'again', now() FROM entitlement_month"""
        )


async def test_no_area_shows_nothing_and_another_area_hides(desk: Desk) -> None:
    await one_head(desk)
    for areas, seen in (("", 0), ("31.74.%", 0), ("31.71.%", 1), (f"{AREA}.%", 1), ("31.%", 1), ("3.%", 0)):
        with connect(desk, "api", areas) as connection:
            for table in ("entitlement_month", "entitlement_entry", "enrolment_history"):
                assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (seen,), (areas, table)


async def test_nobody_writes_a_row_of_another_area(desk: Desk) -> None:
    await one_head(desk)
    with connect(desk, "api", "31.71.%") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE entitlement_month SET area = '31.74.01.1001'")


async def test_verify_reads_everything_and_changes_nothing(desk: Desk) -> None:
    await one_head(desk)
    with connect(desk, "verify", "") as connection:
        assert connection.execute("SELECT count(*) FROM entitlement_month").fetchone() == (1,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("UPDATE entitlement_month SET outcome = 'paid'")


async def test_a_month_is_made_once_by_rivals_and_only_if_it_is_one(desk: Desk) -> None:
    with connect(desk, "api") as first, connect(desk, "worker") as second:
        first.execute("SELECT ensure_month('2026-01')")
        second.execute("SELECT ensure_month('2026-01')")
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            first.execute("SELECT ensure_month('2026-13')")
    parents = ["entitlement_month", "entitlement_entry"]
    children = desk.sql("SELECT count(*) FROM pg_inherits WHERE inhparent::regclass::text = ANY(%s)", parents)
    assert children == [(2,)]
