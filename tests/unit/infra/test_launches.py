"""What the servers are started with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.local.kafka import Kafka
from infra.local.model_links import link_models, models_in_use
from infra.local.ray_head import LONGEST_TEMP_DIR, RayHead, temp_dir
from infra.local.service import Launch
from infra.local.services import servers
from sightline.errors import ConfigurationError
from sightline.settings import load_settings


def _settings(tmp_path, **overrides):
    return load_settings(local={"state_dir": tmp_path / "state"}, **overrides)


def test_which_servers(tmp_path):
    names = [kind.__name__ for kind in servers(_settings(tmp_path))]
    assert names == ["Kafka", "Triton", "MilvusStandalone", "RayHead"]
    lite = _settings(tmp_path, milvus={"backend": "lite"})
    assert [kind.__name__ for kind in servers(lite, metrics=True)][2:] == ["MilvusLite", "RayHead", "Prometheus"]
    assert [kind.__name__ for kind in servers(lite, only={"ray", "kafka"})] == ["Kafka", "RayHead"]


def test_our_settings_stay_out_of_the_servers_environment(monkeypatch):
    monkeypatch.setenv("SIGHTLINE_KAFKA__PASSWORD", "secret")
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    launch = Launch(("x",), {"SIGHTLINE_MODEL_THREADS": "{}"}, {"PATH": "/ours", "LD_LIBRARY_PATH": "/libs"})
    environment = launch.full_environment()
    assert [name for name in environment if name.startswith("SIGHTLINE_")] == ["SIGHTLINE_MODEL_THREADS"]
    assert environment["PATH"] == "/ours:/usr/bin"
    assert environment["LD_LIBRARY_PATH"] == "/libs"
    assert environment["HOME"] == os.environ["HOME"]


def test_the_fingerprint_changes_with_what_is_configured_and_with_nothing_else(tmp_path, monkeypatch):
    ports = {"broker": 9092, "controller": 9093}
    before = Kafka(_settings(tmp_path)).launch(ports).fingerprint
    monkeypatch.setenv("PATH", os.environ["PATH"] + ":/somewhere")
    assert Kafka(_settings(tmp_path)).launch(ports).fingerprint == before
    larger = _settings(tmp_path, kafka={"max_message_bytes": 16 * 1024 * 1024})
    assert Kafka(larger).launch(ports).fingerprint != before


@pytest.mark.parametrize(
    ("bind_host", "listener", "advertised"),
    [
        ("127.0.0.1", "PLAINTEXT://127.0.0.1:1", "PLAINTEXT://127.0.0.1:1"),
        ("10.1.2.3", "PLAINTEXT://10.1.2.3:1", "PLAINTEXT://10.1.2.3:1"),
    ],
)
def test_kafka_listens_on_the_bind_host_and_its_controller_on_loopback(tmp_path, bind_host, listener, advertised):
    settings = load_settings(local={"state_dir": tmp_path, "bind_host": bind_host})
    (text,) = Kafka(settings).launch({"broker": 1, "controller": 2}).files.values()
    properties = dict(line.split("=", 1) for line in text.splitlines())
    assert properties["listeners"] == f"{listener},CONTROLLER://127.0.0.1:2"
    assert properties["advertised.listeners"] == advertised
    assert int(properties["message.max.bytes"]) > 8 * 1024 * 1024


def test_ray_stays_on_loopback_whatever_the_bind_host(tmp_path):
    settings = load_settings(local={"state_dir": tmp_path, "bind_host": "0.0.0.0"}, cores={"total": 3})
    head = RayHead(settings)
    command = head.launch(dict.fromkeys(head.usual_ports(), 1)).command
    assert "--node-ip-address=127.0.0.1" in command
    assert "--num-cpus=3" in command


def test_sockets_of_a_long_state_folder_go_where_their_paths_are_short_enough(tmp_path):
    short = Path("/var/lib/sightline/ray")
    assert temp_dir(short) == short / "tmp"
    long = tmp_path / ("x" * 60)
    assert len(str(temp_dir(long))) <= LONGEST_TEMP_DIR
    assert temp_dir(long) == temp_dir(long)
    assert temp_dir(long) != temp_dir(long / "other")


def test_a_short_folder_that_is_not_ours_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    long = tmp_path / ("x" * 60)
    temp_dir(long).symlink_to("/etc")
    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        temp_dir(long)


def _model(repository, name):
    folder = repository / name
    folder.mkdir(parents=True)
    (folder / "config.pbtxt").write_text(f'name: "{name}"')
    return folder


def test_of_two_models_with_one_name_the_later_is_served(tmp_path):
    first, second, last = (tmp_path / name for name in ("first", "second", "last"))
    _model(first, "a")
    b = _model(first, "b")
    a = _model(second, "a")
    _model(last, "c")
    settings = _settings(tmp_path, triton={"model_repositories": (first, second, last)})
    links = link_models(settings)
    assert {link.name: link.resolve() for link in links.iterdir()} == {"a": a, "b": b}
    _model(last, "a")  # added under the name of an earlier one
    assert [link.name for link in link_models(settings).iterdir()] == ["b"]
    assert models_in_use(settings) == ["a", "b", "c"]
