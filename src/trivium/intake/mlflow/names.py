"""MLflow's own words: tags that mean something, limits, and the codes of its errors."""

from __future__ import annotations

from typing import Final

RUN_NAME: Final = "mlflow.runName"
DATA_CONTEXT: Final = "mlflow.data.context"
LOGGED_MODELS: Final = "mlflow.log-model.history"
IS_PROMPT: Final = "mlflow.prompt.is_prompt"
PROMPT_TEXT: Final = "mlflow.prompt.text"
PROMPT_SOURCES: Final = frozenset({"dummy-source", "prompt-template"})
"""What clients send as the source of a prompt, which lies nowhere."""
MODEL_VERSIONS: Final = "mlflow.modelVersions"
"""A tag of a logged model: the versions that were registered of it, as JSON."""
OPENLINEAGE_RUN: Final = "openlineage.run_id"
HAPPENED_AT: Final = "trivium.happened_at"
"""A tag of a model version: when it really was registered, as ISO 8601."""
RESOURCE: Final = "trivium.resource_id"

METRICS_MAX: Final = 1_000
PARAMS_MAX: Final = 100
TAGS_MAX: Final = 100
ENTITIES_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 1_000_000
KEY_MAX: Final = 250
PARAM_VALUE_MAX: Final = 6_000
TAG_VALUE_MAX: Final = 8_000
EXPERIMENT_NAME_MAX: Final = 500
EXPERIMENT_TAG_VALUE_MAX: Final = 20_000
REGISTRY_TAG_VALUE_MAX: Final = 100_000
ALIAS_MAX: Final = 255
MODEL_NAME_MAX: Final = 1_000
SOURCE_MAX: Final = 4_096
DATASET_NAME_MAX: Final = 500
DATASET_DIGEST_MAX: Final = 36
DATASET_SOURCE_MAX: Final = 65_535
DATASET_SCHEMA_MAX: Final = 1_048_575
DATASET_PROFILE_MAX: Final = 16_777_215
INPUT_TAG_KEY_MAX: Final = 255
INPUT_TAG_VALUE_MAX: Final = 500

INVALID: Final = "invalid_parameter_value"
ABSENT: Final = "resource_does_not_exist"
EXISTS: Final = "resource_already_exists"
STATE: Final = "invalid_state"
CODES: Final = frozenset(
    {INVALID, ABSENT, EXISTS, STATE, "bad_request", "endpoint_not_found", "not_implemented", "permission_denied"}
)
"""Codes of problems that MLflow's clients know, in lower case."""

STATUSES: Final = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
"""RunStatus, numbered from 1."""
LOGGED_MODEL_STATUSES: Final = {
    1: "LOGGED_MODEL_PENDING", 2: "LOGGED_MODEL_READY", 3: "LOGGED_MODEL_UPLOAD_FAILED",
}  # fmt: skip
VIEWS: Final = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}
VIEW_NUMBERS: Final = {1: "ACTIVE_ONLY", 2: "DELETED_ONLY", 3: "ALL"}
STAGES: Final = ("None", "Staging", "Production", "Archived")
ACTIVE_STAGES: Final = ("Staging", "Production")
"""The stages whose versions may be archived when another version comes."""
DELETED_STAGE: Final = "Deleted_Internal"
"""The stage of a deleted version, which nobody sees any more."""
