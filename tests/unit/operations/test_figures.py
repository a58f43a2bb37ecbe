"""The list of figures holds together, and agrees with the alerts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from support.promql import selectors

from infra.prometheus import HERE
from sightline.operations.figure import Figure
from sightline.operations.figures import FIGURES

RULES = [yaml.safe_load(path.read_text()) for path in sorted((HERE / "rules").glob("*.yml"))]
ALERTS = {rule["alert"] for file in RULES for group in file["groups"] for rule in group["rules"] if "alert" in rule}
RECORDED = {rule["record"] for file in RULES for group in file["groups"] for rule in group["rules"] if "record" in rule}


def test_keys_and_titles_are_each_of_one_figure() -> None:
    assert len({figure.key for figure in FIGURES}) == len({figure.title for figure in FIGURES}) == len(FIGURES)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_an_alert_that_is_named_is_a_rule(figure: Figure) -> None:
    assert figure.alert is None or figure.alert in ALERTS


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.key)
def test_what_an_expression_takes_from_rules_is_recorded(figure: Figure) -> None:
    names = {selector.partition("{")[0] for selector in selectors(figure.expression)}
    assert {name for name in names if ":" in name} <= RECORDED


def test_every_expression_is_promql(tmp_path: Path) -> None:
    rules = [{"record": f"figure:{figure.key}", "expr": figure.expression} for figure in FIGURES]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "figures", "rules": rules}]}))
    said = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
