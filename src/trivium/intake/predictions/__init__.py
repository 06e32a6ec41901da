"""Predictions and the labels that say what they should have been: CSV, Parquet, JSON lines, or a batch of JSON."""
