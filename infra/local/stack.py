"""The servers of the local stack together: start what is not running, in order; stop what was started."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from infra.local import endpoints, process
from infra.local.cache import locked
from infra.local.records import ServiceRecord, read_records
from infra.local.runner import Report, ServiceRunner, keep_records
from infra.local.service import LocalService
from sightline.settings import Settings


def silent(_service: str, _event: str) -> None:
    """A report that nobody reads."""


class LocalStack:
    """The servers, in the order of their start. Making it starts nothing; each method holds the state folder's lock.

    Args:
        settings: an address that is set in them means an existing server: it is asked, never started, never stopped.
            Addresses that an earlier ``up`` wrote into the state folder do not count as set.
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
            runners = [ServiceRunner(service, report) for service in self.services]
            for runner in runners:
                report(runner.service.name, "checking")
            for runner in runners:
                if not runner.is_external:
                    runner.ensure_started()
            for runner in runners:
                health = runner.wait(lambda: self.settings)
                runner.service.settle(self.settings)
                runner.note(health, self.settings)
                report(runner.service.name, "ready")
            return self.settings

    def down(self, report: Report = silent, *, keep: Collection[str] = ()) -> list[str]:
        """Stop the servers that ``up`` started, the last one first, also those that this object does not look after.

        Args:
            report: told what happens.
            keep: names of servers to leave running.

        Returns:
            The names of those that were stopped.
        """
        with self._locked(report):
            services = {service.name: service for service in self.services}
            records = read_records(self.state_dir)
            stopped = [name for name in reversed(records) if name not in keep]
            for name in stopped:
                report(name, "stopping")
                service = services.get(name)
                process.stop(records.pop(name).process, grace_s=service.stop_grace_s if service else LocalService.stop_grace_s)
                if service is not None:
                    service.tidy()
                keep_records(self.state_dir, records)
                report(name, "stopped")
            return stopped

    def record(self, name: str) -> ServiceRecord | None:
        """What is known of a server that was started."""
        return read_records(self.state_dir).get(name)

    @contextmanager
    def _locked(self, report: Report) -> Iterator[None]:
        report("", "waiting for another sightline command")
        with locked(self.state_dir / "lock"):
            report("", "")
            yield
