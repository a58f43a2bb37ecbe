"""The configurations for clusters: valid, and with the jobs and labels of the local stack."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.prometheus import METRICS_PORTS, Prometheus
from infra.prometheus import HERE
from sightline.settings import load_settings

OURS = {"sightline-stream", "sightline-stage", "sightline-writer", "sightline-api"}
POD = "__meta_kubernetes_pod_"


def _check(path: Path, *options: str) -> None:
    done = subprocess.run(["promtool", "check", "config", *options, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((HERE / name).read_text())
    return read


def _jobs(name: str) -> set[str]:
    return {scrape["job_name"] for scrape in _read(name)["scrape_configs"]}


def test_the_one_for_hosts_is_valid_with_its_rules_and_targets() -> None:
    _check(HERE / "prometheus.yml")
    named = re.findall(r"targets/\w+\.yml", (HERE / "prometheus.yml").read_text())
    assert {Path(name) for name in named} == {file.relative_to(HERE) for file in (HERE / "targets").iterdir()}


def test_the_local_one_is_valid_and_has_the_same_rules(tmp_path: Path) -> None:
    settings = load_settings(local={"state_dir": tmp_path / "with space"})
    launch = Prometheus(settings).launch({"http": 9090})
    launch.write_files()
    [path] = launch.files
    _check(path)
    [pattern] = yaml.safe_load(path.read_text())["rule_files"]
    assert set(Path(pattern).parent.glob(Path(pattern).name)) == set((HERE / "rules").iterdir())


def test_servers_have_the_same_jobs_everywhere() -> None:
    assert METRICS_PORTS.keys() <= _jobs("prometheus.yml")
    pods = next(scrape for scrape in _read("kubernetes.yml")["scrape_configs"] if scrape["job_name"] == "pods")
    [names] = [one["regex"] for one in pods["relabel_configs"] if one.get("action") == "keep" and "|" in one["regex"]]
    assert set(names.split("|")) | {"ray"} == METRICS_PORTS.keys()


def test_alerts_name_jobs_that_exist() -> None:
    text = (HERE / "rules" / "alerts.yml").read_text()
    named = {job for matcher in re.findall(r'job="([\w-]+)"', text) for job in [matcher]}
    [pattern] = re.findall(r'job=~"([^"]+)"', text)
    known = OURS | METRICS_PORTS.keys()
    assert named <= known
    assert {job for job in known if re.fullmatch(pattern, job)} == known


@pytest.fixture
def kubernetes(tmp_path: Path) -> Path:
    """The one for Kubernetes, its pods and nodes from a file: Debian's Prometheus was built without Kubernetes."""
    config = _read("kubernetes.yml")
    for section in (*config["scrape_configs"], *config["alerting"]["alertmanagers"]):
        if section.pop("kubernetes_sd_configs", None):
            section["file_sd_configs"] = [{"files": [str(tmp_path / "found.json")]}]
    path = tmp_path / "kubernetes.yml"
    path.write_text(yaml.safe_dump(config))
    return path


def _targets(config: Path, job: str, *found: dict[str, str]) -> set[tuple[str, ...]]:
    """(Address, path, job, instance) of what is scraped, by what Kubernetes says of pods or nodes."""
    entries = [{"targets": [f"10.1.0.5:{port}"], "labels": labels} for port, labels in enumerate(found, start=1)]
    (config.parent / "found.json").write_text(json.dumps(entries))
    command = ["promtool", "check", "service-discovery", "--timeout=1s", config, job]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    labels = [one["labels"] for one in json.loads(done.stdout) if one["labels"]]
    return {(one["__address__"], one["__metrics_path__"], one["job"], one["instance"]) for one in labels}


def _pod(name: str, app: str, **more: str) -> dict[str, str]:
    known = {"name": name, "ip": "10.1.0.5", "label_app_kubernetes_io_name": app, **more}
    return {"__meta_kubernetes_namespace": "sightline", **{POD + key: value for key, value in known.items()}}


def test_the_one_for_kubernetes_is_valid(kubernetes: Path) -> None:
    _check(kubernetes, "--syntax-only")


def test_a_pod_with_figures_is_one_target_however_many_ports_it_has(kubernetes: Path) -> None:
    scraped = {"annotation_prometheus_io_scrape": "true", "annotation_prometheus_io_port": "8002"}
    triton = [_pod("triton-1", "triton", container_port_name=name, **scraped) for name in ("grpc", "metrics")]
    elsewhere = _pod("milvus-1", "milvus", annotation_prometheus_io_path="/figures", **scraped)
    silent, foreign = _pod("kafka-1", "kafka"), _pod("shop-1", "shop", **scraped)
    assert _targets(kubernetes, "pods", *triton, elsewhere, silent, foreign) == {
        ("10.1.0.5:8002", "/metrics", "triton", "triton-1"),
        ("10.1.0.5:8002", "/figures", "milvus", "milvus-1"),
    }


def test_of_kuberays_pods_the_ports_with_figures_are_targets(kubernetes: Path) -> None:
    ports = ("metrics", "as-metrics", "client", "dashboard")
    head = [_pod("head", "kuberay", label_ray_io_node_type="head", container_port_name=name) for name in ports]
    worker = _pod("worker", "kuberay", label_ray_io_node_type="worker", container_port_name="metrics")
    other = _pod("other", "shop", container_port_name="metrics")
    assert _targets(kubernetes, "ray", *head, worker, other) == {
        ("10.1.0.5:1", "/metrics", "ray", "head/metrics"),
        ("10.1.0.5:2", "/metrics", "ray", "head/as-metrics"),
        ("10.1.0.5:5", "/metrics", "ray", "worker/metrics"),
    }


def test_kubelets_are_asked_through_the_api_server(kubernetes: Path) -> None:
    node = {"__meta_kubernetes_node_name": "node-a", "instance": "node-a"}
    path = "/api/v1/nodes/node-a/proxy/metrics"
    assert _targets(kubernetes, "kubelet", node) == {("kubernetes.default.svc:443", path, "kubelet", "node-a")}
