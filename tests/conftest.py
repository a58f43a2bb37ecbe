"""Real servers for tests, each started once a session, on first use, on free ports, and stopped at the end.

| fixture | what it gives |
|---|---|
| ``stack`` | factory: ``settings = stack("kafka", "triton", stream={"mode": "replay"})`` |
| ``kafka_settings``, ``triton_settings``, ``ray_settings`` | ``stack("kafka")`` and so on |
| ``milvus_settings`` | ``stack("milvus-lite")`` and ``stack("milvus-standalone")``: the test runs on both |
| ``private_stack`` | factory of servers of the test's own, to be killed: ``.settings``, ``.kill(name)``, ``.revive()`` |
| ``private_servers`` | a second set of ``Servers``, to be killed: ``.addresses(names)``, ``.kill(name)``, ``.revive()`` |
| ``s3_server`` | a server of the S3 protocol with a bucket ``tests``: ``.section("tests", prefix)`` of the settings |
| ``unique_prefix`` | ``t1a2b3c4-``: for names that tests must not share |
| ``shared_dir`` | the research data beside the checkout; the test is skipped without it, and fails where CI=true |

The names are kafka, triton, milvus-lite, milvus-standalone and ray. Each call of ``stack`` gives ``Settings`` with the
servers' addresses, a state folder of the test's own (crops, metrics), a topic prefix and a collection prefix of its own
(the topics are created, 4 partitions unless ``kafka={"partitions": …}``). Triton's model repository is shared by the
session (``settings.model_repositories[-1]``): give models unique names, load them by request.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.s3_server import S3Server

from infra.local import process
from infra.local.services import servers
from infra.local.stack import LocalStack
from sightline.adapters.kafka.admin import create_topics
from sightline.adapters.ray.cluster import leave
from sightline.settings import LocalPorts, Settings, load_settings, merge

SHARED_DIR = Path(__file__).resolve().parent.parent.parent / "shared"
ANY_PORTS = dict.fromkeys(LocalPorts.model_fields, 0)
TEST_PARTITIONS = 4


def pytest_configure() -> None:
    """Tests make their own settings, and interrupt their own processes: those of whoever runs them stay out."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job passes on that it ignores it
    for variable in [name for name in os.environ if name.startswith("SIGHTLINE_")]:
        del os.environ[variable]
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="sl-home-")  # where a demo may have left which model is live


def pytest_unconfigure() -> None:
    """Take the tests' own home of states away."""
    shutil.rmtree(os.environ["XDG_STATE_HOME"], ignore_errors=True)


