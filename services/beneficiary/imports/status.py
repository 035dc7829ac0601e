"""Status changes by file: suspend, resume, end, each row held against the transition table before anything happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from services.beneficiary import store
from services.beneficiary.commands.status import apply_changes
from services.beneficiary.domain.enrolment import Change, MonthTooLate, NotEnrolled, ResumeMonth, decide_change
from services.beneficiary.schemas.registry import StatusControls
from shared.db.session import copy_in
from shared.imports.kinds import Check, ImportKind, Staging
from shared.kernel.errors import IllegalTransition, Refusal
from shared.kernel.month import Month, month_of
from shared.tabular.columns import Column, Row, Template, choice, digits, month
from shared.tabular.columns import text as text_cell

TEMPLATE = Template(
    "status",
    "Perubahan status kepesertaan",
    (
        Column("nik", digits(16), help="NIK 16 angka, format teks", example="3173015205459001"),
        Column("program", text_cell(10), help="KLJ, KPDJ atau KAJ", example="KLJ"),
        Column(
            "tindakan", choice({"tangguhkan": "suspend", "lanjutkan": "resume", "hentikan": "end"}),
            help="tangguhkan, lanjutkan atau hentikan", example="tangguhkan",
        ),
        Column(
            "alasan", text_cell(80), required=False, example="data tidak padan",
            help="Alasan menurut daftar; boleh kosong untuk lanjutkan",
        ),
        Column("mulai_bulan", month, help="Bulan manfaat pertama yang berubah", example="2025-09"),
        Column("dokumen", text_cell(200), help="Nomor surat atau berita acara", example="BA-12/VI/2025"),
    ),
)  # fmt: skip

_COLUMNS = ("import_id", "line", "person_id", "programme", "action", "reason", "from_month", "evidence")
LARGE_PERCENT: Final = 10
"""Of a kelurahan's active enrolments, in one file; an assumption, until the office says its own."""
LARGE_PEOPLE: Final = 20
"""Fewer are never many."""

_STATUS_WORDS = {"active": "aktif", "suspended": "ditangguhkan", "ended": "dihentikan"}
_ACTION_WORDS = {"suspend": "menangguhkan", "resume": "melanjutkan", "end": "menghentikan"}


async def _stage(staging: Staging, rows: list[Row]) -> None:
    programmes, reasons = await store.known_programmes(staging.session), await store.reasons(staging.session)
    cipher = staging.service.cipher
    indexes = [cipher.blind_index("nik", row.values["nik"]) for row in rows]
    people = await store.people_by_index(staging.session, indexes)
    changes: list[tuple[Row, Change]] = []
    for row, index in zip(rows, indexes, strict=True):
        values = row.values
        programme, action = str(values["program"]).upper(), values["tindakan"]
        if programme not in programmes:
            row.refuse("program", "unknown-programme", f"Program tidak dikenal. Pilih salah satu: {', '.join(sorted(programmes))}.")
        reason = "" if values["alasan"] is None else reasons.get((action, values["alasan"].casefold()))
        if reason is None or (not reason and action != "resume"):
            words = ", ".join(sorted({code for (a, _), code in reasons.items() if a == action}))
            row.refuse("alasan", "unknown-reason", f"Alasan tidak dikenal untuk {_ACTION_WORDS[action]}. Pilih: {words}.")
        if index not in people:
            row.refuse("nik", "unknown-person", "Tidak ada penerima dengan NIK ini di wilayah Anda.")
        if not row.ok:
            continue
        change = Change(people[index], programme, action, reason or "", Month(values["mulai_bulan"]), values["dokumen"])
        changes.append((row, change))
    await _hold_against_table(staging, changes)
    good = _without_doubles(staging, [(row, change) for row, change in changes if row.ok])
    await copy_in(
        staging.session,
        "status_staging",
        _COLUMNS,
        ((staging.import_id, staging.line(row), c.person_id, c.programme, c.action, c.reason, c.from_month, c.evidence) for row, c in good),
    )


def _without_doubles(staging: Staging, changes: Sequence[tuple[Row, Change]]) -> list[tuple[Row, Change]]:
    """The first row of a person and programme stands, each later one is refused: which came first would be a guess."""
    kept = []
    for row, change in changes:
        key = (change.person_id, change.programme)
        if key in staging.seen:
            row.refuse("nik", "double-row", "Satu orang, satu program, satu tindakan dalam satu berkas.")
            continue
        staging.seen.add(key)
        kept.append((row, change))
    return kept


async def _hold_against_table(staging: Staging, changes: Sequence[tuple[Row, Change]]) -> None:
    """Refuse in the clerk's words what the transition table does not have now; it is asked again at commit, under lock."""
    horizons = await store.horizons(staging.session, month_of(staging.service.clock.today()))
    currents = await store.current_enrolments(staging.session, [change for _, change in changes])
    for (row, change), current in zip(changes, currents, strict=True):
        try:
            decide_change(current, change, horizons[change.programme], two_people=True)
        except Refusal as refusal:
            row.refuse(*_in_words(refusal, change))


