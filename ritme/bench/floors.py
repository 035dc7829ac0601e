"""The floors: the same rows by plain SQL and COPY, in a scratch database of the same server.

Tables have the keys and indexes of the product's, since rows without them are not the same work. Rows come from the input
files of the run, and from one floor to the next.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import psycopg

from ritme.bench.measured import Timeline

SCRATCH: Final = "ritme_bench_floor"

_SCHEMA: Final = """
CREATE TABLE decree_raw (nik text, name text, born text, address text, area text, programme text, cohort text, amount bigint);
CREATE TABLE account_raw (nik text, programme text, bank text, number text, holder text, card text);
CREATE TABLE result_raw (reference text, number text, amount bigint, code text, day date);
CREATE TABLE person (id uuid PRIMARY KEY, nik_index bytea UNIQUE, nik bytea, name bytea, address bytea, born bytea, area text,
    version int);
CREATE TABLE enrolment (person_id uuid, version int, programme text, status text, reason text, amount bigint, area text, cohort text,
    decree_id uuid, from_month text, to_month text, cutoff_no int, evidence text, author text, at timestamptz, PRIMARY KEY (person_id,
        version));
CREATE INDEX ON enrolment (programme, person_id, version);
CREATE TABLE outbox (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, command bigint, type smallint, key uuid, version int,
    data text);
CREATE TABLE pending (seq bigint PRIMARY KEY);
CREATE TABLE record (topic smallint, part smallint, log_offset bigint, id text, type smallint, key uuid, version int, at timestamptz,
    correlation text, causation text, data text, PRIMARY KEY (topic, part, log_offset));
CREATE TABLE history (person_id uuid, version int, programme text, status text, reason text, amount bigint, area text, cohort text,
    from_month text, to_month text, cutoff_no int, PRIMARY KEY (person_id, version));
CREATE INDEX ON history (programme, person_id, version);
CREATE TABLE applied (topic smallint, key uuid, version int, PRIMARY KEY (topic, key));
CREATE TABLE account (person_id uuid, programme text, id uuid, bank text, number bytea, holder bytea, number_index bytea, ref text,
    card boolean,
    area text, at timestamptz, PRIMARY KEY (person_id, programme));
CREATE TABLE cutoff_line (cutoff uuid, person_id uuid, status text, reason text, amount bigint, PRIMARY KEY (cutoff, person_id));
CREATE TABLE head (month text, programme text, person_id uuid, outcome text, reason text, amount bigint, area text, area_then text,
    cohort text, standing text, cause text, version int, at timestamptz, PRIMARY KEY (month, programme,
        person_id)) WITH (fillfactor = 50);
CREATE TABLE entry (month text, id bigint GENERATED ALWAYS AS IDENTITY, programme text, person_id uuid, version int, was text,
    outcome text,
    reason text, amount bigint, area text, at timestamptz, author text, cause text, evidence text, PRIMARY KEY (month, id));
CREATE TABLE payment (id uuid PRIMARY KEY, batch uuid, seq int, reference text UNIQUE, person_id uuid, programme text, amount bigint,
    bank text,
    number bytea, holder bytea, number_index bytea, ref text, account uuid, outcome text, code text, reason text, settled_on date,
        area text)
    WITH (fillfactor = 70);
CREATE INDEX ON payment (batch);
CREATE INDEX ON payment (person_id);
CREATE TABLE payment_month (payment uuid, month text, batch uuid, person_id uuid, programme text, amount bigint, ref text, live boolean,
    PRIMARY KEY (payment, month));
CREATE INDEX ON payment_month (batch);
CREATE UNIQUE INDEX ON payment_month (person_id, programme, month) WHERE live;
CREATE TABLE result (file uuid, row int, reference text, number_index bytea, amount bigint, code text, day date, state text, problem text,
    PRIMARY KEY (file, row));
CREATE TABLE gap (id uuid PRIMARY KEY, person_id uuid, programme text, month text, outcome text, reason text, area text, owner text,
    due_on date,
    state text, version int, at timestamptz, UNIQUE (person_id, programme, month));
