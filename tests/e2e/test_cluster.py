"""Past one machine: hosts of their own, the real `ray up`, a host more, a dead host, a dead head, a new version, `ray down`.

The tests are the days of one cluster, in order. Kafka, Milvus and the crops' store are on none of its hosts. What is measured
is printed: run with ``-s``.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from conftest import ANY_PORTS, Servers
from support.cluster import Cluster, Watch, answering, answers
from support.hosts import OUTSIDE, PREFIX, HostNetwork
from support.operator import Operator
from support.processes import until
from support.product_run import Run
from support.s3_server import S3Server

from sightline.adapters.kafka.admin import create_topics
from sightline.settings import load_settings, merge

pytestmark = [pytest.mark.stack, pytest.mark.shared, pytest.mark.timeout(1800)]

HEAD, FIRST, SECOND, ADDED = 1, 2, 3, 4
SMALL = {"cpus": 2, "object_store_mb": 100}
HOSTS = {
    f"{PREFIX}.{HEAD}": {"roles": ["streams"], "dashboard": False, **SMALL},
    f"{PREFIX}.{FIRST}": {"roles": ["streams", "stages"], **SMALL},
    f"{PREFIX}.{SECOND}": {"roles": ["streams", "stages"], **SMALL},
    f"{PREFIX}.{ADDED}": {"roles": ["streams"], **SMALL},
}


@pytest.fixture(scope="module")
def cluster(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three hosts that have an sshd and nothing of ours; what they need from outside; somebody with a checkout."""
    if os.geteuid() != 0:
        pytest.skip("hosts are made of namespaces, which only root may make")
    folder = Path("/var/tmp") / f"sl-cluster-{uuid.uuid4().hex[:6]}"
    network = HostNetwork(folder / "hosts")
    crops: S3Server | None = None
    servers = Servers(folder / "outside", {"local": {"bind_host": OUTSIDE, "ports": ANY_PORTS}})
    try:
        network.up()
        for number in (HEAD, FIRST, SECOND):
            network.boot(number)
        reach = servers.addresses(("kafka", "milvus-standalone"))
        crops = S3Server.start(folder / "crops", host=OUTSIDE)
        crops.make_bucket("crops")
        own = {
            "kafka": {"topic_prefix": "cluster-", "partitions": 6},
            "milvus": {"collection_prefix": "cluster"},
            "stream": {"mode": "replay", "sample": "all", "session_timeout_s": 6, "transaction_timeout_s": 5},
            "ray": {"address": f"ray://{PREFIX}.{HEAD}:10001"},
            "triton": {"url": "127.0.0.1:8101"},
            "pipeline": {
                "fused": False,
                "camera_stream_resources": {"streams": 1},
                "writer_resources": {"streams": 0.01},
                "pose": {"enabled": False},
                "dense": {"enabled": False},
                "detector": {"replicas": 2, "resources": {"stages": 0.5}},
                "embedder": {"replicas": 2, "resources": {"stages": 0.5}},
            },
            "serving": {
                "host": "0.0.0.0",
                "port": 8000,
                "replicas": 3,
                "listen_on": "every host",
                "resources": {"streams": 0.01},
            },
            "metrics": {"host": "0.0.0.0"},
            "blobs": crops.section("crops"),
        }
        layers = merge(own, reach)
        settings = load_settings(**merge(layers, {"local": {"state_dir": folder / "outside" / "state"}}))
        create_topics(settings)
        operator = Operator(folder / "operator", network)
        operator.set_up(f"{PREFIX}.{HEAD}", [f"{PREFIX}.{FIRST}", f"{PREFIX}.{SECOND}"], HOSTS)
        operator.write_settings(layers)
        video = shared_dir / "data" / "video"
        rooms = {name: video / f"{name.replace('-', '_')}.mp4" for name in ("room-camera-a", "room-camera-b")}
        yield Cluster(network, operator, Run(settings, servers), rooms)
    finally:
        network.down()
        servers.down()
        if crops is not None:
            crops.stop()


