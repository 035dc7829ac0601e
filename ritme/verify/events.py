"""Events: said once, carried whole, heard in order, understood the same (invariants 16 to 20)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from ritme.verify.agreed import READS, TOPICS, TYPES
from ritme.verify.looking import counted, differences, every, side_by_side
from ritme.verify.report import Invariant
from ritme.verify.snapshots import BUS, Snapshot, Sources, ends_of

Sum = tuple[int, int]
"""How many rows, and the XOR of their 64-bit hashes: equal sums, equal sets. Only where they differ are rows compared one by one."""


def _sum(where: Snapshot, rows: str, params: dict[str, Any] | None = None) -> Sum:
    """``rows`` yields one bigint ``h`` per row."""
    count, xor = where.row(f"SELECT count(*), coalesce(bit_xor(h), 0) FROM ({rows}) AS t", params)
    return count, xor


def _topic_of(column: str) -> str:
    """SQL: the topic's number of an event type's number."""
    cases = " ".join(f"WHEN {column} IN ({', '.join(map(str, TYPES[name]))}) THEN {number}" for name, (number, _) in TOPICS.items())
    return f"CASE {cases} ELSE 0 END"


# --- 16: state and outbox ---------------------------------------------------------------------------------------------

_HEADS: Final = {
    "beneficiary": """
        SELECT 1 AS topic, id AS key, version FROM person UNION ALL SELECT 2, id, stream_version FROM programme
        UNION ALL SELECT 3, id, stream_version FROM panti""",
    "disbursement": """
        SELECT 11 AS topic, id AS key, version FROM programme_month UNION ALL SELECT 11, id, version FROM batch
        UNION ALL SELECT 13, id, version FROM gap
        UNION ALL SELECT 14, id, version FROM case_file UNION ALL SELECT 15, id, 1 FROM step_notice
        UNION ALL SELECT 16, key, version FROM (SELECT key, max(version) AS version FROM outbox WHERE type = 243 GROUP BY key) AS holidays
        UNION ALL SELECT 17, id, version FROM account_change
        UNION ALL SELECT 12, id, 1 FROM payment WHERE outcome IN ('rejected', 'returned')""",
    "budget_audit": """
        SELECT 21 AS topic, id AS key, reservation_version AS version FROM batch
        UNION ALL SELECT 22, sp2d_id, max(version) FROM sp2d_row GROUP BY sp2d_id UNION ALL SELECT 22, id, 1 FROM treasury_return
        UNION ALL SELECT 23, id, version FROM mismatch
        UNION ALL SELECT 24, year_id, max(event_version) FROM budget_version WHERE event_version > 0 GROUP BY year_id
        UNION ALL SELECT 25, id, 1 FROM year_audit
        UNION ALL SELECT 25, id, 1 FROM detector_setting WHERE state = 'confirmed'
        UNION ALL SELECT 25, key, max(version) FROM outbox WHERE type = 341 GROUP BY key""",
    "assistive_devices": """
        SELECT 31 AS topic, id AS key, version FROM delivery
        UNION ALL SELECT 31, id, version FROM device WHERE state = 'handed_over'
        UNION ALL SELECT 32, key, version FROM (
                  SELECT key, max(version) AS version FROM outbox WHERE type IN (411, 412) GROUP BY key) AS risk""",
}

_SAID: Final = f"""
    SELECT topic, key, count(*) AS versions, max(version) AS version, sum(n) AS rows FROM (
        SELECT {_topic_of("type")} AS topic, key, version, count(*) AS n FROM outbox GROUP BY 1, 2, 3) AS v
     GROUP BY topic, key"""


def every_version_once(look: Sources, line: Invariant) -> None:
    """Versions 1..n of every aggregate, each in one outbox row, n being where the aggregate stands."""
    for service in look.services:
        if not service.has("outbox"):
            continue
        line.checked += service.number("SELECT count(*) FROM outbox")
        heads = _HEADS.get(service.name)
        beside = f"FULL JOIN (SELECT * FROM ({heads}) AS a WHERE version > 0) AS h USING (topic, key)" if heads else ""
        standing = "h.version" if heads else "s.version"
        every(
            line,
            service,
            f"""SELECT concat_ws(' ', '{service.name}', 'topic', topic, 'key', key || ':', coalesce(s.rows, 0), 'outbox rows,
                versions up to',
                                 coalesce(s.version, 0), 'aggregate at', {standing})
                  FROM ({_SAID}) AS s {beside}
                 WHERE s.version IS DISTINCT FROM {standing} OR s.versions <> s.version OR s.rows <> s.versions OR topic = 0""",
        )
    if "beneficiary" in look:
        _enrolments(look["beneficiary"], line)
    if "assistive_devices" in look:
        # Their key is a hash of kind and place, which SQL cannot compute: so in sum.
        every(
            line,
            look["assistive_devices"],
            """SELECT concat_ws(' ', 'assistive_devices: readiness changed', changes, 'times,', said, 'events') FROM (
                 SELECT (SELECT coalesce(sum(version), 0) FROM readiness) AS changes,
                        (SELECT count(*) FROM outbox WHERE type IN (411, 412)) AS said) AS t WHERE changes <> said""",
        )


def _enrolments(registry: Snapshot, line: Invariant) -> None:
    """Of a person's versions, each that speaks of an enrolment is one state; the others are lines of a panti's book."""
    every(
        line,
        registry,
        """SELECT concat_ws(' ', 'beneficiary', coalesce(e.person_id, o.key), 'version', coalesce(e.person_version, o.version) || ':',
                            coalesce(e.status, 'no state'), 'event', coalesce(o.type::text, 'none'))
             FROM enrolment e FULL JOIN (SELECT key, version, type FROM outbox WHERE type BETWEEN 101 AND 104) AS o
               ON o.key = e.person_id AND o.version = e.person_version
            WHERE e.status IS DISTINCT FROM CASE o.type WHEN 101 THEN 'active' WHEN 102 THEN 'suspended' WHEN 103 THEN 'active'
                                                        WHEN 104 THEN 'ended' END""",
    )


# --- 17: outbox and bus -----------------------------------------------------------------------------------------------

_CONTENT: Final = "hashtextextended(concat_ws('|', type, key, version, data), 0)"


def carried_whole(look: Sources, line: Invariant) -> None:
    """Every published event is on the bus with the content it was written with, and nothing else is; repeats are allowed."""
    bus = look[BUS]
    for service in look.services:
        if not service.has("outbox"):
            continue
        name = service.name
        numbers = {"topics": [number for topic, (number, _) in TOPICS.items() if topic.startswith(f"{name}.")]}
        on_bus = f"SELECT DISTINCT id, {_CONTENT} AS content FROM bus_record WHERE topic = ANY(%(topics)s)"
        said = f"SELECT hashtextextended('{name}-' || seq, {_CONTENT}) AS h FROM outbox"
        carried = f"SELECT hashtextextended(id, content) AS h FROM ({on_bus}) AS b"
        whole = _sum(service, said)
        line.checked += whole[0]
        if whole == _sum(bus, carried, numbers):
            continue
        _name_events(service, bus, line, on_bus, numbers)
    _gapless(bus, line)


def _name_events(service: Snapshot, bus: Snapshot, line: Invariant, on_bus: str, numbers: dict[str, Any]) -> None:
    """One by one; what waits to be sent may be there already (sent, not yet taken off the queue) or not yet."""
    said = service.stream(
        f"""SELECT length(id), id, content, waits FROM (
              SELECT '{service.name}-' || o.seq AS id, {_CONTENT} AS content, p.seq IS NOT NULL AS waits
                FROM outbox o LEFT JOIN outbox_pending p ON p.seq = o.seq) AS t ORDER BY 1, 2"""
    )
    carried = bus.stream(f"SELECT length(id), id, content FROM ({on_bus}) AS b ORDER BY 1, 2, 3", numbers)
    for a, b in side_by_side(said, carried, 2):
        if a is None or b is None:
            event, waits = (b or a or ("", ""))[1], a is not None and a[3]
            if not waits:
                line.add(f"{event}: {'on the bus, never published' if a is None else 'published, not on the bus'}")
        elif a[2] != b[2]:
            line.add(f"{a[1]}: on the bus with another content than in the outbox")


def _gapless(bus: Snapshot, line: Invariant) -> None:
    every(
        line,
        bus,
        """SELECT concat_ws(' ', 'topic', p.topic, 'partition', p.partition || ':', coalesce(r.n, 0), 'records from', coalesce(r.low, 0),
            'to',
                            coalesce(r.high, 0), 'of', p.first_offset, 'to', p.next_offset)
             FROM bus_partition p LEFT JOIN (
                  SELECT topic, partition, count(*) AS n, min(log_offset) AS low, max(log_offset) + 1 AS high
                    FROM bus_record GROUP BY topic, partition) AS r ON r.topic = p.topic AND r.partition = p.partition
            WHERE coalesce(r.n, 0) <> p.next_offset - p.first_offset
               OR (r.n > 0 AND (r.low, r.high) <> (p.first_offset, p.next_offset))""",
    )


# --- 18 and 19: what was read -----------------------------------------------------------------------------------------


def heard_once(look: Sources, line: Invariant) -> None:
    """Positions are at the end; every key is applied up to its last published version, or parked; never both."""
    for consumer, topics in READS.items():
        if consumer not in look:
            continue
        reader = look[consumer]
        _positions(look, reader, line)
        for topic in topics:
            publisher = topic.split(".")[0]
            if publisher in look and look[publisher].has("outbox"):
                _applied(look, reader, topic, line)
        every(
            line,
            reader,
            f"""SELECT concat_ws(' ', '{consumer}', p.topic, p.key, 'version', p.version || ': parked, and applied up to', a.version)
                  FROM parked p JOIN (SELECT unnest(%(names)s::text[]) AS topic,
                      unnest(%(numbers)s::int[]) AS number) AS t ON t.topic = p.topic
                  JOIN applied_version a ON a.topic = t.number AND a.key = p.key WHERE a.version >= p.version""",
            {"names": list(TOPICS), "numbers": [number for number, _ in TOPICS.values()]},
        )
        every(
            line,
            reader,
            f"""SELECT concat_ws(' ', '{consumer}', coalesce(k.topic, p.topic), coalesce(k.key, p.key) || ':',
                                 CASE WHEN k.key IS NULL THEN 'parked events without a parked key' ELSE 'a parked key without events' END)
                  FROM parked_key k FULL JOIN (SELECT DISTINCT topic, key FROM parked) AS p ON p.topic = k.topic AND p.key = k.key
                 WHERE k.key IS NULL OR p.key IS NULL""",
        )
        if parked := reader.number("SELECT count(*) FROM parked_key"):
            line.note(f"{consumer}: {parked} keys stand still (parked)")


def _positions(look: Sources, reader: Snapshot, line: Invariant) -> None:
    if BUS not in look:
        line.note("the bus is not embedded: positions were not compared with the topics' ends")
        return
    ends = ends_of(look[BUS])
    rows = reader.rows("SELECT topic, partition, next_offset FROM consumer_position")
    read = {(topic, partition): following for topic, partition, following in rows}
    for topic in READS[reader.name]:
        for partition, end in ends.get(topic, {}).items():
            position = read.get((topic, partition), 0)
            if position > end:
                line.add(f"{reader.name}: {topic}/{partition} read up to {position}, its end is {end}")
            elif position < end:
                line.note(f"{reader.name}: {end - position} records of {topic}/{partition} are not read yet")


def _applied(look: Sources, reader: Snapshot, topic: str, line: Invariant) -> None:
    publisher, number = look[topic.split(".", maxsplit=1)[0]], TOPICS[topic][0]
    types = {"types": list(TYPES[topic])}
    published = "SELECT key, max(version) AS version FROM outbox WHERE type = ANY(%(types)s) GROUP BY key"
    applied = "SELECT key, version FROM applied_version WHERE topic = %(topic)s"
    hashed = "SELECT hashtextextended(key::text, version) AS h FROM ({}) AS v"
    said = _sum(publisher, hashed.format(published), types)
    line.checked += said[0]
    if said == _sum(reader, hashed.format(applied), {"topic": number}):
        return
    parked = {key for (key,) in reader.rows("SELECT key FROM parked_key WHERE topic = %(topic)s", {"topic": topic})}
    pairs = side_by_side(
        publisher.stream(f"{published} ORDER BY key", types), reader.stream(f"{applied} ORDER BY key", {"topic": number}), 1
    )
    for a, b in pairs:
        key = (a or b or ("",))[0]
        last, done = (a[1] if a else 0), (b[1] if b else 0)
        if done > last or (done < last and look.quiesced and key not in parked):
            line.add(f"{reader.name}: {topic} {key} is applied up to version {done} of {last}")


def in_order(look: Sources, line: Invariant) -> None:
    """The history that disbursement keeps of each person has versions 1..n, n being what it says it applied.

    Versions that speak of no enrolment (a panti's book) have no state there: they are taken from beneficiary's outbox.
    """
    ledger = look["disbursement"]
    line.checked += ledger.number("SELECT count(*) FROM enrolment_history")
    others = _without_state(look)
    found = ledger.stream(
        """SELECT coalesce(h.person_id, a.key) AS person, coalesce(h.rows, 0), coalesce(h.version, 0), coalesce(h.first, 1),
                  coalesce(a.version, 0)
             FROM (SELECT person_id, count(*) AS rows, max(person_version) AS version, min(person_version) AS first
                     FROM enrolment_history GROUP BY person_id) AS h
             FULL JOIN (SELECT key, version FROM applied_version WHERE topic = 1) AS a ON a.key = h.person_id
            WHERE h.version IS DISTINCT FROM a.version OR h.rows <> h.version OR h.first <> 1""",
    )
    for person, rows, version, first, applied in found:
        silent = [one for one in others.get(person, ()) if one <= applied]
        if version > applied or rows + len(silent) != applied or (first != 1 and 1 not in silent):
            line.add(f"{person}: {rows} states up to version {version} applied {applied}")


def _without_state(look: Sources) -> dict[UUID, list[int]]:
    """Versions by person that speak of no enrolment; few beside those that do."""
    if "beneficiary" not in look:
        return {}
    found: dict[UUID, list[int]] = {}
    for person, version in look["beneficiary"].stream("SELECT key, version FROM outbox WHERE type BETWEEN 105 AND 108"):
        found.setdefault(person, []).append(version)
    return found


# --- 20: projections --------------------------------------------------------------------------------------------------

_STATE: Final = "programme, status, reason, amount, cohort, from_month, to_month, cutoff_no"


def understood_the_same(look: Sources, line: Invariant) -> None:
    """What one service keeps of others = what they have: enrolment states, seals, SP2D and STS of batches, days of the panti."""
    registry, ledger = look["beneficiary"], look["disbursement"]
    if not look.quiesced:
        line.note("not quiesced: what is not there yet was not counted as missing")
    hashed = f"SELECT hashtextextended(concat_ws('|', person_id, person_version, {_STATE}), 0) AS h FROM {{}}"
    states = _sum(registry, hashed.format("enrolment"))
    line.checked += states[0]
    if states != _sum(ledger, hashed.format("enrolment_history")):
        rows = f"SELECT person_id, person_version, {_STATE} FROM {{}} ORDER BY 1, 2"
        _compare(look, line, "person", (registry, ledger), (rows.format("enrolment"), rows.format("enrolment_history")))
    seals = "SELECT {} AS id, programme, month, seal_no, cutoff_no, count, sum, hash, quota FROM {} ORDER BY 1, 2"
    _compare(look, line, "seal", (registry, ledger), (seals.format("id", "cutoff"), seals.format("cutoff_id", "seal")))
    if "budget_audit" in look:
        funding = r"""SELECT sp2d_id, programme, sum(amount)::bigint FROM {} WHERE reference ~ '^[0-9]{{4}}-[01][0-9]-[A-Z][0-9]{{2,}}$'
                       GROUP BY 1, 2 ORDER BY 1, 2"""
        paid_out = "(SELECT r.sp2d_id, r.programme, r.amount, s.reference FROM sp2d s JOIN sp2d_row r ON r.sp2d_id = s.id) AS p"
        _compare(look, line, "sp2d", (look["budget_audit"], ledger), (funding.format(paid_out), funding.format("batch_funding")))
        returns = "SELECT {} AS id, programme, batch_id, amount FROM {} WHERE batch_id IS NOT NULL ORDER BY 1, 2"
        queries = (returns.format("id", "treasury_return"), returns.format("return_id", "batch_sts"))
        _compare(look, line, "sts", (look["budget_audit"], ledger), queries)
        counts = "SELECT panti || '/' || day AS day, {} AS no, residents FROM {} ORDER BY 1, 2"
        queries = (counts.format("version", "census_day"), counts.format("count_no", "census_count WHERE source = 'book'"))
        _compare(look, line, "panti day", (registry, look["budget_audit"]), queries)
    _nights_counted(registry, line)


def _nights_counted(registry: Snapshot, line: Invariant) -> None:
    """The newest count of each closed day is what the nights of the book give, but for books that wait to be counted again."""
    counted(line, registry, "census_day")
    every(
        line,
        registry,
        """SELECT concat_ws(' ', 'panti', c.panti, c.day || ': counted', c.residents, 'by its book', b.residents)
             FROM (SELECT DISTINCT ON (panti, day) panti, day, residents FROM census_day ORDER BY panti, day, version DESC) AS c
            CROSS JOIN LATERAL (SELECT * FROM book_rule WHERE from_day <= c.day ORDER BY from_day DESC LIMIT 1) AS r
            CROSS JOIN LATERAL (
                  SELECT count(*) AS residents FROM stay s
                   WHERE s.panti = c.panti AND c.day BETWEEN s.from_day AND s.to_day
                     AND (s.state = 'present' OR s.state = 'on_leave' AND r.leave_counts OR s.state = 'fled' AND r.flight_counts)) AS b
            WHERE c.residents <> b.residents AND NOT EXISTS (SELECT FROM census_ask a WHERE a.panti = c.panti)""",
    )


def _compare(look: Sources, line: Invariant, what: str, sides: tuple[Snapshot, Snapshot], queries: tuple[str, str]) -> None:
    """The owner's rows and the keeper's, row by row."""
    owner, keeper = sides

    def say(a: tuple[Any, ...] | None, b: tuple[Any, ...] | None) -> str:
        if b is None and not look.quiesced:
            return ""
        return f"{what} {' '.join(map(str, (a or b or ())[:2]))}: {owner.name} {(a or ())[2:]}, {keeper.name} {(b or ())[2:]}"

    differences(line, owner.stream(queries[0]), keeper.stream(queries[1]), 2, say)
