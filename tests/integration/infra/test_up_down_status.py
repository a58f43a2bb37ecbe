"""``sightline up | down | status`` as a person runs them, on real servers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from infra.local.records import ServiceRecord, read_records

pytestmark = pytest.mark.stack


class Commands:
    """Runs ``sightline`` with a state folder of the test's own."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.environment = {**os.environ, "SIGHTLINE_LOCAL__STATE_DIR": str(state_dir)}
        for name in ("KAFKA", "TRITON_HTTP", "TRITON_GRPC", "TRITON_METRICS", "MILVUS", "RAY", "PROMETHEUS"):
            self.environment[f"SIGHTLINE_LOCAL__PORTS__{name}"] = "0"

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "from sightline.cli import main; main()", *arguments]
        environment = {**self.environment, **variables}
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments: str, code: int = 0, **variables: str) -> str:
        """What it printed, stdout first."""
        process = self.start(*arguments, **variables)
        out, errors = process.communicate(timeout=300)
        assert process.returncode == code, out + errors
        return out + errors

    def status(self, *, code: int, **variables: str) -> dict:
        process = self.start("status", "--json", **variables)
        out, errors = process.communicate(timeout=120)
        assert process.returncode == code, out + errors
        return json.loads(out)

    def record(self, name: str) -> ServiceRecord | None:
        return read_records(self.state_dir).get(name)


@pytest.fixture
def sightline(tmp_path):
    commands = Commands(tmp_path / "state")
    yield commands
    commands.run("down")


def _gone(record: ServiceRecord) -> bool:
    return not psutil.pid_exists(record.pid) or psutil.Process(record.pid).status() == psutil.STATUS_ZOMBIE


def test_up_twice_status_and_down(sightline):
    before = sightline.status(code=1)
    assert before["ready"] is False
    assert before["services"]["triton"]["state"] == "stopped"
    assert before["stream"] == {"lag_messages": None, "lag_s": None, "cameras": {}}

    said = sightline.run("up", "--only", "triton,kafka")
    assert "ready" in said
    first = {name: sightline.record(name) for name in ("kafka", "triton")}
    sightline.run("up", "--only", "triton,kafka")
    assert {name: sightline.record(name) for name in ("kafka", "triton")} == first

    after = sightline.status(code=1)
    assert set(after) == {"ready", "services", "stream", "cores"}
    assert set(after["services"]) == {"kafka", "triton", "milvus", "ray", "stream", "api"}
    for name, version in (("kafka", "4.1.0"), ("triton", "2.51.0")):
        service = after["services"][name]
        assert set(service) == {"state", "url", "version", "pid", "detail"}
        assert (service["state"], service["version"], service["pid"]) == ("ready", version, first[name].pid)
    assert after["services"]["milvus"]["state"] == "stopped"
    assert after["stream"]["lag_messages"] == 0
    assert after["cores"]["cores"] == os.cpu_count()

    assert "triton" in sightline.run("down")
    assert all(_gone(record) for record in first.values())
    assert not (sightline.state_dir / "endpoints.yaml").exists()
    assert "Nothing" in sightline.run("down")


def test_everything_listens_on_loopback_alone(sightline):
    sightline.run("up", "--only", "triton,kafka")
    pids = {sightline.record(name).pid for name in ("kafka", "triton")}
    listening = [entry for entry in psutil.net_connections("tcp") if entry.status == "LISTEN" and entry.pid in pids]
    assert len(listening) == 6
    assert {entry.laddr.ip.removeprefix("::ffff:") for entry in listening} == {"127.0.0.1"}


def test_a_taken_port_is_replaced(sightline):
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        sightline.run("up", "--only", "triton", SIGHTLINE_LOCAL__PORTS__TRITON_GRPC=str(port))
        assert sightline.record("triton").ports["grpc"] != port
        assert sightline.status(code=1)["services"]["triton"]["state"] == "ready"


