"""What is true of every dashboard, as it lies in the repository."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.dashboards import ALL_BOARDS, Json, filled_in, panels, queries
from support.promql import selectors

from infra.grafana import HERE, sdk
from infra.grafana.board import GRID_COLUMNS
from infra.grafana.boards import BOARDS
from infra.grafana.runbook import RUNBOOK, RUNBOOK_UID, anchor
from infra.prometheus import HERE as PROMETHEUS
from sightline.operations.figures import FIGURES

UIDS = ("overview", "cameras", "stages", "retrieval", "kafka", "cluster", "training", "runbook")
RULES = [
    rule
    for path in sorted((PROMETHEUS / "rules").glob("*.yml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule["annotations"] for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
PANELS = [(uid, panel) for uid, board in ALL_BOARDS.items() for panel in panels(board)]
WITH_QUERIES = [(uid, panel) for uid, panel in PANELS if uid != RUNBOOK_UID]
QUERIES = [query for board in ALL_BOARDS.values() for query in queries(board)]


def named(value: Any) -> str | None:
    """The name of a parameter in a test's id."""
    return value["title"] if isinstance(value, dict) else str(value)


def test_each_has_its_address() -> None:
    assert tuple(board.uid for board in BOARDS) == tuple(f"sightline-{name}" for name in UIDS)
    assert {uid: board["uid"] for uid, board in ALL_BOARDS.items()} == {board.uid: board.uid for board in BOARDS}


@pytest.mark.parametrize("board", ALL_BOARDS.values(), ids=ALL_BOARDS)
def test_numbers_are_each_of_one_panel(board: Json) -> None:
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert all(numbers)


@pytest.mark.parametrize("board", ALL_BOARDS.values(), ids=ALL_BOARDS)
def test_no_two_panels_overlap_and_none_leaves_the_grid(board: Json) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= GRID_COLUMNS
        for column in range(place["x"], place["x"] + place["w"]):
            for line in range(place["y"], place["y"] + place["h"]):
                assert (column, line) not in taken, f"{panel['title']} lies on {taken[column, line]}"
                taken[column, line] = panel["title"]


@pytest.mark.parametrize(("uid", "panel"), WITH_QUERIES, ids=named)
def test_a_panel_has_words_a_unit_and_queries(uid: str, panel: Json) -> None:
    assert len(panel["description"]) > 20, "what it shows, and what to make of it"
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize(("uid", "panel"), WITH_QUERIES, ids=named)
def test_thresholds_rise_and_change_the_colour(uid: str, panel: Json) -> None:
    first, *others = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    values = [step["value"] for step in others]
    assert first["value"] is None
    assert values == sorted(set(values))
    assert {step["color"] for step in (first, *others)} in ({"text"}, {"green", "orange", "red"})


@pytest.mark.parametrize(("uid", "panel"), WITH_QUERIES, ids=named)
def test_what_an_alert_watches_has_thresholds_where_there_is_a_limit(uid: str, panel: Json) -> None:
    unlimited = {"SightlineNothingWritten", "SightlineTargetDown", "SightlinePartGone", "SightlineDiskFullSoon"}
    alerts = {link["title"].removeprefix("Runbook: ") for link in panel["links"] if link["title"].startswith("Runbook")}
    if alerts - unlimited:
        assert len(panel["fieldConfig"]["defaults"]["thresholds"]["steps"]) == 3


@pytest.mark.parametrize(("uid", "panel"), PANELS, ids=named)
def test_every_link_leads_to_something(uid: str, panel: Json) -> None:
    for link in panel["links"]:
        target = re.fullmatch(r"/d/([\w-]+)(?:\?viewPanel=(\d+))?", link["url"])
        assert target, link["url"]
        board = ALL_BOARDS[target[1]]
        if target[2]:
            shown = {there["id"]: there["title"] for there in panels(board)}[int(target[2])]
            assert link["title"] == f"Runbook: {shown}", "the link leads to another section of the runbook"


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_leads_to_a_panel_and_on_to_its_section(alert: str) -> None:
    notes = ALERTS[alert]
    path, _, section = notes["runbook_url"].partition("#")
    assert path == "docs/operations/runbook.md"
    assert section in {anchor(title) for title in re.findall(r"^#{2,3} +(.+)$", RUNBOOK.read_text(), re.MULTILINE)}
    shown = {panel["id"]: panel for panel in panels(ALL_BOARDS[notes["dashboard"]])}
    panel = shown[int(notes["panel"])]
    assert f"Runbook: {alert}" in {link["title"] for link in panel["links"]}


@pytest.mark.parametrize("board", ALL_BOARDS.values(), ids=ALL_BOARDS)
def test_variables_are_there_used_and_of_the_chosen_source(board: Json) -> None:
    variables = {variable["name"]: variable for variable in board["templating"].get("list", ())}
    text = json.dumps(board["panels"])
    for name, variable in variables.items():
        assert f"${name}" in text or f"${{{name}}}" in text, f"nothing asks for ${name}"
        if variable["type"] == "query":
            assert re.fullmatch(r"label_values\([\w:]+, \w+\)", variable["query"])
            assert variable["multi"]
            assert variable["includeAll"]
            assert variable["datasource"]["uid"] == "${datasource}"
            assert f'=~\\"${name}\\"' in text, "several values at once need a regular expression"
    for panel in panels(board):
        for target in panel.get("targets", ()):
            filled_in(board, target["expr"])


def test_every_query_is_promql(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expression} for number, (_, expression) in enumerate(QUERIES)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    said = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize(("where", "expression"), QUERIES)
def test_what_a_query_takes_from_rules_is_recorded(where: str, expression: str) -> None:
    names = {selector.partition("{")[0] for selector in selectors(expression)}
    assert {name for name in names if ":" in name} <= RECORDED


def test_the_overview_begins_with_the_figures_on_one_screen() -> None:
    overview = panels(ALL_BOARDS["sightline-overview"])
    stats = [panel for panel in overview if panel["type"] == "stat"]
    assert [panel["targets"][0]["expr"] for panel in stats] == [figure.expression for figure in FIGURES]
    assert max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in stats) <= 20, "20 lines of 38 px are a screen"


def test_provisioning_names_what_there_is() -> None:
    [source] = yaml.safe_load((HERE / "provisioning" / "datasources" / "sightline.yaml").read_text())["datasources"]
    [provider] = yaml.safe_load((HERE / "provisioning" / "dashboards" / "sightline.yaml").read_text())["providers"]
    scrape = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["type"] == sdk.SOURCE.type_val
    assert source["jsonData"]["timeInterval"] == scrape
    assert provider["type"] == "file"
    assert provider["options"]["path"] == "${SIGHTLINE_DASHBOARDS}"