CREATE INDEX ON gap (month, state);
"""

_ENTRY: Final = """INSERT INTO entry (month, programme, person_id, version, was, outcome, reason, amount, area, at, author, cause,
    evidence) """
_SEND: Final = """COPY (SELECT {topic}, 0, seq, 'x-' || seq, type, key, version, now(), 'correlation-of-a-command', '', data FROM outbox
                        WHERE type = {type}) TO STDOUT"""


class Floors:
    """One connection to the scratch database; every method is the floor of one step, in the order of the month."""

    def __init__(self, connection: psycopg.Connection[Any], timeline: Timeline) -> None:
        self._c = connection
        self._t = timeline

    def _sql(self, *statements: str) -> int:
        rows = 0
        with self._c.transaction():
            for one in statements:
                rows = self._c.execute(one).rowcount
        return rows

    def _copy_in(self, table: str, file: Path, skip: int) -> None:
        with self._c.transaction(), self._c.cursor() as cursor, file.open("rb") as source:
            for _ in range(skip):
                source.readline()
            with cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv, DELIMITER ';')") as copy:
                while block := source.read(1 << 18):
                    copy.write(block)

    def _hash(self, query: str) -> None:
        digest = sha256()
        with self._c.transaction(), self._c.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
            for block in copy:
                digest.update(block)

    def _carry(self, query: str) -> None:
        """From one table to another through this process, as a bus does."""
        with self._c.transaction(), self._c.cursor() as cursor, cursor.copy(query) as copy:
            blocks = [bytes(block) for block in copy]
        with self._c.transaction(), self._c.cursor() as cursor, cursor.copy("COPY record FROM STDIN") as copy:
            for start in range(0, len(blocks), 5_000):
                copy.write(b"".join(blocks[start : start + 5_000]))

    def imported(self, decree: Path) -> None:
        with self._t.floor("import"):
            self._copy_in("decree_raw", decree, 1)
            self._sql(
                """INSERT INTO person SELECT uuidv7(), sha256(nik::bytea), sha256(nik::bytea), sha256(name::bytea),
                    sha256(address::bytea),
                          sha256(born::bytea), area, 1 FROM decree_raw""",
                """INSERT INTO enrolment SELECT p.id, 1, d.programme, 'active', '', d.amount, d.area, d.cohort, p.id, '2025-09',
                    '2025-12', 1,
                          'decree', 'operator2', now() FROM decree_raw d JOIN person p ON p.nik_index = sha256(d.nik::bytea)""",
                """WITH new AS (INSERT INTO outbox (command, type, key, version, data)
                          SELECT 1, 101, person_id, version, json_build_object('programme', programme, 'decree_id', decree_id,
                              'cohort', cohort,
                                 'area', area, 'amount', amount, 'reason', reason, 'from_month', from_month, 'to_month', to_month,
                                 'cutoff_no', cutoff_no)::text FROM enrolment RETURNING seq) INSERT INTO pending SELECT seq FROM new""",
            )
        self._sql("ANALYZE")

    def accounts(self, accounts: Path) -> None:
        with self._t.floor("import: accounts"):
            self._copy_in("account_raw", accounts, 1)
            self._sql(
                """INSERT INTO account SELECT p.id, a.programme, uuidv7(), a.bank, sha256(a.number::bytea), sha256(a.holder::bytea),
                          sha256(a.number::bytea), left(encode(sha256((a.number || a.holder)::bytea), 'hex'), 32), a.card = 'ya',
                              p.area, now()
                     FROM account_raw a JOIN person p ON p.nik_index = sha256(a.nik::bytea)"""
            )

    def relayed(self) -> None:
        with self._t.floor("relay"):
            self._carry(_SEND.format(topic=1, type=101))
            self._sql("DELETE FROM pending")

    def consumed(self) -> None:
        with self._t.floor("consume"):
            self._sql(
                """INSERT INTO history SELECT r.key, r.version, d.programme, 'active', d.reason, d.amount, d.area, d.cohort, d.from_month,
                          d.to_month, d.cutoff_no
                     FROM record r, json_to_record(r.data::json) AS d(programme text, reason text, amount bigint, area text, cohort text,
                          from_month text, to_month text, cutoff_no int) WHERE r.topic = 1""",
                "INSERT INTO applied SELECT topic, key, version FROM record WHERE topic = 1",
            )
        self._sql("ANALYZE history")

    def sealed(self) -> None:
        with self._t.floor("seal"):
            self._sql(
                """INSERT INTO cutoff_line SELECT DISTINCT ON (person_id) '00000000-0000-0000-0000-000000000000'::uuid, person_id,
                    status, reason,
                          amount FROM enrolment WHERE cutoff_no <= 1 AND from_month <= '2025-09' AND to_month >= '2025-09'
                    ORDER BY person_id, version DESC"""
            )
            self._hash("SELECT person_id, status, reason, amount FROM cutoff_line ORDER BY person_id")

    def opened(self) -> None:
        with self._t.floor("open"):
            self._hash("SELECT DISTINCT ON (person_id) person_id, status, reason, amount FROM history ORDER BY person_id, version DESC")
            self._sql(
                """INSERT INTO head SELECT '2025-09', programme, person_id, 'due', '', amount, area, area, cohort, '', 'opened', 1, now()
                     FROM history ORDER BY person_id""",
                _ENTRY
                + """SELECT '2025-09', programme, person_id, 1, '', 'due', '', amount, area, now(), 'operator', 'opened', 'cutoff'
                     FROM history ORDER BY person_id""",
            )
        self._sql("ANALYZE head")

    def listed(self) -> None:
        with self._t.floor("list and hash"):
            self._sql(
                """INSERT INTO payment SELECT uuidv7(), '00000000-0000-0000-0000-000000000001'::uuid, n,
                    '2025-09-M01-' || lpad(n::text, 6, '0'),
                          person_id, programme, amount, bank, number, holder, number_index, ref, id, 'prepared', '', '', NULL, area
                     FROM (SELECT row_number() OVER (ORDER BY h.person_id) AS n, h.person_id, h.programme, h.amount, h.area, k.bank,
                         k.number,
                                  k.holder, k.number_index, k.ref, k.id
                             FROM head h JOIN account k USING (person_id, programme) WHERE k.card AND h.outcome = 'due') AS t""",
                """INSERT INTO payment_month SELECT id, '2025-09', batch, person_id, programme, amount, ref, true FROM payment""",
            )
            for _signature in ("submit", "check", "approve"):
                self._hash("SELECT person_id, programme, month, amount, ref FROM payment_month ORDER BY person_id, programme, month")
        self._sql("ANALYZE payment, payment_month")

    def filed(self, target: Path) -> None:
        move = """UPDATE head h SET outcome = 'in_payment', version = h.version + 1, at = now() FROM payment_month a
                   WHERE h.month = a.month AND h.programme = a.programme AND h.person_id = a.person_id"""
        entries = """SELECT a.month, a.programme, a.person_id, 2, 'due', 'in_payment', '', a.amount, '31', now(), 'releaser', 'batch',
            'reference'
                       FROM payment_month a"""
        with self._t.floor("file"):
            self._hash("SELECT person_id, programme, month, amount, ref FROM payment_month ORDER BY person_id, programme, month")
            self._sql(move, _ENTRY + entries, "UPDATE payment SET outcome = 'in_payment'")
            with (
                target.open("wb") as out, self._c.transaction(), self._c.cursor() as cursor,
                cursor.copy("COPY (SELECT reference, bank, number, holder, amount FROM payment ORDER BY seq) TO STDOUT") as copy,
            ):  # fmt: skip
                for block in copy:
                    out.write(block)

    def answered(self, results: Path) -> None:
        done = "r.reference = p.reference AND r.code = '00'"
        with self._t.floor("results"):
            self._copy_in("result_raw", results, 2)
            self._sql(
                """INSERT INTO result SELECT '00000000-0000-0000-0000-000000000002'::uuid, row_number() OVER (), reference,
                    sha256(number::bytea),
                          amount, code, day, CASE code WHEN '00' THEN 'applied' ELSE 'rejected' END, '' FROM result_raw""",
                f"""UPDATE head h SET outcome = CASE WHEN {done} THEN 'paid' ELSE 'missed' END, version = h.version + 1, at = now()
                      FROM result r JOIN payment p ON p.reference = r.reference
                     WHERE h.month = '2025-09' AND h.programme = p.programme AND h.person_id = p.person_id""",
                _ENTRY
                + """SELECT '2025-09', p.programme, p.person_id, 3, 'in_payment', CASE r.code WHEN '00' THEN 'paid' ELSE 'missed' END, '',
                          p.amount, p.area, now(), 'operator', 'batch', 'result'
                              FROM result r JOIN payment p ON p.reference = r.reference""",
                """UPDATE payment p SET outcome = CASE r.code WHEN '00' THEN 'credited' ELSE 'rejected' END, code = r.code,
                    settled_on = r.day
                     FROM result r WHERE r.reference = p.reference""",
            )

    def gapped(self) -> None:
        with self._t.floor("gaps"):
            self._sql(
                _ENTRY
                + """SELECT month, programme, person_id, version + 1, outcome, 'missed', 'x', amount, area, now(), 'sweep', 'batch', ''
                     FROM head WHERE outcome IN ('due', 'in_payment')""",
                """UPDATE head SET outcome = 'missed', reason = 'x', version = version + 1, at = now() WHERE outcome IN ('due',
                    'in_payment')""",
                """INSERT INTO gap SELECT uuidv7(), person_id, programme, month, outcome, reason, area, 'office', '2025-10-01', 'open',
                    1, now()
                     FROM head WHERE outcome = 'missed'""",
                """WITH new AS (INSERT INTO outbox (command, type, key, version, data) SELECT 2, 221, id, 1, json_build_object(
                          'person_id', person_id, 'programme', programme, 'month', month, 'outcome', outcome, 'reason', reason, 'area',
                              area,
                          'owner', owner, 'due_on', due_on)::text FROM gap RETURNING seq) INSERT INTO pending SELECT seq FROM new""",
            )
            self._carry(_SEND.format(topic=13, type=221))
            self._sql("DELETE FROM pending")

    def verified(self) -> None:
        """Every row once, by the database itself: what any proof must at least look at."""
        with self._t.floor("verify"):
            for table in (
                "enrolment",
                "outbox",
                "record",
                "history",
                "applied",
                "cutoff_line",
                "head",
                "entry",
                "payment",
                "payment_month",
                "result",
                "gap",
            ):
                self._sql(f"SELECT count(*), bit_xor(hashtextextended(t::text, 0)) FROM {table} AS t")


@contextmanager
def open_floors(superuser: str, timeline: Timeline) -> Iterator[Floors]:
    """A scratch database, gone afterwards."""
    server = superuser.replace("+psycopg", "", 1)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {SCRATCH} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {SCRATCH} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
        try:
            with psycopg.connect(server, dbname=SCRATCH, autocommit=True) as connection:
                connection.execute(_SCHEMA)
                yield Floors(connection, timeline)
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {SCRATCH} WITH (FORCE)")


def bytes_of_instance(superuser: str) -> int:
    """On disk, of all databases of the product."""
    with psycopg.connect(superuser.replace("+psycopg", "", 1)) as admin:
        row = admin.execute(
            """SELECT coalesce(sum(pg_database_size(oid)), 0)::bigint FROM pg_database WHERE datname LIKE 'ritme!_%%' ESCAPE '!'
                AND datname <> %s""",
            (SCRATCH,),
        ).fetchone()
    return int(row[0]) if row else 0


def rows_of(file: Path, skip: int) -> int:
    with file.open(encoding="utf-8", newline="") as source:
        return sum(1 for _ in csv.reader(source, delimiter=";")) - skip
