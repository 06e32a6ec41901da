"""Traces: what OTLP clients sent, what it used of models, and what that cost by the price lists."""
