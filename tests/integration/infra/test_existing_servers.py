"""``sightline up | status | down`` with servers that are there already and let in only whom they know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.command_line import CommandLine
from support.guarded_servers import PASSWORD, TOKEN, USER, GuardedServer

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

Sections = dict[str, dict[str, Any]]


@pytest.fixture
def sections(guarded_kafka: GuardedServer, guarded_milvus: GuardedServer, unique_prefix: str) -> Sections:
    """The settings of a person who has both."""
    return {
        "kafka": {
            "bootstrap_servers": guarded_kafka.at("password"),
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "username": USER,
            "password": PASSWORD,
            "ssl_cafile": str(guarded_kafka.authority.cafile),
            "topic_prefix": unique_prefix,
        },
        "milvus": {
            "uri": guarded_milvus.address,
            "token": TOKEN,
            "ssl_cafile": str(guarded_milvus.authority.cafile),
        },
    }


def test_they_are_used_and_left_alone(
    sections: Sections, guarded_kafka: GuardedServer, guarded_milvus: GuardedServer, tmp_path: Path
) -> None:
    sightline = CommandLine.make(tmp_path, **sections)
    sightline.run("up", "--only", "kafka,milvus")
    assert sightline.left_running() == []
    said = sightline.json("status", code=1)  # Triton and Ray do not run
    for name, address in (("kafka", sections["kafka"]["bootstrap_servers"]), ("milvus", sections["milvus"]["uri"])):
        service = said["services"][name]
        assert (service["state"], service["url"], service["pid"]) == ("ready", address, None)
    assert said["stream"]["lag_messages"] == 0
    assert "was running" in sightline.run("down").stdout
    assert guarded_kafka.runs
    assert guarded_milvus.runs


def test_one_that_lets_us_not_in_is_named(sections: Sections, tmp_path: Path) -> None:
    sections["kafka"]["password"] = "wrong"
    sections["milvus"]["token"] = "root:wrong"
    sightline = CommandLine.make(tmp_path, **sections)
    services = sightline.json("status", code=1)["services"]
    for name, advice in (("kafka", "check kafka.username and kafka.password"), ("milvus", "check milvus.token")):
        assert services[name]["state"] == "unready"
        assert advice in services[name]["detail"]
        said = sightline.run("up", "--only", name, code=1).stderr
        assert f"error: {name}: " in said
        assert advice in " ".join(said.split())
        assert "Traceback" not in said


def test_settings_that_cannot_work_are_one_line_of_the_status(sections: Sections, tmp_path: Path) -> None:
    sections["kafka"]["ssl_cafile"] = sections["milvus"]["ssl_cafile"] = str(tmp_path / "nowhere.pem")
    services = CommandLine.make(tmp_path, **sections).json("status", code=1)["services"]
    for name in ("kafka", "milvus"):
        assert services[name]["state"] == "unready"
        assert f"{name}.ssl_cafile" in services[name]["detail"]
