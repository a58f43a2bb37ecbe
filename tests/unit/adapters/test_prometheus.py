"""What is made of Prometheus' answers, and of what is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sightline.adapters.prometheus import PrometheusHistory
from sightline.errors import ServiceError, ServiceUnavailable

URL = "http://user:secret@prometheus.example:9090/behind/"


def over(handler: Callable[[httpx.Request], httpx.Response]) -> PrometheusHistory:
    return PrometheusHistory(URL, timeout_s=2.5, transport=httpx.MockTransport(handler))


def saying(answer: Any, status: int = 200) -> PrometheusHistory:
    return over(lambda _: httpx.Response(status, json=answer))


def matrix(*series: list[tuple[float, str]]) -> dict[str, Any]:
    result = [{"metric": {}, "values": values} for values in series]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


async def values(history: PrometheusHistory) -> tuple[float | None, ...]:
    async with history:
        return await history.values("up", end_s=1000.0, step_s=15, points=4)


async def test_the_question() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json=matrix())

    await values(over(answer))

    assert asked[0].path == "/behind/api/v1/query_range"
    assert dict(asked[0].params) == {"query": "up", "start": "955.000", "end": "1000.000", "step": "15"}


async def test_gaps_and_what_is_no_number_are_none() -> None:
    said = matrix([(955.0, "1"), (985.001, "NaN"), (1000, "+Inf")])
    assert await values(saying(said)) == (1.0, None, None, None)
    assert await values(saying(matrix())) == (None,) * 4


async def test_more_than_one_series_is_refused() -> None:
    with pytest.raises(ServiceError, match="one series for up, got 2") as refused:
        await values(saying(matrix([(955, "1")], [(955, "2")])))
    assert not isinstance(refused.value, ServiceUnavailable)


async def test_what_prometheus_refuses_is_told_in_its_words() -> None:
    said = {"status": "error", "errorType": "bad_data", "error": "1:3: parse error"}
    with pytest.raises(ServiceError, match="parse error") as refused:
        await values(saying(said, 400))
    assert not isinstance(refused.value, ServiceUnavailable)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(200, text="<html>a proxy's page</html>"), "not as Prometheus"),
        (httpx.Response(503, text="starting"), "answered 503"),
        (httpx.Response(401, json={"message": "no"}), "answered 401"),
        (httpx.Response(200, json=[1]), "not as Prometheus"),
        (httpx.ConnectError("refused"), "refused"),
        (httpx.ReadTimeout("late"), "within 2.5 s"),
    ],
)
async def test_no_answer_says_where_and_why_and_no_password(answer: httpx.Response | Exception, told: str) -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ServiceUnavailable, match=told) as fault:
        await values(over(handle))
    assert "http://prometheus.example:9090/behind:" in str(fault.value)
    assert "secret" not in str(fault.value)


async def test_alerts_that_fire_and_no_others() -> None:
    alerts = [
        {
            "labels": {"alertname": "SightlineLagGrowing", "severity": "page"},
            "annotations": {"summary": "behind", "runbook_url": "docs/r.md#a", "dashboard": "sightline-cameras", "panel": "11"},
            "state": "firing",
            "activeAt": "2026-11-27T01:02:03.123456789Z",
            "value": "1e+00",
        },
        {"labels": {"alertname": "Other"}, "annotations": {}, "state": "pending", "activeAt": "2026-11-27T01:02:03Z"},
        {"labels": {"alertname": "Bare"}, "annotations": {}, "state": "firing", "activeAt": "2026-11-27T01:02:03Z"},
    ]
    async with saying({"status": "success", "data": {"alerts": alerts}}) as history:
        full, bare = await history.alerts()

    assert (full.name, full.severity, full.summary) == ("SightlineLagGrowing", "page", "behind")
    assert (full.runbook, full.dashboard, full.panel) == ("docs/r.md#a", "sightline-cameras", "11")
    assert full.since == datetime(2026, 11, 27, 1, 2, 3, 123456, tzinfo=UTC)
    assert (bare.name, bare.severity, bare.runbook, bare.dashboard, bare.panel) == ("Bare", "", None, None, None)
