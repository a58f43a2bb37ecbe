"""Triton itself: the tritonserver of the nvidia-pytriton wheel, run directly with its Python backend.

The Python backend runs our ``model.py`` files in an environment of its own (numpy < 2, which the backend needs, and ONNX
Runtime), which it finds through PATH. Models are loaded explicitly: those in the repositories at start, others by request.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from infra.local import cache, grpc_probe
from infra.local.cache import Say
from infra.local.grpc_probe import GrpcAddress
from infra.local.model_links import link_models, links_folder, models_in_use
from infra.local.service import Health, Launch, Layer, LocalService, Ports
from sightline.errors import ConfigurationError
from sightline.settings import Settings
from sightline.threads import SINGLE_THREADED, share_cores

REQUIREMENTS = Path(__file__).parent / "triton-requirements.txt"
MODEL_THREADS_VARIABLE = "SIGHTLINE_MODEL_THREADS"
"""For the models: JSON {model name: intra-op threads of its ONNX Runtime session}."""
GRPC_SERVICE = "/inference.GRPCInferenceService"
FINE = ("", "unloaded")
"""Reasons for which a model may be unavailable: nobody asked for it."""
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (where Linux keeps it)
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


class Triton(LocalService):
    """HTTP, gRPC and metrics on the bind host; system shared memory works."""

    name: ClassVar[str] = "triton"
    stop_grace_s: ClassVar[float] = 15.0

    def external(self, settings: Settings) -> str | None:
        return settings.triton.url

    def usual_ports(self) -> Ports:
        ports = self.settings.local.ports
        return {"http": ports.triton_http, "grpc": ports.triton_grpc, "metrics": ports.triton_metrics}

    def prepare(self, say: Say) -> None:
        cache.installed(_environment_name(), partial(_install, say=say))

    def launch(self, ports: Ports) -> Launch:
        environment = cache.cache_dir() / _environment_name()
        packages = _site_packages(environment)
        listen = [
            flag
            for kind in ("http", "grpc", "metrics")
            for flag in (f"--{kind}-address={self.bind_host}", f"--{kind}-port={ports[kind]}")
        ]
        command = (
            str(packages / "pytriton" / "tritonserver" / "bin" / "tritonserver"),
            f"--model-repository={links_folder(self.settings)}",
            f"--model-repository={self._writable}",
            "--model-control-mode=explicit",
            "--load-model=*",
            "--exit-on-error=false",  # one broken model must not take the others down: `status` names it
            "--strict-readiness=false",
            f"--backend-directory={environment / 'backends'}",
            f"--backend-config=python,shm-region-prefix-name={self.shared_memory_prefix}",
            "--allow-gpu-metrics=false",
            *listen,
        )
        threads = json.dumps(dict(share_cores(self.settings, models_in_use(self.settings)).models))
        search = {
            "PATH": str(environment / "venv" / "bin"),
            "LD_LIBRARY_PATH": f"{sysconfig.get_config_var('LIBDIR')}:{packages / 'nvidia_pytriton.libs'}",
        }
        return Launch(command, {**SINGLE_THREADED, MODEL_THREADS_VARIABLE: threads}, search)

    def initialise(self) -> None:
        self._writable.mkdir(parents=True, exist_ok=True)
        link_models(self.settings)
        self.tidy()

    def tidy(self) -> None:
        # Of a server that was killed: the Python backend's regions stay behind, and with them their memory.
        for region in SHARED_MEMORY.glob(f"{self.shared_memory_prefix}*"):
            region.unlink(missing_ok=True)

    def addresses(self, ports: Ports) -> Layer:
        return {
            "triton": {
                "url": f"{self.host}:{ports['grpc']}",
                "metrics_url": f"http://{self.host}:{ports['metrics']}/metrics",
            }
        }

    def url(self, settings: Settings) -> str:
        return settings.triton.url or ""

    def probe(self, settings: Settings) -> Health:
        address = _grpc_address(settings)
        server = grpc_probe.ask(address, f"{GRPC_SERVICE}/ServerMetadata")
        index = grpc_probe.ask(address, f"{GRPC_SERVICE}/RepositoryIndex")
        models = [grpc_probe.fields(model) for model in index.get(1, [])]
        return Health(grpc_probe.text(server, 2), _models_in_words(models))

    @property
    def shared_memory_prefix(self) -> str:
        """With which the names of the Python backend's regions in ``/dev/shm`` begin."""
        return "sightline_" + hashlib.sha256(str(self.state_dir).encode()).hexdigest()[:12]

    @property
    def _writable(self) -> Path:
        return self.settings.model_repositories[-1].expanduser().absolute()


def _grpc_address(settings: Settings) -> GrpcAddress:
    triton = settings.triton
    token = triton.token.get_secret_value() if triton.token else None
    return GrpcAddress(
        service=Triton.name,
        target=triton.url or "",
        tls=triton.ssl,
        root_certificates=triton.ssl_cafile,
        metadata=(("authorization", f"Bearer {token}"),) if token else (),
    )


def _models_in_words(models: Sequence[Mapping[int, list[bytes]]]) -> str:
    """``2 models ready; broken: <name> (<reason>)`` from the index, whose fields are name 1, version 2, state 3, reason 4."""
    states = [tuple(grpc_probe.text(model, field) for field in (1, 3, 4)) for model in models]
    ready = [name for name, state, _ in states if state == "READY"]
    broken = [f"{name} ({reason})" for name, state, reason in states if state == "UNAVAILABLE" and reason not in FINE]
    words = f"{len(ready)} model{'' if len(ready) == 1 else 's'} ready"
    return f"{words}; broken: {', '.join(broken)}" if broken else words


def _environment_name() -> str:
    return f"triton-python{PYTHON}-{cache.digest_of(REQUIREMENTS)}"


def _site_packages(environment: Path) -> Path:
    return environment / "venv" / "lib" / f"python{PYTHON}" / "site-packages"


def _install(folder: Path, *, say: Say) -> None:
    """A virtual environment ``venv`` from the pinned list, and ``backends`` as tritonserver wants them."""
    _require_libpython()
    uv = cache.program("uv", how="pip install uv")
    say("installing Triton and ONNX Runtime in an environment of their own (270 MB)")
    venv = folder / "venv"
    cache.run_installer([uv, "venv", "--python", sys.executable, str(venv)], doing="making Triton's environment")
    python = str(venv / "bin" / "python")
    pip = [uv, "pip", "install", "--compile-bytecode", "--python", python, "--no-deps", "--require-hashes"]
    cache.run_installer([*pip, "-r", str(REQUIREMENTS)], doing="installing Triton")
    server = _site_packages(folder) / "pytriton" / "tritonserver"
    backend = folder / "backends" / "python"
    shutil.copytree(server / "backends" / "python", backend)
    shutil.copy2(server / "python_backend_stubs" / PYTHON / "triton_python_backend_stub", backend)


def _require_libpython() -> None:
    """The backend's stub links to the interpreter's shared library; LIBDIR must hold it.

    Raises:
        ConfigurationError: the interpreter was built without.
    """
    name = f"libpython{PYTHON}.so.1.0"
    folders = [Path(sysconfig.get_config_var("LIBDIR")), Path("/usr/lib") / (sysconfig.get_config_var("MULTIARCH") or "")]
    if not any((folder / name).exists() for folder in folders):
        raise ConfigurationError(
            f"Triton's Python backend needs {name}, and this Python has none: use a Python of uv "
            f"(`uv venv --python {PYTHON}`), or on Debian `apt-get install libpython{PYTHON}`"
        )
