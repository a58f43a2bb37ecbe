"""Milvus, of two kinds: the standalone server of the `milvus` wheel, and Milvus Lite behind its own server process."""

from __future__ import annotations

import base64
import lzma
import re
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import yaml

from infra.local import cache, grpc_probe
from infra.local.cache import Say
from infra.local.grpc_probe import GrpcAddress
from infra.local.service import Health, Launch, Layer, LocalService, Ports
from sightline.errors import ServiceUnavailable
from sightline.settings import Settings, merge

REQUIREMENTS = Path(__file__).parent / "milvus-requirements.txt"
GRPC_SERVICE = "/milvus.proto.milvus.MilvusService"
LITE_MEMTABLE_BYTES = 4 * 1024 * 1024
"""Rows not yet in a file are searched row by row in Python: among 10,000 it takes 0.1 s with this, 1 s with its own 128 MiB."""
GRPC_PORT, METRICS_PORT = 19530, 9091
"""Of the standalone server, within its own network."""
HTTPS_PORT = 443
"""Of an https:// address that names none; pymilvus takes the same."""
SESSION_TTL_S = 10
OWN_ADDRESS = ("rootCoord", "proxy", "queryCoord", "queryNode", "indexNode", "dataCoord", "dataNode")
"""Its parts, which talk to one another over TCP."""


class _Milvus(LocalService):
    """What both kinds share: the address, and how to ask."""

    name: ClassVar[str] = "milvus"

    def external(self, settings: Settings) -> str | None:
        return settings.milvus.uri

    def usual_ports(self) -> Ports:
        return {"grpc": self.settings.local.ports.milvus}

    def addresses(self, ports: Ports) -> Layer:
        return {"milvus": {"uri": f"http://{self.host}:{ports['grpc']}"}}

    def url(self, settings: Settings) -> str:
        return settings.milvus.uri or ""

    def probe(self, settings: Settings) -> Health:
        address = _grpc_address(settings)
        version = grpc_probe.ask(address, f"{GRPC_SERVICE}/GetVersion")
        listing = grpc_probe.ask(address, f"{GRPC_SERVICE}/ShowCollections")
        status = grpc_probe.fields(listing.get(1, [b""])[0])
        if reason := grpc_probe.text(status, 2):
            raise ServiceUnavailable(self.name, f"not ready: {reason}")
        count = len(listing.get(2, []))
        return Health(grpc_probe.text(version, 2), f"{count} collection{'' if count == 1 else 's'}")


class MilvusLite(_Milvus):
    """Milvus Lite: the whole data base in one Python process, its data in ``<state_dir>/milvus/lite``."""

    def prepare(self, say: Say) -> None:
        """Nothing: it is one of our dependencies."""

    def launch(self, ports: Ports) -> Launch:
        data = self.folder / "lite"
        listen = ("--host", self.bind_host, "--port", str(ports["grpc"]))
        command = (sys.executable, "-m", "milvus_lite", "server", *listen, "--data-dir", str(data))
        return Launch(command, {"MILVUS_LITE_MEMTABLE_MEMORY_LIMIT_BYTES": str(LITE_MEMTABLE_BYTES)})


class MilvusStandalone(_Milvus):
    """The standalone server: its data in ``<state_dir>/milvus/standalone``.

    Its ten ports listen on every interface, without a setting to change that. So it runs in a network of its own, and only
    the ports for clients and metrics are passed on, on the bind host (see ``isolation.py``). It is ended by SIGKILL: its
    own orderly stop takes up to half a minute and ends in an abort, and each acknowledged row is in its log before that.
    """

    stop_grace_s: ClassVar[float] = 0.0

    def usual_ports(self) -> Ports:
        return {**super().usual_ports(), "metrics": 0}

    def prepare(self, say: Say) -> None:
        cache.installed(_install_name(), partial(_install, say=say))

    def launch(self, ports: Ports) -> Launch:
        program = cache.cache_dir() / _install_name()
        data = self.folder / "standalone"
        conf = self.folder / "conf"
        files = {
            conf / "milvus.yaml": yaml.safe_dump(_configuration(program / "milvus.yaml.template", data)),
            conf / "glog.conf": (program / "glog.conf").read_text(),
        }
        forwards = {ports["grpc"]: GRPC_PORT, ports["metrics"]: METRICS_PORT}
        gateway = [f"--forward={self.bind_host}:{outer}={inner}" for outer, inner in forwards.items()]
        command = (str(program / "bin" / "milvus"), "run", "standalone")
        return Launch(
            (sys.executable, "-m", "infra.local.isolation", *gateway, "--", *command),
            {
                "MILVUSCONF": str(conf),
                "MILVUS_RUN_DIR": str(self.folder / "run"),
                "DEPLOY_MODE": "STANDALONE",
                "METRICS_PORT": str(METRICS_PORT),
                "LD_LIBRARY_PATH": str(program / "bin"),
                "PYTHONPATH": str(Path(__file__).parents[2]),
            },
            files=files,
        )


