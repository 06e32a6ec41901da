"""Filters and orderings as people and programs write them: right, nearly right, and wrong; the same for a seed."""

from __future__ import annotations

from random import Random

THINGS = ("runs", "experiments", "models", "versions", "traces", "logged_models")
_ENTITIES = (
    "attributes", "attribute", "attr", "run", "params", "parameters", "parameter", "param", "metrics", "metric",
    "tags", "tag", "datasets", "dataset", "`params`", "`metrics`", "`tag`", "Params", "foo", "", "'tags'", "trace",
)  # fmt: skip
_ATTRIBUTES = {
    "runs": ("status", "run_id", "run_name", "artifact_uri", "user_id", "start_time", "end_time", "created", "Created",
             "`run name`", "`Run Name`", '"run name"', "run name", "Start_Time", "run_uuid", "name"),
    "experiments": ("name", "experiment_id", "creation_time", "last_update_time", "Name", "`name`", "'name'", "id"),
    "models": ("name", "`name`", '"name"', "timestamp", "last_updated_timestamp", "version", "creation_timestamp"),
    "versions": ("name", "version_number", "run_id", "source_path", "`name`", "version", "creation_timestamp",
                 "last_updated_timestamp", "current_stage", "user_id"),
    "traces": ("status", "timestamp", "timestamp_ms", "execution_time", "end_time", "request_id", "name", "run_id",
               "client_request_id", "`timestamp`", "Name", "prompt", "text", "experiment_id", "Status"),
    "logged_models": ("name", "model_id", "model_type", "status", "source_run_id", "creation_time",
                      "creation_timestamp", "creation_timestamp_ms", "last_updated_timestamp", "experiment_id",
                      "lifecycle_stage", "artifact_location", "`name`", "last_updated_time", "foo"),
}  # fmt: skip
_DATASET_KEYS = ("name", "digest", "context", "`name`", "source", "NAME")
_KEYS = (
    "a", "loss", "`a b`", '"a b"', "'a b'", "`mlflow.prompt.is_prompt`", "mlflow.user", "a.b.c", "`a.b`", "a-b", "a/b",
    "`a/b-c`", "1a", "_a", "a1", "é", "`日本語`", "naïve", "order", "select", "`order`", "key", "value", "version",
    "timestamp", "`a``b`", "``", "`a", "a`", "f(x)", "a[1]", "a b", "", "end", "case", "`'a'`", "'`a`'", "group",
    "A", "date", "null", "in", "``a``", "`and`", "and", "like", "x:y", "a$b", "#a", "@a", "*", "null", "as",
)  # fmt: skip
_OPERATORS = (
    "=", "=", "=", "!=", ">", ">=", "<", "<=", "LIKE", "like", "ILIKE", "Ilike", "IN", "in", "NOT IN", "not in",
    "Not In", "IS NULL", "is null", "IS NOT NULL", "is not null", "IS  NOT  NULL", "==", "<>", "!", "~", "NOT LIKE",
    "RLIKE", "BETWEEN", "=>", "= =", "", "IS", ":=", "NOT", "contains",
)  # fmt: skip
_NUMBERS = (
    "0", "1", "-1", "+1", "0.5", "-0.5", ".5", "5.", "1e5", "1E-3", "1e+5", "-1.5e3", "1e400", "007", "1_000", "0x1F",
    "NaN", "nan", "Infinity", "-inf", "inf", "9223372036854775807", "9223372036854775808", "1.2.3", "--1", "1 000",
    "٣", "½", "true", "1-1", "1e", "1.5e3.2", "12345678901234567890123", "-", "1L",
)  # fmt: skip
_TEXTS = (
    "'x'", '"x"', "''", '""', "'it''s'", "'it\\'s'", '"say ""hi"""', '"say \\"hi\\""', "'%x_'", "'a b'", "'AND'",
    "'a = b'", "x", "`x`", "'x", "x'", '"x', "'x\"", "'é日本'", "'😀'", "'\\\\'", "'\\'", "' x '", "'true'", "'false'",
    "'True'", "null", "NULL", "'1'", "'-1'", "' 7 '", "'1.5'", "'1_0'", "'a' 'b'", "u'x'", "b'x'", "'x'::text",
    "'line\nbreak'", "lower('x')", "'x' || 'y'", "?", ":x", "%s", "$1", "'a--b'", "'/*a*/'", "/*c*/ 'x'", "'x'.y",
    '"a"."b"', "READY", "'READY'", "'2'", "''''", "'`x`'", "'x' -- c", "{{7*7}}", "'../'", "x.y", "$$x$$", "´x´",
)  # fmt: skip
_ITEMS = (
    "'a'", '"b"', "'é'", "1", "1.5", "x", "'it''s'", "'it\\'s'", "b'a'", "None", "'a' 'b'", "''", "r'a\\n'", "'a\\n'",
    "('a')", "['a']", "-1", "'a' + 'b'", "f'a'", "True", "'\\x41'", "'\\x4'", "'007'", "'3'", "' 3'", "`a`",
)  # fmt: skip
_JOINTS = (
    " AND ", " AND ", " AND ", " AND ", " and ", " And ", "\nAND\t", " OR ", " ", ", ", "; ", " AND AND ", " && ",
    "AND", " AND NOT ", " --c\nAND ",
)  # fmt: skip
_AROUND = ("{}", "{}", "{}", "{}", "{}", "{}", " {} ", "({})", "NOT {}", "{} AND", "AND {}", "{};", "{} -- c", "\n{}\n",
           "{} x", "WHERE {}", "{} /*", "'{}", "{})", "select {}", "\u00a0{}", "{}\u200b", "\ufeff{}")  # fmt: skip
