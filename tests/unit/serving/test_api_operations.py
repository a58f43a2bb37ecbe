"""``GET /v1/operations`` over HTTP."""

from __future__ import annotations

import httpx
import pytest
from support.questions import World
from support.questions.watched import NOW_VALUES

from serving.api import create_app
from serving.operations_render import Links
from sightline.operations.figures import FIGURES
from sightline.operations.overview import POINTS


async def asked(world: World) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(world.services()))
    async with httpx.AsyncClient(transport=transport, base_url="http://sightline") as client:
        return await client.get("/v1/operations")


async def test_figures_in_their_order_with_values_words_and_past(world: World) -> None:
    answer = (await asked(world)).json()

    assert answer["time"] == "2026-11-18T11:06:40Z"
    assert answer["state"] == "bad"
    figures = {figure["key"]: figure for figure in answer["figures"]}
    assert list(figures) == [figure.key for figure in FIGURES]
    assert {key: figure["value"] for key, figure in figures.items()} == NOW_VALUES
    assert {len(figure["history"]) for figure in figures.values()} == {POINTS}
    shed = figures["shed"]
    assert (shed["text"], shed["text_unit"], shed["state"], shed["bad"]) == ("24", "%", "bad", 0.1)
    assert shed["runbook"] == "https://docs.example/sightline/docs/operations/runbook.md#sightlineshedratehigh"
    assert shed["dashboard"] == "https://grafana.example/d/sightline-cameras"
    assert (figures["frames"]["state"], figures["frames"]["warn"]) == ("info", None)
    assert (figures["questions_p95"]["state"], figures["questions_p95"]["value"]) == ("unknown", None)


async def test_alerts_with_their_links(world: World) -> None:
    [alert] = (await asked(world)).json()["alerts"]
    assert alert["name"] == "SightlineCameraSilent"
    assert alert["state"] == "warn"
    assert alert["since"] == "2026-11-18T11:04:40Z"
    assert alert["dashboard"] == "https://grafana.example/d/sightline-cameras?viewPanel=3"


async def test_nobody_watches(world: World) -> None:
    world.is_watched = False
    answer = await asked(world)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:sightline:problem:metrics-not-watched"
    assert "sightline up --metrics" in answer.json()["detail"]


async def test_prometheus_is_away(world: World) -> None:
    world.history.away = True
    answer = await asked(world)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "prometheus" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("links", "path", "made"),
    [
        (Links(), "docs/r.md#a", "docs/r.md#a"),
        (Links(docs_url="https://d.example/"), "docs/r.md#a", "https://d.example/docs/r.md#a"),
        (Links(docs_url="https://d.example"), "https://other.example/r#a", "https://other.example/r#a"),
        (Links(docs_url="https://d.example"), None, None),
    ],
)
def test_documents_are_found_where_the_settings_say(links: Links, path: str | None, made: str | None) -> None:
    assert links.document(path) == made


def test_without_a_grafana_there_is_no_link_to_one() -> None:
    assert Links().dashboard("sightline-kafka", "3") is None
    assert Links("http://g.example/").dashboard("sightline-kafka", "3") == "http://g.example/d/sightline-kafka?viewPanel=3"
    assert Links("http://g.example").dashboard(None) is None
