"""Assets and flows, identity (when two names are one thing), traversal, as-of."""
