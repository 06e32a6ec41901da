"""HTTP: the foreign protocols at their own paths, our questions and commands below /api/trivium/v1."""

from trivium.entrypoints.api.description import openapi as openapi
