"""Tables of a Ray cluster: its hosts, and what runs on them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from infra.ray.deployment import ClusterStatus


def hosts_table(answer: ClusterStatus) -> Table:
    """One row a host, with the actors on it."""
    on_host = defaultdict(list)
    for name, said in answer.actors.items():
        on_host[said.get("host")].append(name)
    table = Table("host", "state", "offers", "runs", box=None, pad_edge=False)
    for host in answer.hosts:
        state = "[green]alive[/]" if host.alive else "[red]dead[/]"
        offers = ", ".join(
            f"{count:g} {name}" for name, count in sorted(host.resources.items()) if "memory" not in name and ":" not in name
        )
        mark = " (head)" if host.is_head else ""
        table.add_row(f"{host.address}{mark}", state, escape(offers), escape(", ".join(sorted(on_host[host.address]))))
    return table


def actors_table(answer: ClusterStatus) -> Table:
    """One row an actor, with what it says of itself."""
    table = Table("actor", "state", "partitions", "in flight", "unread", "trouble", box=None, pad_edge=False)
    for name, said in answer.actors.items():
        state = str(said.get("state"))
        colour = "green" if state == "running" and not said.get("trouble") else "red"
        partitions = " ".join(str(number) for number in said.get("partitions", []))
        figures = (str(said.get(key, "")) for key in ("in_flight", "unread"))
        table.add_row(escape(name), f"[{colour}]{state}[/]", partitions, *figures, escape(str(said.get("trouble", ""))))
    return table


def questions_line(answer: ClusterStatus) -> str:
    """Where the questions are, and whether they answer."""
    said = answer.questions
    word = "[green]answers[/]" if said.get("answers") else "[red]does not answer[/]"
    return f"questions: {said.get('url')} {word}; Ray Serve: {said.get('state')} {escape(str(said.get('replicas', '')))}"
