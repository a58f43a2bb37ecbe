"""Prometheus' HTTP API: what was measured over time, and which alerts fire."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

from sightline.errors import ServiceError, ServiceUnavailable
from sightline.operations.alert import FiringAlert

SERVICE = "prometheus"
TIMEOUT_S = 3.0


class PrometheusHistory:
    """:class:`sightline.ports.MetricsHistory` over HTTP. Making it connects to nothing; :meth:`aclose` ends its connections.

    Args:
        url: ``http://host:port``, and the path that Prometheus is behind, if any.
        timeout_s: for connecting and for each answer.
        transport: other than the network, for tests.
    """

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(base_url=url.rstrip("/") + "/api/v1/", timeout=timeout_s, transport=transport)

    async def values(self, expression: str, *, end_s: float, step_s: float, points: int) -> tuple[float | None, ...]:
        """See the port."""
        start_s = end_s - step_s * (points - 1)
        asked = {"query": expression, "start": f"{start_s:.3f}", "end": f"{end_s:.3f}", "step": f"{step_s:g}"}
        series = (await self._ask("query_range", asked))["result"]
        if len(series) > 1:
            raise ServiceError(SERVICE, f"expected one series for {expression}, got {len(series)}")
        found: list[float | None] = [None] * points
        for at_s, text in series[0]["values"] if series else ():
            place, value = round((at_s - start_s) / step_s), float(text)
            found[place] = value if math.isfinite(value) else None  # a quantile of nothing is not a number
        return tuple(found)

    async def alerts(self) -> list[FiringAlert]:
        """See the port."""
        return [_firing(alert) for alert in (await self._ask("alerts", {}))["alerts"] if alert["state"] == "firing"]

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await self.aclose()

    async def _ask(self, path: str, parameters: Mapping[str, str]) -> Any:
        try:
            response = await self._client.get(path, params=parameters)
            answer = response.json()
        except httpx.TimeoutException as error:
            raise ServiceUnavailable(SERVICE, f"{self._where}: no answer within {self._timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceUnavailable(SERVICE, f"{self._where}: {error}") from error
        except ValueError as error:
            raise ServiceUnavailable(SERVICE, self._not_prometheus(response)) from error
        if isinstance(answer, dict) and answer.get("status") == "success":
            return answer["data"]
        if isinstance(answer, dict) and answer.get("status") == "error" and response.is_client_error:
            raise ServiceError(SERVICE, f"{self._where}: {answer.get('error')}")
        raise ServiceUnavailable(SERVICE, self._not_prometheus(response))

    def _not_prometheus(self, response: httpx.Response) -> str:
        return f"{self._where}: answered {response.status_code}, and not as Prometheus does"

    @property
    def _where(self) -> str:
        """Its address, without a password that may stand in it."""
        return str(self._client.base_url.copy_with(userinfo=b"")).removesuffix("/api/v1/")


def _firing(alert: Mapping[str, Any]) -> FiringAlert:
    labels, notes = alert["labels"], alert["annotations"]
    return FiringAlert(
        name=labels["alertname"],
        severity=labels.get("severity", ""),
        summary=notes.get("summary", ""),
        since=datetime.fromisoformat(alert["activeAt"]),
        runbook=notes.get("runbook_url"),
        dashboard=notes.get("dashboard"),
        panel=notes.get("panel"),
    )
