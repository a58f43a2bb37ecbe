"""From the topic ``sightings`` into the gallery: write, set aside what cannot be written, then commit the offsets.

In that order, so that whatever dies, nothing is lost; what was written before the commit is delivered and written again.
Every write replaces what is there. A plain insert would need a promise that nobody can give: a camera may publish a frame
again, under the same id, at any time, and a writer that was stalled may wake up after its partitions moved.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sightline.errors import (
    ConfigurationError,
    FencedError,
    InputError,
    RejectedFrame,
    RejectReason,
    ServiceError,
)
from sightline.filling import fill
from sightline.ports import Clock, Gallery
from sightline.settings import WriterSettings
from sightline.telemetry import WriterMetrics
from sightline.types import Sighting
from sightline.wire import Record, sighting_from_record

log = logging.getLogger(__name__)

OpenGallery = Callable[[str, int], Gallery]
"""The gallery of (embedding space, dimension). Raises ServiceUnavailable, ConfigurationError, InputError."""

_IDLE_POLL_S = 0.25
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0

Decoded = tuple[Record, Sighting]


class SightingsSource(Protocol):
    """See :class:`sightline.adapters.kafka.sightings.SightingsReader`."""

    def open(self) -> None: ...

    def poll(self, timeout_s: float, *, max_records: int) -> list[Record]: ...

    def commit(self) -> None: ...

    def close(self) -> None: ...


class DeadLetterBox(Protocol):
    """See :class:`sightline.adapters.kafka.sightings.DeadLetters`."""

    def put(self, record: Record, rejection: RejectedFrame) -> None: ...

    def close(self) -> None: ...


class Writer:
    """Runs one membership of the writers' group after another: any trouble ends it, and the next goes on from the last commit.

    A plain class; an actor is put round it elsewhere. ``run`` blocks its thread; ``stop`` and ``describe`` may be called
    from any other. Nothing connects before ``run``.
    """

    def __init__(
        self,
        settings: WriterSettings,
        *,
        source: SightingsSource,
        dead_letters: DeadLetterBox,
        open_gallery: OpenGallery,
        clock: Clock,
        metrics: WriterMetrics,
    ) -> None:
        self._settings = settings
        self._source = source
        self._dead_letters = dead_letters
        self._open_gallery = open_gallery
        self._clock = clock
        self._metrics = metrics
        self._galleries: dict[str, Gallery] = {}
        self._stopping = threading.Event()
        self._pause_s = _FIRST_PAUSE_S
        self._account: dict[str, Any] = {"written": 0, "dead": 0, "restarts": 0, "trouble": ""}

    def run(self) -> None:
        """Work until :meth:`stop`, however often the servers fail; blocks."""
        while not self._stopping.is_set():
            try:
                self._one_membership()
            except (ServiceError, ConfigurationError) as error:
                self._note(error)
                # Jitter, so that writers do not all come back at once.
                self._stopping.wait(self._pause_s * random.uniform(0.5, 1.0))
                self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def stop(self) -> None:
        """Ask :meth:`run` to finish the batch at hand, commit it and return."""
        self._stopping.set()

    def describe(self) -> dict[str, Any]:
        """How it goes since its start: sightings written, dead letters, restarts after trouble, and the trouble at hand."""
        return dict(self._account)

    def _one_membership(self) -> None:
        try:
            self._source.open()
            opened_at = time.monotonic()
            while not self._stopping.is_set():
                records = self._gather()
                if records:
                    self._write(records)
                    self._source.commit()
                    self._pause_s = _FIRST_PAUSE_S
                # By then all that a lost membership left behind would have come.
                all_has_come = time.monotonic() - opened_at > self._settings.session_timeout_s
                if records or all_has_come:
                    self._account["trouble"] = ""
        finally:
            self._leave()

    def _leave(self) -> None:
        for connection in (self._source, self._dead_letters):
            try:
                connection.close()
            except ServiceError as error:  # the group forgets a silent member by itself
                log.warning("while leaving: %s", error)

    def _note(self, error: ServiceError | ConfigurationError) -> None:
        level = logging.INFO if isinstance(error, FencedError) else logging.WARNING
        log.log(level, "%s; going on from the last commit", error)
        self._metrics.retries.labels(error.service if isinstance(error, ServiceError) else "settings").inc()
        self._account["restarts"] += 1
        self._account["trouble"] = str(error)

    def _gather(self) -> list[Record]:
        """A batch: as many as may be, or as came within the wait after the first."""
        most = self._settings.max_batch_size
        records = self._source.poll(_IDLE_POLL_S, max_records=most)
        ends_at = time.monotonic() + self._settings.max_wait_s
        while records and len(records) < most and (left_s := ends_at - time.monotonic()) > 0:
            records += self._source.poll(left_s, max_records=most - len(records))
        return records

    def _write(self, records: Sequence[Record]) -> None:
        spaces: dict[str, list[Decoded]] = defaultdict(list)
        for record in records:
            if record.value is None:
                continue  # a tombstone: whoever erased the sighting took it out of the gallery as well
            try:
                sighting = sighting_from_record(record)
            except InputError as error:
                self._set_aside(record, error)
            else:
                spaces[sighting.space].append((record, sighting))
        for space, decoded in spaces.items():
            self._write_space(space, decoded)

    def _write_space(self, space: str, decoded: Sequence[Decoded]) -> None:
        sightings = [sighting for _, sighting in decoded]
        with self._metrics.write_seconds.time():
            refused = self._fill(space, sightings)
        for index, error in refused.items():
            self._set_aside(decoded[index][0], error)
        self._count([sighting for index, sighting in enumerate(sightings) if index not in refused])

    def _fill(self, space: str, sightings: Sequence[Sighting]) -> dict[int, InputError]:
        try:
            if space not in self._galleries:
                self._galleries[space] = self._open_gallery(space, len(sightings[0].embedding))
        except InputError as error:  # no gallery can be of such a space
            return dict.fromkeys(range(len(sightings)), error)
        return dict(fill(self._galleries[space], sightings))

    def _count(self, written: Sequence[Sighting]) -> None:
        now_s = self._clock()
        for sighting in written:
            latency_s = max(0.0, now_s - sighting.captured_at_us / 1e6)
            self._metrics.capture_to_searchable.labels(sighting.camera).observe(latency_s)
        self._metrics.written.inc(len(written))
        self._metrics.batch_size.observe(len(written))
        self._account["written"] += len(written)

    def _set_aside(self, record: Record, error: InputError) -> None:
        where = f"{record.topic}[{record.partition}]@{record.offset}"
        log.error("%s cannot be written and goes to the dead letters: %s", where, error)
        self._dead_letters.put(record, RejectedFrame(RejectReason.BAD_EVENT, str(error)))
        self._metrics.dead_letters.inc()
        self._account["dead"] += 1
