"""Kafka and Milvus that let in only whom they know, as on a cluster: the local stack's own servers, with more configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from infra.local.kafka import Kafka
from infra.local.milvus import MilvusStandalone
from infra.local.service import Launch, Layer, LocalService, Ports
from infra.local.stack import LocalStack
from sightline.adapters.kafka.admin import open_admin
from sightline.settings import LocalPorts, load_settings, merge
from support.certificates import Authority, Issued

USER, PASSWORD = "sightline", "a-password"
TOKEN = "root:Milvus"
SERVER = "server"


class GuardedKafka(Kafka):
    """Beside the plain listener, by which it knows itself: one for TLS and a password, one for TLS and a certificate."""

    def usual_ports(self) -> Ports:
        return {**super().usual_ports(), "password": 0, "certificate": 0}

    def launch(self, ports: Ports) -> Launch:
        launch = super().launch(ports)
        [(path, text)] = launch.files.items()
        plain = f"PLAINTEXT://127.0.0.1:{ports['broker']}"
        guarded = f"PASSWORD://localhost:{ports['password']},CERTIFICATE://localhost:{ports['certificate']}"
        tls = self.state_dir / "tls"
        login = "org.apache.kafka.common.security"
        plain_login = f'{login}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
        more = {
            "listeners": f"{plain},{guarded},CONTROLLER://127.0.0.1:{ports['controller']}",
            "advertised.listeners": f"{plain},{guarded}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PASSWORD:SASL_SSL,CERTIFICATE:SSL",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": tls / "keystore.pem",
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": tls / "authority.pem",
            "listener.name.certificate.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "listener.name.password.plain.sasl.jaas.config": plain_login,
            "listener.name.password.scram-sha-512.sasl.jaas.config": f"{login}.scram.ScramLoginModule required;",
        }
        lines = [f"{name}={value}\n" for name, value in more.items()]  # the last line of a name counts
        return replace(launch, files={path: text + "".join(lines)})


class GuardedMilvus(MilvusStandalone):
    """With TLS, and users."""

    def launch(self, ports: Ports) -> Launch:
        launch = super().launch(ports)
        path = next(path for path in launch.files if path.name == "milvus.yaml")
        tls = self.state_dir / "tls"
        more = {
            "common": {"security": {"authorizationEnabled": True, "tlsMode": 1}},
            "tls": {"serverPemPath": str(tls / f"{SERVER}.pem"), "serverKeyPath": str(tls / f"{SERVER}.key")},
        }
        return replace(launch, files={**launch.files, path: yaml.safe_dump(merge(yaml.safe_load(launch.files[path]), more))})

    def addresses(self, ports: Ports) -> Layer:
        return {"milvus": {"uri": f"https://localhost:{ports['grpc']}"}}


@dataclass(frozen=True)
class GuardedServer:
    """One of them that runs; ``client`` is a certificate that its authority signed."""

    stack: LocalStack
    name: str
    authority: Authority
    client: Issued

    @property
    def address(self) -> str:
        """Of the plain listener (Kafka), or the only one (Milvus)."""
        settings = self.stack.settings
        return str(settings.kafka.bootstrap_servers if self.name == "kafka" else settings.milvus.uri)

    def at(self, port: str) -> str:
        """The address of a named port."""
        record = self.stack.record(self.name)
        assert record is not None
        return f"localhost:{record.ports[port]}"

    @property
    def runs(self) -> bool:
        """Whether it answers."""
        [service] = self.stack.services
        return bool(service.probe(self.stack.settings).detail)


def start_kafka(folder: Path) -> GuardedServer:
    """Kafka with the user :data:`USER`, for PLAIN and for SCRAM-SHA-512."""
    server = _start(GuardedKafka, folder)
    with open_admin(server.stack.settings) as admin:
        user = UserScramCredentialUpsertion(USER, ScramMechanism.SCRAM_SHA_512, PASSWORD)
        admin.alter_user_scram_credentials([user])
    return server


def start_milvus(folder: Path) -> GuardedServer:
    """Milvus with the one user that it comes with, :data:`TOKEN`."""
    return _start(GuardedMilvus, folder, token=TOKEN, ssl_cafile=folder / "tls" / "authority.pem")


def _start(kind: type[LocalService], folder: Path, **section: Any) -> GuardedServer:
    authority = Authority.make(folder / "tls")
    issued = authority.issue(SERVER)
    (folder / "tls" / "keystore.pem").write_text(issued.key.read_text() + issued.cert.read_text())
    local = {"state_dir": folder, "ports": dict.fromkeys(LocalPorts.model_fields, 0)}
    stack = LocalStack(load_settings(local=local, **{kind.name: section}), [kind])
    stack.up()
    return GuardedServer(stack, kind.name, authority, authority.issue("client"))
