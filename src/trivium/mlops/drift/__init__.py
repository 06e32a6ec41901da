"""Whether what a model is asked differs from what it was trained on: profiles of columns, distances, verdicts."""
