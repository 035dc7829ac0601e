"""A month on its way to the bank and back, with budget_audit and the bank played from outside."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from services.disbursement.channels.account_fields import account_ref, number_index, seal_account
from shared.contracts.budget_audit import (
    ReservationMade,
    ReservationRefused,
    ReservedLine,
    Sp2dRecorded,
    Sp2dRow,
    TreasuryReturnRecorded,
)
from shared.contracts.registry import Event
from shared.messaging.log import Record
from tests.service.disbursement.desk import AREA, TARIFF, Desk, person

MONTH = "2025-09"
STEPS = (("submission", "operator"), ("check", "checker"), ("approval", "approver"))


def account_number(number: int) -> str:
    """Ten digits, another one for each person."""
    return f"40{number:08d}"


@dataclass
class Office:
    """The office at the desk: people, accounts, lists, money, results."""

    desk: Desk
    _seq: int = 0
    _versions: dict[UUID, int] = field(default_factory=dict)
    _sp2d: int = 0

    # --- people and accounts --------------------------------------------------------------------------------------

    async def open_month(self, people: Sequence[int], month: str = MONTH, *, programme: str = "KLJ", enrol: bool = True) -> None:
        if enrol:
            for number in people:
                self.desk.beneficiary.activate(person(number), programme=programme, from_month=month)
        self.desk.beneficiary.seal(programme, month)
        await self.desk.told()
        answer = await self.desk.as_("operator").post(f"/months/{month}/opening")
        assert answer.status_code == 200, answer.text

    async def open_month_with_accounts(self, people: Sequence[int]) -> None:
        """Everybody of the month can be paid: enrolled, and with an account and a card."""
        await self.open_month(people)
        for number in people:
            self.give_account(number)

    def give_account(
        self,
        number: int,
        *,
        card: bool = True,
        account: str = "",
        programme: str = "KLJ",
        holder: str = "PEMILIK",
        bank: str = "111",
    ) -> None:
        """As a committed file of accounts leaves it."""
        cipher = self.desk.api.cipher
        account_id, digits = uuid4(), account or account_number(number)
        number_enc, holder_enc = seal_account(cipher, account_id, digits, holder)
        self.desk.sql_run(
            """INSERT INTO account (person_id, programme, id, bank_code, number_enc, holder_enc, number_index, account_ref,
                                    card_handed_over, area, changed_at)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now())
               ON CONFLICT (person_id, programme) DO UPDATE SET id = excluded.id, number_enc = excluded.number_enc,
                   holder_enc = excluded.holder_enc, number_index = excluded.number_index, account_ref = excluded.account_ref,
                   card_handed_over = excluded.card_handed_over, version = account.version + 1, changed_at = now()""",
            person(number), programme, account_id, bank, number_enc, holder_enc, number_index(cipher, digits),
            account_ref(cipher, bank, digits, holder), card, AREA,
        )  # fmt: skip

    # --- the list ---------------------------------------------------------------------------------------------------

    async def post(self, who: str, path: str, body: Mapping[str, Any] | None = None, *, status: int = 200) -> dict[str, Any]:
        answer = await self.desk.as_(who).post(path, json=dict(body or {}))
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str, who: str = "operator") -> dict[str, Any]:
        answer = await self.desk.as_(who).get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    async def compose(self, month: str = MONTH, kind: str = "main") -> dict[str, Any]:
        return await self.post("operator", "/batches", {"month": month, "kind": kind}, status=201)

    async def sign(self, batch: Mapping[str, Any], upto: str = "approval") -> dict[str, Any]:
        """Submission, check, approval, by three people; stops after ``upto``. What is odd on the list gets a word before approval."""
        shown = dict(batch)
        for step, who in STEPS:
            if step == "approval":
                await self.explain(shown)
            body = {} if step == "submission" else {"list_hash": shown["list_hash"]}
            shown = await self.post(who, f"/batches/{batch['id']}/{step}", body)
            if step == upto:
                break
        return shown

    async def explain(self, batch: Mapping[str, Any], who: str = "checker", *, word: str = "sudah diperiksa") -> list[dict[str, Any]]:
        """The word of whoever checks about every finding that has none; returns these findings."""
        found = await self.get(f"/batches/{batch['id']}/anomalies", who)
        items: list[dict[str, Any]] = [one for one in found["items"] if one["open"]]
        if items:
            body = {"list_hash": batch["list_hash"], "findings": [one["finding_id"] for one in items], "word": word}
            await self.post(who, f"/batches/{batch['id']}/anomalies/acknowledgement", body)
        return items

    async def approved(self, month: str = MONTH, kind: str = "main") -> dict[str, Any]:
        return await self.sign(await self.compose(month, kind))

    async def release(self, batch: Mapping[str, Any], *, who: str = "releaser", status: int = 200) -> dict[str, Any]:
        return await self.post(who, f"/batches/{batch['id']}/release", {"list_hash": batch["list_hash"]}, status=status)

    async def released(self, month: str = MONTH, kind: str = "main") -> dict[str, Any]:
        """Compose, sign, reserve, SP2D, release."""
        batch = await self.approved(month, kind)
        await self.reserve(batch)
        await self.pay_in(batch)
        return await self.release(batch)

    # --- budget_audit -----------------------------------------------------------------------------------------------

    async def _tell(self, key: UUID, event: Event) -> None:
        self._seq += 1
        version = self._versions[key] = self._versions.get(key, 0) + 1
        data, at = msgspec.json.encode(event).decode(), datetime(2025, 9, 1, tzinfo=UTC)
        told = Record(f"budget_audit-{self._seq}", event.number, key, version, at, f"correlation-{self._seq}", "", data)
        await self.desk.bus.append([told])
        await self.desk.settle()

    async def reserve(self, batch: Mapping[str, Any], *, list_hash: str = "") -> None:
        batch_id = UUID(batch["id"])
        lines = [ReservedLine(line=uuid4(), programme=t["programme"], amount=t["sum"]) for t in batch["totals"]]
        await self._tell(
            batch_id,
            ReservationMade(batch_id=batch_id, list_hash=list_hash or batch["list_hash"], lines=lines, expires_on="2025-12-31"),
        )

    async def refuse(self, batch: Mapping[str, Any]) -> None:
        batch_id = UUID(batch["id"])
        await self._tell(
            batch_id,
            ReservationRefused(batch_id=batch_id, list_hash=batch["list_hash"], line="KLJ", requested=batch["sum"], available=1),
        )

    async def pay_in(self, batch: Mapping[str, Any], amounts: Mapping[str, int] | None = None) -> None:
        """An SP2D whose rows name this batch; by default exactly what it needs."""
        self._sp2d += 1
        wanted = amounts or {t["programme"]: t["sum"] for t in batch["totals"]}
        await self._tell(
            uuid4(),
            Sp2dRecorded(
                sp2d_number=f"SP2D-{self._sp2d}", date="2025-09-18", reference=batch["code"],
                rows=[Sp2dRow(line=uuid4(), programme=programme, amount=amount) for programme, amount in wanted.items()],
            ),
        )  # fmt: skip

    async def return_to_treasury(self, batch: Mapping[str, Any], amount: int, programme: str = "KLJ") -> None:
        await self._tell(
            uuid4(),
            TreasuryReturnRecorded(sts_number="STS-1", date="2025-10-02", batch_id=UUID(batch["id"]), programme=programme, amount=amount),
        )

    # --- the bank ---------------------------------------------------------------------------------------------------

    async def bank_file(self, batch: Mapping[str, Any]) -> bytes:
        answer = await self.desk.as_("releaser").get(f"/batches/{batch['id']}/bank-file")
        assert answer.status_code == 200, answer.text
        return answer.content

    async def bank_rows(self, batch: Mapping[str, Any]) -> list[dict[str, str]]:
        """What the bank reads: the rows of the file that went out, in order."""
        text = (await self.bank_file(batch)).decode()
        return list(csv.DictReader(io.StringIO(text.split("\r\n", 1)[1], newline=""), delimiter=";"))

    async def send_results(
        self, batch: Mapping[str, Any], rows: Sequence[tuple[str, str, int | str, str, str]], *, part: int = 1, parts: int = 1,
        name: str = "hasil.csv", count: int | None = None, total: int | None = None,
    ) -> tuple[int, dict[str, Any]]:  # fmt: skip
        """Rows: reference, account, amount, code, day."""
        lines = ["rujukan;nomor_rekening;nominal;kode;tanggal", *(";".join(map(str, row)) for row in rows)]
        found = sum(int(row[2]) for row in rows) if total is None else total
        first = f"{batch['code']};{part};{parts};{len(rows) if count is None else count};{found}"
        content = "\r\n".join([first, *lines, ""]).encode()
        answer = await self.desk.as_("operator").post("/results", files={"file": (name, content, "text/csv")})
        return answer.status_code, answer.json()

    async def row(self, batch: Mapping[str, Any], number: int, code: str = "00", day: str = "2025-09-25") -> tuple[str, str, int, str, str]:
        """The bank's line for one person."""
        lines = await self.lines(batch)
        line = next(each for each in lines if each["person_id"] == str(person(number)))
        return (line["reference"], account_number(number), line["amount"], code, day)

    async def lines(self, batch: Mapping[str, Any]) -> list[dict[str, Any]]:
        answer = await self.desk.as_("operator").get(f"/batches/{batch['id']}/lines.ndjson")
        assert answer.status_code == 200
        return [msgspec.json.decode(line) for line in answer.text.splitlines()]

    # --- looking ----------------------------------------------------------------------------------------------------

    def head(self, number: int, month: str = MONTH) -> tuple[str, str]:
        ((outcome, reason),) = self.desk.sql(
            "SELECT outcome, reason FROM entitlement_month WHERE person_id = %s AND month = %s", person(number), month
        )
        return outcome, reason

    def events(self, number: int) -> list[tuple[int, dict[str, Any]]]:
        """Version and payload of the published events of one type number, oldest first."""
        rows = self.desk.sql("SELECT version, data FROM outbox WHERE type = %s ORDER BY seq", number)
        return [(version, msgspec.json.decode(data)) for version, data in rows]


__all__ = ["MONTH", "TARIFF", "Office", "account_number"]
