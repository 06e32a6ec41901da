"""The OpenAPI 3.1 document of our own interface, made from the records of the questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from trivium import __version__
from trivium.entrypoints.answers.questions import PREFIX, QUESTIONS, Question
from trivium.entrypoints.api.commands import COMMANDS, Command
from trivium.entrypoints.api.tables import FORMATS

_REFERENCE: Final = "#/components/schemas/{name}"
_PROBLEM: Final = {
    "type": "object",
    "description": "What happened, where, and what to do about it (RFC 9457).",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "description": "A name for the kind of problem."},
        "title": {"type": "string", "description": "What happened, with the value."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "code": {"type": "string", "description": "A stable word for programs."},
        "where": {"type": "string", "description": "The place in the input."},
        "fix": {"type": "string", "description": "What to do."},
        "retry_after_s": {"type": "integer", "description": "After how many seconds it may be sent again."},
    },
}
_REFUSED: Final = {
    "description": "Refused, with a sentence.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def openapi() -> dict[str, Any]:
    """Describe all questions and commands."""
    return document(QUESTIONS, COMMANDS)


def document(questions: Sequence[Question], commands: Sequence[Command]) -> dict[str, Any]:
    """Write the document; its paths are relative to the prefix of our interface."""
    kinds = [one.params for one in questions] + [one.answer for one in questions]
    kinds += [one.params for one in commands] + [one.answer for one in commands]
    bodies = [one.body for one in commands if one.body is not None]
    _, schemas = msgspec.json.schema_components([*kinds, *bodies], ref_template=_REFERENCE)
    paths: dict[str, Any] = {}
    for question in questions:
        paths[question.path] = {"get": _operation(question, schemas)}
        for form in FORMATS if question.table else ():
            paths[f"{question.path}.{form}"] = {"get": _table_operation(question, form, schemas)}
    for command in commands:
        paths[command.path] = {"post": _command_operation(command, schemas)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trivium",
            "version": __version__,
            "description": "Money is exact decimal text; instants are ISO 8601 in UTC; faults are RFC 9457 problems.",
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {"schemas": {**schemas, "Problem": _PROBLEM}},
    }


def _operation(question: Question, schemas: dict[str, Any]) -> dict[str, Any]:
    answer = {
        "description": question.summary,
        "content": {"application/json": {"schema": _ref(question.answer, schemas)}},
    }
    return {
        "operationId": question.name,
        "summary": question.summary,
        "description": (question.answer.__doc__ or "").strip(),
        "parameters": _parameters(question.params),
        "responses": {"200": answer, "4XX": _REFUSED, "503": _REFUSED},
    }


def _table_operation(question: Question, form: str, schemas: dict[str, Any]) -> dict[str, Any]:
    operation = _operation(question, schemas)
    content = {FORMATS[form].partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}}
    operation["operationId"] = f"{question.name}_{form}"
    operation["responses"] = {**operation["responses"], "200": {"description": "A file to save.", "content": content}}
    return operation


def _command_operation(command: Command, schemas: dict[str, Any]) -> dict[str, Any]:
    answer = {
        "description": command.summary,
        "content": {"application/json": {"schema": _ref(command.answer, schemas)}},
    }
    schema = _ref(command.body, schemas) if command.body else {"type": "string", "format": "binary"}
    content = {kind: {"schema": schema} for kind in command.policy.content_types}
    parameters = _parameters(command.params)
    if command.keyed:
        text = "Makes a repeat of the same request add nothing; the same key with another body is refused with 409."
        parameters.append(
            {"name": "Idempotency-Key", "in": "header", "required": False, "description": text,
             "schema": {"type": "string", "minLength": 1, "maxLength": 256}}
        )  # fmt: skip
    return {
        "operationId": command.name,
        "summary": command.summary,
        "description": (command.answer.__doc__ or "").strip(),
        "parameters": parameters,
        "requestBody": {"required": True, "content": content},
        "responses": {"200": answer, "4XX": _REFUSED, "503": _REFUSED},
    }


def _ref(kind: type[msgspec.Struct], schemas: dict[str, Any]) -> dict[str, Any]:
    """Refer to a record by the name that it has among all of the document's."""
    names = [name for name in schemas if name == kind.__name__]
    qualified = [name for name in schemas if name.endswith(f"{kind.__module__}.{kind.__name__}".replace(".", "_"))]
    dotted = [name for name in schemas if name == f"{kind.__module__}.{kind.__name__}"]
    return {"$ref": _REFERENCE.format(name=(dotted or qualified or names)[0])}


def _parameters(kind: type[msgspec.Struct]) -> list[dict[str, Any]]:
    """Describe a record's fields as query parameters."""
    (reference,), schemas = msgspec.json.schema_components([kind], ref_template=_REFERENCE)
    schema = schemas[reference["$ref"].rpartition("/")[2]]
    required = set(schema.get("required", ()))
    found = []
    for name, described in schema["properties"].items():
        text = described.get("description", "")
        plain = {key: value for key, value in described.items() if key != "description"}
        found.append({"name": name, "in": "query", "required": name in required, "description": text, "schema": plain})
    return found
