"""The book of facts: append-only, durable, tamper-evident; and the projections that are folded from it."""
