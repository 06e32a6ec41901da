"""Registered models and their versions: commands that change them, how they are kept, and what they are."""
