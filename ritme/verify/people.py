"""People: who acted, who sees what, and that it is on record (invariants 7, 22, 24)."""

from __future__ import annotations

from datetime import UTC
from hashlib import sha256
from typing import Final

from ritme.verify import holding
from ritme.verify.looking import counted, every
from ritme.verify.report import Invariant
from ritme.verify.snapshots import Snapshot, Sources


def four_people(look: Sources, line: Invariant) -> None:
    """Over a batch's whole life, void signatures included, a person keeps to one part; a machine signs nothing.

    Whoever handed a role over has acted with it too, and the handing over held on the day of the signature.
    """
    ledger = look["disbursement"]
    counted(line, ledger, "batch")
    every(
        line,
        ledger,
        """WITH acted AS (SELECT id AS batch_id, composed_by AS person, 'maker' AS part FROM batch
                          UNION SELECT s.batch_id, one.person, CASE WHEN step IN ('submit', 'remove') THEN 'maker' ELSE step END
                                  FROM batch_signature s, unnest(ARRAY[s.person, s.on_behalf_of]) AS one(person)
                                 WHERE one.person <> '')
           SELECT concat_ws(' ', 'batch', b.code || ':', a.person, 'acted as', string_agg(a.part, ', ' ORDER BY a.part))
             FROM acted a JOIN batch b ON b.id = a.batch_id GROUP BY b.code, a.person HAVING count(*) > 1""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'batch', b.code || ':', s.step, 'by', quote_literal(s.person), 'who is no person')
             FROM batch_signature s JOIN batch b ON b.id = s.batch_id WHERE s.person = '' OR s.person LIKE '%/%'""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', person_id, programme, month || ': left out by', asked_by, 'alone') FROM left_out
            WHERE asked_by = confirmed_by""",
    )
    holding.decided_by_two(ledger, line)
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'order', id || ':', kind, 'asked and confirmed by', confirmed_by) FROM two_person_order
            WHERE asked_by = confirmed_by OR (state = 'done') <> (confirmed_by IS NOT NULL)
           UNION ALL
           SELECT concat_ws(' ', 'freeze', f.id || ': by no order of two people') FROM stoppage f
            WHERE NOT EXISTS (SELECT FROM two_person_order o WHERE o.id = f.id AND o.kind = 'freeze' AND o.state = 'done')
               OR f.lifted_at IS NOT NULL AND NOT EXISTS (
                  SELECT FROM two_person_order o WHERE o.id = f.lifted_by_order AND o.kind = 'lift' AND o.state = 'done')""",
    )
    _accounts_by_two(ledger, line)
    _handed_over(ledger, line)
    _second_persons(look, line)


def _accounts_by_two(ledger: Snapshot, line: Invariant) -> None:
    """An account changes by two people and not before its day; it is the one of the last change that came into force."""
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'change of account', id || ':', state, 'asked by', asked_by || ', confirmed by',
                            coalesce(confirmed_by, 'nobody')) FROM account_change
            WHERE state IN ('waiting', 'in_force') AND coalesce(confirmed_by, asked_by) = asked_by
               OR state = 'in_force' AND (in_force_at AT TIME ZONE 'Asia/Jakarta')::date < in_force_on
           UNION ALL
           SELECT concat_ws(' ', 'account of', k.person_id, k.programme || ': not the one of change', c.id) FROM account k
             JOIN (SELECT DISTINCT ON (person_id, programme) id, person_id, programme, account_id FROM account_change
                    WHERE state = 'in_force' ORDER BY person_id, programme, in_force_at DESC, id DESC) AS c
               ON c.person_id = k.person_id AND c.programme = k.programme
            WHERE c.account_id <> k.id
           UNION ALL
           SELECT concat_ws(' ', 'cooling-off from', valid_from || ': asked and confirmed by', confirmed_by) FROM account_cooling_off
            WHERE confirmed_by = asked_by""",
    )


