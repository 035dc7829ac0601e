"""Apache Kafka itself, one KRaft broker on loopback, without Docker: Java 17 and Maven suffice.

Maven fetches the released jars once into a cache folder (`RITME_KAFKA_HOME`, by default
``~/.cache/ritme/kafka-<version>``). A broker is a process of ours with a data folder; it can be
killed, started again on the same address, and made to lose its data.

From a shell: ``scripts/kafka-local``.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import fasteners
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

KAFKA_VERSION = "4.3.1"
_LOG4J_VERSION = "2.25.4"
_COPY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_JAVA_NEEDED = 17
_FETCH_SECONDS = 600
_START_SECONDS = 90
_STOP_SECONDS = 30
_CLUSTER_ID = "cml0bWUtdGVzdC1idXMtMQ"  # any 16 bytes in URL-safe base64

_POM = f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>ritme</groupId>
  <artifactId>kafka-local</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-core</artifactId>
      <version>{_LOG4J_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>{_LOG4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""

_LOG4J = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


class KafkaUnavailable(Exception):
    """Kafka cannot run on this machine; the text says what is missing, for a person to read."""


def kafka_home() -> Path:
    """Where the jars are kept between runs."""
    chosen = os.environ.get("RITME_KAFKA_HOME")
    if chosen:
        return Path(chosen).absolute()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "ritme" / f"kafka-{KAFKA_VERSION}"


def fetch_kafka() -> Path:
    """Return the folder of the jars, fetching them first where they are not there yet.

    Raises `KafkaUnavailable` where Java or Maven is missing, or Maven reaches no repository.
    """
    _java()
    home = kafka_home()
    jars = home / "jars"
    home.mkdir(parents=True, exist_ok=True)
    with fasteners.InterProcessLock(home / ".fetch"):
        if not jars.is_dir():
            _fetch_into(home)
        (home / "log4j2.properties").write_text(_LOG4J)
    return jars


def _fetch_into(home: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaUnavailable(f"Maven is missing: mvn fetches the jars of Kafka {KAFKA_VERSION} once, into {home}")
    with tempfile.TemporaryDirectory(dir=home) as work:
        folder = Path(work)
        (folder / "pom.xml").write_text(_POM)
        try:
            done = subprocess.run(
                (maven, "-q", "-B", "-ntp", f"{_COPY_PLUGIN}:copy-dependencies",
                 "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'jars'}"),
                cwd=folder, capture_output=True, text=True, check=False, timeout=_FETCH_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise KafkaUnavailable(f"Maven did not finish in {_FETCH_SECONDS} s") from None
        if done.returncode != 0:
            said = "\n".join((done.stdout + done.stderr).splitlines()[:8])
            raise KafkaUnavailable(f"Maven could not fetch Kafka {KAFKA_VERSION}:\n{said}")
        (folder / "jars").rename(home / "jars")  # whole or not at all


def _java() -> str:
    """Path of a Java that Kafka runs on."""
    at_home = Path(os.environ.get("JAVA_HOME", "/nonexistent")) / "bin" / "java"
    java = str(at_home) if at_home.exists() else shutil.which("java")
    if java is None:
        raise KafkaUnavailable(f"Java {_JAVA_NEEDED}+ is missing: no java on PATH, no JAVA_HOME")
    said = subprocess.run((java, "-version"), capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < _JAVA_NEEDED:
        first = said.splitlines()[0] if said else "no version"
        raise KafkaUnavailable(f"Java {_JAVA_NEEDED}+ is missing: {java} says {first}")
    return java


class KafkaBroker:
    """One broker, controller included; its address and data stay the same over restarts."""

    def __init__(self, data_dir: Path, *, port: int | None = None) -> None:
        self._data_dir = data_dir.absolute()
        self._logs = self._data_dir / "logs"
        self._output = self._data_dir / "broker.log"
        self._port = port or _free_port()
        self._controller_port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """``host:port`` for clients."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start, or start again; return when the broker serves metadata.

        Raises `KafkaUnavailable` where Kafka cannot be had, or ends with the log's last lines.
        """
        if self._process is not None and self._process.poll() is None:
            return
        jars = fetch_kafka()
        self._data_dir.mkdir(parents=True, exist_ok=True)
        settings = self._data_dir / "server.properties"
        settings.write_text(self._properties())
        if not (self._logs / "meta.properties").exists():
            self._format(jars, settings)
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                _command(jars, "kafka.Kafka", str(settings)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._data_dir,
                start_new_session=True,  # Ctrl-C is for us; we stop it in order
            )
        atexit.register(self.stop)
        self._wait_until_serving()

    def stop(self) -> None:
        """Stop in order; kill it where it does not."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, and wait until it is dead; what it had acknowledged is in the page cache."""
        self._end(signal.SIGKILL)

    def wipe(self) -> None:
        """Lose all data: topics, records, groups. Only while it is stopped."""
        if self._process is not None:
            raise RuntimeError("stop or kill the broker before it loses its data")
        shutil.rmtree(self._logs, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self) -> int:
        """Return the broker's exit status when it ends by itself."""
        return 0 if self._process is None else self._process.wait()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        atexit.unregister(self.stop)
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _properties(self) -> str:
        own, controller = self.bootstrap, f"127.0.0.1:{self._controller_port}"
        return "\n".join((
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.voters=1@{controller}",
            f"listeners=PLAINTEXT://{own},CONTROLLER://{controller}",
            f"advertised.listeners=PLAINTEXT://{own}",
            "controller.listener.names=CONTROLLER",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            f"log.dirs={self._logs.as_posix()}",
            "auto.create.topics.enable=false",
            # Events are facts: none is thrown away for its age.
            "log.retention.ms=-1",
            "offsets.topic.num.partitions=1",
            "offsets.topic.replication.factor=1",
            "transaction.state.log.num.partitions=1",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "share.coordinator.state.topic.replication.factor=1",
            "share.coordinator.state.topic.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            # A broker that was killed may come back when the controller has given it up: 9 s.
            "broker.heartbeat.interval.ms=500",
            "broker.session.timeout.ms=3000",
            "",
        ))  # fmt: skip

    def _format(self, jars: Path, settings: Path) -> None:
        done = subprocess.run(
            _command(jars, "kafka.tools.StorageTool", "format", "--ignore-formatted",
                     "-t", _CLUSTER_ID, "-c", str(settings)),
            capture_output=True, text=True, check=False, timeout=_START_SECONDS,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"Kafka could not format its folder: {done.stdout}{done.stderr}")

    def _wait_until_serving(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while not (_accepts(self._port) and _serves_metadata(self.bootstrap)):
            assert self._process is not None
            ended = self._process.poll()
            if ended is not None or time.monotonic() > end:
                self.kill()
                what = "did not serve in time" if ended is None else f"ended with {ended}"
                last = self._output.read_text(errors="replace").splitlines()[-20:]
                raise RuntimeError("\n".join((f"Kafka {what}", *last)))
            time.sleep(0.05)


def _command(jars: Path, main_class: str, *arguments: str) -> tuple[str, ...]:
    return (
        _java(), "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData", "-Djava.awt.headless=true",
        f"-Dlog4j2.configurationFile={jars.parent / 'log4j2.properties'}",
        "-cp", f"{jars}{os.sep}*", main_class, *arguments,
    )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _serves_metadata(bootstrap: str) -> bool:
    """Whether the cluster names a broker: an open port alone comes too early."""

    async def ask() -> bool:
        client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
        try:
            await client.start()
            described = await client.describe_cluster()
        except (KafkaError, OSError):
            return False
        finally:
            await client.close()
        return bool(described["brokers"])

    # In a thread of its own: the caller may be inside a running event loop.
    answer: list[bool] = []
    asking = threading.Thread(target=lambda: answer.append(asyncio.run(ask())))
    asking.start()
    asking.join()
    return bool(answer and answer[0])


def main() -> int:
    """Run one broker in the foreground until Ctrl-C, and print its address."""
    parser = argparse.ArgumentParser(prog="kafka-local", description="Apache Kafka on loopback, for development.")
    parser.add_argument("--port", type=int, help="default: a free one")
    parser.add_argument("--data", type=Path, help="keep the data here (default: thrown away)")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="ritme-kafka-") as throw_away:
        broker = KafkaBroker(given.data or Path(throw_away), port=given.port)
        try:
            with broker:
                print(broker.bootstrap, flush=True)
                return broker.wait()
        except KafkaUnavailable as unavailable:
            print(f"kafka-local: {unavailable}", flush=True)
            return 1
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    raise SystemExit(main())
