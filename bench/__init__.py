"""Measures peers and Trivium side by side in one run; `make bench` keeps the last result in bench/RESULTS.md."""
