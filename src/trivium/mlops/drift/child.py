"""The child process that profiles a file of training rows: `python -m trivium.mlops.drift.child`."""

from __future__ import annotations

from trivium.intake.files.child import serve
from trivium.mlops.drift.files import Job, profile_file

if __name__ == "__main__":
    serve(Job, profile_file)
