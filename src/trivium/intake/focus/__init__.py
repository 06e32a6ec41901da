"""FOCUS 1.0 to 1.4, Cost and Usage: a bill's rows made sound, written as Parquet, with a report."""
