"""Answers: one file per question; the same record becomes page, JSON and terminal."""