_WHOLE = (
    "", " ", "\n", "AND", "and and", "a", "'", '"', "`", "()", "(", ")", ";", ";;", "--", "-- c", "/*", "1", "1 = 1",
    "'a' = 'b'", "metrics.a", "= 1", "metrics. = 1", ".a = 1", "metrics..a = 1", "a = b = c", "metrics.a > 1 > 2",
    "1 < metrics.a", "'x' = params.a", "metrics.a = metrics.b", "DROP TABLE runs", "metrics.a > 1; DROP TABLE runs",
    "metrics.a > 1 UNION SELECT 1", "name", "name =", "name = ", "case when 1 then 2 end", "params.a = 'x' 'y'",
)  # fmt: skip
_RIGHT_ENTITIES = {
    "runs": ("metrics", "metric", "params", "parameter", "tags", "tag", "attributes", "run", "datasets", "`params`"),
    "experiments": ("tags", "tag"),
    "models": ("tags", "tag"),
    "versions": ("tags", "tag"),
    "traces": ("tags", "tag", "metadata", "request_metadata", "attributes", "trace", "`tag`"),
    "logged_models": ("metrics", "params", "tags", "attributes"),
}
_RIGHT_KEYS = ("a", "loss", "`a b`", '"a b"', "a.b", "é", "`mlflow.prompt.is_prompt`", "_a", "order", "key")
_RIGHT_TEXTS = ("'x'", '"x"', "''", "'it''s'", "'%x_'", "'a b'", "'AND'", "'é日本'", "'true'", "'1'", "'it\\'s'")
_RIGHT_NUMBERS = ("0", "1", "-1", "0.5", "1e5", ".5", "-1.5e3", "1e400", "9223372036854775808")
_TEXT_OPERATORS = ("=", "!=", "LIKE", "ILIKE", "like", "IS NULL", "IS NOT NULL", "IN", "NOT IN")
_NUMBER_ATTRIBUTES = ("start_time", "created", "creation_time", "last_update_time", "version_number",
                      "creation_timestamp", "creation_timestamp_ms", "end_time", "timestamp", "timestamp_ms",
                      "execution_time")  # fmt: skip
_DIRECTIONS = (
    "", "", " ASC", " DESC", " asc", " desc", " Desc", " ASCENDING", " down", " DESC NULLS LAST", " ASC DESC", ",", ";",
    "  DESC", "\tDESC", " DESC ", " DESC x", "DESC",
)  # fmt: skip


