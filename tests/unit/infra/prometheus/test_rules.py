"""The rules: valid, tested by promtool in both directions, and each alert tells a person where to read on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from infra.prometheus import HERE

ROOT = HERE.parent.parent
RUNBOOK = "docs/operations/runbook.md"
RULES = sorted((HERE / "rules").glob("*.yml"))
TESTS = sorted((HERE / "tests").glob("*.yml"))
DASHBOARDS = {f"sightline-{name}" for name in ("overview", "cameras", "stages", "retrieval", "kafka", "cluster", "training")}


class Case(NamedTuple):
    """One expectation of a promtool test."""

    alert: str
    window: str
    fires: bool


def _rules() -> list[dict[str, Any]]:
    return [rule for file in RULES for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


def _alerts() -> list[dict[str, Any]]:
    return [rule for rule in _rules() if "alert" in rule]


def _cases() -> Iterator[Case]:
    """An alert that has several windows is silent only where none of them fires."""
    windows = {(rule["alert"], rule["labels"].get("window", "")) for rule in _alerts()}
    for file in TESTS:
        for test in yaml.safe_load(file.read_text())["tests"]:
            for case in test.get("alert_rule_test", ()):
                alert = case["alertname"]
                firing = {one["exp_labels"].get("window", "") for one in case.get("exp_alerts", ())}
                yield from (Case(name, window, window in firing) for name, window in windows if name == alert)


def _name(rule: dict[str, Any]) -> str:
    return " ".join([rule["alert"], rule["labels"].get("window", "")]).strip()


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_rules_are_valid() -> None:
    assert len(RULES) == 2
    said = promtool("check", "rules", *RULES)
    assert "duplicate" not in said


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_rules_do_what_their_tests_say(file: Path) -> None:
    promtool("test", "rules", file)


@pytest.mark.parametrize("fires", [True, False], ids=["fires", "is_silent"])
@pytest.mark.parametrize("rule", _alerts(), ids=_name)
def test_an_alert_is_tested(rule: dict[str, Any], fires: bool) -> None:
    assert Case(rule["alert"], rule["labels"].get("window", ""), fires) in set(_cases())


@pytest.mark.parametrize("rule", _alerts(), ids=_name)
def test_an_alert_says_what_it_is_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    says = rule["annotations"]
    assert says["summary"]
    assert says["description"]
    assert says["dashboard"] in DASHBOARDS
    assert says["runbook_url"] == f"{RUNBOOK}#{rule['alert'].lower()}"


def test_the_runbook_has_a_section_for_each_alert_and_for_nothing_else() -> None:
    sections = re.findall(r"^## (Sightline\w+)\n+(.+)", (ROOT / RUNBOOK).read_text(), re.MULTILINE)
    assert [title for title, _ in sections] == list(dict.fromkeys(rule["alert"] for rule in _alerts()))


def test_what_is_recorded_is_named_by_level_metric_and_operation() -> None:
    names = [rule["record"] for rule in _rules() if "record" in rule]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]+:\w+:[a-z0-9_]+", name) for name in names)


def test_every_test_evaluates_what_is_recorded_before_the_alerts() -> None:
    """Else promtool takes the groups in another order each time, and figures differ by one step."""
    groups = [group["name"] for file in reversed(RULES) for group in yaml.safe_load(file.read_text())["groups"]]
    for file in TESTS:
        assert yaml.safe_load(file.read_text())["group_eval_order"] == groups
