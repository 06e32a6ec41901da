"""Trivium: what everything really cost, what a broken table puts at risk, whether a model may be promoted."""

__version__ = "0.1.0"
