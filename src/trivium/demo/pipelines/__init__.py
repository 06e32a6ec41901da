"""The health service's pipelines: they read, check and write real files and tell a server so, as any pipeline would."""

from __future__ import annotations

import os

# Set before MLflow's client is imported: it sends nothing but to the server that it is told, prints nothing, looks for
# no git program, and does not repeat for minutes what a server refuses.
for _name, _value in {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "GIT_PYTHON_REFRESH": "quiet",
}.items():
    os.environ.setdefault(_name, _value)