def timed(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def test_ray_up_makes_a_cluster_of_bare_hosts(cluster: Cluster) -> None:
    cluster.note("ray up, head, s", timed(lambda: cluster.operator.ray("up", "-y", "ray_cluster.yaml")))
    alive = lambda: sum(host["alive"] for host in cluster.operator.status()["hosts"].values())  # noqa: E731
    cluster.note("all hosts, s more", timed(lambda: until(lambda: alive() == 3, timeout_s=600, what="the hosts", every_s=2)))
    hosts = cluster.operator.status()["hosts"]
    assert [host["resources"].get("stages", 0) for _, host in sorted(hosts.items())] == [0, 2, 2]
    assert "in the cluster already" in cluster.network.hosts[FIRST].ssh(
        f"cd ~/sightline && .venv/bin/python -m infra.ray.host start --head {PREFIX}.{HEAD}"
    )


def test_the_stream_and_the_questions_run_on_it(cluster: Cluster) -> None:
    cluster.note("sightline deploy, s", timed(lambda: cluster.operator.sightline("deploy", SIGHTLINE_STREAM__WORKERS="2")))
    status = cluster.operator.status()
    assert status["ready"], status
    assert len({said["host"] for said in cluster.streams().values()}) == 2, "on two hosts"
    stages = {said["host"] for name, said in status["actors"].items() if name.startswith(("detector", "embedder"))}
    assert stages == {f"{PREFIX}.{FIRST}", f"{PREFIX}.{SECOND}"}, "next to Triton"
    cluster.publish(1)
    ledger = cluster.run.finish()
    assert len(ledger.sightings) >= 8
    seen = ledger.sightings[0]
    for number in (HEAD, FIRST, SECOND):
        url = f"http://{PREFIX}.{number}:8000"
        until(lambda number=number: answers(number), timeout_s=60, what=f"an answer of host {number}", every_s=1)
        found = (
            httpx.post(f"{url}/v1/search", json={"sighting_id": seen.sighting_id, "k": 5}, timeout=30).raise_for_status().json()
        )
        assert found["matches"], number
        crop = httpx.get(url + found["matches"][0]["crop_url"], timeout=30)
        assert crop.headers["content-type"] == "image/jpeg"


def test_a_host_more_is_one_line_and_takes_cameras(cluster: Cluster) -> None:
    cluster.network.boot(ADDED)
    before = cluster.streams()
    cluster.operator.add_worker(f"{PREFIX}.{ADDED}")
    began = time.monotonic()
    cluster.operator.ray("up", "-y", "ray_cluster.yaml")
    there = lambda: cluster.operator.status()["hosts"].get(f"{PREFIX}.{ADDED}", {}).get("alive", False)  # noqa: E731
    until(there, timeout_s=600, what="the host that was added", every_s=2)
    cluster.note("a host more, from ray up on, s", time.monotonic() - began)
    assert {name: said["pid"] for name, said in cluster.streams().items()} == {
        name: said["pid"] for name, said in before.items()
    }, "what runs is not disturbed"
    cluster.publish(2)
    cluster.operator.sightline("deploy", SIGHTLINE_STREAM__WORKERS="3")
    newcomer = lambda: [one for one in cluster.streams().values() if one["host"] == f"{PREFIX}.{ADDED}"]  # noqa: E731
    until(lambda: bool(newcomer() and newcomer()[0]["partitions"]), timeout_s=60, what="it to have cameras", every_s=1)
    cluster.run.finish()


def test_a_host_that_dies_takes_nothing_with_it(cluster: Cluster) -> None:
    cluster.publish(4)
    with Watch(cluster, asked=answering(HEAD, SECOND, ADDED)) as watch:
        until(lambda: watch.rate(0, watch.now_s) > 0 and watch.now_s > 15, timeout_s=60, what="a rate", every_s=0.5)
        before = watch.rate(5, watch.now_s)
        dead_at = watch.now_s
        cluster.network.hosts[FIRST].kill()
        until(
            lambda: watch.now_s > dead_at + 4 and watch.rate(watch.now_s - 4, watch.now_s) >= 0.8 * before,
            timeout_s=120,
            what="full speed",
            every_s=0.2,
        )
        full_at = watch.now_s
        cluster.run.finish()
    cluster.note("frames/s before a host's death", before)
    cluster.note("from its death to 80 % of that, s", full_at - 4 - dead_at)
    cluster.note("longest time without a commit meanwhile, s", watch.longest_pause_s(dead_at, full_at))
    watch.note_questions("after it, of the other hosts", dead_at)
    streams = cluster.streams()
    assert len(streams) == 3, "all are back"
    assert f"{PREFIX}.{FIRST}" not in {said["host"] for said in streams.values()}
    cluster.network.boot(FIRST)
    alive = lambda: cluster.operator.status()["hosts"][f"{PREFIX}.{FIRST}"]["alive"]  # noqa: E731
    cluster.note(
        "from its boot to its place in the cluster, s",
        timed(lambda: until(alive, timeout_s=300, what="it to be taken back without anybody's doing", every_s=1)),
    )


def test_a_new_version_comes_without_a_pause(cluster: Cluster) -> None:
    cluster.publish(3)
    before = {name: said["pid"] for name, said in cluster.streams().items()}
    with Watch(cluster, asked=answering(*cluster.network.hosts)) as watch:
        until(lambda: watch.now_s > 5, timeout_s=30, what="a start")
        (cluster.operator.checkout / "actors" / "__init__.py").write_text('"""A new version."""\n')
        began = watch.now_s
        cluster.operator.ray("up", "-y", "ray_cluster.yaml")
        cluster.operator.sightline("deploy", SIGHTLINE_STREAM__WORKERS="3")
        cluster.note("a new version, ray up and deploy, s", watch.now_s - began)
        cluster.run.finish()
    for host in cluster.network.hosts.values():
        assert "A new version" in host.ssh("cat ~/sightline/actors/__init__.py"), host.address
    after = {name: said["pid"] for name, said in cluster.streams().items()}
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values()), "all made anew"
    watch.note_questions("meanwhile", began)


