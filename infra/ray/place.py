"""A host's place in a cluster: what its roles need is installed, and its keeper is started, unless it runs as it should."""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path

from infra.local import process
from infra.local.cache import locked
from infra.local.process import ProcessId
from infra.local.services import servers
from infra.local.stack import LocalStack
from infra.ray.absent import AbsentHosts, left_to_us, resolved
from infra.ray.hosts import Host, HostFile, Role, address_towards, own_names
from infra.ray.keeper import Keeper
from infra.ray.keeper_record import KeeperRecord
from infra.ray.launch import RayLaunch, ray_launch
from infra.ray.members import members
from infra.ray.others import OtherHosts, bootstrap_config
from sightline.errors import ServiceError
from sightline.settings import Settings

STOP_S = 60.0
"""How long a keeper may take to end Ray and the servers."""
_START_S = 180.0
_BELIEVED_S = 20.0
"""How long a keeper that runs is believed to be just about to join; a head that lost its tables never hears of it again."""


class Place:
    """This host's place in a cluster.

    Args:
        settings: say where its state is kept, and on which ports Triton listens.
        file: says what it is for.
        head: the head's address; None = this host is it.
    """

    def __init__(self, settings: Settings, file: HostFile, *, head: str | None) -> None:
        self._settings = settings
        self._head = head
        self._state_dir = settings.state_dir
        names = own_names()
        self._host: Host = file.of(names)
        self._address = address_towards(head or _own_address(names))
        self._head_address = head or self._address
        self._launch: RayLaunch = ray_launch(self._host, address=self._address, head=head, state_dir=self._state_dir)

    def prepare(self) -> int:
        """Install the servers that it will run."""
        for service in self._servers.services:
            service.prepare(lambda what: print(f"{service.name}: {what}"))  # noqa: B023, T201
        return 0

    def start(self, hosts: Path) -> int:
        """Start the keeper, unless it runs as it should, and wait until the cluster knows this host."""
        if self._head is None:
            _make_added_hosts_known()
        with locked(self._state_dir / "keeper.lock"):  # Ray's monitor, the head and a person may all be about it
            return self._start(hosts)

    def _start(self, hosts: Path) -> int:
        running = KeeperRecord.of_running(self._state_dir)
        if running is not None:
            fault = self._fault_of(running)
            if fault is None:
                if self._head is None:
                    self._update_the_others()
                print(f"in the cluster already: {self._in_words()}")  # noqa: T201
                return 0
            print(f"{fault}: starting Ray anew")  # noqa: T201
            process.stop(running.process, grace_s=STOP_S)
        command = [sys.executable, "-m", "infra.ray.host", "keep", "--hosts", str(hosts.absolute())]
        command += [] if self._head is None else ["--head", self._head]
        kept = process.start(command, environment=os.environ, cwd=Path.cwd(), log=self._log)
        KeeperRecord(kept, self._launch.told()).write(self._state_dir)
        self._wait(kept)
        print(f"in the cluster: {self._in_words()}")  # noqa: T201
        return 0

    def _fault_of(self, running: KeeperRecord) -> str | None:
        """Why a keeper that runs has to be started anew."""
        if running.told != self._launch.told():
            return "the host file says otherwise than before"
        if not self._is_known_within(_BELIEVED_S):
            return "the head does not know this host"
        return None

    def _update_the_others(self) -> None:
        known = members(self._head_address)
        OtherHosts.of_cluster().bring_code(known - {self._address})
        for absent in sorted(_other_addresses() - known):
            print(f"not in the cluster yet: {absent}; this head goes on trying, see {self._log}")  # noqa: T201

    def keep(self) -> int:
        """Keep it in the cluster; blocks."""
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        if self._head is not None:
            return Keeper(self._launch, self._servers, ended=lambda: None).run()
        self._absent_hosts().start()
        return Keeper(self._launch, self._servers, ended=_end_the_others).run()

    def _absent_hosts(self) -> AbsentHosts:
        """Those of a cluster of machines that one has, by its file; a cloud's are replaced by Ray."""
        state = Path(f"/tmp/ray/cluster-{bootstrap_config().get('cluster_name')}.state")  # noqa: S108 (Ray's place for it)
        return AbsentHosts(
            wanted=lambda: left_to_us(state) & _other_addresses(),
            known=lambda: members(self._address),
            take_in=lambda host: OtherHosts.of_cluster().take_in(host, head=self._address),
        )

    @property
    def _servers(self) -> LocalStack:
        """Triton, where it has stages."""
        wanted = {"triton"} if Role.STAGES in self._host.roles else set()
        # The address by which stages reach it is that of this host's own, which is the one to start.
        own = self._settings.model_copy(update={"triton": self._settings.triton.model_copy(update={"url": None})})
        return LocalStack(own, servers(own, only=wanted))

    def _wait(self, keeper: ProcessId) -> None:
        deadline = time.monotonic() + _START_S
        while not self._is_known():
            if not process.is_alive(keeper) or time.monotonic() > deadline:
                raise ServiceError("ray", f"it did not start. The end of {self._log}:\n{process.tail(self._log)}")
            time.sleep(0.2)

    def _is_known_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self._is_known():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True

    def _is_known(self) -> bool:
        """Whether the head has this host in its list."""
        return self._address in members(self._head_address)

    def _in_words(self) -> str:
        return f"{self._address} as {' and '.join(self._host.roles)}"

    @property
    def _log(self) -> Path:
        return self._state_dir / "logs" / "host.log"


def _end_the_others() -> None:
    """The head was ended on purpose: so is the cluster."""
    OtherHosts.of_cluster().stop(_other_addresses())


def _other_addresses() -> set[str]:
    """Of the hosts that the cluster's file names; none where a cloud gives them."""
    return {resolved(name) for name in bootstrap_config().get("provider", {}).get("worker_ips", [])}


def _own_address(names: set[str]) -> str:
    """The head's own: the one that ``ray up`` calls it by, where that is one of its interfaces."""
    head_ip = str(bootstrap_config().get("provider", {}).get("head_ip", ""))
    return head_ip if head_ip in names else "192.0.2.1"  # any address outside: the way there begins at ours


def _make_added_hosts_known() -> None:
    """Put hosts that were added to the cluster's file into the list from which Ray's monitor on this head starts them.

    That monitor reads the file again and again, but its list of machines only when it starts.
    """
    provider = bootstrap_config().get("provider", {})
    if provider.get("type") == "local":
        from ray.autoscaler._private.local.node_provider import LocalNodeProvider

        LocalNodeProvider(provider, str(bootstrap_config()["cluster_name"]))