def _handed_over(ledger: Snapshot, line: Invariant) -> None:
    """A signature for another has its delegation: that role, these two people, that day, confirmed by a third before it, not revoked."""
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'batch', b.code || ':', s.step, 'by', s.person, 'for', quote_literal(s.on_behalf_of),
                            'without a delegation')
             FROM batch_signature s JOIN batch b ON b.id = s.batch_id LEFT JOIN delegation d ON d.id = s.delegation_id
            WHERE (s.on_behalf_of <> '' OR s.delegation_id IS NOT NULL)
              AND (d.delegate, d.principal, d.role) IS DISTINCT FROM (s.person, s.on_behalf_of,
                       CASE s.step WHEN 'check' THEN 'checker' WHEN 'approve' THEN 'approver' WHEN 'release' THEN 'releaser' END)
               OR d.id IS NOT NULL AND NOT coalesce(
                    (s.at AT TIME ZONE 'Asia/Jakarta')::date BETWEEN d.from_day AND d.to_day
                    AND d.confirmed_at <= s.at AND (d.revoked_at IS NULL OR d.revoked_at >= s.at), false)""",
    )
    every(
        line,
        ledger,
        """SELECT concat_ws(' ', 'delegation', id || ': confirmed by', confirmed_by) FROM delegation
            WHERE confirmed_by <> '' AND confirmed_by IN (principal, delegate) OR principal = delegate
           UNION ALL
           SELECT concat_ws(' ', kind, id || ': proposed and confirmed by', confirmed_by)
             FROM (SELECT id, proposed_by, confirmed_by, 'signing rule' AS kind FROM signing_rule
                   UNION ALL SELECT id, proposed_by, confirmed_by, 'anomaly rule' FROM anomaly_rule) AS r
            WHERE proposed_by = confirmed_by AND proposed_by <> 'seed'""",
    )


def _second_persons(look: Sources, line: Invariant) -> None:
    """The same for decrees, orders, imports that need two people, and mismatches."""
    if "beneficiary" in look:
        registry = look["beneficiary"]
        counted(line, registry, "decree_programme")
        every(
            line,
            registry,
            """SELECT concat_ws(' ', 'decree', decree_id, programme || ': uploaded and committed by', committed_by) FROM decree_programme
                WHERE uploaded_by = committed_by
               UNION ALL
               SELECT concat_ws(' ', 'status order', id || ': ordered and confirmed by', confirmed_by) FROM status_order
                WHERE ordered_by = confirmed_by""",
        )
    for service, kinds in (("beneficiary", ("decree", "status", "daily_book")), ("disbursement", ("carry-in",))):
        if service in look:
            every(
                line,
                look[service],
                """SELECT concat_ws(' ', 'import', id, kind || ': sent and committed by', committed_by) FROM import_file
                    WHERE state = 'committed' AND kind = ANY(%(kinds)s) AND (uploaded_by = committed_by OR committed_by = ANY(senders))""",
                {"kinds": list(kinds)},
            )
    if "budget_audit" in look:
        books = look["budget_audit"]
        counted(line, books, "mismatch")
        # Since the figures are as they are now: other figures are a new question, and the same people may answer it.
        every(
            line,
            books,
            """SELECT concat_ws(' ', 'mismatch', mismatch_id || ':', person, string_agg(DISTINCT step, ', '))
                 FROM mismatch_step WHERE step IN ('explain', 'accept', 'agree', 'evidence', 'close')
                GROUP BY mismatch_id, numbers_version, person
               HAVING count(DISTINCT step) > 1
                  AND (bool_or(step = 'close') OR bool_or(step = 'explain') AND bool_or(step IN ('accept', 'agree')))""",
        )


# --- invariant 22 ---------------------------------------------------------------------------------------------------

_PEOPLE: Final = """
    SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner) AS owner
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT LIKE '%%\\_staging'
       AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'area' AND NOT a.attisdropped)
       AND (c.relname = 'person' OR EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'person_id' AND NOT a.attisdropped))"""


def fenced_by_area(look: Sources, line: Invariant) -> None:
    """Every table that holds a person's area: row security forced, a policy for the api role by the caller's areas, no way around."""
    for service in look.services:
        _tables(service, line)
        _roles(service, line)


def _tables(service: Snapshot, line: Invariant) -> None:
    name = service.name
    params = {"api": f"{name}_api"}
    line.checked += service.number(f"SELECT count(*) FROM ({_PEOPLE}) AS t", params)
    every(
        line,
        service,
        f"""SELECT concat_ws(' ', '{name}.' || t.relname || ':', CASE WHEN NOT t.relrowsecurity THEN 'no row security' END,
                             CASE WHEN NOT t.relforcerowsecurity THEN 'not forced' END,
                             CASE WHEN t.owner = %(api)s THEN 'owned by the api role' END,
                             CASE WHEN p.policies IS NULL THEN 'no policy by area' END,
                                 CASE WHEN p.others > 0 THEN 'a policy beside it' END)
              FROM ({_PEOPLE}) AS t LEFT JOIN (
                   SELECT polrelid, count(*) FILTER (WHERE by_area) AS policies, count(*) FILTER (WHERE NOT by_area) AS others FROM (
                       SELECT polrelid, coalesce(pg_get_expr(polqual, polrelid) LIKE '%%app.areas%%', false)
                                        AND coalesce(pg_get_expr(polwithcheck, polrelid) LIKE '%%app.areas%%', true) AS by_area
                         FROM pg_policy WHERE 0 = ANY(polroles) OR EXISTS (
                              SELECT FROM unnest(polroles) AS r(oid) WHERE pg_get_userbyid(r.oid) = %(api)s)) AS q
                    GROUP BY polrelid) AS p ON p.polrelid = t.oid
             WHERE NOT t.relrowsecurity OR NOT t.relforcerowsecurity OR t.owner = %(api)s OR coalesce(p.policies, 0) = 0 OR p.others > 0""",
        params,
    )
    every(
        line,
        service,
        f"""SELECT concat_ws(' ', '{name}.' || c.relname || ': a view of', pg_get_userbyid(c.relowner), 'that the api role reads')
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
             WHERE c.relkind IN ('v', 'm') AND has_table_privilege(%(api)s, c.oid, 'SELECT')
               AND (c.relkind = 'm' OR NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false))""",
        params,
    )


def _roles(service: Snapshot, line: Invariant) -> None:
    every(
        line,
        service,
        """SELECT concat_ws(' ', 'role', rolname || ':', CASE WHEN rolsuper THEN 'superuser' END,
            CASE WHEN rolbypassrls THEN 'bypasses row security' END,
                            CASE WHEN member THEN 'may become the owner' END)
             FROM (SELECT *, pg_has_role(rolname, %(owner)s, 'MEMBER') AS member FROM pg_roles WHERE rolname = %(api)s) AS r
            WHERE rolsuper OR rolbypassrls OR member""",
        {"api": f"{service.name}_api", "owner": f"{service.name}_owner"},
    )


# --- invariant 24 ---------------------------------------------------------------------------------------------------


def audit_chain(look: Sources, line: Invariant) -> None:
    """Each entry's hash covers the one before; the first bad entry of a service is named, and what follows it is not judged."""
    for service in look.services:
        if service.has("audit_entry"):
            _chain(service, line)


def _chain(service: Snapshot, line: Invariant) -> None:
    previous, following = "", 1
    entries = service.stream("SELECT seq, at, person, operation, purpose, count, ids_hash, hash FROM audit_entry ORDER BY seq")
    for seq, at, person, operation, purpose, count, ids_hash, found in entries:
        line.checked += 1
        if seq != following:
            line.add(f"{service.name}: audit entry {following} is missing before {seq}")
            return
        covered = "\t".join((previous, str(seq), at.astimezone(UTC).isoformat(), person, operation, purpose, str(count), ids_hash))
        if sha256(covered.encode()).hexdigest() != found:
            line.add(f"{service.name}: audit entry {seq} is not what was written, or one before it is gone")
            return
        previous, following = found, seq + 1
