"""A certificate authority of the tests' own, and what it signs, made by openssl."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Issued:
    """PEM files of a key and its certificate."""

    key: Path
    cert: Path


@dataclass(frozen=True)
class Authority:
    """Signs certificates; its files are in ``folder``."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Authority:
        """A new authority, which nobody trusts yet."""
        folder.mkdir(parents=True, exist_ok=True)
        _openssl("-subj", "/CN=authority", "-keyout", folder / "authority.key", "-out", folder / "authority.pem")
        return cls(folder)

    @property
    def cafile(self) -> Path:
        return self.folder / "authority.pem"

    def issue(self, name: str, *, host: str = "localhost") -> Issued:
        """A key and a certificate, good for this host."""
        issued = Issued(self.folder / f"{name}.key", self.folder / f"{name}.pem")
        signing = ("-CA", self.cafile, "-CAkey", self.folder / "authority.key")
        subject = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{host}")
        _openssl(*signing, *subject, "-keyout", issued.key, "-out", issued.cert)
        return issued


def _openssl(*arguments: str | Path) -> None:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    subprocess.run(["openssl", "req", "-x509", *curve, "-days", "2", *arguments], check=True, capture_output=True)
