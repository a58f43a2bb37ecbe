"""Fuzzing a service by its OpenAPI document: what comes back is as declared, and never a 5xx.

(schemathesis' own pytest plugin does not load under pytest 9.2, so its strategies are used directly.)
"""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

# Those that take something first: of the others, nothing is forbidden.
OPERATIONS = (
    ("POST", "/v1/search"),
    ("GET", "/v1/sightings"),
    ("GET", "/v1/sightings/{sighting_id}"),
    ("GET", "/v1/sightings/{sighting_id}/crop"),
    ("GET", "/v1/cameras"),
    ("GET", "/v1/operations"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/v1/metrics/targets"),
)


def fuzz(schema: schemathesis.BaseSchema, method: str, path: str, mode: GenerationMode, examples: int) -> None:
    """Send ``examples`` requests that the document allows (or, in negative mode, forbids) and check each answer."""
    operation = schema[path][method]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_declared(case: schemathesis.Case) -> None:
        # A schema cannot say "a picture with somebody in it", "start before end" or "an attribute that this model knows".
        case.call_and_validate(excluded_checks=[positive_data_acceptance] if path == "/v1/search" else [])

    answers_as_declared()
