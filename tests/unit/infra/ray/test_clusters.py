"""The cluster files: what is committed is what the source makes, Ray accepts it, and the hosts get all that is installed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from infra.ray.__main__ import main
from infra.ray.clusters import AWS, FILES, GCP, LOCAL, ROOT, ClusterFile
from infra.ray.hosts import Role


def test_the_files_are_as_the_source_makes_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, "run `python -m infra.ray`"
    assert capsys.readouterr().out == ""


def test_a_file_that_somebody_changed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("infra.ray.__main__.ROOT", tmp_path)
    (tmp_path / "infra" / "ray").mkdir(parents=True)
    assert main([]) == 0
    (tmp_path / LOCAL.path).write_text("changed")
    assert main(["--check"]) == 1
    assert capsys.readouterr().out.endswith("stale: ray_cluster.yaml\n")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_ray_itself_accepts_it(file: ClusterFile) -> None:
    config = yaml.safe_load((ROOT / file.path).read_text())
    assert config == file.config(), "the comments change nothing"
    validate_config(prepare_config(config))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_rays_schema_refuses_a_mistake_in_it(file: ClusterFile) -> None:
    config: dict[str, Any] = {**file.config(), "worker_start_commands": []}
    with pytest.raises(Exception, match="worker_start_commands"):
        validate_config(prepare_config(config))


@pytest.mark.parametrize("file", [AWS, GCP], ids=lambda file: file.path)
def test_clouds_have_machines_for_every_role_within_bounds(file: ClusterFile) -> None:
    types = file.config()["available_node_types"]
    offered = {name for machine in types.values() for name in machine["resources"]}
    assert offered >= {role.value for role in Role}
    for name, machine in types.items():
        assert machine["min_workers"] <= machine["max_workers"] <= file.config()["max_workers"], name
    assert types["stages"]["resources"]["GPU"] == 1


def test_the_hosts_get_every_package_that_is_installed_from_the_checkout() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    sent = {Path(source).name for source in LOCAL.config()["file_mounts"].values()}
    assert {package.partition(".")[0] for package in packages} <= sent
    for source in LOCAL.config()["file_mounts"].values():
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
