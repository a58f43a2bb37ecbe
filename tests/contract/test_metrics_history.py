"""One suite for :class:`sightline.ports.MetricsHistory`: on the fake, and on Debian's Prometheus with a past of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest
import yaml
from support.processes import until

from infra.local import ports
from sightline.adapters.prometheus import PrometheusHistory
from sightline.errors import ServiceError, ServiceUnavailable
from sightline.operations.alert import FiringAlert
from sightline.ports import MetricsHistory
from sightline.testing import InMemoryHistory

END_S = float(int(time.time()) // 60 * 60 - 120)
"""A whole minute, a little while ago."""
STEP_S, POINTS = 60.0, 5
ONE = 'last_over_time(watched{name="a"}[50s])'
TWO = "last_over_time(watched[50s])"
"""Nothing older than a step counts, as Prometheus' own five minutes would make of a gap."""
RULES = {
    "alert": "Always",
    "expr": "vector(1)",
    "labels": {"severity": "page"},
    "annotations": {"summary": "it fires", "runbook_url": "docs/r.md#always", "dashboard": "board", "panel": "7"},
}


def minutes_ago(time_s: float) -> float:
    return (END_S - time_s) / 60


def rising(time_s: float) -> float | None:
    """4, 3 … minutes before the end: 0, 1 … 4; nothing two minutes before."""
    ago = round(minutes_ago(time_s))
    return None if ago == 2 else float(4 - ago)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One that scrapes nothing, has a few samples, and an alert that always fires."""
    if shutil.which("promtool") is None and os.environ.get("CI") != "true":
        pytest.skip("needs Prometheus: apt-get install prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "interval": "1s", "rules": [RULES]}]}))
    (folder / "prometheus.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yml"]}))
    samples = [(name, END_S - 60 * ago) for name in ("a", "b") for ago in (4, 3, 1, 0)]
    lines = [f'watched{{name="{name}"}} {rising(at_s):g} {at_s:.0f}' for name, at_s in samples]
    (folder / "past.txt").write_text("\n".join(["# TYPE watched gauge", *lines, "# EOF\n"]))
    data = folder / "data"
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", folder / "past.txt", data], check=True)
    port = ports.choose("127.0.0.1", {"http": 0})["http"]
    url = f"http://127.0.0.1:{port}"
    config = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={data}"]
    with subprocess.Popen(
        ["prometheus", *config, f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL
    ) as server:
        try:
            until(lambda: _fires(url), timeout_s=60, what="Prometheus to tell of its alert")
            yield url
        finally:
            server.terminate()


def _fires(url: str) -> bool:
    try:
        return bool(httpx.get(f"{url}/api/v1/alerts").json()["data"]["alerts"])
    except (httpx.HTTPError, json.JSONDecodeError):
        return False


@pytest.fixture(params=["fake", "prometheus"])
def history(request: pytest.FixtureRequest) -> MetricsHistory:
    if request.param == "prometheus":
        return PrometheusHistory(request.getfixturevalue("prometheus"), timeout_s=30)
    firing = FiringAlert("Always", "page", "it fires", datetime.now(UTC), "docs/r.md#always", "board", "7")
    return InMemoryHistory({ONE: [rising], TWO: [rising, rising]}, [firing])


async def ask(history: MetricsHistory, expression: str) -> tuple[float | None, ...]:
    return await history.values(expression, end_s=END_S, step_s=STEP_S, points=POINTS)


async def test_a_value_each_step_oldest_first_and_gaps(history: MetricsHistory) -> None:
    assert await ask(history, ONE) == (0.0, 1.0, None, 3.0, 4.0)


async def test_what_nobody_measured_has_no_values(history: MetricsHistory) -> None:
    assert await ask(history, "nothing_of_the_kind") == (None,) * POINTS


async def test_more_than_one_series_is_an_error(history: MetricsHistory) -> None:
    with pytest.raises(ServiceError, match="one series"):
        await ask(history, TWO)


async def test_the_alert_that_fires(history: MetricsHistory) -> None:
    [alert] = await history.alerts()
    assert (alert.name, alert.severity, alert.summary) == ("Always", "page", "it fires")
    assert (alert.runbook, alert.dashboard, alert.panel) == ("docs/r.md#always", "board", "7")
    assert 0 <= time.time() - alert.since.timestamp() < 600


@pytest.mark.parametrize(
    "away", [lambda: InMemoryHistory(away=True), lambda: PrometheusHistory("http://127.0.0.1:9")], ids=["fake", "prometheus"]
)
async def test_one_that_is_away(away: Callable[[], MetricsHistory]) -> None:
    with pytest.raises(ServiceUnavailable, match="prometheus"):
        await ask(away(), ONE)
    with pytest.raises(ServiceUnavailable):
        await away().alerts()
