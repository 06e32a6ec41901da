"""Artifacts: files that runs and models keep, stored by their content and called by the paths that clients gave."""
