"""``sightline status`` with the overview on top, or the way to get it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.local import status
from infra.local.status import NO_PROMETHEUS, ServiceStatus, StackStatus, StreamStatus
from sightline.cli import status as command
from sightline.cli.app import app
from sightline.operations.alert import FiringAlert
from sightline.operations.figures import FIGURES
from sightline.operations.overview import Overview, Reading

SINCE = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
OVERVIEW = Overview(
    SINCE.timestamp() + 300,
    tuple(Reading(figure, (0.5,) * 60) for figure in FIGURES),
    (FiringAlert("SightlineLagGrowing", "page", "The stream does not keep up", SINCE),),
)


def asked(monkeypatch: pytest.MonkeyPatch, overview: Overview | str, *options: str) -> Any:
    answer = StackStatus(
        {"kafka": ServiceStatus("ready", "127.0.0.1:9092")},
        StreamStatus(0, 0.0),
        {"cores": 2, "models": {}, "decode": 1},
        overview,
    )
    monkeypatch.setattr(status, "ask_all", lambda _: answer)
    return CliRunner().invoke(app, ["status", *options], env={"COLUMNS": "100"})


def test_the_overview_is_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = asked(monkeypatch, OVERVIEW).output.splitlines()
    assert lines[0] == "✗ Something is wrong"
    shown = "\n".join(lines)
    assert all(figure.title in shown for figure in FIGURES)
    assert shown.index("SightlineLagGrowing for 5 min") < shown.index("127.0.0.1:9092") < shown.index("lag: 0 frames")


def test_without_one_it_says_how_to_get_it_and_shows_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    output = asked(monkeypatch, NO_PROMETHEUS).output
    assert output.startswith("overview: no Prometheus: `sightline up --metrics`")
    assert "127.0.0.1:9092" in output


def test_json_has_it_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = json.loads(asked(monkeypatch, OVERVIEW, "--json").output)
    without = json.loads(asked(monkeypatch, "prometheus: away", "--json").output)
    assert with_it.pop("overview")["figures"]["frames"] == {"value": 0.5, "unit": "per_second", "state": "info"}
    assert with_it == without


def test_watching_goes_on_until_it_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", wait)
    result = asked(monkeypatch, OVERVIEW, "--watch")
    assert result.exit_code == 0
    assert result.output.count("Something is wrong") == 2
