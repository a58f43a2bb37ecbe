"""Checkpoints in a folder or an object store: whole or not there, however the run ended.

Order: the checkpoint is put whole under its own name (written, flushed and renamed, or put by the object store), then
``index.json`` that names it, then what the index no longer names is deleted. Only what the index names is read, and only if
its sha256 is the index's; a damaged one is passed over for the one before it.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from sightline.errors import InputError, NotFoundError
from sightline.ports import BlobStore
from training.snapshot import Snapshot

INDEX = "index.json"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """A checkpoint, as the index names it.

    Attributes:
        name: its key.
        step: steps that were done.
        sha256: of its bytes.
        score: of the evaluation at this step, more is better; None = there was none.
    """

    name: str
    step: int
    sha256: str
    score: float | None = None


class Checkpoints:
    """The last few checkpoints of one run and its best. One process writes.

    Args:
        store: keys are relative to the run.
        keep_last: how many to keep beside the best.
    """

    def __init__(self, store: BlobStore, *, keep_last: int = 2) -> None:
        self._store = store
        self._keep_last = keep_last

    def save(self, snapshot: Snapshot, *, score: float | None = None) -> None:
        """Keep a snapshot; the bytes of one are in memory meanwhile. A second one of the same step replaces the first.

        Raises:
            ServiceUnavailable: the store cannot take it; what was there before is still there.
        """
        file = io.BytesIO()
        torch.save(snapshot.to_mapping(), file)
        data = file.getvalue()
        step = snapshot.position.step
        entry = Entry(f"step-{step:08d}.pt", step, hashlib.sha256(data).hexdigest(), score)
        entries, leftover = self._read_index()
        # An earlier run that was killed may have left later steps, which this one makes anew.
        listed = [each for each in entries if each.step < step] + [entry]
        kept = _worth_keeping(listed, self._keep_last)
        names = {each.name for each in kept}
        gone = sorted(({each.name for each in entries} | {each.name for each in listed} | set(leftover)) - names)
        self._store.put(entry.name, data)
        self._write_index(kept, gone)
        for name in gone:
            self._store.delete(name)
        logger.info("checkpoint %s: %.1f MB", entry.name, len(data) / 1e6)

    def entries(self) -> list[Entry]:
        """What there is, oldest first.

        Raises:
            InputError: the index cannot be understood.
            ServiceUnavailable: the store does not answer.
        """
        return self._read_index()[0]

    def load_last(self) -> Snapshot | None:
        """The newest that is whole, on the CPU; None = there is none at all.

        Raises:
            InputError: there are some and none is whole.
            ServiceUnavailable: the store does not answer.
        """
        return self._first_whole(reversed(self.entries()))

    def load_best(self) -> Snapshot | None:
        """The one of the best score that is whole, else the newest; None and errors as :meth:`load_last`."""
        newest_first = list(reversed(self.entries()))
        return self._first_whole(sorted(newest_first, key=_by_score, reverse=True))

    def _first_whole(self, entries: Iterable[Entry]) -> Snapshot | None:
        faults = []
        for entry in entries:
            try:
                return self._load(entry)
            except InputError as error:
                logger.warning("%s; trying another checkpoint", error)
                faults.append(str(error))
        if faults:
            raise InputError(f"no checkpoint of this run is whole: {'; '.join(faults)}")
        return None

    def _load(self, entry: Entry) -> Snapshot:
        data = self._store.get(entry.name)
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise InputError(f"checkpoint {entry.name} is damaged: its {len(data)} bytes are not those that were saved")
        return read_snapshot(data, entry.name)

    def _read_index(self) -> tuple[list[Entry], list[str]]:
        try:
            document = json.loads(self._store.get(INDEX))
            return [Entry(**each) for each in document["checkpoints"]], list(document["leftover"])
        except NotFoundError:
            return [], []
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{INDEX} of the checkpoints cannot be understood: {error!r}") from error

    def _write_index(self, entries: list[Entry], leftover: list[str]) -> None:
        # `leftover` outlives a kill before the deletion: the next save deletes them.
        document = {"checkpoints": [asdict(entry) for entry in entries], "leftover": leftover}
        self._store.put(INDEX, json.dumps(document, indent=1).encode())


def read_snapshot(data: bytes, name: str) -> Snapshot:
    """A checkpoint from its bytes; no code in it is run.

    Raises:
        InputError: they are no checkpoint, or one of another format.
    """
    try:
        values: Mapping[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        return Snapshot.from_mapping(values)
    except (RuntimeError, EOFError, OSError, ValueError, AttributeError, pickle.UnpicklingError) as error:
        raise InputError(f"{name} is no checkpoint that can be read: {error}") from error


def _worth_keeping(entries: list[Entry], keep_last: int) -> list[Entry]:
    scored = [entry for entry in entries if entry.score is not None]
    best = [max(scored, key=_by_score)] if scored else []
    last = entries[-keep_last:]
    return [entry for entry in entries if entry in last or entry in best]


def _by_score(entry: Entry) -> float:
    return -1.0 if entry.score is None else entry.score
