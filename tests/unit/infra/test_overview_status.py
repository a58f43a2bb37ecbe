"""``sightline status`` with and without Prometheus."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from infra.local import status
from infra.local.prometheus import Prometheus
from infra.local.status import NO_PROMETHEUS, ServiceStatus, StackStatus, StreamStatus, ask_overview
from sightline.operations.figures import FIGURES
from sightline.operations.overview import Overview
from sightline.settings import Settings, load_settings

URL = "http://127.0.0.1:9"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(local={"state_dir": tmp_path}, metrics={"prometheus_url": URL})


def answer(overview: Overview | str) -> StackStatus:
    return StackStatus({"kafka": ServiceStatus("ready")}, StreamStatus(), {"cores": 2}, overview)


def test_without_prometheus_the_next_step_is_told(tmp_path: Path) -> None:
    assert ask_overview(load_settings(local={"state_dir": tmp_path})) == NO_PROMETHEUS
    assert "sightline up --metrics" in NO_PROMETHEUS
    assert "metrics.prometheus_url" in NO_PROMETHEUS


def test_one_that_does_not_answer_is_no_error(settings: Settings) -> None:
    told = ask_overview(settings)
    assert isinstance(told, str)
    assert told.startswith(f"prometheus: {URL}: ")


def test_one_that_answers(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/alerts"):
            return httpx.Response(200, json={"status": "success", "data": {"alerts": []}})
        series = [{"metric": {}, "values": [[1000.0, "0"]]}]
        return httpx.Response(200, json={"status": "success", "data": {"result": series}})

    real = status.PrometheusHistory
    monkeypatch.setattr(status, "PrometheusHistory", lambda url: real(url, transport=httpx.MockTransport(handle)))

    overview = ask_overview(settings, clock=lambda: 1000.0)

    assert isinstance(overview, Overview)
    assert {reading.figure.key for reading in overview.readings} == {figure.key for figure in FIGURES}
    assert {reading.value for reading in overview.readings} == {0.0}


def test_the_document_has_an_overview_only_where_there_is_one() -> None:
    without = answer(NO_PROMETHEUS).document()
    assert set(without) == {"ready", "services", "stream", "cores"}
    overview = Overview(1000.0, (), ())
    assert answer(overview).document() == {**without, "overview": {"state": "unknown", "figures": {}, "alerts": []}}


def test_a_prometheus_that_the_settings_name_is_asked_and_not_started(settings: Settings) -> None:
    assert Prometheus(settings).external(settings) == URL
    asked = status.ask_servers(settings, only=("prometheus",))
    assert asked["prometheus"].state == "unready"
    assert asked["prometheus"].url == URL


def test_one_that_nobody_asked_for_is_not_missed(tmp_path: Path) -> None:
    settings = load_settings(local={"state_dir": tmp_path})
    assert status.ask_servers(settings, only=("prometheus",)) == {}
    assert Prometheus(settings).addresses({"http": 9999}) == {"metrics": {"prometheus_url": "http://127.0.0.1:9999"}}
