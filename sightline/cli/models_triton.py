"""What ``sightline models`` tells the local Triton: that a model came, changed or went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sightline.cli.console import stderr

if TYPE_CHECKING:
    from sightline.models.repository import ModelRepository
    from sightline.settings import Settings


async def load_on_triton(settings: Settings, name: str) -> None:
    """Load a model where Triton runs; else say when it will be.

    Raises:
        ModelError: Triton cannot load it.
    """
    from sightline.adapters.triton import TritonAdmin, is_local

    if settings.triton.url and not is_local(settings.triton):
        stderr.print(
            f"Triton is at {settings.triton.url}: put the model into its repository and load it there.", highlight=False
        )
        return
    if settings.triton.url:
        async with TritonAdmin(settings.triton) as admin:
            if await admin.ready():
                with stderr.status(f"Loading {name} on Triton…"):
                    await admin.load(name)
                stderr.print(f"Loaded on Triton at {settings.triton.url}.", highlight=False)
                return
    stderr.print("Triton is not running: `sightline up` will load it.", highlight=False)


async def unload_from_triton(settings: Settings, name: str) -> None:
    """Unload a model where Triton runs and has it."""
    from sightline.adapters.triton import TritonAdmin

    if await ready_on_triton(settings, [name]):
        async with TritonAdmin(settings.triton) as admin:
            await admin.unload(name)


async def as_before_on_triton(settings: Settings, repository: ModelRepository, name: str) -> None:
    """After a model was refused and taken back: Triton serves what the repository holds of that name now, if anything."""
    if name not in [model.spec.name for model in repository.models()]:
        await unload_from_triton(settings, name)
    elif settings.triton.url:
        await load_on_triton(settings, name)


async def ready_on_triton(settings: Settings, names: Sequence[str]) -> frozenset[str]:
    """Those of the models that Triton answers for; none where no Triton runs."""
    from sightline.adapters.triton import TritonAdmin

    if not settings.triton.url:
        return frozenset()
    async with TritonAdmin(settings.triton) as admin:
        if not await admin.ready():
            return frozenset()
        return frozenset([name for name in names if await admin.ready(name)])
