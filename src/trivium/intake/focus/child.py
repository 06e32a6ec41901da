"""The child process that reads a bill: `python -m trivium.intake.focus.child`."""

from __future__ import annotations

from trivium.intake.files.child import serve
from trivium.intake.focus.reader import Job, read_bill

if __name__ == "__main__":
    serve(Job, read_bill)
