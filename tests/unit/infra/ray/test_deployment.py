"""What goes to the hosts of a cluster: nothing that is so on the deploying machine alone; and what its status says."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.ray.deployment import STATE_DIR_ON_HOSTS, ClusterStatus, for_hosts
from sightline.adapters.ray.cluster import HostReport
from sightline.cli.cluster_tables import actors_table, hosts_table, questions_line
from sightline.errors import ConfigurationError
from sightline.settings import Settings, load_settings, merge

CLUSTER: dict[str, Any] = {
    "ray": {"address": "ray://10.0.0.10:10001"},
    "kafka": {"bootstrap_servers": "kafka:9092"},
    "milvus": {"uri": "http://milvus:19530"},
    "triton": {"url": "127.0.0.1:8101"},
    "blobs": {"url": "s3://sightline/crops"},
}


def settings(**changes: Any) -> Settings:
    return load_settings(**merge(CLUSTER, changes))


def test_the_state_folder_is_each_hosts_own() -> None:
    there = for_hosts(settings())
    assert there.local.state_dir == STATE_DIR_ON_HOSTS
    assert there.state_dir == Path.home() / ".local" / "state" / "sightline", "of whoever runs the process"


def test_a_state_folder_that_somebody_chose_is_kept() -> None:
    assert for_hosts(settings(local={"state_dir": "/srv/sightline"})).state_dir == Path("/srv/sightline")


@pytest.mark.parametrize("address", ["ray://10.0.0.10:10001", "10.0.0.10:6379"])
def test_the_questions_are_looked_for_at_the_head_unless_said_otherwise(address: str) -> None:
    assert for_hosts(settings(ray={"address": address})).serving.url == "http://10.0.0.10:8000"
    elsewhere = settings(serving={"url": "https://sightline.example"})
    assert for_hosts(elsewhere).serving.url == "https://sightline.example"


@pytest.mark.parametrize(
    ("section", "name"),
    [("ray", "address"), ("kafka", "bootstrap_servers"), ("milvus", "uri"), ("triton", "url"), ("blobs", "url")],
)
def test_an_address_that_hosts_need_is_asked_for(section: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{section}.{name}.*docs/operations/cluster.md"):
        for_hosts(settings(**{section: {name: None}}))


def shown(part: Any) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


STREAM = {"state": "running", "pid": 7, "host": "10.0.0.11", "partitions": [0, 2], "in_flight": 3, "unread": 9, "trouble": ""}
HOSTS = (
    HostReport("a", "10.0.0.10", True, True, {"CPU": 4.0, "streams": 4.0, "memory": 1e9, "node:10.0.0.10": 1.0}),
    HostReport("b", "10.0.0.11", False, False, {}),
)


def status(*, answers: bool = True, **actors: Any) -> ClusterStatus:
    questions = {"state": "RUNNING", "replicas": {"RUNNING": 2}, "url": "http://10.0.0.10:8000", "answers": answers}
    return ClusterStatus(HOSTS, {"camera-stream-0": STREAM, **actors}, questions)


def test_a_cluster_is_ready_when_frames_flow_and_questions_are_answered() -> None:
    assert status().ready
    assert not status(answers=False).ready
    assert not status(writer={"state": "silent"}).ready
    assert not status(other={**STREAM, "trouble": "kafka is away"}).ready
    assert not ClusterStatus(HOSTS, {}, {"answers": True}).ready, "nothing runs"


def test_the_tables_say_what_runs_where_and_what_troubles_it() -> None:
    answer = status(**{"camera-stream-1": {**STREAM, "trouble": "kafka is away"}})
    hosts = shown(hosts_table(answer))
    assert "10.0.0.10 (head)  alive  4 CPU, 4 streams" in hosts
    assert "10.0.0.11         dead" in hosts
    assert "camera-stream-0, camera-stream-1" in hosts
    actors = shown(actors_table(answer))
    assert "0 2" in actors
    assert "kafka is away" in actors
    assert "http://10.0.0.10:8000 answers" in shown(questions_line(answer))
    assert "does not answer" in shown(questions_line(status(answers=False)))


def test_the_document_names_hosts_by_address() -> None:
    document = status().document()
    assert document["hosts"]["10.0.0.11"] == {"alive": False, "is_head": False, "resources": {}}
    assert document["ready"] is True
