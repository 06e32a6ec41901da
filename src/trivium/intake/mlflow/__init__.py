"""MLflow's REST API: what clients ask for, how it is checked, and what a change means for the graph."""
