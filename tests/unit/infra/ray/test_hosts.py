"""The host file: who does what, and what a mistake in it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.ray import hosts
from infra.ray.hosts import Host, HostFile, Role, address_towards, own_names
from sightline.errors import ConfigurationError


def read(tmp_path: Path, text: str) -> HostFile:
    path = tmp_path / "hosts.yaml"
    path.write_text(text)
    return HostFile.read(path)


def test_the_file_in_the_repository_can_be_read() -> None:
    file = HostFile.read()
    assert Role.STAGES in {role for host in file.hosts.values() for role in host.roles}


def test_a_host_is_found_by_any_of_its_names_and_offers_its_cores_for_each_role(tmp_path: Path) -> None:
    file = read(tmp_path, "hosts: {10.0.0.5: {roles: [streams, stages], cpus: 6}}")
    host = file.of({"worker5", "10.0.0.5", "127.0.0.1"})
    assert host.resources() == {"streams": 6.0, "stages": 6.0}


def test_a_host_that_is_not_named_does_what_others_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "_NVIDIA", tmp_path / "no-gpus")
    assert read(tmp_path, "others: [streams]").of({"unknown"}).roles == (Role.STREAMS,)


def test_a_host_that_is_not_named_and_has_a_gpu_is_for_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "_NVIDIA", tmp_path)
    assert read(tmp_path, "others: [streams]").of({"unknown"}).roles == (Role.STAGES,)
    assert read(tmp_path, "hosts: {named: {roles: [streams]}}").of({"named"}).roles == (Role.STREAMS,), "the file's word counts"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hosts: {a: {roles: [gpu]}}", "hosts.a.roles.0"),
        ("hosts: {a: {roles: []}}", "hosts.a.roles"),
        ("hosts: {a: {roles: [streams], cpu: 4}}", "hosts.a.cpu"),
        ("host: {}", "host"),
        ("hosts: [", "cannot be read"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml"):
        HostFile.read(tmp_path / "nowhere.yaml")


def test_this_host_knows_its_own_address() -> None:
    assert address_towards("127.0.0.1") == "127.0.0.1"
    assert "127.0.0.1" in own_names()


def test_cores_that_nobody_names_are_the_machines() -> None:
    assert Host(roles=(Role.STREAMS,)).resources()["streams"] >= 1
