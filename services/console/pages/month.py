"""S2, the running month: the equation, its steps, and the way down from a number to the people behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.console import words
from services.console.doors import DoorProblem, Doors, DoorsDep, together
from services.console.forms import typed_of
from services.console.view import go, link, page

router = APIRouter()

LEVELS: Final = ("city", "kecamatan", "kelurahan")
CODE_LENGTH: Final = {"city": 5, "kecamatan": 8, "kelurahan": 13}
LIST_PAGE: Final = 100
GAPS_READ: Final = 1_000
"""Gaps read beside one page of people, to name owner and date; a kelurahan has fewer."""
FORBIDDEN: Final = 403
MONEY: Final = ("sp2d", "from_holding", "credited", "returned", "paid_on", "holding")
CLOSERS: Final = ("treasurer", "approver")
"""Who asks for a month's closing, and who agrees; the service decides."""
ALWAYS_SHOWN: Final = ("paid", "unknown", "held", "missed", "excluded")


@router.get("/")
async def newest(request: Request, doors: DoorsDep) -> Response:
    """The newest month that runs here; before the first one, what to do."""
    months = (await doors.get("/disbursement/months"))["items"]
    if not months:
        return page(request, "month_none.html", doors)
    own = next((one for one in months if one["state"] != "carried_in"), months[0])
    return go(request, link(f"/bulan/{own['month']}"))


def equation_terms(equation: Mapping[str, Any]) -> dict[str, int]:
    """The right side in the office's order; what is nearly always nought is left out where it is."""
    return {key: equation[key] for key in words.OUTCOMES if key in ALWAYS_SHOWN or equation[key]}


@dataclass(frozen=True)
class Reason:
    """Why people are not paid, how many, and where there is a gap: who acts until when."""

    outcome: str
    reason: str
    count: int
    amount: int
    owners: list[dict[str, Any]]

    @property
    def overdue(self) -> int:
        return sum(one["overdue"] for one in self.owners)

    @property
    def due_on(self) -> str | None:
        return min((one["due_on"] for one in self.owners if one["due_on"]), default=None)


def reasons(breakdown: Iterable[Mapping[str, Any]], groups: Iterable[dict[str, Any]]) -> list[Reason]:
    """Unpaid people by reason, the largest first within each outcome."""
    owners: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for group in groups:
        owners.setdefault((group["outcome"], group["reason"]), []).append(group)
    order = list(words.OUTCOMES)
    found = [
        Reason(one["outcome"], one["reason"], one["count"], one["sum"], owners.get((one["outcome"], one["reason"]), []))
        for one in breakdown
        if one["outcome"] != "paid"
    ]
    return sorted(found, key=lambda one: (one.outcome not in words.URGENT, order.index(one.outcome), -one.count))


def _items(answer: Any) -> list[dict[str, Any]]:
    """The items of an answer; none of a problem."""
    return [] if isinstance(answer, DoorProblem) else answer["items"]


async def _show_month(
    request: Request, doors: Doors, month: str, problem: DoorProblem | None = None, typed: dict[str, str] | None = None
) -> Response:
    equation, breakdown, groups, money, batches, months, areas, closing, orders, names = await together(
        doors.get(f"/disbursement/months/{month}/equation"),
        doors.ask(f"/disbursement/months/{month}/breakdown", by="reason"),
        doors.ask("/disbursement/gaps/groups", month=month),
        doors.ask(f"/budget_audit/months/{month}/money"),
        doors.ask("/disbursement/batches", month=month),
        doors.ask("/disbursement/months"),
        doors.area_names(),
        doors.ask(f"/disbursement/months/{month}/closing"),
        doors.ask("/disbursement/orders", state="proposed", kind="close_month"),
        doors.people_names(),
    )
    closed = {one["state"] for one in equation["by_programme"].values()} == {"closed"}
    known_money = None if isinstance(money, DoorProblem) or not money["sp2d"] else money
    steps = words.month_steps(equation["steps"], holding=known_money["holding"] if known_money else None, closed=closed)
    return page(
        request, "month.html", doors, status=problem.status if problem else 200, month=month, equation=equation,
        terms=equation_terms(equation), steps=steps,
        reasons=reasons(_items(breakdown), _items(groups)), groups=groups, money=known_money, money_problem=money,
        batches=_items(batches), months=[one["month"] for one in _items(months)], areas=areas,
        payable=equation["entitled"] - equation["held"] - equation["excluded"],
        moving=any(one["state"] != "done" for one in equation["steps"] if one["step"] != "closed"), closing=closing, names=names,
        orders=[one for one in _items(orders) if one["subject"]["month"] == month], problem=problem, typed=typed or {},
        may_close=doors.person is not None and doors.person.is_any(*CLOSERS),
    )  # fmt: skip


