"""The people of the office at their doors: every step asks how things stand first, so that a story can go on after a crash."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self, TypeVar

from rich.console import Console
from rich.text import Text

from ritme.client import Doors, Json, Problem, Unreachable
from ritme.commands import SERVICES
from ritme.commands.imports import service_of
from ritme.terminal import number

T = TypeVar("T")

POLL_S: Final = 0.1
PATIENCE_S: Final = 300
"""How long a state may be awaited, or an address stay silent, before the story gives up."""


class StillWaiting(Exception):
    """A state did not come in time; the text says which one and who makes it."""


class NotEmpty(Exception):
    """The instance holds somebody's own data."""


class Office:
    """Everybody who takes part, at one address. Steps are shown as they end."""

    def __init__(self, url: str, story: str, console: Console, *, patience_s: float = PATIENCE_S) -> None:
        self.url = url
        self.story = story
        self.assumed: list[str] = []
        self._console = console
        self._patience_s = patience_s
        self._doors: dict[str, Doors] = {}
        self._status = console.status("")
        self._began = self._ended = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()
        for doors in self._doors.values():
            doors.close()

    def as_(self, person: str) -> Doors:
        if person not in self._doors:
            self._doors[person] = Doors(self.url, person)
        return self._doors[person]

    @property
    def seconds(self) -> float:
        """Of work: from the first file that went in to the end of the last step."""
        return round(self._ended - self._began, 1) if self._began else 0.0

    # --- steps --------------------------------------------------------------------------------------------------

    def step(self, title: str, action: Callable[[], T]) -> T:
        """Do it; again where nobody answered, since ``action`` begins by asking how things stand."""
        started = time.monotonic()
        if self._console.is_terminal:
            self._status.update(title)
            self._status.start()
        try:
            result = self.insist(action)
        finally:
            self._status.stop()
        self._ended = time.monotonic()
        note = f"  {result}" if isinstance(result, str) else ""
        self._console.print(Text.assemble(("✓ ", "green"), f"{title}{note} ", (f"{time.monotonic() - started:.1f} s", "dim")))
        return result

    def insist(self, action: Callable[[], T], *, patience_s: float | None = None) -> T:
        """Again while nobody answers (refused, cut off, 502 to 504). Raise StillWaiting where the silence lasts too long."""
        patience_s = self._patience_s if patience_s is None else patience_s
        silent_since: float | None = None
        while True:
            try:
                return action()
            except Unreachable as error:
                silent_since = silent_since or time.monotonic()
                if time.monotonic() - silent_since > patience_s:
                    raise StillWaiting(f"{self.url} has been silent for {patience_s:.0f} s: {error}") from error
                time.sleep(POLL_S)

    def wait(self, what: str, look: Callable[[], T | None]) -> T:
        """Until ``look`` finds it. Raise StillWaiting after the deadline."""
        deadline = time.monotonic() + self._patience_s
        while True:
            found = self.insist(look)
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise StillWaiting(f"waited {self._patience_s:.0f} s for {what}; is `ritme work` running?")
            time.sleep(POLL_S)

    def wait_quiet(self) -> None:
        """Until nothing is pending and nothing unread in any service, twice in a row."""
        seen = 0

        def look() -> bool | None:
            nonlocal seen
            seen = seen + 1 if self._quiet() else 0
            return True if seen >= 2 else None

        self.wait("all events to be read", look)

    def _quiet(self) -> bool:
        for service in SERVICES:
            status = self.as_("operator").get(f"/{service}/status")
            if status["pending"] or any(position["lag"] for position in status["positions"]):
                return False
        return True

    # --- files --------------------------------------------------------------------------------------------------

    def bring_in(self, kind: str, file: Path, controls: Json, *, by: str, commit_by: str) -> Json:
        """Check and commit one file; a file that is in already is left alone. Returns its ImportView."""
        self._began = self._began or time.monotonic()
        service = service_of(kind)
        view = self.as_(by).upload(f"/{service}/imports/{kind}", file, {"controls": json.dumps(controls)})
        if view["state"] == "committed":
            return view
        if not view["ready"]:
            first = self.as_(by).get(f"/{service}/imports/{view['id']}/problems", limit=5)["items"]
            raise Problem(409, {"code": "not-ready", "detail": f"{file.name}: {view['not_ready']} {first}", "view": view})
        return self.as_(commit_by).post(f"/{service}/imports/{view['id']}/commit")

    # --- the month ----------------------------------------------------------------------------------------------

    def seal(self, month: str, programmes: tuple[str, ...]) -> str:
        """Cut-off of each programme that has none yet."""
        operator = self.as_("operator")
        sealed = {one["programme"] for one in operator.get("/beneficiary/cutoffs", month=month)["items"]}
        for programme in programmes:
            if programme not in sealed:
                operator.post("/beneficiary/cutoffs", {"programme": programme, "month": month})
        found = operator.get(f"/beneficiary/months/{month}/seal")
        return f"{number(sum(one['count'] for one in found['programmes']))} people, {found['hash'][:12]}"

    def open(self, month: str) -> str:
        """Open the month once disbursement has read everything up to the seal."""

        def look() -> Json | None:
            try:
                return self.as_("operator").post(f"/disbursement/months/{month}/opening")
            except Problem as problem:
                if problem.code in ("events-pending", "not-sealed"):
                    return None
                raise

        opened = self.wait(f"{month} to open", look)
        return ", ".join(f"{one['programme']} {number(one['due'])} due" for one in opened["programmes"] if "due" in one)

    def batch(self, month: str, kind: str = "main") -> Json | None:
        found = self.as_("operator").get("/disbursement/batches", month=month)["items"]
        return next((one for one in found if one["kind"] == kind and one["state"] != "withdrawn"), None)

    def compose(self, month: str, kind: str = "main") -> Json:
        return self.batch(month, kind) or self.as_("operator").post("/disbursement/batches", {"month": month, "kind": kind})

    def sign(self, batch_id: str) -> str:
        """Submit, check, approve: three people, each with the hash that stands on the list before them."""
        doors = f"/disbursement/batches/{batch_id}"
        batch = self.as_("operator").get(doors)
        if batch["state"] == "draft":
            batch = self.as_("operator").post(f"{doors}/submission")
        if batch["state"] == "submitted":
            batch = self.as_("checker").post(f"{doors}/check", {"list_hash": batch["list_hash"]})
        self._explain(doors, batch)
        if batch["state"] == "checked":
            batch = self.as_("approver").post(f"{doors}/approval", {"list_hash": batch["list_hash"]})
        return f"{number(batch['payments'])} payments, {number(batch['sum'])} rupiah, {batch['list_hash'][:12]}"

    def _explain(self, doors: str, batch: Json) -> None:
        """The checker looks at what is odd on the list and says a word about it, so that it can be approved."""
        if batch["state"] != "checked":
            return
        checker = self.as_("checker")
        found = [one["finding_id"] for one in checker.get(f"{doors}/anomalies")["items"] if one["open"]]
        if found:
            body = {"list_hash": batch["list_hash"], "findings": found, "word": "diperiksa terhadap berkas sumber"}
            checker.post(f"{doors}/anomalies/acknowledgement", body)

    def wait_batch(self, batch_id: str, *states: str) -> Json:
        """Until the batch stands in one of these; a refusal of the budget ends the story at once."""

        def look() -> Json | None:
            batch = self.as_("operator").get(f"/disbursement/batches/{batch_id}")
            if batch["state"] == "refused" and "refused" not in states:
                raise Problem(409, {"code": "budget-refused", "detail": f"no budget for {batch['code']}"})
            return batch if batch["state"] in states else None

        return self.wait(f"the batch to be {' or '.join(states)}", look)

    def release(self, batch_id: str) -> str:
        batch = self.wait_batch(batch_id, "funded", "released", "results_in", "closed")
        if batch["state"] == "funded":
            body = {"list_hash": batch["list_hash"]}
            batch = self.as_("releaser").post(f"/disbursement/batches/{batch_id}/release", body)
        return f"{number(batch['payments'])} transfers"

    def fetch_bank_file(self, batch_id: str, target: Path) -> Path:
        """The bank gets the bytes that were released."""
        with target.open("wb") as file:
            self.as_("releaser").download(f"/disbursement/batches/{batch_id}/bank-file", file)
        return target

    def results(self, file: Path) -> Json:
        return self.as_("operator").upload("/disbursement/results", file)
