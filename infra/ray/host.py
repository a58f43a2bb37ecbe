"""What ``ray up`` runs on each host: ``python -m infra.ray.host start | stop``.

``start`` is harmless to repeat: a host that is in the cluster stays in it, with all that runs there; one whose part of the
host file has changed is started anew. On the head it also makes hosts known that were added to the cluster's file since.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from infra.local import grpc_probe, process
from infra.local.grpc_probe import GrpcAddress
from infra.local.process import ProcessId
from infra.local.ray_head import auth_token
from infra.local.records import write_whole
from infra.local.services import servers
from infra.local.stack import LocalStack
from infra.ray.absent import AbsentHosts, left_to_us, resolved
from infra.ray.hosts import HOSTS_FILE, Host, HostFile, Role, address_towards, own_names
from infra.ray.keeper import Keeper
from infra.ray.launch import GCS_PORT, RayLaunch, ray_launch
from infra.ray.others import OtherHosts, bootstrap_config
from sightline.errors import ServiceError, SightlineError
from sightline.settings import Settings, load_settings

log = logging.getLogger(__name__)

_START_S = 180.0
_BELIEVED_S = 20.0
"""How long a keeper that runs is believed to be just about to join; a head that lost its tables never hears of it again."""
_STOP_S = 60.0
_WHAT = "Put this host into the cluster by its part of the host file, or take it out."
_COMMANDS = {
    "prepare": "install what this host's roles need",
    "start": "put this host into the cluster",
    "keep": "the same, in the foreground",
}
_GET_NODES = "/ray.rpc.NodeInfoGcsService/GetAllNodeInfo"
_NODE_LIST, _NODE_ADDRESS, _DEATH = 2, 2, 29


def main(arguments: list[str] | None = None) -> int:
    """Returns an exit code; 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m infra.ray.host", description=_WHAT)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in _COMMANDS.items():
        command = commands.add_parser(name, help=what)
        command.add_argument("--head", default=None, metavar="ADDRESS", help="of the cluster's head; unset = this host is it")
        command.add_argument("--hosts", type=Path, default=HOSTS_FILE, metavar="FILE", help="the host file")
    commands.add_parser("stop", help="take this host out of the cluster, with all that runs on it")
    options = parser.parse_args(arguments)
    try:
        if options.command == "stop":
            return _stop(load_settings())
        place = Place(load_settings(), HostFile.read(options.hosts), head=options.head)
        does: dict[str, Callable[[], int]] = {
            "prepare": place.prepare,
            "start": partial(place.start, options),
            "keep": place.keep,
        }
        return does[options.command]()
    except SightlineError as error:
        print(f"this host: {error}", file=sys.stderr)  # noqa: T201
        return 1


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
        self._state_dir = settings.local.state_dir.expanduser().absolute()
        names = own_names()
        self._host: Host = file.of(names)
        self._address = address_towards(head or _own_address(names))
        self._launch: RayLaunch = ray_launch(self._host, address=self._address, head=head, state_dir=self._state_dir)

    def prepare(self) -> int:
        """Install the servers that it will run."""
        for service in self._servers.services:
            service.prepare(lambda what: print(f"{service.name}: {what}"))  # noqa: B023, T201
        return 0

    def start(self, options: argparse.Namespace) -> int:
        """Start the keeper, unless it runs as it should, and wait until the cluster knows this host."""
        if self._head is None:
            _make_added_hosts_known()
        running = _Record.read(self._state_dir)
        if running is not None and process.is_alive(running.process):
            fault = self._fault_of(running)
            if fault is None:
                if self._head is None:
                    self._update_the_others()
                print(f"in the cluster already: {self._in_words()}")  # noqa: T201
                return 0
            print(f"{fault}: starting Ray anew")  # noqa: T201
            process.stop(running.process, grace_s=_STOP_S)
        command = [sys.executable, "-m", "infra.ray.host", "keep", "--hosts", str(options.hosts.absolute())]
        command += [] if self._head is None else ["--head", self._head]
        kept = process.start(command, environment=os.environ, cwd=Path.cwd(), log=self._log)
        _Record(kept, self._launch.told()).write(self._state_dir)
        self._wait(kept)
        print(f"in the cluster: {self._in_words()}")  # noqa: T201
        return 0

    def _fault_of(self, running: _Record) -> str | None:
        """Why a keeper that runs has to be started anew."""
        if running.told != self._launch.told():
            return "the host file says otherwise than before"
        if not self._is_known_within(_BELIEVED_S):
            return "the head does not know this host"
        return None

    def _update_the_others(self) -> None:
        known = self._known()
        OtherHosts.of_cluster().bring_code(known - {self._address})
        for absent in sorted({resolved(name) for name in _others()} - known):
            print(f"not in the cluster yet: {absent}; this head goes on trying, see {self._log}")  # noqa: T201

    def keep(self) -> int:
        """Keep it in the cluster; blocks."""
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        if self._head is not None:
            return Keeper(self._launch, self._servers, ended=lambda: None).run()
        return Keeper(self._launch, self._servers, ended=_end_the_others, look_after=self._absent_hosts().look).run()

    def _absent_hosts(self) -> AbsentHosts:
        """Those of a cluster of machines that one has; a cloud's are replaced by Ray."""
        state = Path(f"/tmp/ray/cluster-{bootstrap_config().get('cluster_name')}.state")  # noqa: S108 (Ray's place for it)
        return AbsentHosts(
            wanted=partial(left_to_us, state),
            known=self._known,
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
        return self._address in self._known()

    def _known(self) -> set[str]:
        """Addresses of the hosts that the head has in its list; none where it does not answer."""
        metadata = (("authorization", f"Bearer {auth_token()}"),)
        address = GrpcAddress("ray", f"{self._head or self._address}:{GCS_PORT}", metadata=metadata)
        try:
            nodes = map(grpc_probe.fields, grpc_probe.ask(address, _GET_NODES).get(_NODE_LIST, []))
        except ServiceError:
            return set()
        return {grpc_probe.text(node, _NODE_ADDRESS) for node in nodes if _DEATH not in node}

    def _in_words(self) -> str:
        return f"{self._address} as {' and '.join(self._host.roles)}"

    @property
    def _log(self) -> Path:
        return self._state_dir / "logs" / "host.log"


class _Record:
    """The keeper that was started, and how: ``<state_dir>/keeper.json``."""

    def __init__(self, kept: ProcessId, told: str) -> None:
        self.process = kept
        self.told = told

    @classmethod
    def read(cls, state_dir: Path) -> _Record | None:
        try:
            record = json.loads((state_dir / "keeper.json").read_text())
        except FileNotFoundError:
            return None
        return cls(ProcessId(**record["process"]), record["told"])

    def write(self, state_dir: Path) -> None:
        write_whole(state_dir / "keeper.json", json.dumps({"process": asdict(self.process), "told": self.told}))


def _stop(settings: Settings) -> int:
    state_dir = settings.local.state_dir.expanduser().absolute()
    running = _Record.read(state_dir)
    if running is None or not process.is_alive(running.process):
        print("not in a cluster")  # noqa: T201
        return 0
    process.stop(running.process, grace_s=_STOP_S)
    print("out of the cluster")  # noqa: T201
    return 0


def _end_the_others() -> None:
    """The head was ended on purpose: so is the cluster."""
    OtherHosts.of_cluster().stop(_others())


def _others() -> list[str]:
    """Hosts, as the cluster's file has them; none where a cloud gives them."""
    return list(bootstrap_config().get("provider", {}).get("worker_ips", []))


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


if __name__ == "__main__":
    sys.exit(main())
