"""Experiments, runs and logged models: commands that change them, the fold that keeps them, and what they are."""
