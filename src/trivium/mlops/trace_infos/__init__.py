"""Traces as MLflow's clients tell, tag, judge and search them; their spans are kept by `mlops.traces`."""
