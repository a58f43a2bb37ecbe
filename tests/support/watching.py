"""What people ask Prometheus according to our rules, runbook and dashboards."""

from __future__ import annotations

import re
from typing import Any

import yaml

from infra.prometheus import HERE
from support.dashboards import ALL_BOARDS, queries
from support.promql import selectors

RUNBOOK = HERE.parent.parent / "docs" / "operations" / "runbook.md"


def recorded() -> list[str]:
    """The names of what is recorded."""
    return [rule["record"] for rule in _rules() if "record" in rule]


def alerted() -> list[str]:
    """What alerts look at: their selectors, since their expressions are empty while all is well."""
    found = [selector for rule in _rules() if "alert" in rule for selector in selectors(rule["expr"])]
    return list(dict.fromkeys(found))


def advised() -> list[str]:
    """The runbook's queries, one a line."""
    blocks = re.findall(r"```promql\n(.*?)```", RUNBOOK.read_text(), re.DOTALL)
    return list(dict.fromkeys(line for block in blocks for line in block.splitlines()))


def shown() -> list[str]:
    """The queries of every panel of every dashboard."""
    return list(dict.fromkeys(expression for board in ALL_BOARDS.values() for _, expression in queries(board)))


def _rules() -> list[dict[str, Any]]:
    files = sorted((HERE / "rules").glob("*.yml"))
    return [rule for file in files for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
