"""What runs inside a client's environment: code comes in as lines of JSON, values go out as lines of JSON.

Standard library only. What the code prints goes to standard error, so that standard output holds nothing but answers.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import traceback
from typing import Any


def main() -> None:
    """Answer line after line until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    names: dict[str, Any] = {"__name__": "__client__"}
    for line in sys.stdin:
        asked = json.loads(line)
        names.update(asked["names"])
        try:
            answer = {"value": evaluate(asked["code"], names)}
            written = json.dumps(answer, default=str)
        except BaseException as error:
            written = json.dumps({"error": told(error)})
        sys.stdout.flush()
        answers.write(written + "\n")
        answers.flush()


def evaluate(code: str, names: dict[str, Any]) -> object:
    """Run statements, and give the value of the last one if it is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<told>", "exec"), names)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "<told>", "eval"), names)


def told(error: BaseException) -> dict[str, str]:
    """Say what an error was."""
    code = getattr(error, "error_code", "")
    return {
        "kind": type(error).__name__,
        "words": str(error),
        "code": code if isinstance(code, str) else str(code),
        "trace": "".join(traceback.format_exception(error))[-4000:],
    }


if __name__ == "__main__":
    main()
