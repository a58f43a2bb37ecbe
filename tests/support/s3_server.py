"""A server of the S3 protocol, as a process of its own: S3Proxy from Maven Central, which keeps objects as files.

It checks signatures: who does not know its key and secret is refused. Keys are paths, so no key may be below another
("a" and "a/b"), which a real store allows.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import botocore.session
import httpx

from infra.local import cache, process
from infra.local.kafka import HOW_JAVA, HOW_MAVEN, verify_jars
from infra.local.ports import choose

VERSION = "4.1.0"
HERE = Path(__file__).parent
POM, CHECKSUMS, LOGGING = HERE / "s3proxy-pom.xml", HERE / "s3proxy-jars.sha256", HERE / "s3proxy-logback.xml"
START_S = 120.0
KEYSTORE_PASSWORD = "a-password"


@dataclass(frozen=True)
class S3Server:
    """One that runs.

    Attributes:
        folder: its objects, configuration and log.
        host: where it listens.
        port: stays the same over :meth:`revive`.
        key: with ``secret``, who may do everything; nobody else may do anything.
        scheme: ``https`` where it was given a certificate, which is then good for ``localhost``.
        prefix: put before the command, such as ``ip netns exec host-2``.
    """

    folder: Path
    host: str
    port: int
    running: process.ProcessId
    key: str = "sightline-tests"
    secret: str = "a-secret-of-the-tests"
    scheme: str = "http"
    prefix: tuple[str, ...] = ()

    @classmethod
    def start(
        cls,
        folder: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: tuple[Path, Path] | None = None,
        prefix: Sequence[str] = (),
    ) -> S3Server:
        """Start one and wait until it answers.

        Args:
            folder: whose objects it serves; made if it is not there.
            host: an address of this machine, or of where ``prefix`` leads.
            port: 0 = any that is free; not with ``prefix``.
            tls: answer by TLS, with the PEM files of this key and its certificate for ``localhost``.
            prefix: put before the command.
        """
        (folder / "objects").mkdir(parents=True, exist_ok=True)
        port = port or choose(host, {"s3": 0})["s3"]
        server = cls(folder, host, port, process.ProcessId(0, ""), scheme="https" if tls else "http", prefix=tuple(prefix))
        server._configure(tls)
        return server.revive()

    @property
    def url(self) -> str:
        """What ``blobs.endpoint_url`` is."""
        return f"{self.scheme}://{'localhost' if self.scheme == 'https' else self.host}:{self.port}"

    def section(self, bucket: str, prefix: str = "", **changes: Any) -> dict[str, Any]:
        """The section ``blobs`` of the settings."""
        url = f"s3://{bucket}/{prefix}".rstrip("/")
        return {"url": url, "endpoint_url": self.url, "key": self.key, "secret": self.secret} | changes

    def make_bucket(self, name: str) -> str:
        """Make a bucket, by the protocol; its name."""
        client = botocore.session.get_session().create_client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            region_name="us-east-1",
            verify=False,
        )
        client.create_bucket(Bucket=name)
        client.close()
        return name

    def revive(self) -> S3Server:
        """Start it, or start it again with the same objects at the same address, and wait until it answers."""
        started = replace(self, running=process.start(self._command(), environment=os.environ, cwd=self.folder, log=self._log))
        try:
            started._wait()
        except BaseException:
            process.kill(started.running)
            raise
        return started

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        process.kill(self.running)

    def stop(self) -> None:
        """End it; no error where it has ended."""
        process.stop(self.running, grace_s=5.0)

    def stall(self) -> None:
        """It runs, takes connections, and does nothing until :meth:`wake`."""
        os.kill(self.running.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Go on."""
        os.kill(self.running.pid, signal.SIGCONT)

    @property
    def _log(self) -> Path:
        return self.folder / "s3proxy.log"

    @property
    def _config(self) -> Path:
        return self.folder / "s3proxy.properties"

    def _configure(self, tls: tuple[Path, Path] | None) -> None:
        lines = {
            "s3proxy.authorization": "aws-v4",
            "s3proxy.identity": self.key,
            "s3proxy.credential": self.secret,
            "jclouds.provider": "filesystem",
            "jclouds.filesystem.basedir": self.folder / "objects",
        }
        if tls is None:
            lines["s3proxy.endpoint"] = f"http://{self.host}:{self.port}"
        else:
            lines["s3proxy.secure-endpoint"] = f"https://{self.host}:{self.port}"
            lines["s3proxy.keystore-path"] = _keystore(tls, self.folder)
            lines["s3proxy.keystore-password"] = KEYSTORE_PASSWORD
        self._config.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))

    def _command(self) -> list[str]:
        jars = cache.installed(f"s3proxy-{VERSION}-{cache.digest_of(POM, CHECKSUMS)}", _fetch_jars) / "libs" / "*"
        # Started often and never for long: the quick compiler alone halves what a start costs.
        quick = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        java = (cache.program("java", how=HOW_JAVA), *quick, "-cp", str(jars))
        logging = f"-Dlogback.configurationFile={LOGGING}"
        return [*self.prefix, *java, logging, "org.gaul.s3proxy.Main", "--properties", str(self._config)]

    def _wait(self) -> None:
        end = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > end or not process.is_alive(self.running):
                raise TimeoutError(f"S3Proxy does not answer at {self.url}:\n{process.tail(self._log)}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url, verify=False, trust_env=False, timeout=5.0).status_code == 403  # nobody signed it
        except httpx.TransportError:
            return False


def _keystore(tls: tuple[Path, Path], folder: Path) -> Path:
    path = folder / "keystore.p12"
    secret = ("-passout", f"pass:{KEYSTORE_PASSWORD}")
    key, certificate = tls
    make = ("openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-out", path, *secret)
    subprocess.run(make, check=True, capture_output=True)
    return path


def _fetch_jars(folder: Path) -> None:
    maven = cache.program("mvn", how=HOW_MAVEN)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'libs'}"]
    cache.run_installer([maven, "-q", "-B", "-f", str(POM), *goal], doing="fetching S3Proxy's jars", cwd=folder)
    verify_jars(folder / "libs", CHECKSUMS)
