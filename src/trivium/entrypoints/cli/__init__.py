"""The command line: `trivium NOUN VERB` or `trivium VERB`, over the same answers as HTTP and pages."""

from trivium.entrypoints.cli.tree import application as application
