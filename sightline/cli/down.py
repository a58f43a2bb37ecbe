"""``sightline down``: stop what ``sightline up`` started."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.console import stdout


def down(
    *,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Stop what `sightline up` started, and nothing else. Data, models and logs stay.

    The stream commits what it has on its way first. Existing servers that the settings name are left as they are.

    Examples:

    * `sightline down`
    * `SIGHTLINE_LOCAL__STATE_DIR=/tmp/trial sightline down`: of another state folder
    """
    from infra.local import parts
    from infra.local.services import servers
    from infra.local.stack import LocalStack
    from sightline.cli.progress import StepDisplay
    from sightline.settings import load_settings

    settings = load_settings(config)
    stack = LocalStack(settings, servers(settings, metrics=True))
    with StepDisplay() as display:
        stopped = parts.take_down(stack.settings, stack.state_dir, display.report)
        stopped += stack.down(display.report)
    stdout.print(f"Stopped {', '.join(stopped)}." if stopped else f"Nothing of {stack.state_dir} was running.", highlight=False)
