"""One typed tree of settings: defaults, then the running stack and the live models, then a YAML file, then the environment.

``SIGHTLINE_<SECTION>__<NAME>`` overrides one value (``SIGHTLINE_STREAM__MODE=replay``); ``SIGHTLINE_CONFIG`` names the YAML
file (else ``sightline.yaml`` in the working directory, if it is there). Unknown keys are refused with the nearest name.
What is left unset of the servers' addresses is filled in from the stack that ``sightline up`` started, if one runs, and which
models are live from what was promoted last.
"""

from sightline.settings.loading import CONFIG_VARIABLE, ENDPOINTS_FILE, LIVE_MODELS_FILE, load_settings, merge, written_settings
from sightline.settings.machine import LocalPorts
from sightline.settings.pipeline import ScalingSettings, StageSettings
from sightline.settings.servers import BlobSettings, KafkaSettings, MilvusSettings, TritonSettings
from sightline.settings.serving import ServingSettings
from sightline.settings.stream import SamplerSettings, StreamSettings, TrackerSettings, WriterSettings
from sightline.settings.tree import PACKAGED_MODELS, Settings

__all__ = [
    "CONFIG_VARIABLE",
    "ENDPOINTS_FILE",
    "LIVE_MODELS_FILE",
    "PACKAGED_MODELS",
    "BlobSettings",
    "KafkaSettings",
    "LocalPorts",
    "MilvusSettings",
    "SamplerSettings",
    "ScalingSettings",
    "ServingSettings",
    "Settings",
    "StageSettings",
    "StreamSettings",
    "TrackerSettings",
    "TritonSettings",
    "WriterSettings",
    "load_settings",
    "merge",
    "written_settings",
]