@router.get("/bulan/{month}")
async def month_page(month: str, request: Request, doors: DoorsDep) -> Response:
    return await _show_month(request, doors, month)


@router.post("/bulan/{month}/tutup")
async def close_month(month: str, request: Request, doors: DoorsDep) -> Response:
    """Ask that a programme's month be closed by its minutes; it is, once another person agrees."""
    typed = await typed_of(request)
    try:
        await doors.post(
            f"/disbursement/months/{month}/closing", {"programme": typed.get("program", ""), "minutes": typed.get("berita_acara", "")}
        )
    except DoorProblem as problem:
        return await _show_month(request, doors, month, problem, typed)
    return go(request, link(f"/bulan/{month}", selesai="minta-perintah"))


@router.get("/bulan/{month}/ledger.csv")
async def ledger(month: str, doors: DoorsDep) -> Response:
    """The month's ledger as a file: ids and codes only."""
    return await doors.download(link(f"/disbursement/months/{month}/ledger.csv", purpose=doors.purpose), f"ledger-{month}.csv")


@router.get("/bulan/{month}/bukti.zip")
async def proof(month: str, doors: DoorsDep) -> Response:
    """What became of everybody, for whoever checks it with a program that shares no code with Ritme; recorded by its door."""
    return await doors.download(link(f"/disbursement/months/{month}/proof", purpose=doors.purpose), f"proof-{month}.zip")


@router.get("/bulan/{month}/dana")
async def money_page(month: str, request: Request, doors: DoorsDep) -> Response:
    """SP2D by programme, as both books have it: budget_audit's from the treasury's papers, disbursement's from its lines."""
    books, ledger_money, batches = await together(
        doors.get(f"/budget_audit/months/{month}/money"),
        doors.ask(f"/disbursement/months/{month}/money"),
        doors.ask("/disbursement/batches", month=month),
    )
    return page(
        request, "money.html", doors, month=month, books=books, ledger_money=ledger_money,
        batches=[one for one in _items(batches) if one["state"] != "withdrawn"],
        agree=isinstance(ledger_money, DoorProblem) or all(books[key] == ledger_money[key] for key in MONEY),
    )  # fmt: skip


@dataclass(frozen=True)
class Place:
    """An area with its people of one outcome, and the link one level down."""

    code: str
    count: int
    amount: int
    to: str


def level_below(area: str) -> str:
    """The level to split an area into: Jakarta by city, a city by kecamatan, a kecamatan by kelurahan; a kelurahan: none."""
    return next((level for level in LEVELS if len(area) < CODE_LENGTH[level]), "")


def crumbs(area: str) -> list[str]:
    """The codes above and of an area: 31.73, 31.73.01, 31.73.01.1005."""
    return [area[:length] for length in CODE_LENGTH.values() if len(area) >= length]


