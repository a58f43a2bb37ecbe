"""The Ray head of the local stack: drivers join it, all of it is on loopback, and it comes back after a crash."""

from __future__ import annotations

import os

import psutil
import pytest
import ray
from ray._private.utils import push_error_to_driver
from ray._private.worker import global_worker
from support.processes import until

from sightline.adapters.ray.cluster import connect, leave

pytestmark = pytest.mark.stack


@ray.remote(num_cpus=0)
class Worker:
    def environment(self) -> dict[str, str]:
        return {**os.environ, "pid": str(os.getpid())}


@pytest.fixture
def joined(ray_settings):
    ray.shutdown()
    ray.init(address=ray_settings.ray.address, namespace=ray_settings.ray.namespace, log_to_driver=False)
    yield ray_settings
    ray.shutdown()


def test_actors_run_single_threaded_and_know_nothing_of_our_settings(joined, monkeypatch):
    environment = ray.get(Worker.remote().environment.remote())
    assert environment["OMP_NUM_THREADS"] == "1"
    assert not [name for name in environment if name.startswith("SIGHTLINE_")]


def test_everything_listens_on_loopback_alone(joined, session_servers):
    worker = int(ray.get(Worker.remote().environment.remote())["pid"])
    head = psutil.Process(session_servers.started["ray"].record("ray").pid)
    pids = {process.pid for process in (head, *head.children(recursive=True))} | {worker, os.getpid()}
    listening = [entry for entry in psutil.net_connections("tcp") if entry.status == "LISTEN" and entry.pid in pids]
    assert {entry.laddr.ip.removeprefix("::ffff:") for entry in listening} == {"127.0.0.1"}


def test_it_comes_back_on_its_address(private_stack):
    private = private_stack("ray")
    record = private.servers.started["ray"].record("ray")
    workers = psutil.Process(record.pid).children(recursive=True)
    private.kill("ray")
    assert not [worker for worker in workers if worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE]
    private.revive()
    ray.shutdown()
    ray.init(address=private.settings.ray.address, log_to_driver=False)
    assert ray.get(Worker.remote().environment.remote())["pid"]
    ray.shutdown()


def test_what_befalls_a_task_goes_to_our_log_and_not_to_standard_output(ray_settings, caplog, capsys):
    connect(ray_settings)
    try:
        with caplog.at_level("INFO", logger="sightline.adapters.ray.cluster"):
            push_error_to_driver(global_worker, "task", "a task has failed")
            until(lambda: "a task has failed" in caplog.text, timeout_s=20, what="the message", every_s=0.1)
    finally:
        leave()
    assert "a task has failed" not in capsys.readouterr().out
