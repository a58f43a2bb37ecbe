"""The servers of the local stack together: start what is not running, in order; stop what was started."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from infra.local import endpoints, ports, process
from infra.local.cache import locked
from infra.local.records import ServiceRecord, read_records, write_records
from infra.local.service import Health, LocalService
from sightline.errors import ConfigurationError, ServiceError
from sightline.settings import Settings

Report = Callable[[str, str], None]
"""Told (service, what is happening with it)."""

READY_POLL_S = 0.1


def silent(_service: str, _event: str) -> None:
    """A report that nobody reads."""


class LocalStack:
    """The servers, in the order of their start. Making it starts nothing; each method holds the state folder's lock.

    Args:
        settings: an address that is set in them means an existing server: it is asked, never started, never stopped.
        services: classes of the servers to look after.
    """

    def __init__(self, settings: Settings, services: Sequence[type[LocalService]]) -> None:
        self.state_dir = settings.local.state_dir.expanduser().absolute()
        self._written = endpoints.without_addresses(settings, endpoints.read_layer(self.state_dir))
        self._kinds = services

    @property
    def settings(self) -> Settings:
        """The settings with the addresses of what runs now."""
        return endpoints.with_addresses(self._written, endpoints.read_layer(self.state_dir))

    @property
    def services(self) -> list[LocalService]:
        """The servers, with the settings as a person wrote them."""
        return [kind(self._written) for kind in self._kinds]

    def up(self, report: Report = silent) -> Settings:
        """Start every server that does not run, and wait until all answer.

        All are started before the first is waited for. A server that died comes back on its former ports and data.

        Returns:
            The settings with the servers' addresses.

        Raises:
            ServiceError: a server did not start (with the end of its log) or an existing one does not answer.
            ConfigurationError: something that must be installed is missing.
        """
        with self._locked(report):
            services = self.services
            local = [service for service in services if service.external(service.settings) is None]
            started = {service.name for service in local if self._start_if_dead(service, report)}
            for service in services:
                health = self._wait(service, report, just_started=service.name in started)
                service.settle(self.settings)
                self._note_answer(service, health)
                report(service.name, "ready")
            return self.settings

    def down(self, report: Report = silent) -> list[str]:
        """Stop the servers that ``up`` started, the last one first, also those that this object does not look after.

        Returns:
            The names of those that were stopped.
        """
        with self._locked(report):
            grace = {kind.name: kind.stop_grace_s for kind in self._kinds}
            records = read_records(self.state_dir)
            stopped = list(reversed(records))
            for name in stopped:
                report(name, "stopping")
                process.stop(records.pop(name).process, grace_s=grace.get(name, LocalService.stop_grace_s))
                self._write(records)
                report(name, "stopped")
            return stopped

    def record(self, name: str) -> ServiceRecord | None:
        """What is known of a server that was started."""
        return read_records(self.state_dir).get(name)

    def _running(self, service: LocalService) -> ServiceRecord | None:
        record = self.record(service.name)
        return record if record is not None and process.is_alive(record.process) else None

    def _start_if_dead(self, service: LocalService, report: Report) -> bool:
        dead = self._running(service) is None
        if dead:
            self._start(service, report)
        return dead

    def _start(self, service: LocalService, report: Report) -> None:
        report(service.name, "preparing")
        service.prepare(lambda line: report(service.name, line))
        records = read_records(self.state_dir)
        former = records.get(service.name)
        if former is not None:
            process.kill(former.process)  # it died; children of it may not have
        wanted = {name: former.ports.get(name, port) if former else port for name, port in service.usual_ports().items()}
        avoid = [port for name, record in records.items() if name != service.name for port in record.ports.values()]
        chosen = ports.choose(service.bind_host, wanted, avoid=avoid)
        launch = service.launch(chosen)
        report(service.name, "starting")
        with process.interrupts_held(), _named(service):
            started = process.start(launch.command, environment=launch.full_environment(), cwd=service.folder, log=service.log)
            record = ServiceRecord(
                pid=started.pid,
                birth=started.birth,
                start_time=time.time(),
                ports=chosen,
                log=str(service.log),
                addresses=service.addresses(chosen),
            )
            self._write(records | {service.name: record})

    def _wait(self, service: LocalService, report: Report, *, just_started: bool) -> Health:
        """Ask a server until it answers well; one that dies under our eyes is started again, once."""
        if service.external(service.settings) is not None:
            report(service.name, "asking")
            return service.probe(self.settings)
        report(service.name, "waiting")
        timeout_s = self._written.local.start_timeout_s
        end = time.monotonic() + timeout_s
        while True:
            try:
                return service.probe(self.settings)
            except ServiceError as error:
                if not just_started and self._start_if_dead(service, report):
                    just_started = True
                elif self._running(service) is None:
                    raise _failed(service, "ended while it started") from error
                if time.monotonic() > end:
                    raise _failed(
                        service, f"did not answer in {self._written.local.start_timeout_s:.0f} s ({error})"
                    ) from error
            time.sleep(READY_POLL_S)

    def _note_answer(self, service: LocalService, health: Health) -> None:
        records = read_records(self.state_dir)
        if service.name in records and service.external(service.settings) is None:
            records[service.name] = replace(records[service.name], url=service.url(self.settings), version=health.version)
            self._write(records)

    def _write(self, records: Mapping[str, ServiceRecord]) -> None:
        write_records(self.state_dir, records)
        endpoints.write_layer(self.state_dir, (record.addresses for record in records.values()))

    @contextmanager
    def _locked(self, report: Report) -> Iterator[None]:
        report("", "waiting for another sightline command")
        with locked(self.state_dir / "lock"):
            report("", "")
            yield


def _failed(service: LocalService, what: str) -> ServiceError:
    end = process.tail(service.log)
    return ServiceError(service.name, f"{what}. The end of {service.log}:\n{end or '(it wrote nothing)'}")


@contextmanager
def _named(service: LocalService) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServiceError(service.name, f"could not be run: {error}") from error


def choose_services(kinds: Sequence[type[LocalService]], only: Sequence[str] | None) -> list[type[LocalService]]:
    """The kinds of these names, in the order of ``kinds``; None = all.

    Raises:
        ConfigurationError: there is no such server.
    """
    if only is None:
        return list(kinds)
    unknown = sorted(set(only) - {kind.name for kind in kinds})
    if unknown:
        raise ConfigurationError(f"no such server: {', '.join(unknown)} (there are {', '.join(kind.name for kind in kinds)})")
    return [kind for kind in kinds if kind.name in only]
