"""House rules that a linter does not know; each names the file and line that breaks it."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = [path for folder in ("services", "shared", "ritme") for path in sorted((ROOT / folder).rglob("*.py"))]
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/__init__.py"))


def calls(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            yield node.lineno, f"{owner.id}.{node.func.attr}" if isinstance(owner, ast.Name) else f".{node.func.attr}"


def where(paths: list[Path], wanted: set[str], suffixes: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line} {call}"
        for path in paths
        for line, call in calls(path)
        if call in wanted or (suffixes and call.endswith(suffixes))
    ]


def test_only_the_edges_commit() -> None:
    outside = [path for path in PRODUCT if "shared" not in path.relative_to(ROOT).parts and "migrations" not in path.parts]
    assert where(outside, set(), (".commit",)) == []


def test_time_and_ids_come_in() -> None:
    services = [path for path in PRODUCT if path.relative_to(ROOT).parts[0] == "services"]
    banned = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "uuid.uuid4", "uuid.uuid1"}
    assert where(services, banned) == []


def test_nothing_reads_outside_the_project() -> None:
    found = [str(path.relative_to(ROOT)) for path in PRODUCT if "../shared" in path.read_text()]
    assert found == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_stands_in_the_import_contracts(service: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    independence = next(contract for contract in contracts if contract["type"] == "independence")
    assert f"services.{service}" in independence["modules"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_says_what_it_is_for(service: str) -> None:
    charter = ast.get_docstring(ast.parse((ROOT / "services" / service / "__init__.py").read_text())) or ""
    for word in ("Owns", "Publishes", "Consumes", "Never"):
        assert word.lower() in charter.lower(), f"the charter of {service} does not say what it {word.lower()}"


def test_files_stay_small_enough_to_read() -> None:
    logic = [path for path in PRODUCT if path.name != "tables.py" and "migrations" not in path.parts]  # lists may be long
    long = {str(path.relative_to(ROOT)): n for path in logic if (n := len(path.read_text().splitlines())) > 450}
    assert long == {}, "split these by verb"
