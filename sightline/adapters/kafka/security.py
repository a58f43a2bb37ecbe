"""How a client shows who it is and whom it trusts, and what a person must change where the cluster will not have it."""

from __future__ import annotations

import ssl
from typing import Any

from kafka import errors as kafka_errors

from sightline.errors import ConfigurationError
from sightline.settings import KafkaSettings

_TLS_SETTINGS = ("ssl_cafile", "ssl_certfile", "ssl_keyfile")
_SASL_SETTINGS = ("sasl_mechanism", "username", "password")
_REFUSALS = ("CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE_FAILURE")
"""In the names of the alerts with which a server refuses a client's certificate, or that it has none."""
_WRONG_NAME = (62, 64)
"""OpenSSL's codes of a certificate that is good, and of another host or address."""


def security_options(settings: KafkaSettings) -> dict[str, Any]:
    """kafka-python's keyword arguments for TLS and SASL.

    Raises:
        ConfigurationError: the settings contradict one another, or a file that they name cannot be used.
    """
    protocol = settings.security_protocol
    tls, sasl = protocol in ("SSL", "SASL_SSL"), protocol in ("SASL_PLAINTEXT", "SASL_SSL")
    if not tls:
        _refuse_unused(settings, _TLS_SETTINGS, "SSL or SASL_SSL")
    if not sasl:
        _refuse_unused(settings, _SASL_SETTINGS, "SASL_SSL or SASL_PLAINTEXT")
    options: dict[str, Any] = {"security_protocol": protocol}
    if tls:
        options["ssl_context"] = _tls_context(settings)
    if sasl:
        options |= _sasl_options(settings)
    return options


def advice(error: BaseException) -> str | None:
    """What to change, where ``error`` means that the cluster will not have us however often we try; None = it may pass."""
    if isinstance(error, kafka_errors.SaslAuthenticationFailedError):
        return "check kafka.username and kafka.password"
    if isinstance(error, kafka_errors.UnsupportedSaslMechanismError):
        return "set kafka.sasl_mechanism to one that it takes"
    if isinstance(error, kafka_errors.InvalidReceiveError):
        return "what answers there speaks TLS, or is no Kafka: check kafka.security_protocol and kafka.bootstrap_servers"
    return _tls_advice(error)


def is_hanging_up(error: BaseException) -> bool:
    """Whether somebody answered there and ended the connection without a word."""
    return isinstance(_tls_fault(error), ssl.SSLEOFError) or "socket disconnected" in str(error)


def _tls_fault(error: BaseException) -> ssl.SSLError | None:
    """kafka-python puts its own error in the place of Python's, which stays as its context or its argument."""
    return next((each for each in (error, error.__context__, *error.args) if isinstance(each, ssl.SSLError)), None)


def _tls_advice(error: BaseException) -> str | None:
    fault = _tls_fault(error)
    reason = (fault.reason or "") if fault else ""
    if isinstance(fault, ssl.SSLCertVerificationError):
        if fault.verify_code in _WRONG_NAME:
            return "name the brokers in kafka.bootstrap_servers, and in their advertised.listeners, as their certificate does"
        return "kafka.ssl_cafile must hold the authority that signed the brokers' certificates"
    if reason == "WRONG_VERSION_NUMBER":
        return "what answers there does not speak TLS: check kafka.security_protocol"
    if "ALERT" in reason and any(refusal in reason for refusal in _REFUSALS):
        return "it wants a certificate of ours that it trusts: check kafka.ssl_certfile and kafka.ssl_keyfile"
    return None


def _refuse_unused(settings: KafkaSettings, names: tuple[str, ...], protocols: str) -> None:
    """A password that is never sent, or a certificate that is never looked at, is not what anybody meant."""
    unused = [f"kafka.{name}" for name in names if getattr(settings, name) is not None]
    if unused:
        raise ConfigurationError(
            f"kafka.security_protocol {settings.security_protocol} makes no use of {', '.join(unused)}: "
            f"set it to {protocols}, or leave them out"
        )


def _sasl_options(settings: KafkaSettings) -> dict[str, Any]:
    missing = [f"kafka.{name}" for name in _SASL_SETTINGS if not getattr(settings, name)]
    if missing or not settings.password:
        raise ConfigurationError(
            f"kafka.security_protocol {settings.security_protocol} needs {', '.join(missing)} "
            "(the password best from the environment: SIGHTLINE_KAFKA__PASSWORD)"
        )
    return {
        "sasl_mechanism": settings.sasl_mechanism,
        "sasl_plain_username": settings.username,
        "sasl_plain_password": settings.password.get_secret_value(),
    }


def _tls_context(settings: KafkaSettings) -> ssl.SSLContext:
    """Certificates and host names are checked. Made here, since kafka-python would take a bad file for a broker's fault."""
    try:
        context = ssl.create_default_context(cafile=settings.ssl_cafile)
    except OSError as error:
        raise ConfigurationError(f"kafka.ssl_cafile {settings.ssl_cafile} cannot be used: {error}") from error
    if settings.ssl_keyfile and not settings.ssl_certfile:
        raise ConfigurationError("kafka.ssl_keyfile is of no use without kafka.ssl_certfile")
    if settings.ssl_certfile:
        try:
            # Without a password OpenSSL would ask for that of an encrypted key on the terminal, and wait.
            context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile, password="")
        except OSError as error:
            files = f"kafka.ssl_certfile {settings.ssl_certfile} and kafka.ssl_keyfile {settings.ssl_keyfile}"
            raise ConfigurationError(f"{files} cannot be used together (a key must not be encrypted): {error}") from error
    return context
