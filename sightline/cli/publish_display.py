"""What `sightline publish` shows: a table that is alive while it runs, and a summary at the end."""

from __future__ import annotations

import json as json_format
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from sightline.adapters.kafka.producer import FramePublisher
from sightline.cameras.publishing import Publishing
from sightline.cameras.rtsp import without_password
from sightline.cli.console import stderr, stdout

_REFRESH_S = 0.5
_RATE_WINDOW = 8
_SILENCE_WORTH_NAMING_S = 3.0


@contextmanager
def progress_display(publishing: Publishing, publisher: FramePublisher, names: Mapping[str, str]) -> Iterator[None]:
    """Show the cameras' progress on stderr while the body runs. ``names``: camera -> source as the user named it."""
    rates = {camera: _Rate() for camera in names}
    done = threading.Event()

    def refresh(live: Live) -> None:
        while not done.wait(_REFRESH_S):
            live.update(_table(publishing, publisher, names, rates))

    with Live(console=stderr, auto_refresh=False, transient=True) as live:
        thread = threading.Thread(target=refresh, args=(live,), name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def print_summary(
    publishing: Publishing, publisher: FramePublisher, cameras: Sequence[str], *, seconds: float, json: bool
) -> None:
    """What became of every camera's frames, to stdout: a table, or one JSON document."""
    rows = {camera: _row(publishing, publisher, camera) for camera in cameras}
    if json:
        stdout.print_json(json_format.dumps({"seconds": round(seconds, 3), "cameras": rows}))
        return
    table = Table("camera")
    for name in ("frames", "frames/s", "MB", "lost", "too large", "failed"):
        table.add_column(name, justify="right")
    for camera, row in rows.items():
        rate = f"{row['frames'] / seconds:.1f}" if seconds else ""
        losses = (str(row[name]) for name in ("lost", "too_large", "failed"))
        table.add_row(camera, str(row["frames"]), rate, f"{row['bytes'] / 1e6:.1f}", *losses)
    stdout.print(table)


def _row(publishing: Publishing, publisher: FramePublisher, camera: str) -> dict[str, int]:
    delivered = publisher.delivered(camera)
    return {
        "frames": delivered.frames,
        "bytes": delivered.bytes,
        "lost": publishing.lost(camera),
        "too_large": delivered.too_large,
        "failed": delivered.failed,
    }


class _Rate:
    """Growth per second of a number over the last few looks at it."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque(maxlen=_RATE_WINDOW)

    def look(self, value: int) -> float:
        self._seen.append((time.monotonic(), value))
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0


def _table(publishing: Publishing, publisher: FramePublisher, names: Mapping[str, str], rates: Mapping[str, _Rate]) -> Table:
    table = Table(Column("camera", no_wrap=True), Column("source", no_wrap=True, max_width=40), caption=_caption(publisher))
    for title in ("frames/s", "frames", "MB", "lost", "failed"):
        table.add_column(title, justify="right")
    table.add_column("state")
    for camera, name in names.items():
        row = _row(publishing, publisher, camera)
        rate = f"{rates[camera].look(row['frames']):.1f}"
        failed = str(row["failed"] + row["too_large"])
        state = "ended" if publishing.ended(camera) else "publishing" if row["frames"] else "connecting"
        numbers = (rate, str(row["frames"]), f"{row['bytes'] / 1e6:.1f}", str(row["lost"]), failed)
        table.add_row(camera, Text(_short(name)), *numbers, state)
    return table


def _short(name: str) -> str:
    """An address without its password, a file without its folders."""
    return without_password(name) if "://" in name else Path(name).name or name


def _caption(publisher: FramePublisher) -> str:
    silent_s = publisher.silent_s
    if silent_s < _SILENCE_WORTH_NAMING_S:
        return "Ctrl-C ends it"
    return f"[bold red]Kafka has not answered for {silent_s:.0f} s; frames wait, and it is tried on[/]"
