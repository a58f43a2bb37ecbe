"""How questions are answered."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sightline.settings.section import Section


class ServingSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    url: str | None = None
    """Where the HTTP API answers; unset = the local stack."""
    replicas: int = Field(default=1, ge=1)
    resources: dict[str, float] = Field(default_factory=dict)
    """Ray resources that a replica reserves, and so on which hosts it may run: ``{"questions": 1}``."""
    listen_on: Literal["head", "every host"] = "head"
    """Which hosts of a Ray cluster answer at ``host:port``; with every one that has a replica, questions outlive the head."""
    max_upload_bytes: int = Field(default=16 * 1024 * 1024, ge=1)
    max_searches: int = Field(default=16, ge=1)
    """Per replica, in flight; more are told to come back (503 with Retry-After)."""
    min_person_score: float = Field(default=0.3, ge=0, le=1)
    """Fainter detections in a query's picture are not people worth asking about."""
    rerank_top: int = Field(default=200, ge=1, le=2000)
    """How many of the best matches a question with ``rerank`` orders anew; one that asks for more has all of its own."""
    wait_for_optional_s: float = Field(default=1.0, gt=0)
    """How long a question waits for key points and for dense coordinates; it goes on without what is not there by then."""
