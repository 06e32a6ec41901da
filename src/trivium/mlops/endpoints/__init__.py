"""Endpoints: predictions and labels come in; traffic, latency and errors by version and day."""
