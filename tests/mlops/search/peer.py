"""Where the interpreter of a real MLflow stands, with which answers are compared."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def mlflow_python() -> str:
    """Give the interpreter of an environment with MLflow 3.17.2, or skip the test where there is none."""
    path = Path(os.environ.get("TRIVIUM_MLFLOW_PYTHON", "/tmp/mlf/v3.17.2/bin/python"))
    if not path.exists():
        pytest.skip("needs an environment with mlflow 3.17.2, named by TRIVIUM_MLFLOW_PYTHON")
    return str(path)
