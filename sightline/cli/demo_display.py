"""What the demo shows: live figures of its cameras, and a summary at the end."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from sightline.cli.console import stderr, stdout
from sightline.cli.demo_cameras import Cameras
from sightline.cli.demo_score import Scorer

_REFRESH_S = 1.0
_LINE_EVERY_S = 5.0
_ASK_S = 5.0


@dataclass(slots=True)
class Scoreboard:
    """The API's figures of some cameras, counted from when it was made: yesterday's do not count.

    Attributes:
        api: asks it; its base address is set.
        cameras: which.
        now: camera -> its figures, those of ``GET /v1/cameras``.
    """

    api: httpx.Client
    cameras: Sequence[str]
    now: dict[str, dict[str, Any]] = field(default_factory=dict)
    _before: dict[str, dict[str, Any]] = field(default_factory=dict)
    _began_s: float = field(default_factory=time.monotonic)
    _ended_s: float | None = None

    def __post_init__(self) -> None:
        self.look()
        self._before = dict(self.now)

    def look(self) -> bool:
        """Ask the API; False where it does not answer now, and the figures stay as they were."""
        try:
            listed = self.api.get("/v1/cameras", timeout=_ASK_S).raise_for_status().json()["cameras"]
        except (httpx.HTTPError, ValueError, KeyError):
            return False
        self.now = {figures["camera"]: figures for figures in listed if figures["camera"] in self.cameras}
        return True

    def stop(self) -> None:
        """Look once more; from now on the figures stay."""
        self.look()
        self._ended_s = time.monotonic()

    @property
    def seconds(self) -> float:
        return (self._ended_s or time.monotonic()) - self._began_s

    def fps(self, camera: str) -> float:
        """Frames seen a second, over the last ten seconds."""
        return float(self.now.get(camera, {}).get("fps", 0.0))

    def count(self, camera: str, name: str) -> int:
        """``seen``, ``sightings``, or ``shed`` and ``dead`` over all reasons, since it was made."""
        return _total(self.now.get(camera, {}).get(name, 0)) - _total(self._before.get(camera, {}).get(name, 0))

    def total(self, name: str) -> int:
        """:meth:`count` of all cameras."""
        return sum(self.count(camera, name) for camera in self.cameras)


def show(scoreboard: Scoreboard, cameras: Cameras, scorer: Scorer | None, *, duration_s: float | None) -> None:
    """Show live figures until the time is over or no camera publishes any more; lines where nobody watches.

    With a scorer also how well people are found again, by its last score.
    """
    end_s = None if duration_s is None else time.monotonic() + duration_s
    live = Live(console=stderr, auto_refresh=False, transient=True)
    line_due_s = time.monotonic() + _LINE_EVERY_S
    with live:
        while not cameras.ended and (end_s is None or time.monotonic() < end_s):
            answers = scoreboard.look()
            if stderr.is_terminal:
                live.update(_table(scoreboard, cameras, scorer, answers=answers), refresh=True)
            elif time.monotonic() >= line_due_s:
                line_due_s = time.monotonic() + _LINE_EVERY_S
                stderr.print(_line(scoreboard, scorer), highlight=False, soft_wrap=True)
            time.sleep(_REFRESH_S)


def summarise(scoreboard: Scoreboard, scorer: Scorer | None) -> None:
    """What came of it, to stdout."""
    seconds = scoreboard.seconds
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("camera", no_wrap=True)
    for heading in ("frames seen", "frames/s", "sightings", "shed", "dead letters"):
        table.add_column(heading, justify="right")
    for camera in scoreboard.cameras:
        seen, *others = (scoreboard.count(camera, name) for name in ("seen", "sightings", "shed", "dead"))
        table.add_row(escape(camera), str(seen), f"{seen / seconds:.1f}", *(str(number) for number in others))
    stdout.print(table)
    seen, sightings = scoreboard.total("seen"), scoreboard.total("sightings")
    rate = f"{seen / seconds:.1f} frames/s"
    stdout.print(f"In {seconds:.0f} s: {seen} frames seen ({rate}), {sightings} sightings of people.", highlight=False)
    if shed := scoreboard.total("shed"):
        stdout.print(f"{shed} frames were shed: more came than this machine could look at in time.", highlight=False)
    if scorer is not None and scorer.last is not None:
        stdout.print(f"By the truth of the synthetic cameras: {scorer.last.describe()}.", highlight=False, soft_wrap=True)


def figures(scoreboard: Scoreboard, scorer: Scorer | None) -> dict[str, Any]:
    """The same for JSON."""
    names = ("seen", "sightings", "shed", "dead")
    seconds, seen = scoreboard.seconds, scoreboard.total("seen")
    document = {
        "seconds": round(seconds, 1),
        "frames_per_s": round(seen / seconds, 2),
        **{name: scoreboard.total(name) for name in names},
        "cameras": {camera: {name: scoreboard.count(camera, name) for name in names} for camera in scoreboard.cameras},
    }
    return document | (scorer.last.document() if scorer is not None and scorer.last is not None else {})


def this_program() -> str:
    """How the person calls this program: by its name where the shell finds it, else by where it is."""
    return "sightline" if shutil.which("sightline") else sys.argv[0]


def _table(scoreboard: Scoreboard, cameras: Cameras, scorer: Scorer | None, *, answers: bool) -> Table:
    caption = f"{_score(scorer)}{scoreboard.seconds:.0f} s, Ctrl-C ends it"
    if not answers:
        caption = "[bold red]the API does not answer; it is asked again[/]"
    table = Table(caption=caption)
    table.add_column("camera", no_wrap=True)
    for heading in ("published", "frames/s", "seen", "sightings", "shed", "behind"):
        table.add_column(heading, justify="right")
    for camera in scoreboard.cameras:
        counts = (str(scoreboard.count(camera, name)) for name in ("seen", "sightings", "shed"))
        behind_s = scoreboard.now.get(camera, {}).get("lag_s")
        behind = "" if behind_s is None else f"{behind_s:.1f} s"
        table.add_row(escape(camera), str(cameras.published(camera)), f"{scoreboard.fps(camera):.1f}", *counts, behind)
    return table


def _line(scoreboard: Scoreboard, scorer: Scorer | None) -> str:
    each = (
        f"{camera} {scoreboard.fps(camera):.1f} frames/s, {scoreboard.count(camera, 'sightings')} sightings"
        for camera in scoreboard.cameras
    )
    return f"{scoreboard.seconds:6.1f} s  {_score(scorer)}{'; '.join(each)}"


def _score(scorer: Scorer | None) -> str:
    return "" if scorer is None or scorer.last is None else f"{scorer.last.describe()}; "


def _total(figure: int | dict[str, int]) -> int:
    return sum(figure.values()) if isinstance(figure, dict) else figure
