"""Several model repositories as Triton sees them: it loads none of two models of one name, while ours says the later wins.

The last repository, where models are added, is given to Triton as it is. Models of the earlier ones that no later one has
are linked in a folder beside it, so a model that is added under a new name can be loaded at once.
"""

from __future__ import annotations

import os
from pathlib import Path

from sightline.errors import ConfigurationError, ModelError
from sightline.models.selection import select_models
from sightline.settings import Settings

CONFIG_FILE = "config.pbtxt"


def model_folders(repository: Path) -> dict[str, Path]:
    """Model name -> its folder, of one repository; empty where there is no such folder."""
    if not repository.is_dir():
        return {}
    return {entry.name: entry.absolute() for entry in sorted(repository.iterdir()) if (entry / CONFIG_FILE).is_file()}


def link_models(settings: Settings) -> Path:
    """Make ``<state_dir>/triton/models`` hold links to the models that the last repository does not have.

    Call it again when a model is added under the name of an earlier repository's, and reload that model.

    Returns:
        The folder of links.
    """
    *earlier, last = settings.model_repositories
    wanted: dict[str, Path] = {}
    for repository in earlier:
        wanted |= model_folders(repository)
    wanted = {name: folder for name, folder in wanted.items() if name not in model_folders(last)}
    links = links_folder(settings)
    links.mkdir(parents=True, exist_ok=True)
    for entry in links.iterdir():
        if entry.name not in wanted:
            entry.unlink()
    for name, folder in wanted.items():
        partial = links / f".{name}.{os.getpid()}"
        partial.symlink_to(folder)
        partial.replace(links / name)
    return links


def links_folder(settings: Settings) -> Path:
    """Where :func:`link_models` makes its links."""
    return settings.local.state_dir.expanduser().absolute() / "triton" / "models"


def models_in_use(settings: Settings) -> list[str]:
    """Names of the models that share the cores: those of the pipeline; all there are where it cannot be composed yet."""
    try:
        return sorted(select_models(settings).names)
    except (ConfigurationError, ModelError):
        return sorted({name for repository in settings.model_repositories for name in model_folders(repository)})
