"""Tables of the stack's health."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from infra.local.status import ServiceStatus, StreamStatus

COLOURS = {"ready": "green", "unready": "red", "died": "red", "stopped": "yellow"}


def services_table(services: Mapping[str, ServiceStatus]) -> Group:
    """One row a server or part, and below it what they say of themselves."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "state", "version", "where", "pid"):
        table.add_column(heading, no_wrap=True)
    for name, service in services.items():
        state = f"[{COLOURS.get(service.state, 'white')}]{service.state}[/]"
        table.add_row(name, state, service.version or "", service.url or "", str(service.pid or ""))
    said = Table.grid(padding=(0, 2))
    for name, service in services.items():
        if service.detail:
            said.add_row(f"[dim]{name}[/]", f"[dim]{escape(service.detail)}[/]")
    return Group(table, "", said)


def cameras_table(stream: StreamStatus) -> Table:
    """One row a camera."""
    table = Table("camera", "frames/s", "last frame", "shed", box=None, pad_edge=False)
    for camera, figures in sorted(stream.cameras.items()):
        shed = ", ".join(f"{count} {reason}" for reason, count in figures["shed"].items()) or "0"
        table.add_row(escape(camera), f"{figures['fps']:.1f}", str(figures["last_frame"] or ""), shed)
    return table


def lag_line(stream: StreamStatus) -> str:
    """How far the stream is behind, in words."""
    if stream.lag_messages is None:
        return "lag: unknown, Kafka does not answer"
    return f"lag: {stream.lag_messages} frames waiting, the oldest for {stream.lag_s or 0.0:.1f} s"


def degraded_lines(stream: StreamStatus) -> list[str]:
    """What the stream's frames go without, or went, in words: a line a stage."""
    lines = []
    for stage, said in stream.degraded.items():
        now = f"[yellow]off, {said['off']}[/]" if said["off"] else "on again"
        missed = ", ".join(f"{count} {reason}" for reason, count in said["missed"].items())
        lines.append(f"{stage}: {now}; frames without it: {missed or 0}")
    return lines


def cores_line(cores: Mapping[str, Any]) -> str:
    """Who has which threads, in words."""
    models = ", ".join(f"{name} {threads}" for name, threads in cores["models"].items()) or "no models yet"
    return f"cores: {cores['cores']}; threads: {models}; decoding {cores['decode']}"