def test_the_heads_death_stops_no_camera(cluster: Cluster) -> None:
    cluster.publish(4)
    with Watch(cluster, asked=answering(FIRST, SECOND, ADDED)) as watch:
        until(lambda: watch.now_s > 12, timeout_s=60, what="a rate", every_s=0.5)
        before = watch.rate(2, watch.now_s)
        dead_at = watch.now_s
        cluster.network.hosts[HEAD].kill()
        time.sleep(20)
        cluster.note("frames/s before the head's death", before)
        headless = watch.rate(dead_at + 5, watch.now_s)
        cluster.note("frames/s without a head", headless)
        assert headless > 0.2 * before, "the others go on"
        alone = watch.note_questions("without a head, of the other hosts", dead_at)
        assert sum(one.trouble is None for one in alone) > 0.5 * len(alone)
        cluster.network.boot(HEAD)
        booted = watch.now_s
        cluster.operator.ray("up", "-y", "ray_cluster.yaml")
        alive = lambda: sum(host["alive"] for host in cluster.operator.status()["hosts"].values())  # noqa: E731
        until(lambda: alive() == 4, timeout_s=300, what="all hosts to be back", every_s=1)
        cluster.note("from the head's boot to the whole cluster, s", watch.now_s - booted)
        cluster.run.finish()
    until(lambda: len(cluster.streams()) == 3, timeout_s=120, what="all camera streams", every_s=2)
    until(lambda: cluster.operator.status()["ready"], timeout_s=120, what="the questions", every_s=2)


def test_a_host_with_a_new_disk_is_set_up_anew(cluster: Cluster) -> None:
    host = cluster.network.hosts[FIRST]
    host.kill()
    host.lose_disk()
    cluster.network.boot(FIRST)
    alive = lambda: cluster.operator.status()["hosts"][host.address]["alive"]  # noqa: E731
    until(lambda: not alive(), timeout_s=30, what="its death to be noticed", every_s=1)
    took = timed(lambda: until(alive, timeout_s=400, what="it to be taken back without anybody's doing", every_s=2))
    cluster.note("a host with a new disk, until it is in the cluster, s", took)


def test_a_head_that_lost_its_disk_is_made_anew(cluster: Cluster) -> None:
    cluster.publish(2)
    before = cluster.streams()
    head = cluster.network.hosts[HEAD]
    head.kill()
    head.lose_disk()
    cluster.network.boot(HEAD)
    with pytest.raises(RuntimeError, match="`ray down`, then `ray up` again"):
        cluster.operator.ray("up", "-y", "ray_cluster.yaml")
    began = time.monotonic()
    cluster.operator.ray("down", "-y", "ray_cluster.yaml")
    cluster.operator.ray("up", "-y", "ray_cluster.yaml")
    alive = lambda: sum(host["alive"] for host in cluster.operator.status()["hosts"].values())  # noqa: E731
    until(lambda: alive() == len(cluster.network.hosts), timeout_s=600, what="all hosts", every_s=2)
    cluster.note("a head without its disk, from ray down to the whole cluster, s", time.monotonic() - began)
    assert not cluster.streams(), "it knows nothing of before"
    cluster.operator.sightline("deploy", SIGHTLINE_STREAM__WORKERS=str(len(before)))
    cluster.note("the same, with all deployed anew, s", time.monotonic() - began)
    assert before.keys() == cluster.streams().keys()
    cluster.run.finish()


def test_drained_and_removed_it_leaves_nothing(cluster: Cluster) -> None:
    cluster.operator.sightline("deploy", "--drain")
    assert not cluster.streams()
    assert httpx.get(f"http://{PREFIX}.{HEAD}:8000/v1/cameras", timeout=10).is_success, "questions go on"
    cluster.publish(1)
    waiting = cluster.run.waiting()
    cluster.operator.sightline("deploy", SIGHTLINE_STREAM__WORKERS="3")
    cluster.run.finish()
    assert waiting, "frames waited meanwhile"
    cluster.operator.sightline("deploy", "--remove")
    assert cluster.operator.status()["actors"] == {}
    cluster.operator.ray("down", "-y", "ray_cluster.yaml")
    began = time.monotonic()
    for host in cluster.network.hosts.values():
        until(
            lambda host=host: host.processes() == [],
            timeout_s=120,
            what=f"{host.address} to be empty: {host.processes()}",
            every_s=1,
        )
    cluster.note("from ray down to empty hosts, s", time.monotonic() - began)
