"""The stack for as long as the demo runs: what ran before stays, what was started is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from infra.local import parts, process
from infra.local.records import read_records
from infra.local.services import servers
from infra.local.stack import LocalStack
from infra.local.status import ask_servers
from sightline.cli.console import stdout
from sightline.cli.progress import StepDisplay
from sightline.cli.tables import services_table
from sightline.settings import Settings


@contextmanager
def whole_stack(settings: Settings) -> Iterator[Settings]:
    """Servers, stream and API up, as `sightline up` brings them; the settings have their addresses.

    At the end, also when starting fails or is interrupted, what did not run before is stopped again. A second interrupt
    cuts that short, and `sightline down` does the rest.

    Raises:
        SightlineError: a part did not start; the message says why.
    """
    stack = LocalStack(settings, servers(settings))
    records = read_records(stack.state_dir)
    before = [name for name, record in records.items() if process.is_alive(record.process)]
    parts_ran = "ray" in before and parts.deployed_url(stack.state_dir) is not None
    try:
        with StepDisplay() as display:
            parts.bring_up(stack.up(display.report), stack.state_dir, display.report)
        stdout.print(services_table(ask_servers(settings)))
        yield stack.settings
    finally:
        with StepDisplay() as display:
            if not parts_ran:
                parts.take_down(stack.settings, stack.state_dir, display.report)
            stack.down(display.report, keep=before)
        if before:
            stdout.print(f"Left running, as before: {', '.join(before)}. `sightline down` stops it.", highlight=False)