def _in_words(refusal: Refusal, change: Change) -> tuple[str, str, str]:
    match refusal:
        case NotEnrolled():
            return "mulai_bulan", refusal.code, f"Tidak ada SK yang menyebut orang ini untuk {change.programme} pada {change.from_month}."
        case IllegalTransition():
            state = _STATUS_WORDS[refusal.data["state"]]
            return "tindakan", refusal.code, f"Kepesertaan ini {state}; tidak dapat {_ACTION_WORDS[change.action]}."
        case ResumeMonth():
            since = refusal.data["first_suspended"]
            return "mulai_bulan", refusal.code, f"Ditangguhkan sejak {since}; kelanjutan dihitung mulai {since}."
        case MonthTooLate():
            return "mulai_bulan", refusal.code, f"Paling lambat {refusal.data['latest']}, bulan berikut yang akan dikunci."
        case _:
            return "", refusal.code, refusal.detail


async def _begin(staging: Staging) -> None:
    rows = await staging.session.execute(
        text("SELECT person_id, programme FROM status_staging WHERE import_id = :id"), {"id": staging.import_id}
    )
    staging.seen.update((row.person_id, row.programme) for row in rows)


async def _check(staging: Staging) -> Check:
    controls: StatusControls = staging.controls
    rows = (
        await staging.session.execute(
            text("SELECT action, count(*) AS rows FROM status_staging WHERE import_id = :id GROUP BY action ORDER BY action"),
            {"id": staging.import_id},
        )
    ).all()
    count = sum(row.rows for row in rows)
    not_ready = [] if count == controls.count else [f"Jumlah perubahan: berkas {count}, surat {controls.count}"]
    large = await _large(staging)
    if not controls.explained_by.strip():
        not_ready += [
            f"{area}: {changing} dari {active} penerima aktif berubah sekaligus; ketik nomor dokumen penjelasan atau periksa berkasnya"
            for area, (changing, active) in large.items()
        ]
    totals: dict[str, Any] = {"count": count, "actions": {row.action: row.rows for row in rows}}
    return Check(totals | ({"large": {area: changing for area, (changing, _) in large.items()}} if large else {}), not_ready)


async def _large(staging: Staging) -> dict[str, tuple[int, int]]:
    """Kelurahan where the file stops (suspends, ends) an unusual part of whoever is active there: people of the file, of the kelurahan.

    A quarter's matching of data that goes wrong looks like this, and is stopped before anybody loses a month by it.
    """
    rows = await staging.session.execute(
        text("""
            WITH change AS (
                SELECT DISTINCT s.person_id, s.programme, p.area FROM status_staging s JOIN person p ON p.id = s.person_id
                 WHERE s.import_id = :id AND s.action <> 'resume'),
            many AS (SELECT area, count(*) AS changing FROM change GROUP BY area HAVING count(*) >= :people),
            head AS (
                SELECT DISTINCT ON (e.person_id, e.programme) e.area, e.status FROM enrolment e
                 WHERE e.area IN (SELECT area FROM many) ORDER BY e.person_id, e.programme, e.person_version DESC)
            SELECT m.area, m.changing, count(h.area) FILTER (WHERE h.status = 'active') AS active
              FROM many m LEFT JOIN head h ON h.area = m.area GROUP BY m.area, m.changing
            HAVING m.changing * 100 > :percent * count(h.area) FILTER (WHERE h.status = 'active') ORDER BY m.area"""),
        {"id": staging.import_id, "people": LARGE_PEOPLE, "percent": LARGE_PERCENT},
    )
    return {row.area: (row.changing, row.active) for row in rows}


async def _commit(staging: Staging) -> dict[str, Any]:
    """All rows or none: where a state changed since the check, its IllegalTransition refuses the commit."""
    rows = await staging.session.execute(
        text("SELECT * FROM status_staging WHERE import_id = :id ORDER BY line"), {"id": staging.import_id}
    )
    changes = [Change(r.person_id, r.programme, r.action, r.reason, Month(r.from_month), r.evidence) for r in rows]
    await apply_changes(
        staging.session, changes, author=staging.caller.person, today=staging.service.clock.today(), at=staging.at, two_people=True,
        import_id=staging.import_id,
    )  # fmt: skip
    return {"changes": len(changes)}


status_kind = ImportKind(
    TEMPLATE, StatusControls, uploaders=("operator",), committers=("operator",), second_person=True,
    stage=_stage, check=_check, commit=_commit, begin=_begin, staged="status_staging",
)  # fmt: skip
