"""``ritme verify`` finds nothing on a whole month, and finds each promise when it is broken behind the doors' back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from ritme.instance import stop, throw_away_instance
from ritme.replay.run import replay
from ritme.start import verify_addresses
from ritme.terminal import Terminal
from ritme.verify import CHECKS, run
from ritme.verify.agreed import TOPICS
from shared.db.embedded_postgres import EmbeddedPostgres
from shared.settings import Settings
from tests.support.commands import Ritme

pytestmark = pytest.mark.slow


@dataclass
class Told:
    """A month that was lived through; nobody works on it any more."""

    addresses: Mapping[str, str]
    data: Path
    superuser: str

    def sql(self, service: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.superuser.replace("+psycopg", ""), dbname=f"ritme_{service}", autocommit=True)


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    with throw_away_instance() as instance:
        assert replay(Terminal(url=instance.url, json=True), "cengkareng-2025-09") == 0
        postgres = EmbeddedPostgres(instance.data, durable=False)
        with postgres:
            stop(instance.serve)
            Ritme(instance).work()  # what the worker had still to do, such as handing the file over
            settings = Settings(data=instance.data, durable=False)
            yield Told(verify_addresses(settings, postgres), instance.data, postgres.superuser_address())


def test_a_whole_month_keeps_every_promise(told: Told) -> None:
    report = run(told.addresses, told.data)
    assert {one.number: one.found for one in report.invariants if not one.ok} == {}
    assert report.quiesced
    assert report.left_out == []
    assert [one.number for one in report.invariants] == [check.number for check in CHECKS]
    # An invariant that looked at nothing has proved nothing; no device is in this story.
    assert {one.number for one in report.invariants if one.checked == 0} == {15}


def test_a_report_is_json_and_names_no_more_than_twenty(told: Told) -> None:
    with told.sql("disbursement") as connection:
        saved = _save(connection, "entitlement_month")
        connection.execute("UPDATE entitlement_month SET amount = amount - 1")
    try:
        (line,) = run(told.addresses, told.data, only=[1]).as_json()["invariants"]
        assert line["wrong"] == 796 + 6
        assert len(line["found"]) == 20
        assert not line["ok"]
    finally:
        with told.sql("disbursement") as connection:
            _restore(connection, saved)


ONE_PAID = "(SELECT id FROM payment WHERE outcome = 'credited' ORDER BY id LIMIT 1)"
ONE_PERSON = "(SELECT person_id FROM enrolment_history ORDER BY person_id LIMIT 1)"
D, B, M, A = "disbursement", "beneficiary", "budget_audit", "assistive_devices"

BROKEN: list[tuple[int, str, str, str]] = [
    # number, service, tables that are put back, what is done
    (1, D, "payment_month", f"UPDATE payment_month SET amount = 2 * amount WHERE payment_id = {ONE_PAID}"),
    (1, D, "payment", "UPDATE payment SET outcome = 'credited' WHERE outcome = 'rejected'"),
    (1, D, "entitlement_month", "UPDATE entitlement_month SET outcome = 'paid', reason = '' WHERE outcome = 'unknown'"),
    (2, D, "payment", f"UPDATE payment SET amount = amount + 1 WHERE id = {ONE_PAID}"),
    (3, D, "payment_month", f"UPDATE payment_month SET live = false WHERE payment_id = {ONE_PAID}"),
    (3, D, "batch", "UPDATE batch SET state = 'withdrawn'"),
    (4, B, "cutoff_line", "DELETE FROM cutoff_line WHERE person_id = (SELECT min(person_id::text)::uuid FROM cutoff_line)"),
    (4, B, "cutoff_line", "UPDATE cutoff_line SET status = 'active', reason = '' WHERE status = 'suspended'"),
    (4, D, "seal", "UPDATE seal SET hash = repeat('0', 64) WHERE programme = 'KLJ'"),
    (4, D, "enrolment_history", f"UPDATE enrolment_history SET amount = amount + 1 WHERE person_id = {ONE_PERSON}"),
    (4, D, "entitlement_month", f"DELETE FROM entitlement_month WHERE person_id = {ONE_PERSON}"),
    (4, D, "entitlement_month", "UPDATE entitlement_month SET outcome = 'due', reason = '' WHERE outcome = 'missed'"),
    (4, D, "gap", "DELETE FROM gap WHERE reason = 'awaiting_bank'"),
    (4, D, "gap", "UPDATE gap SET owner = '' WHERE reason = 'awaiting_bank'"),
    (5, D, "bank_file", "UPDATE bank_file SET entry_hash = entry_hash + 1"),
    (5, D, "batch", "UPDATE batch SET sum = sum + 1"),
    (6, D, "payment", "UPDATE payment SET outcome = 'prepared' WHERE outcome = 'unknown'"),
    (6, D, "result_file", "UPDATE result_file SET quarantined = quarantined + 1"),
    (7, D, "batch_signature", ("INSERT INTO batch_signature (batch_id, step, person, at, list_hash, void) "
        "SELECT batch_id, 'check', person, at, list_hash, true FROM batch_signature WHERE step = 'release'")),
    (7, D, "batch_signature", "UPDATE batch_signature SET person = 'reaction/sweep' WHERE step = 'release'"),
    (7, B, "import_file", "UPDATE import_file SET committed_by = uploaded_by WHERE kind = 'decree'"),
    (7, D, "quarantine_decision", ("INSERT INTO quarantine_decision (file_id, row, decision, reference, code, evidence, state, asked_by, "
        "asked_at, decided_by) SELECT id, 1, 'accept', '', '', 'x', 'done', 'operator', now(), 'operator' FROM result_file")),
    (7, D, "holding_disposal", ("INSERT INTO holding_disposal (year, batch, programme, amount, way, document, state, asked_by, asked_at, "
        "decided_by) VALUES (2025, 'x', 'KLJ', 1, 'carried', 'x', 'confirmed', 'treasurer', now(), 'treasurer')")),
    (8, D, "batch_signature", "UPDATE batch_signature SET list_hash = repeat('0', 64) WHERE step = 'check'"),
    (8, D, "batch_signature", "UPDATE batch_signature SET void = true WHERE step = 'approve'"),
    (8, D, "payment_month", f"UPDATE payment_month SET account_ref = repeat('0', 32) WHERE payment_id = {ONE_PAID}"),
    (9, D, "entitlement_entry", "DELETE FROM entitlement_entry WHERE version = 2 AND outcome = 'in_payment'"),
    (9, D, "entitlement_entry", "UPDATE entitlement_entry SET outcome = 'held', reason = 'x' WHERE outcome = 'in_payment'"),
    (9, D, "entitlement_entry", "UPDATE entitlement_entry SET reason = 'x' WHERE outcome = 'unknown'"),
    (9, D, "entitlement_month", f"UPDATE entitlement_month SET version = version + 1 WHERE person_id = {ONE_PERSON}"),
    (9, D, "payment", "UPDATE payment SET outcome = 'returned' WHERE outcome = 'rejected'"),
    (10, D, "result_row", ("INSERT INTO result_row SELECT file_id, row + 5000, reference, number_index, amount, code, settled_on, state, "
        "problem "
        "FROM result_row WHERE row = (SELECT min(row) FROM result_row)")),
    (10, D, "result_row", "UPDATE result_row SET amount = amount + 1 WHERE row = (SELECT min(row) FROM result_row)"),
    (10, D, "result_row", "UPDATE result_row SET number_index = '\\x00' WHERE row = (SELECT min(row) FROM result_row)"),
    (11, D, "payment_month", f"""UPDATE payment_month SET (person_id, programme, month, live) =
        (SELECT a.person_id, a.programme, a.month, false FROM payment_month a JOIN payment p ON p.id = a.payment_id
          WHERE p.outcome = 'unknown' ORDER BY p.id LIMIT 1)
        WHERE payment_id = {ONE_PAID} AND month = '2025-09'"""),
    (12, M, "posting", "UPDATE posting SET amount = amount + 1 WHERE id = (SELECT min(id) FROM posting)"),
    (12, M, "sp2d_row", "DELETE FROM sp2d_row WHERE programme = 'KAJ'"),
    (12, D, "posting", "UPDATE posting SET amount = amount + 1 WHERE id = (SELECT min(id) FROM posting)"),
    (12, D, "posting", "DELETE FROM posting WHERE kind = 'credit'"),
    (12, D, "posting", "UPDATE posting SET payment_id = NULL WHERE id = (SELECT min(id) FROM posting WHERE payment_id IS NOT NULL)"),
    (12, D, "batch_sts", "INSERT INTO batch_sts SELECT uuidv7(), id, 'KLJ', 1, 'STS-9', '2025-10-01' FROM batch"),
    (12, D, "statement", "INSERT INTO statement VALUES (uuidv7(), '1', '2025-09-01', '2025-09-02', 0, 5, 0, 'x', now())"),
    (12, D, "closed_day", "INSERT INTO closed_day VALUES ('2025-09-30', 1, 1, '[]', 'x', now())"),
    (13, M, "budget_line", "UPDATE budget_line SET realised = realised - 1 WHERE programme = 'KLJ'"),
    (13, M, "ceiling_version", "UPDATE ceiling_version SET ceiling = ceiling - 1"),
    (13, M, "budget_line", "UPDATE budget_line SET ceiling = 1, uncovered = reserved + realised - returned - 1 WHERE programme = 'KLJ'"),
    (14, M, "batch_money", "UPDATE batch_money SET credited = credited - 1, not_credited = not_credited + 1"),
    (14, M, "batch_money", "UPDATE batch_money SET not_credited = not_credited + 1"),
    (14, M, "sp2d_row", "UPDATE sp2d_row SET amount = amount + 1"),
    (15, A, "device", "INSERT INTO device VALUES (uuidv7(), 'X1', true, 'wheelchair', 'p', uuidv7(), '2025-09-01', 1, 'free', NULL, 0)"),
    (16, B, "outbox", "DELETE FROM outbox WHERE seq = (SELECT min(seq) FROM outbox WHERE type = 101)"),
    (16, B, "person", "UPDATE person SET version = version + 1 WHERE id = (SELECT min(id::text)::uuid FROM person)"),
    (16, D, "outbox", ("INSERT INTO outbox (command_id, type, key, version, data) SELECT command_id, type, key, version, data "
        "FROM outbox WHERE seq = (SELECT min(seq) FROM outbox)")),
    (16, M, "mismatch", ("INSERT INTO mismatch VALUES (uuidv7(), 'c', 's', 'p', 'r', 'detected', 1, 1, 0, 1, 1, 0, '', '[]', '[]', 'o', "
        "'2025-09-01', '', now())")),
    (17, "bus", "bus_record", "DELETE FROM bus_record WHERE log_offset = 3 AND topic = 1 AND partition = 0"),
    (17, "bus", "bus_record", "UPDATE bus_record SET data = replace(data, '300000', '300001') WHERE log_offset = 3 AND topic = 1"),
    (17, "bus", "bus_record", "UPDATE bus_record SET id = id || '0' WHERE log_offset = 3 AND topic = 1 AND partition = 0"),
    (17, B, "outbox", "DELETE FROM outbox WHERE seq = (SELECT min(seq) FROM outbox WHERE type = 101)"),
    (18, D, "consumer_position", "UPDATE consumer_position SET next_offset = next_offset + 5 WHERE topic = 'beneficiary.person'"),
    (18, D, "applied_version", f"UPDATE applied_version SET version = version + 1 WHERE key = {ONE_PERSON}"),
    (18, D, "applied_version", f"DELETE FROM applied_version WHERE key = {ONE_PERSON}"),
    (18, D, "applied_version", f"DELETE FROM applied_version WHERE topic = {TOPICS['disbursement.month'][0]}"),  # of its own events
    (18, D, "parked", ("INSERT INTO parked (topic, partition, log_offset, event_id, type, key, version, at, correlation_id, causation_id, "
        "data) "
        f"SELECT 'beneficiary.person', 0, 0, 'x', 101, person_id, 1, now(), '', '', '' FROM (SELECT {ONE_PERSON} AS person_id) AS p")),
    (19, D, "enrolment_history", f"UPDATE enrolment_history SET person_version = 7 WHERE person_id = {ONE_PERSON}"),
    (20, D, "enrolment_history", f"UPDATE enrolment_history SET reason = 'x' WHERE person_id = {ONE_PERSON}"),
    (20, D, "enrolment_history", f"DELETE FROM enrolment_history WHERE person_id = {ONE_PERSON}"),
    (20, D, "seal", "UPDATE seal SET quota = quota + 1"),
    (20, D, "batch_funding", "UPDATE batch_funding SET amount = amount + 1"),
    (24, B, "audit_entry", "UPDATE audit_entry SET count = count + 1 WHERE seq = 2"),
    (24, B, "audit_entry", "DELETE FROM audit_entry WHERE seq = 2"),
    (24, D, "audit_entry", "UPDATE audit_entry SET person = 'nobody' WHERE seq = 1"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "service", "table", "broken"), BROKEN, ids=[f"{n}-{t}-{i}" for i, (n, _, t, _) in enumerate(BROKEN)])
def test_what_was_changed_behind_the_doors_is_found(told: Told, number: int, service: str, table: str, broken: str) -> None:
    with told.sql(service) as connection:
        saved = _save(connection, table)
        assert connection.execute(broken).rowcount > 0
    try:
        (line,) = run(told.addresses, told.data, only=[number]).invariants
        assert line.wrong > 0
        assert line.found
    finally:
        with told.sql(service) as connection:
            _restore(connection, saved)
    (line,) = run(told.addresses, told.data, only=[number]).invariants
    assert line.found == [], "the test did not put things back"


def _save(connection: psycopg.Connection[tuple[object, ...]], table: str) -> str:
    connection.execute(f"CREATE TABLE public.saved AS TABLE {table}")
    return table


def _restore(connection: psycopg.Connection[tuple[object, ...]], table: str) -> None:
    connection.execute(f"DELETE FROM {table}")
    connection.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE public.saved")
    connection.execute("DROP TABLE public.saved")


LOOSENED: list[tuple[int, str, str, str]] = [
    (2, D, "DROP INDEX uq_payment_month_live_person_id_programme_month",
        "CREATE UNIQUE INDEX uq_payment_month_live_person_id_programme_month ON payment_month (person_id, programme, month) WHERE live"),
    (12, D, "GRANT UPDATE ON entitlement_entry TO disbursement_api", "REVOKE UPDATE ON entitlement_entry FROM disbursement_api"),
    (12, D, "GRANT UPDATE (amount) ON result_row TO disbursement_worker", "REVOKE UPDATE (amount) ON result_row FROM disbursement_worker"),
    (12, D, "GRANT DELETE ON payment TO disbursement_worker", "REVOKE DELETE ON payment FROM disbursement_worker"),
    (12, B, "GRANT UPDATE ON outbox TO beneficiary_api", "REVOKE UPDATE ON outbox FROM beneficiary_api"),
    (12, D, "GRANT USAGE ON SCHEMA part TO disbursement_api; GRANT SELECT ON part.entitlement_month_2025_09 TO disbursement_api",
        "REVOKE USAGE ON SCHEMA part FROM disbursement_api; REVOKE SELECT ON part.entitlement_month_2025_09 FROM disbursement_api"),
    (12, M, "ALTER TABLE sp2d_row ALTER amount TYPE numeric", "ALTER TABLE sp2d_row ALTER amount TYPE bigint"),
    (22, D, "ALTER TABLE account NO FORCE ROW LEVEL SECURITY", "ALTER TABLE account FORCE ROW LEVEL SECURITY"),
    (22, B, "ALTER TABLE person DISABLE ROW LEVEL SECURITY", "ALTER TABLE person ENABLE ROW LEVEL SECURITY"),
    (22, D, "CREATE POLICY open ON gap TO disbursement_api USING (true)", "DROP POLICY open ON gap"),
    (22, D, "CREATE TABLE public.copied (person_id uuid, area text)", "DROP TABLE public.copied"),
    (22, D, "CREATE VIEW everybody AS TABLE payment; GRANT SELECT ON everybody TO disbursement_api", "DROP VIEW everybody"),
    (22, A, "ALTER ROLE assistive_devices_api BYPASSRLS", "ALTER ROLE assistive_devices_api NOBYPASSRLS"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "service", "loosened", "fastened"), LOOSENED, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(LOOSENED)])
def test_a_guard_that_was_taken_away_is_found(told: Told, number: int, service: str, loosened: str, fastened: str) -> None:
    with told.sql(service) as connection:
        connection.execute(loosened)
    try:
        (line,) = run(told.addresses, told.data, only=[number]).invariants
        assert line.wrong > 0
    finally:
        with told.sql(service) as connection:
            connection.execute(fastened)
    (line,) = run(told.addresses, told.data, only=[number]).invariants
    assert line.found == [], "the test did not put things back"


def test_a_bank_file_that_was_touched_is_found(told: Told) -> None:
    (path,) = (told.data / "bank" / "out").glob("*.csv")
    sent = path.read_bytes()
    try:
        path.write_bytes(sent.replace(b";300000\r\n", b";300001\r\n", 1))
        (line,) = run(told.addresses, told.data, only=[5]).invariants
        assert any("other bytes" in text for text in line.found)
        path.unlink()
        (line,) = run(told.addresses, told.data, only=[5]).invariants
        assert any("not there" in text for text in line.found)
    finally:
        path.write_bytes(sent)


def test_what_waits_is_said_and_is_no_breach(told: Told) -> None:
    """An event on its way is not lost."""
    with told.sql(B) as connection:
        connection.execute("INSERT INTO outbox_pending SELECT min(seq) FROM outbox")
    try:
        report = run(told.addresses, told.data)
        assert not report.quiesced
        assert any("wait to be sent" in text for text in report.left_out)
        assert report.ok
    finally:
        with told.sql(B) as connection:
            connection.execute("DELETE FROM outbox_pending")
