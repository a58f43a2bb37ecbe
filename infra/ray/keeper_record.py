"""What a host knows of its keeper: ``<state_dir>/keeper.json``."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local import process
from infra.local.process import ProcessId
from infra.local.records import write_whole

log = logging.getLogger(__name__)

_FILE = "keeper.json"


@dataclass(frozen=True, slots=True)
class KeeperRecord:
    """A keeper that was started, and how.

    Attributes:
        process: the keeper.
        told: what it was told of how Ray is started: see :meth:`infra.ray.launch.RayLaunch.told`.
    """

    process: ProcessId
    told: str

    @classmethod
    def of_running(cls, state_dir: Path) -> KeeperRecord | None:
        """That of the keeper that runs; None = none runs."""
        try:
            record = json.loads((state_dir / _FILE).read_text())
            found = cls(ProcessId(**record["process"]), record["told"])
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:  # as a power cut may leave it, after which no keeper runs
            log.warning("%s is damaged and is written anew: %s", state_dir / _FILE, error)
            return None
        return found if process.is_alive(found.process) else None

    def write(self, state_dir: Path) -> None:
        """In place of the one before."""
        write_whole(state_dir / _FILE, json.dumps({"process": asdict(self.process), "told": self.told}))
