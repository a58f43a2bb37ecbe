"""One server of the stack over time: started where it must be, waited for, stopped. The caller holds the stack's lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from infra.local import endpoints, ports, process
from infra.local.records import ServiceRecord, read_records, write_records
from infra.local.service import Health, LocalService
from sightline.errors import ServiceError
from sightline.settings import Settings

Report = Callable[[str, str], None]
"""Told (service, what is happening with it)."""

READY_POLL_S = 0.1
PORTS_FREE_S = 5.0


class ServiceRunner:
    """Runs ``service``; what it knows of it is in ``services.json``, so that the next command knows it too."""

    def __init__(self, service: LocalService, report: Report) -> None:
        self.service = service
        self._report = report
        self._starts = 0

    @property
    def is_external(self) -> bool:
        """Whether the settings name an existing server: asked, never started, never stopped."""
        return self.service.external(self.service.settings) is not None

    def ensure_started(self) -> None:
        """Start it if it does not run, or runs as the settings no longer say; does not wait.

        A server that died comes back on its former ports and data.

        Raises:
            ConfigurationError: something that must be installed is missing.
            ServiceError: it cannot be run.
        """
        record = self._record
        if record is not None and process.is_alive(record.process):
            if record.fingerprint == self.service.launch(record.ports).fingerprint:
                return
            self._say("its settings changed: restarting")
            process.stop(record.process, grace_s=self.service.stop_grace_s)
        self._start(record)

    def wait(self, settings: Callable[[], Settings]) -> Health:
        """Ask it until it answers well; one that dies under our eyes is started again, once if it was not started just now.

        Raises:
            ServiceError: it ended, or does not answer in time; the message holds the end of its log.
        """
        if self.is_external:
            self._say("asking")
            return self.service.probe(settings())
        self._say("waiting")
        timeout_s = self.service.settings.local.start_timeout_s
        end = time.monotonic() + timeout_s
        while True:
            try:
                return self.service.probe(settings())
            except ServiceError as error:
                if not self._is_alive:
                    if self._starts >= self.service.most_starts:
                        raise self._failed("ended while it started") from error
                    self._start(self._record)
                    end = time.monotonic() + timeout_s
                elif time.monotonic() > end:
                    raise self._failed(f"does not answer after {timeout_s:.0f} s ({error})") from error
            time.sleep(READY_POLL_S)

    def note(self, health: Health, settings: Settings) -> None:
        """Keep what it answered."""
        records = read_records(self._state_dir)
        if not self.is_external and self.service.name in records:
            answered = replace(records[self.service.name], url=self.service.url(settings), version=health.version)
            keep_records(self._state_dir, records | {self.service.name: answered})

    def _start(self, former: ServiceRecord | None) -> None:
        service = self.service
        self._say("preparing")
        service.prepare(self._say)
        if former is not None:
            process.kill(former.process)  # it died; children of it may not have
        launch_ports = self._free_ports(former)
        launch = service.launch(launch_ports)
        launch.write_files()
        service.initialise()
        self._say("starting")
        with process.interrupts_held():
            try:
                started = process.start(
                    launch.command, environment=launch.full_environment(), cwd=service.folder, log=service.log
                )
            except OSError as error:
                raise ServiceError(service.name, f"could not be run: {error}") from error
            record = ServiceRecord(
                pid=started.pid,
                birth=started.birth,
                start_time=time.time(),
                ports=launch_ports,
                log=str(service.log),
                fingerprint=launch.fingerprint,
                addresses=service.addresses(launch_ports),
            )
            keep_records(self._state_dir, read_records(self._state_dir) | {service.name: record})
        self._starts += 1

    def _free_ports(self, former: ServiceRecord | None) -> dict[str, int]:
        """The former ports where they are free, then the usual ones, then any; none that another part of the stack has."""
        if former is not None:  # clients know these: give what is left of the dead server time to let go of them
            ports.wait_until_free(self.service.bind_host, former.ports.values(), timeout_s=PORTS_FREE_S)
        usual = self.service.usual_ports()
        wanted = {name: former.ports.get(name, port) if former else port for name, port in usual.items()}
        others = (record for name, record in read_records(self._state_dir).items() if name != self.service.name)
        return ports.choose(self.service.bind_host, wanted, avoid=[port for other in others for port in other.ports.values()])

    @property
    def _state_dir(self) -> Path:
        return self.service.state_dir

    @property
    def _record(self) -> ServiceRecord | None:
        return read_records(self._state_dir).get(self.service.name)

    @property
    def _is_alive(self) -> bool:
        record = self._record
        return record is not None and process.is_alive(record.process)

    def _say(self, what: str) -> None:
        self._report(self.service.name, what)

    def _failed(self, what: str) -> ServiceError:
        end = process.tail(self.service.log)
        return ServiceError(self.service.name, f"{what}. The end of {self.service.log}:\n{end or '(it wrote nothing)'}")


def keep_records(state_dir: Path, records: Mapping[str, ServiceRecord]) -> None:
    """Write ``services.json``, and the addresses of what is in it."""
    write_records(state_dir, records)
    endpoints.write_layer(state_dir, (record.addresses for record in records.values()))
