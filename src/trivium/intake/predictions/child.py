"""The child process that reads predictions or labels: `python -m trivium.intake.predictions.child`."""

from __future__ import annotations

from trivium.intake.files.child import serve
from trivium.intake.predictions.reader import Job, read_rows

if __name__ == "__main__":
    serve(Job, read_rows)
