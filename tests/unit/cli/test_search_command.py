"""``sightline search`` against the API over the generated world, and against what is no such API."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from PIL import Image
from support.questions import World
from support.questions.pictures import Person, to_jpeg
from support.questions.world import LOOKS, room
from typer.testing import CliRunner

from serving.api import create_app
from sightline.cli.app import app
from sightline.errors import ConfigurationError, InputError, ServiceError, ServiceUnavailable

PICTURE = to_jpeg(room("entrance", (Person(LOOKS[0], (200, 330), 240), Person(LOOKS[5], (420, 320), 180))).draw())


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    world = World(lambda: 1_795_000_000.0)
    with ThreadPoolExecutor(1) as own_thread:
        own_thread.submit(asyncio.run, world.fill()).result()
    server = uvicorn.Server(uvicorn.Config(create_app(world.services()), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "query.jpg"
    path.write_bytes(PICTURE)
    return path


Search = Callable[[list[str], str | None], tuple[int, str, BaseException | None]]


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Search:
    """``search(arguments, url)``: exit code, stdout and error of the command."""

    def run(arguments: list[str], url: str | None) -> tuple[int, str, BaseException | None]:
        monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
        monkeypatch.delenv("SIGHTLINE_SERVING__URL", raising=False)
        if url is not None:
            monkeypatch.setenv("SIGHTLINE_SERVING__URL", url)
        monkeypatch.setenv("COLUMNS", "160")
        monkeypatch.chdir(tmp_path)
        result = CliRunner().invoke(app, ["search", *arguments])
        return result.exit_code, result.stdout, result.exception

    return run


def test_json_is_the_answer_and_nothing_else(url: str, picture: Path, search: Search) -> None:
    options = "--camera entrance --camera hall-east --min-score 0.5 -k 3 --group-by track --json"
    code, out, _ = search([str(picture), *options.split()], url)

    answer = json.loads(out)
    assert code == 0
    assert 1 <= len(answer["matches"]) <= 3
    assert {match["camera"] for match in answer["matches"]} <= {"entrance", "hall-east"}
    assert min(match["score"] for match in answer["matches"]) >= 0.5


def test_a_table_for_people(url: str, picture: Path, search: Search) -> None:
    code, out, _ = search([str(picture), "-k", "2"], url)

    assert code == 0
    assert len([line for line in out.splitlines() if "1.000" in line]) == 2
    assert "entrance" in out


def test_rerank_orders_and_is_shown(url: str, picture: Path, search: Search) -> None:
    code, out, _ = search([str(picture), "-k", "6", "--rerank", "--json"], url)
    matches = json.loads(out)["matches"]
    _, table, _ = search([str(picture), "-k", "6", "--rerank"], url)

    distances = [match["rerank_distance"] for match in matches]
    assert (code, distances) == (0, sorted(distances))
    assert "re-ranked" in table
    assert f"{distances[-1]:.3f}" in table


def test_a_box_asks_for_the_other(url: str, picture: Path, search: Search) -> None:
    _, out, _ = search([str(picture), "--box", "381,141,77,190", "-k", "1", "--json"], url)

    assert json.loads(out)["matches"][0]["frame_id"].startswith("walk-5-")


def test_times_without_a_zone_are_local(url: str, picture: Path, search: Search) -> None:
    code, out, _ = search([str(picture), "--end", "2020-01-01T00:00:00", "--json"], url)

    assert (code, json.loads(out)["matches"]) == (0, [])


@pytest.mark.parametrize("name", ["sheet.png", "sheet.jpg"])
def test_a_contact_sheet(url: str, picture: Path, tmp_path: Path, search: Search, name: str) -> None:
    code, _, _ = search([str(picture), "-k", "8", "--sheet", str(tmp_path / name)], url)

    assert code == 0
    sheet = np.asarray(Image.open(tmp_path / name))
    red = (sheet[..., 0] > 150) & (sheet[..., 1] < 90) & (sheet[..., 2] < 90)
    assert red[:, : sheet.shape[1] // 7].any(), "the query wears red"
    assert red[:, sheet.shape[1] // 7 :].any(), "so do the best matches"


@pytest.mark.parametrize(
    "options", ["--box 1,2,3", "-k 0", "--start noon", "--sheet x.gif", "--crop --box 1,2,3,4", "--min-score 7"]
)
def test_wrong_usage_is_2(picture: Path, search: Search, options: str) -> None:
    assert search([str(picture), *options.split()], "http://127.0.0.1:1")[0] == 2


def test_a_missing_file_is_wrong_usage(tmp_path: Path, search: Search) -> None:
    assert search([str(tmp_path / "none.jpg")], "http://127.0.0.1:1")[0] == 2


def test_what_the_api_refuses(url: str, tmp_path: Path, search: Search) -> None:
    path = tmp_path / "text.jpg"
    path.write_text("hello")
    _, _, error = search([str(path)], url)

    assert isinstance(error, InputError)
    assert "image" in str(error)


def test_no_api_says_what_to_do(picture: Path, search: Search) -> None:
    _, _, away = search([str(picture)], "http://127.0.0.1:1")
    assert isinstance(away, ServiceUnavailable)
    assert "sightline up" in str(away)

    _, _, unnamed = search([str(picture)], None)
    assert isinstance(unnamed, ConfigurationError)
    assert "sightline up" in str(unnamed)


def test_some_other_server(picture: Path, search: Search) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_error(500)

    server = HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _, _, error = search([str(picture)], f"http://127.0.0.1:{server.server_port}")
    server.shutdown()

    assert isinstance(error, ServiceError)
    assert "serving.url" in str(error)
