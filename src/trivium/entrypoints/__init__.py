"""Three faces, `web/`, `api/` and `cli/`, over `answers/`; no logic."""
