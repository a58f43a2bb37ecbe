"""The layers of the settings, laid over one another, and words for what is wrong in them."""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import YamlConfigSettingsSource

from sightline.errors import ConfigurationError
from sightline.settings.tree import ENV_PREFIX, Settings

CONFIG_VARIABLE = "SIGHTLINE_CONFIG"
DEFAULT_CONFIG_FILE = Path("sightline.yaml")
ENDPOINTS_FILE = "endpoints.yaml"
"""Written by ``sightline up`` into the state folder: a settings file that holds only the servers' addresses."""
LIVE_MODELS_FILE = "live-models.json"
"""Written by ``sightline models promote`` into the state folder: {stage: {"model": name, …}}; see ``models/live.py``."""


def load_settings(config: Path | None = None, **overrides: Any) -> Settings:
    """The settings of this process.

    Args:
        config: a YAML file; unset = ``$SIGHTLINE_CONFIG``, else ``sightline.yaml`` if it is there.
        overrides: sections as nested mappings, over the file and below the environment (used by tests).

    Raises:
        ConfigurationError: a key is unknown, a value is wrong, or the file cannot be read.
    """
    from_file = merge(_from_file(config), overrides)
    first = _validate(from_file)  # where the state folder is, is itself a setting
    folder = first.local.state_dir.expanduser()
    layer = merge(_read_live_models(folder / LIVE_MODELS_FILE), _read_yaml(folder / ENDPOINTS_FILE))
    return _validate(merge(layer, from_file))


def written_settings(config: Path | None = None) -> Settings:
    """The settings as people wrote them: file and environment, without what the running stack and promotions add.

    Raises:
        ConfigurationError: as :func:`load_settings`.
    """
    return _validate(_from_file(config))


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Two nested mappings as one; ``over`` wins. Neither is changed."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def _from_file(config: Path | None) -> dict[str, Any]:
    _refuse_unknown_variables()
    path = config or (Path(os.environ[CONFIG_VARIABLE]) if CONFIG_VARIABLE in os.environ else None)
    if path is not None and not path.is_file():
        raise ConfigurationError(f"the settings file {path} does not exist")
    return _read_yaml(path or DEFAULT_CONFIG_FILE)


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return dict(YamlConfigSettingsSource(Settings, yaml_file=path)())
    except (ValueError, TypeError, OSError) as error:
        raise ConfigurationError(f"{path} is not a mapping in YAML: {error}") from error
    except Exception as error:  # yaml.YAMLError: pydantic-settings imports yaml lazily and re-raises its errors
        raise ConfigurationError(f"{path} is not valid YAML: {error}") from error


def _read_live_models(path: Path) -> dict[str, Any]:
    try:
        stages = json.loads(path.read_text()) if path.is_file() else {}
        chosen = {stage: {"model": live["model"]} for stage, live in stages.items()}
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}; `sightline models promote NAME` writes it anew") from error
    return {"pipeline": chosen} if chosen else {}


def _validate(values: dict[str, Any]) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ConfigurationError(
            "; ".join(_explain(item["type"], item["loc"], item["msg"]) for item in error.errors())
        ) from error


def _explain(kind: str, where: tuple[int | str, ...], message: str) -> str:
    dotted = ".".join(str(part) for part in where)
    if kind != "extra_forbidden":
        return f"setting {dotted}: {message}"
    return f"unknown setting {dotted}{_nearest(where)}"


def _nearest(where: tuple[int | str, ...]) -> str:
    """`` (did you mean …?)`` for an unknown key, from the names that its section has."""
    section: type[BaseModel] = Settings
    for part in where[:-1]:
        annotation = section.model_fields[str(part)].annotation if str(part) in section.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return ""
        section = annotation
    close = difflib.get_close_matches(str(where[-1]), section.model_fields, n=1, cutoff=0.5)
    if close:
        return f" (did you mean {'.'.join([*map(str, where[:-1]), close[0]])}?)"
    return f" (known here: {', '.join(section.model_fields)})"


def _refuse_unknown_variables() -> None:
    for variable in os.environ:
        if variable.startswith(ENV_PREFIX) and variable != CONFIG_VARIABLE:
            path = tuple(variable.removeprefix(ENV_PREFIX).lower().split("__"))
            if path[0] not in Settings.model_fields:
                raise ConfigurationError(f"unknown setting in the environment, {variable}{_nearest(path[:1])}")