@router.get("/bulan/{month}/{outcome}")
async def outcome_page(
    month: str, outcome: str, request: Request, doors: DoorsDep, *, alasan: str = "", program: str = "", wilayah: str = "",
    daftar: str = "", sesudah: str = "",
) -> Response:  # fmt: skip
    """People of one outcome (``semua``: all) by reason, then by area down to the kelurahan, then one by one."""
    if outcome not in words.OUTCOMES and outcome != "semua":
        raise DoorProblem(404, "not-found", "there is no such outcome")
    asked = "" if outcome == "semua" else outcome
    level, here = level_below(wilayah), f"/bulan/{month}/{outcome}"
    base = f"/disbursement/months/{month}/breakdown"
    if request.headers.get("hx-request") == "true" and sesudah:
        rows = await _people(doors, month, outcome=asked, reason=alasan, programme=program, area=wilayah, after=sesudah)
        more = link(here, alasan=alasan, program=program, wilayah=wilayah, daftar="1", sesudah=rows["next"] or "")
        return page(request, "_people.html", doors, people=rows, more=more, outcome=outcome, areas=await doors.area_names())
    equation, by_reason, by_area, areas = await together(
        doors.get(f"/disbursement/months/{month}/equation"),
        doors.get(base, outcome=asked, programme=program, by="area", level=level_of(wilayah) or "city"),
        doors.get(base, outcome=asked, reason=alasan, programme=program, by="area", level=level or "kelurahan"),
        doors.area_names(),
    )
    why = _summed(by_reason["items"], "reason", within=wilayah)
    places = [
        Place(code, count, amount, link(here, alasan=alasan, program=program, wilayah=code))
        for code, (count, amount) in _summed(by_area["items"], "area", within=wilayah).items()
    ]
    total = sum(one.count for one in places)
    people, owners = None, []
    if daftar or not level or 0 < total <= LIST_PAGE:
        try:
            people = await _people(doors, month, outcome=asked, reason=alasan, programme=program, area=wilayah, after=sesudah)
        except DoorProblem as problem:
            if problem.status != FORBIDDEN:
                raise
            # Who works with sums sees whose task it is, not whose money (USERS.md, head of the agency).
            owners = _items(await doors.ask("/disbursement/gaps/groups", month=month, reason=alasan, programme=program, area=wilayah))
    return page(
        request, "outcome.html", doors, month=month, outcome=outcome, reason=alasan, programme=program, area=wilayah, level=level,
        equation=equation, why=why, places=sorted(places, key=lambda one: -one.count), people=people, crumbs=crumbs(wilayah), areas=areas,
        owners=[one for one in owners if asked in ("", one["outcome"])],
        total=total, amount=sum(one.amount for one in places), here=here,
        more=link(here, alasan=alasan, program=program, wilayah=wilayah, daftar="1", sesudah=people["next"] or "") if people else "",
    )  # fmt: skip


def level_of(area: str) -> str:
    """The level of an area's own code; empty for Jakarta as a whole."""
    return next((level for level, length in CODE_LENGTH.items() if len(area) == length), "")


def _summed(items: Iterable[Mapping[str, Any]], key: str, *, within: str) -> dict[str, tuple[int, int]]:
    """People and rupiah by reason or area, the largest first, of the places in ``within``."""
    found: dict[str, tuple[int, int]] = {}
    for one in items:
        if one["area"] == within or one["area"].startswith(f"{within}." if within else ""):
            count, amount = found.get(one[key], (0, 0))
            found[one[key]] = (count + one["count"], amount + one["sum"])
    return dict(sorted(found.items(), key=lambda one: -one[1][0]))


async def _people(doors: Doors, month: str, *, outcome: str, reason: str, programme: str, area: str, after: str) -> dict[str, Any]:
    """One page of person-months with owner and date where there is a gap."""
    which = {"reason": reason, "programme": programme, "area": area}
    which["purpose"] = doors.purpose
    found = await doors.get(f"/disbursement/months/{month}/people", outcome=outcome, after=after, limit=LIST_PAGE, **which)
    gaps: dict[tuple[str, str], dict[str, Any]] = {}
    if any(one["outcome"] in words.URGENT for one in found["items"]):
        for gap in _items(await doors.ask("/disbursement/gaps", month=month, limit=GAPS_READ, **which)):
            gaps[gap["person_id"], gap["programme"]] = gap
    for one in found["items"]:
        one["gap"] = gaps.get((one["person_id"], one["programme"]))
    return {**found, "with_gaps": bool(gaps)}
