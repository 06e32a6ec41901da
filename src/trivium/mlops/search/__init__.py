"""What clients ask of experiments, runs and models in MLflow's search grammar: text, its meaning, its SELECT."""
