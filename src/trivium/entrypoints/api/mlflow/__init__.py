"""MLflow's REST API at its own paths, for unmodified clients of 2.22 and 3.17."""