def _grpc_address(settings: Settings) -> GrpcAddress:
    milvus = settings.milvus
    parts = urlsplit(milvus.uri or "")
    tls = parts.scheme == "https"
    token = base64.b64encode(milvus.token.get_secret_value().encode()).decode() if milvus.token else None
    return GrpcAddress(
        service=_Milvus.name,
        target=f"{parts.hostname}:{parts.port or (HTTPS_PORT if tls else GRPC_PORT)}",
        tls=tls,
        root_certificates=milvus.ssl_cafile,
        metadata=(("authorization", token),) if token else (),
    )


def _configuration(template: Path, data: Path) -> dict[str, Any]:
    """The wheel's own configuration with our folders, and less to say."""
    places = {"etcd_data_dir": data / "etcd", "local_storage_dir": data / "storage", "rocksmq_data_dir": data / "rocksmq"}

    def fill(gap: re.Match[str]) -> str:
        default = gap["default"] or ""
        return "" if gap["name"] == "system_log_path" else str(places.get(gap["name"], default))

    text = re.sub(r"\{\{ (?P<name>\w+)(\(\w+\))?(: (?P<default>.*?))? \}\}", fill, template.read_text())
    ours: dict[str, Any] = {part: {"ip": "127.0.0.1"} for part in OWN_ADDRESS}
    ours |= {"log": {"level": "warn"}, "etcd": {"log": {"level": "warn"}}}
    # How long a killed server's parts count as alive: until then it answers, but loads no collection.
    ours |= {"common": {"session": {"ttl": SESSION_TTL_S}}}
    # Whoever adds waits for one tick to see its rows; at 50 ms the idle server costs no more than at its own 200.
    ours |= {"proxy": {**ours["proxy"], "timeTickInterval": 50}}
    # The index of growing segments finds 70 % of the nearest 20, with a filter 20 %; reading them whole finds all.
    ours |= {"queryNode": {**ours["queryNode"], "segcore": {"interimIndex": {"enableIndex": False}}}}
    return merge(yaml.safe_load(text), ours)


def _install_name() -> str:
    return f"milvus-{cache.digest_of(REQUIREMENTS)}"


def _install(folder: Path, *, say: Say) -> None:
    """The wheel's server unpacked into ``bin``, and its template of a configuration."""
    uv = cache.program("uv", how="pip install uv")
    say("installing the standalone Milvus server (250 MB)")
    wheel = folder / "wheel"
    pip = [uv, "pip", "install", "--python", sys.executable, "--target", str(wheel), "--no-deps", "--require-hashes"]
    cache.run_installer([*pip, "-r", str(REQUIREMENTS)], doing="installing Milvus")
    data = wheel / "milvus" / "data"
    binaries = folder / "bin"
    binaries.mkdir()
    for packed in (data / "bin").glob("*.lzma"):
        with lzma.open(packed) as source, (binaries / packed.stem).open("wb") as target:
            shutil.copyfileobj(source, target)
        (binaries / packed.stem).chmod(0o755)
    shutil.copy2(data / "config.yaml.template", folder / "milvus.yaml.template")
    shutil.copy2(data / "glog.conf", folder)
    shutil.rmtree(wheel)
