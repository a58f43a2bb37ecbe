"""How Ray is started on the head and on the other hosts."""

from __future__ import annotations

import json
from pathlib import Path

from infra.ray.hosts import Host, Role
from infra.ray.launch import HEALTH_CHECKS, RayLaunch, ray_launch


def flags(launch: RayLaunch) -> dict[str, str]:
    return dict(part[2:].partition("=")[::2] for part in launch.command if part.startswith("--"))  # type: ignore[misc]


def test_the_head_keeps_the_cluster_and_starts_the_others(tmp_path: Path) -> None:
    launch = ray_launch(Host(roles=(Role.STREAMS,), cpus=4), address="10.0.0.1", head=None, state_dir=tmp_path)
    options = flags(launch)
    assert "head" in options
    assert options["node-ip-address"] == "10.0.0.1"
    assert options["autoscaling-config"].endswith("/ray_bootstrap_config.yaml")
    assert not options["autoscaling-config"].startswith("~")
    assert json.loads(options["resources"]) == {"streams": 4.0}
    assert "num-gpus" not in options, "Ray finds them"


def test_another_host_joins_it_with_what_the_file_says_of_it(tmp_path: Path) -> None:
    host = Host(roles=(Role.STAGES,), cpus=8, gpus=2, object_store_mb=500)
    options = flags(ray_launch(host, address="10.0.0.2", head="10.0.0.1", state_dir=tmp_path))
    assert "head" not in options
    assert options["address"] == "10.0.0.1:6379"
    assert json.loads(options["resources"]) == {"stages": 8.0}
    assert (options["num-gpus"], options["object-store-memory"]) == ("2", str(500 * 1024**2))


def test_everybody_must_show_the_token_and_the_tables_are_kept(tmp_path: Path) -> None:
    environment = ray_launch(Host(roles=(Role.STREAMS,)), address="10.0.0.1", head=None, state_dir=tmp_path).environment
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_gcs_storage"] == "rocksdb"
    assert Path(environment["RAY_gcs_storage_path"]).is_relative_to(tmp_path)
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"


def test_a_dead_host_is_noticed_within_three_seconds() -> None:
    checks = {name.removeprefix("RAY_health_check_"): int(value) for name, value in HEALTH_CHECKS.items()}
    assert (checks["period_ms"] + checks["timeout_ms"]) * checks["failure_threshold"] <= 4500


def test_a_changed_part_of_the_host_file_is_another_launch(tmp_path: Path) -> None:
    def told(**values: object) -> str:
        host = Host(roles=(Role.STREAMS,)).model_copy(update=values)
        return ray_launch(host, address="10.0.0.2", head="10.0.0.1", state_dir=tmp_path).told()

    assert told() == told()
    assert len({told(), told(cpus=3), told(gpus=1), told(roles=(Role.STREAMS, Role.STAGES))}) == 4