def a_filter(random: Random, thing: str) -> str:
    """Write a filter for a searched thing."""
    if random.random() < 0.02:
        return random.choice(_WHOLE)
    text = a_clause(random, thing)
    while random.random() < 0.4:
        text += random.choice(_JOINTS if random.random() < 0.3 else _JOINTS[:6]) + a_clause(random, thing)
    text = random.choice(_AROUND).format(text) if random.random() < 0.2 else text
    return _bitten(random, text) if random.random() < 0.1 else text


def an_order(random: Random, thing: str) -> str:
    """Write an ordering for a searched thing."""
    if random.random() < 0.03:
        return random.choice(_WHOLE)
    text = _name(random, thing) + random.choice(_DIRECTIONS)
    return _bitten(random, text) if random.random() < 0.1 else text


def a_right_clause(random: Random, thing: str) -> str:
    """Write one comparison that is mostly right."""
    entity = random.choice((*_RIGHT_ENTITIES[thing], ""))
    if entity in ("attributes", "run", "trace", ""):
        key = random.choice(_ATTRIBUTES[thing][:6])
        name = f"{entity}.{key}" if entity else key
    else:
        key = random.choice(_DATASET_KEYS[:4] if entity == "datasets" else _RIGHT_KEYS)
        name = f"{entity}.{key}"
    if entity.startswith("metric") or key in _NUMBER_ATTRIBUTES:
        return f"{name} {random.choice(_OPERATORS[2:8])} {random.choice(_RIGHT_NUMBERS)}"
    operator = random.choice(_TEXT_OPERATORS)
    if operator.startswith("IS"):
        return f"{name} {operator}"
    if operator.endswith("IN"):
        items = random.choices(("'a'", '"b"', "'3'", "'12'", "'é'"), k=random.randint(1, 3))
        return f"{name} {operator} ({', '.join(items)})"
    return f"{name} {operator} {random.choice(_RIGHT_TEXTS)}"


def a_clause(random: Random, thing: str) -> str:
    """Write one comparison."""
    if random.random() < 0.75:
        return a_right_clause(random, thing)
    space = random.choice((" ", " ", " ", "", "  ", "\t", "\n"))
    operator = random.choice(_OPERATORS)
    if not operator.strip("=!<>~"):
        return _name(random, thing) + space + operator + space + _value(random, operator)
    return f"{_name(random, thing)} {operator}{space}{_value(random, operator)}"


def _name(random: Random, thing: str) -> str:
    dice = random.random()
    if dice < 0.4:
        before = random.choice(("", "", "", "attributes.", "attribute.", "run.", "attr."))
        return before + random.choice(_ATTRIBUTES[thing])
    entity = random.choice(_ENTITIES)
    keys = _DATASET_KEYS if entity.startswith("dataset") and dice < 0.9 else _KEYS
    return entity + random.choice((".",) * 12 + ("", " . ", ". ")) + random.choice(keys)


def _value(random: Random, operator: str) -> str:
    upper = operator.upper()
    if upper.startswith("IS") and random.random() < 0.9:
        return ""
    if (upper.endswith("IN") and random.random() < 0.85) or random.random() < 0.03:
        items = [random.choice(_ITEMS) for _ in range(random.randint(0, 3))]
        if random.random() < 0.6:
            items = [random.choice(("'a'", '"b"', "'3'", "'12'")) for _ in range(random.randint(1, 3))]
        return "(" + random.choice((",", ", ", " , ")).join(items) + random.choice(("", "", "", ",")) + ")"
    if (operator in (">", ">=", "<", "<=") and random.random() < 0.8) or random.random() < 0.3:
        return random.choice(_NUMBERS)
    return random.choice(_TEXTS)


def _bitten(random: Random, text: str) -> str:
    """Take something out of a text, or put something in."""
    place = random.randrange(len(text) + 1)
    if random.random() < 0.5:
        return text[:place] + text[place + random.randint(1, 3) :]
    return text[:place] + random.choice(("'", '"', "`", "(", ")", ".", " ", "\\", ";", "-", "é", "%")) + text[place:]
