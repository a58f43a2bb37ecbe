"""Apache Kafka itself: one KRaft node, controller and broker in one Java process."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from base64 import urlsafe_b64encode
from functools import partial
from pathlib import Path
from typing import ClassVar

from infra.local import cache
from infra.local.cache import Say
from infra.local.ports import require_listener
from infra.local.service import Health, Launch, Layer, LocalService, Ports
from infra.prometheus import KAFKA_JMX
from sightline.adapters.kafka import admin
from sightline.errors import ConfigurationError
from sightline.settings import Settings

VERSION = "4.1.0"
HEAP = "512m"
HERE = Path(__file__).parent
POM = HERE / "kafka-pom.xml"
CHECKSUMS = HERE / "kafka-jars.sha256"
LOGGING = HERE / "kafka-log4j2.properties"
METRICS_AGENT = "jmx_prometheus_javaagent-1.0.1.jar"
HOW_JAVA = "install Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless)"
HOW_MAVEN = "install Maven, which fetches Kafka's jars (Debian: apt-get install maven)"


class Kafka(LocalService):
    """Its log and metadata are in ``<state_dir>/kafka/data``, formatted once; they survive ``kill -9``."""

    name: ClassVar[str] = "kafka"
    stop_grace_s: ClassVar[float] = 20.0

    def external(self, settings: Settings) -> str | None:
        return settings.kafka.bootstrap_servers

    def usual_ports(self) -> Ports:
        return {"broker": self.settings.local.ports.kafka, "controller": 0, "metrics": 0}

    def prepare(self, say: Say) -> None:
        cache.program("java", how=HOW_JAVA)
        cache.installed(_jars_name(), partial(_fetch_jars, say=say))

    def launch(self, ports: Ports) -> Launch:
        lines = [f"{name}={value}" for name, value in self._properties(ports).items()]
        heap = (f"-Xmx{HEAP}", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError")
        logging = f"-Dlog4j2.configurationFile={LOGGING}"
        command = (*_java(), *heap, logging, *self._metrics_agent(ports), "kafka.Kafka", str(self._config))
        return Launch(command, files={self._config: "\n".join(lines) + "\n"})

    def initialise(self) -> None:
        data = self.folder / "data"
        if (data / "meta.properties").exists():
            return
        shutil.rmtree(data, ignore_errors=True)  # what a formatting that was killed left
        identity = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = (*_java(), "-Xmx128m", "kafka.tools.StorageTool", "format")
        cache.run_installer(
            [*tool, f"--cluster-id={identity}", "--config", str(self._config)], doing="formatting Kafka's storage"
        )

    def addresses(self, ports: Ports) -> Layer:
        return {"kafka": {"bootstrap_servers": f"{self.host}:{ports['broker']}"}}

    def url(self, settings: Settings) -> str:
        return settings.kafka.bootstrap_servers or ""

    def probe(self, settings: Settings) -> Health:
        local = self.external(self.settings) is None
        if local:
            require_listener(self.name, self.url(settings))  # kafka-python would go on trying for ten seconds
        identity = admin.cluster_id(settings)
        return Health(VERSION if local else "", f"cluster {identity}")

    def settle(self, settings: Settings) -> None:
        admin.create_topics(settings)

    @property
    def _config(self) -> Path:
        return self.folder / "server.properties"

    def _metrics_agent(self, ports: Ports) -> tuple[str, ...]:
        if "metrics" not in ports:
            return ()  # a broker that an earlier version started, and that goes on without
        return (f"-javaagent:{_libs() / METRICS_AGENT}={self.bind_host}:{ports['metrics']}:{KAFKA_JMX}",)

    def _properties(self, ports: Ports) -> dict[str, object]:
        kafka = self.settings.kafka
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{ports['controller']}",
            "listeners": f"PLAINTEXT://{self.bind_host}:{ports['broker']},CONTROLLER://127.0.0.1:{ports['controller']}",
            "advertised.listeners": f"PLAINTEXT://{self.public_host}:{ports['broker']}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": self.folder / "data",
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            # After kill -9 the broker may register again only when its former session has ended.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "message.max.bytes": kafka.max_message_bytes,
            "replica.fetch.max.bytes": kafka.max_message_bytes,
            "transaction.max.timeout.ms": max(900_000, int(self.settings.stream.transaction_timeout_s * 1000)),
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
            "log.retention.check.interval.ms": 60_000,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
            **_one_node("offsets.topic", partitions=4),
            **_one_node("transaction.state.log", partitions=4),
            **_one_node("share.coordinator.state.topic", partitions=1),
            "num.network.threads": 2,
            "num.io.threads": 4,
            "background.threads": 2,
        }


def _one_node(topic: str, *, partitions: int) -> dict[str, object]:
    """One replica, and few partitions: each costs memory, files and start-up time."""
    return {f"{topic}.replication.factor": 1, f"{topic}.min.isr": 1, f"{topic}.num.partitions": partitions}


def _jars_name() -> str:
    return f"kafka-{VERSION}-{cache.digest_of(POM, CHECKSUMS)}"


def _java() -> tuple[str, ...]:
    return cache.program("java", how=HOW_JAVA), "-cp", str(_libs() / "*")


def _libs() -> Path:
    return cache.cache_dir() / _jars_name() / "libs"


def _fetch_jars(folder: Path, *, say: Say) -> None:
    maven = cache.program("mvn", how=HOW_MAVEN)
    say(f"fetching Apache Kafka {VERSION} (47 jars, 46 MB) through Maven")
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder / 'libs'}"]
    cache.run_installer([maven, "-q", "-B", "-f", str(POM), *goal], doing="fetching Kafka's jars", cwd=folder)
    verify_jars(folder / "libs", CHECKSUMS)


def verify_jars(libs: Path, checksums: Path) -> None:
    """Compare a folder of jars with a list as ``sha256sum`` writes it: the same names, the same contents.

    Raises:
        ConfigurationError: a jar is missing, unknown or has another content.
    """
    wanted = {name: digest for digest, name in (line.split() for line in checksums.read_text().splitlines())}
    have = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in libs.glob("*.jar")}
    wrong = sorted(name for name in wanted.keys() | have.keys() if wanted.get(name) != have.get(name))
    if wrong:
        raise ConfigurationError(
            f"what Maven fetched is not what {checksums.name} lists: {', '.join(wrong)}. Clear ~/.m2/repository of them and "
            "try again; if they come back the same, do not use them."
        )
