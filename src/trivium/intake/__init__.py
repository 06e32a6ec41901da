"""From bytes to facts: one folder for each standard, pure functions, no reader knows another."""
