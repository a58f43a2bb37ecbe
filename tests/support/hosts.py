"""Real hosts on one machine: namespaces with their own network, processes, mounts and root file system, each with an sshd.

A host sees the machine's installed programs (an overlay of ``/``, which it may change for itself) and nothing else: not the
checkout, not the home folder, no socket, process or session folder of anybody. Killing its first process kills the host.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.processes import until

BRIDGE = "slhosts0"
PREFIX = "10.77.0"
OUTSIDE = f"{PREFIX}.254"
"""This machine's own address on the hosts' network: where everything runs that is on none of them."""

_WAY_OUT = ("POSTROUTING", "-s", f"{PREFIX}.0/24", "!", "-d", f"{PREFIX}.0/24", "-j", "MASQUERADE")

_INIT = r"""
set -e
root={folder}/root
mkdir -p $root {folder}/upper {folder}/work {folder}/home
mount -t overlay overlay -o lowerdir=/,upperdir={folder}/upper,workdir={folder}/work $root
mount -t proc proc $root/proc
mount -t tmpfs tmpfs $root/sys
mount --rbind /dev $root/dev
mount -t tmpfs tmpfs $root/dev/shm
mount -t tmpfs tmpfs $root/tmp
mount -t tmpfs tmpfs $root/run
mkdir -p $root/run/sshd
for hidden in {hidden}; do mount -t tmpfs tmpfs $root$hidden; done
mount --bind {folder}/home $root{home}
mkdir -p $root{home}/.cache/uv
mount --bind {uv_cache} $root{home}/.cache/uv
hostname {name}
cd /
exec chroot $root /usr/sbin/sshd -D -e -o UsePAM=no -o PermitRootLogin=prohibit-password -o ListenAddress={address}
"""


def run(*command: str, check: bool = True) -> str:
    """A command's output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


@dataclass
class Host:
    """One host: ``start`` boots it (again, with its disk as it was), ``kill`` is a power cut."""

    number: int
    folder: Path
    key: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{PREFIX}.{self.number}"

    @property
    def namespace(self) -> str:
        return f"slhost{self.number}"

    def start(self, *, hidden: Sequence[str], uv_cache: Path) -> None:
        """Boot it and wait for its sshd."""
        ssh = self.folder / "home" / ".ssh"
        if not ssh.exists():
            ssh.mkdir(parents=True, mode=0o700)
            (ssh / "authorized_keys").write_text(self.key.with_suffix(".pub").read_text())
            run("cp", "-a", "/etc/skel/.", str(self.folder / "home"))
        script = _INIT.format(
            folder=self.folder,
            hidden=" ".join(hidden),
            home=Path.home(),
            uv_cache=uv_cache,
            name=self.namespace,
            address=self.address,
        )
        isolated = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--mount-proc", "--kill-child"]
        with (self.folder / "console.log").open("ab") as console:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, *isolated, "bash", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        until(lambda: self.ssh("true", check=False) == "", timeout_s=30, what=f"sshd of {self.address}", every_s=0.3)

    def ssh(self, command: str, *, check: bool = True) -> str:
        """Run a command on it; "failed" where it did and nobody minds."""
        options = [flag for name in _SSH_OPTIONS for flag in ("-o", name)]
        login = ["ssh", "-i", str(self.key), *options, f"{os.environ.get('USER', 'root')}@{self.address}"]
        done = subprocess.run([*login, command], capture_output=True, text=True, check=False, timeout=300)
        if done.returncode and check:
            raise RuntimeError(f"{command} failed on {self.address}: {done.stdout}{done.stderr}")
        return done.stdout if done.returncode == 0 else "failed"

    def processes(self) -> list[str]:
        """Command lines of all that runs on it, but for its sshd and what asks."""
        lines = self.ssh("ps -eo args --no-headers").splitlines()
        return [line for line in lines if not line.startswith(("sshd", "/usr/sbin/sshd", "ps -eo", "bash -c ps"))]

    def kill(self) -> None:
        """Its first process dies, and with it, at once, every other."""
        assert self.process is not None
        [first] = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        os.kill(int(first), signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def lose_disk(self) -> None:
        """All that was ever written on it is gone; of one that was killed."""
        assert self.process is None
        time.sleep(0.5)  # until the kernel has let go of its mounts
        for name in ("upper", "work", "home"):
            shutil.rmtree(self.folder / name)


_SSH_OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "ConnectTimeout=5",
    "LogLevel=ERROR",
)


@dataclass
class HostNetwork:
    """A bridge with hosts on it, and a way out for them to the package registry."""

    folder: Path
    hosts: dict[int, Host] = field(default_factory=dict)

    @property
    def key(self) -> Path:
        """The private key that every host lets in."""
        return self.folder / "id_ed25519"

    def up(self) -> None:
        """Make the bridge, and the key."""
        self.folder.mkdir(parents=True, exist_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        run("ssh-keygen", "-A")  # the machine's own, which every host's sshd shows
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "addr", "add", f"{OUTSIDE}/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        run("iptables", "-t", "nat", "-A", *_WAY_OUT)

    def boot(self, number: int) -> Host:
        """A new host, or one that was killed, with its disk as it was."""
        host = self.hosts.get(number)
        if host is None:
            host = self.hosts[number] = Host(number, self.folder / f"host{number}", self.key)
            host.folder.mkdir()
            inside, outside, name = f"slv{number}in", f"slv{number}", host.namespace
            run("ip", "netns", "add", name)
            run("ip", "link", "add", outside, "type", "veth", "peer", "name", inside)
            run("ip", "link", "set", outside, "master", BRIDGE, "up")
            run("ip", "link", "set", inside, "netns", name)
            for command in (f"addr add {host.address}/24 dev {inside}", f"link set {inside} up", "link set lo up"):
                run("ip", "-n", name, *command.split())
            run("ip", "-n", name, "route", "add", "default", "via", OUTSIDE)
        checkout = Path(__file__).resolve().parents[2]
        cache = Path(os.environ.get("UV_CACHE_DIR") or Path.home() / ".cache" / "uv")
        cache.mkdir(parents=True, exist_ok=True)
        hidden = {str(checkout.parent), str(Path.home())}
        host.start(hidden=sorted(hidden), uv_cache=cache)
        return host

    def down(self) -> None:
        """End all of it."""
        for host in self.hosts.values():
            if host.process is not None:
                host.kill()
            run("ip", "netns", "del", host.namespace, check=False)
            run("ip", "link", "del", f"slv{host.number}", check=False)
        run("iptables", "-t", "nat", "-D", *_WAY_OUT, check=False)
        run("ip", "link", "del", BRIDGE, check=False)
        time.sleep(0.5)  # until the kernel has let go of the hosts' mounts
        shutil.rmtree(self.folder, ignore_errors=True)