@dataclass
class Servers:
    """Servers by name, each in a state folder of its own under ``root``, started on first use."""

    root: Path
    overrides: dict[str, Any] = field(default_factory=dict)
    started: dict[str, LocalStack] = field(default_factory=dict)

    def need(self, name: str) -> Settings:
        """The settings that reach the server, which runs now."""
        if name not in self.started:
            self.started[name] = self._stack(name)
            self.started[name].up()
        return self.started[name].settings

    def revive(self) -> None:
        """Start those that died; the others are left as they are."""
        for name, stack in self.started.items():
            record = stack.record(name.partition("-")[0])
            if record is None or not process.is_alive(record.process):
                stack.up()

    def kill(self, name: str) -> None:
        """SIGKILL to the server and its children, as a crash would end it."""
        record = self.started[name].record(name.partition("-")[0])
        assert record is not None, f"{name} was never started"
        process.kill(record.process)

    def down(self) -> None:
        """Stop all of them; this process leaves their Ray cluster first, which it would wait for otherwise."""
        if "ray" in self.started:
            leave()
        for stack in self.started.values():
            stack.down()
        shutil.rmtree(self.root, ignore_errors=True)

    def addresses(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Settings, as nested mappings, that reach the servers of these names."""
        found: dict[str, Any] = {}
        for name in names:
            section = name.partition("-")[0]
            settings = self.need(name)
            values = getattr(settings, section).model_dump(exclude_none=True, include=_ADDRESSES[section])
            found = merge(found, {section: values})
            if name == "triton":
                found["triton"]["model_repositories"] = settings.model_repositories
        return found

    def _stack(self, name: str) -> LocalStack:
        kind, _, backend = name.partition("-")
        own = {"local": {"state_dir": self.root / name, "ports": ANY_PORTS}}
        if backend:
            own["milvus"] = {"backend": backend}
        if kind == "triton":
            own["triton"] = {"model_repositories": (self.root / name / "models",)}
        settings = load_settings(**merge(self.overrides, own))
        kinds = [server for server in servers(settings) if server.name == kind]
        assert kinds, f"there is no server {name!r}"
        return LocalStack(settings, kinds)


_ADDRESSES = {
    "kafka": {"bootstrap_servers"},
    "triton": {"url", "metrics_url"},
    "milvus": {"uri", "backend"},
    "ray": {"address"},
}


@pytest.fixture(scope="session")
def session_servers() -> Iterator[Servers]:
    """The servers of the session; tests use ``stack``."""
    session = Servers(Path(tempfile.mkdtemp(prefix="sl-")))  # short: Ray's sockets are under it
    yield session
    session.down()


@pytest.fixture(scope="session")
def private_servers() -> Iterator[Servers]:
    """A second set of servers: tests may kill them, and start them again."""
    servers = Servers(Path(tempfile.mkdtemp(prefix="sl-")))
    yield servers
    servers.down()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """For all tests that do not kill it; keys are shared, so choose a prefix."""
    server = S3Server.start(tmp_path_factory.mktemp("s3"))
    server.make_bucket("tests")
    yield server
    server.stop()


@pytest.fixture
def unique_prefix() -> str:
    return f"t{uuid.uuid4().hex[:8]}-"


@pytest.fixture
def stack(session_servers: Servers, unique_prefix: str, tmp_path: Path) -> Callable[..., Settings]:
    """``stack("kafka", "milvus-lite", stream={…})``: the settings that reach these servers, names unique to the test."""
    return _factory(session_servers, unique_prefix, tmp_path)


@pytest.fixture(scope="module")
def module_stack(session_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Settings]:
    """As ``stack``, with names that are the module's."""
    return _factory(session_servers, f"t{uuid.uuid4().hex[:8]}-", tmp_path_factory.mktemp("stack"))


def _factory(servers: Servers, prefix: str, state_dir: Path) -> Callable[..., Settings]:
    own: dict[str, Any] = {
        "local": {"state_dir": state_dir, "ports": ANY_PORTS},
        "kafka": {"topic_prefix": prefix, "partitions": TEST_PARTITIONS},
        "milvus": {"collection_prefix": prefix.replace("-", "_") + "sightings"},
        "stream": {"group_id": f"{prefix}stream"},
        "writer": {"group_id": f"{prefix}writer"},
        "ray": {"namespace": f"{prefix}sightline"},
        "serving": {"port": 0},
    }

    def make(*names: str, **overrides: Any) -> Settings:
        settings = load_settings(**merge(merge(own, servers.addresses(names)), overrides))
        if "kafka" in names:
            create_topics(settings)
        return settings

    return make


@pytest.fixture
def kafka_settings(stack: Callable[..., Settings]) -> Settings:
    return stack("kafka")


@pytest.fixture
def triton_settings(stack: Callable[..., Settings]) -> Settings:
    return stack("triton")


@pytest.fixture
def ray_settings(stack: Callable[..., Settings]) -> Settings:
    return stack("ray")


@pytest.fixture(params=["milvus-lite", "milvus-standalone"])
def milvus_settings(request: pytest.FixtureRequest, stack: Callable[..., Settings]) -> Settings:
    return stack(request.param)


@dataclass
class PrivateStack:
    """Servers that belong to one test: it may kill them."""

    settings: Settings
    servers: Servers

    def kill(self, name: str) -> None:
        """SIGKILL, as a crash: to kafka, triton, milvus-lite, milvus-standalone or ray."""
        self.servers.kill(name)

    def revive(self) -> None:
        """Start again what was killed, on the same ports and data, and wait until it answers."""
        self.servers.revive()


@pytest.fixture
def private_stack(unique_prefix: str, tmp_path: Path) -> Iterator[Callable[..., PrivateStack]]:
    """``private_stack("kafka", "triton", stream={…})``: servers of the test's own; stopped at its end."""
    made: list[Servers] = []

    def make(*names: str, **overrides: Any) -> PrivateStack:
        own = Servers(Path(tempfile.mkdtemp(prefix="sl-")), overrides)
        made.append(own)
        return PrivateStack(_factory(own, unique_prefix, tmp_path)(*names, **overrides), own)

    yield make
    for own in made:
        own.down()


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The research data: read at run time, never copied into the repository."""
    if not SHARED_DIR.is_dir():
        reason = f"the research data is not at {SHARED_DIR}"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and CI must run these tests")
        pytest.skip(reason)
    return SHARED_DIR
