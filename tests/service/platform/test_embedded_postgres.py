"""The embedded server's life: first starts, last stops, and nobody's death pins or breaks it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from shared.db.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresFailed
from shared.db.roles import bootstrap

PROJECT = Path(__file__).resolve().parents[3]

USER = """
import sys
from pathlib import Path
from shared.db.embedded_postgres import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
postgres.start()
print("started", flush=True)
sys.stdin.readline()
postgres.close()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    # Not tmp_path: run as root, another pytest would lock the server's account out of it.
    folder = Path(tempfile.mkdtemp(prefix="ritme-test-"))
    yield folder
    EmbeddedPostgres(folder).kill()
    shutil.rmtree(folder)


@contextmanager
def another_process(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """A second user of the server, started and waiting for a line or its death."""
    with subprocess.Popen(
        [sys.executable, "-c", USER, str(data_dir)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            process.kill()


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate("leave\n", timeout=30)
    assert process.returncode == 0


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def answers(url: str) -> bool:
    try:
        connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def test_the_last_one_stops_it(data_dir: Path) -> None:
    first = EmbeddedPostgres(data_dir, durable=False)
    first.start()
    url = first.address("postgres", "postgres")
    with another_process(data_dir) as second:
        first.close()
        assert answers(url), "the second process still uses it"
        leave(second)
    assert not answers(url)


def test_two_users_in_one_process_count_as_two(data_dir: Path) -> None:
    first = EmbeddedPostgres(data_dir, durable=False)
    second = EmbeddedPostgres(data_dir, durable=False)
    first.start()
    second.start()
    url = first.address("postgres", "postgres")
    first.close()
    first.close()
    assert answers(url)
    second.close()
    assert not answers(url)


def test_a_killed_user_does_not_pin_it(data_dir: Path) -> None:
    with another_process(data_dir) as starter:
        joined = EmbeddedPostgres(data_dir, durable=False)
        joined.start()
        before = postmaster(data_dir)
        starter.kill()
        starter.wait()
    url = joined.address("postgres", "postgres")
    assert answers(url), "the server outlives the process that started it"
    assert postmaster(data_dir) == before
    joined.close()
    assert not answers(url)


def test_a_server_left_by_a_killed_user_is_joined(data_dir: Path) -> None:
    with another_process(data_dir) as only:
        before = postmaster(data_dir)
        only.kill()
        only.wait()
    with EmbeddedPostgres(data_dir, durable=False) as next_one:
        assert postmaster(data_dir) == before
        url = next_one.address("postgres", "postgres")
    assert not answers(url)


def test_after_kill_9_of_the_postmaster_what_was_committed_is_there(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as postgres:
        url = postgres.address("postgres", "postgres")
        with connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        # Only the postmaster: its children must not keep the next one from starting.
        os.kill(postmaster(data_dir), signal.SIGKILL)
        postgres.start()
        with connect(postgres.address("postgres", "postgres")) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_a_child_in_a_long_statement_does_not_prevent_the_next_start(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, durable=False) as postgres:
        busy = connect(postgres.address("postgres", "postgres"))
        # A server process that does not look up while it computes.
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000) AS n")
        os.kill(postmaster(data_dir), signal.SIGKILL)
        postgres.start()
        busy.close()
        assert answers(postgres.address("postgres", "postgres"))


def test_another_process_brings_a_killed_server_back(data_dir: Path) -> None:
    with another_process(data_dir) as starter:
        with EmbeddedPostgres(data_dir, durable=False) as postgres:
            url = postgres.address("postgres", "postgres")
            postgres.kill()
            assert not answers(url)
            postgres.start()
            assert answers(url)
        assert answers(url), "the process that started it first still counts as a user"
        leave(starter)
    assert not answers(url)


def test_a_lock_file_that_names_a_stranger_is_no_server(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, durable=False) as postgres:
        lock = data_dir / "postgres" / "postmaster.pid"
        text = lock.read_text()
        postgres.kill()
        lock.write_text(text.replace(text.split()[0], str(os.getpid()), 1))
        postgres.start()
        assert answers(postgres.address("postgres", "postgres"))


def test_a_first_start_that_was_interrupted_is_made_anew(data_dir: Path) -> None:
    half_made = data_dir / "postgres.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(data_dir, durable=False) as postgres:
        assert answers(postgres.address("postgres", "postgres"))


def test_a_long_and_odd_path(data_dir: Path) -> None:
    folder = data_dir / ("x" * 100) / 'it\'s, "data" %41'
    with EmbeddedPostgres(folder, durable=False) as postgres:
        url = postgres.address("postgres", "postgres")
        assert answers(url)
        postgres.kill()
        postgres.start()
        assert answers(url)
    assert not answers(url)


def test_without_a_server_there_is_no_address(data_dir: Path) -> None:
    with pytest.raises(EmbeddedPostgresFailed, match="start it first"):
        EmbeddedPostgres(data_dir).address("postgres", "postgres")


def test_it_runs_with_the_settings_that_were_promised(data_dir: Path) -> None:
    with (
        EmbeddedPostgres(data_dir) as postgres,
        connect(postgres.address("postgres", "postgres")) as connection,
    ):
        wanted = {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "timezone": "UTC",
            "listen_addresses": "",
            "shared_buffers": "128MB",
            "max_wal_size": "2GB",
        }
        for name, value in wanted.items():
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            assert row == (value,), name
        version = connection.execute("SELECT current_setting('server_version_num')::int")
        assert version.fetchone() == (pytest.approx(180000, abs=9999),)


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server with the databases of two services, and a table in the first."""
    folder = Path(tempfile.mkdtemp(prefix="ritme-test-"))
    with EmbeddedPostgres(folder, durable=False) as postgres:
        for _first_start_and_second in range(2):
            bootstrap(postgres.superuser_address(), ["beneficiary", "disbursement", "bus"])
        with connect(postgres.address("ritme_beneficiary", "beneficiary_owner")) as owner:
            owner.execute("CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY, area text)")
            owner.execute("ALTER TABLE entry ENABLE ROW LEVEL SECURITY")
            owner.execute("INSERT INTO entry (area) VALUES ('31.71'), ('31.72')")
            owner.execute("CREATE SEQUENCE numbers")
        yield postgres
    shutil.rmtree(folder)


class TestRoles:
    """The four roles of a service are a fence around its own database."""

    @pytest.fixture(params=["api", "worker", "verify"])
    def role(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    def run(self, postgres: EmbeddedPostgres, role: str, statement: str) -> object:
        with connect(postgres.address("ritme_beneficiary", f"beneficiary_{role}")) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def test_row_level_security_holds_for_api_alone(self, postgres: EmbeddedPostgres, role: str) -> None:
        seen = self.run(postgres, role, "SELECT count(*) FROM entry WHERE area LIKE '31.7_'")
        assert (seen == 0) is (role == "api")

    def test_nobody_but_the_owner_changes_or_removes(self, postgres: EmbeddedPostgres, role: str) -> None:
        for statement in ("UPDATE entry SET area = 'x'", "DELETE FROM entry", "TRUNCATE entry",
                          "CREATE TABLE mine (id int)"):  # fmt: skip
            with pytest.raises(
                (
                    psycopg.errors.InsufficientPrivilege,
                    psycopg.errors.ReadOnlySqlTransaction,
                )
            ):
                self.run(postgres, role, statement)

    def test_worker_appends_and_verify_does_not(self, postgres: EmbeddedPostgres) -> None:
        self.run(postgres, "worker", "INSERT INTO entry (area) VALUES ('31.73')")
        assert self.run(postgres, "worker", "SELECT nextval('numbers')") == 1
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            self.run(postgres, "verify", "INSERT INTO entry (area) VALUES ('31.73')")
        with connect(postgres.address("ritme_beneficiary", "beneficiary_verify")) as verify:
            verify.execute("SET default_transaction_read_only = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                verify.execute("INSERT INTO entry (area) VALUES ('31.73')")

    @pytest.mark.parametrize("database", ["ritme_disbursement", "ritme_bus", "postgres", "template1"])
    def test_a_role_reaches_its_own_database_only(self, postgres: EmbeddedPostgres, role: str, database: str) -> None:
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            connect(postgres.address(database, f"beneficiary_{role}"))

    def test_a_password_is_set_where_one_is_given(self, postgres: EmbeddedPostgres) -> None:
        with connect(postgres.superuser_address()) as admin:
            stored = "SELECT rolpassword FROM pg_authid WHERE rolname = 'beneficiary_api'"
            assert admin.execute(stored).fetchone() == (None,)
            bootstrap(postgres.superuser_address(), ["beneficiary"], password="a-'secret")
            row = admin.execute(stored).fetchone()
            assert row is not None
            assert str(row[0]).startswith("SCRAM-SHA-256$")

    def test_two_processes_may_bootstrap_at_once(self, postgres: EmbeddedPostgres) -> None:
        superuser = postgres.superuser_address()
        with ThreadPoolExecutor() as pool:
            started = [pool.submit(bootstrap, superuser, ["beneficiary", "bus"]) for _ in range(6)]
        for each in started:
            each.result()

    def test_text_is_ordered_by_bytes(self, postgres: EmbeddedPostgres) -> None:
        ordered = self.run(
            postgres,
            "worker",
            "SELECT string_agg(x, '' ORDER BY x) FROM (VALUES ('b'), ('A'), ('a'), ('_')) v(x)",
        )
        assert ordered == "A_ab"