def test_one_that_died_is_named_and_comes_back_where_it_was(sightline):
    sightline.run("up", "--only", "triton")
    before = sightline.record("triton")
    os.kill(before.pid, signal.SIGKILL)
    while not _gone(before):
        time.sleep(0.05)
    died = sightline.status(code=1)["services"]["triton"]
    assert died["state"] == "died"
    assert "triton.log" in died["detail"]
    sightline.run("up", "--only", "triton")
    after = sightline.record("triton")
    assert after.pid != before.pid
    assert after.ports == before.ports


def test_changed_settings_start_it_anew(sightline):
    sightline.run("up", "--only", "triton")
    before = sightline.record("triton")
    assert "settings changed" in sightline.run("up", "--only", "triton", SIGHTLINE_LOCAL__BIND_HOST="127.0.0.3")
    assert _gone(before)
    assert sightline.status(code=1)["services"]["triton"]["url"].startswith("127.0.0.3:")


def test_one_that_cannot_start_says_why(sightline):
    (sightline.state_dir / "kafka" / "data").mkdir(parents=True)
    (sightline.state_dir / "kafka" / "data" / "meta.properties").write_text("version=1\ncluster.id=other\nnode.id=7\n")
    said = sightline.run("up", "--only", "kafka", code=1)
    assert "error: kafka: ended while it started" in said
    assert "node.id" in said or "node id" in said.lower()
    assert str(sightline.state_dir / "logs" / "kafka.log") in said.replace("\n", "")


def test_a_missing_program_says_how_to_install_it(sightline, tmp_path):
    said = sightline.run("up", "--only", "kafka", code=1, PATH=str(tmp_path))
    assert "openjdk-17-jre-headless" in said


def test_wrong_usage(sightline):
    assert "no such server: zookeeper" in sightline.run("up", "--only", "zookeeper", code=2)
    sightline.run("status", "--json", "--watch", code=2)
    assert "unknown setting" in sightline.run("up", code=1, SIGHTLINE_KAFKAA__X="1")


def test_an_existing_server_is_used_and_left_alone(sightline, session_servers):
    existing = session_servers.need("kafka").kafka.bootstrap_servers
    named = {"SIGHTLINE_KAFKA__BOOTSTRAP_SERVERS": existing, "SIGHTLINE_KAFKA__TOPIC_PREFIX": "existing-"}
    sightline.run("up", "--only", "kafka", **named)
    assert sightline.record("kafka") is None
    service = sightline.status(code=1, **named)["services"]["kafka"]
    assert (service["state"], service["url"], service["pid"]) == ("ready", existing, None)
    sightline.run("down", **named)
    assert sightline.status(code=1, **named)["services"]["kafka"]["state"] == "ready"


def test_an_existing_server_that_does_not_answer_is_a_fault(sightline):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"127.0.0.1:{silent.getsockname()[1]}"
        assert "error: triton:" in sightline.run("up", "--only", "triton", code=1, SIGHTLINE_TRITON__URL=url)


@pytest.mark.parametrize("after_s", [0.0, 0.5])
def test_an_interrupted_up_leaves_what_down_cleans(sightline, after_s):
    up = sightline.start("up", "--only", "triton,kafka")
    while not (sightline.state_dir / "services.json").exists():
        assert up.poll() is None
        time.sleep(0.01)
    time.sleep(after_s)
    up.send_signal(signal.SIGINT)
    _, errors = up.communicate(timeout=60)
    assert up.returncode == 1
    assert "sightline down" in errors
    records = read_records(sightline.state_dir)
    assert records
    sightline.run("down")
    assert all(_gone(record) for record in records.values())


def test_two_at_once_start_one_server(sightline):
    both = [sightline.start("up", "--only", "triton") for _ in range(2)]
    said = [up.communicate(timeout=120)[1] for up in both]
    assert [up.returncode for up in both] == [0, 0], said
    assert sum("triton: starting" in errors for errors in said) == 1
