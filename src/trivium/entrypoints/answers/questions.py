"""Every question that can be asked, as data: commands, HTTP routes and documentation are made from this list."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import msgspec

PREFIX: Final = "/api/trivium/v1"


@dataclass(frozen=True)
class Question:
    """One question. `name` is its file in this folder, with `Params`, `Answer` and `ask(rooms, params)`.

    `noun` and `verb` make its command (`trivium NOUN VERB`, or `trivium VERB`), `path` its route below PREFIX.
    `verdict` names the field of the answer that says yes or no, which becomes the exit code; `table` the field that
    is also given as CSV and Parquet, `whole` where such a file holds all rows unless a `limit` is asked; `command` is
    False where the command line has a form of its own.
    """

    name: str
    noun: str
    verb: str
    path: str
    summary: str
    policy: str = "read"
    verdict: str = ""
    table: str = ""
    command: bool = True
    whole: bool = False

    @property
    def module(self) -> ModuleType:
        """Import the question's file; nothing else of the rooms is imported before."""
        return importlib.import_module(f"trivium.entrypoints.answers.{self.name}")

    @property
    def params(self) -> type[msgspec.Struct]:
        """Give the record of what may be asked."""
        found: type[msgspec.Struct] = self.module.Params
        return found

    @property
    def answer(self) -> type[msgspec.Struct]:
        """Give the record of the answer."""
        found: type[msgspec.Struct] = self.module.Answer
        return found

    def ask(self, rooms: Any, params: msgspec.Struct) -> msgspec.Struct:
        """Answer the question; raises ProblemError."""
        answer: msgspec.Struct = self.module.ask(rooms, params)
        return answer


NOUNS: Final = {
    "cost": "What things cost: statements, loaded cost, explanations, closing months.",
    "endpoints": "Endpoints: what they serve, how fast, at what cost.",
    "endpoint": "One endpoint.",
    "kpi": "What a model is worth: figures that join money and quality.",
    "drift": "Whether predictions differ from what a model was trained on.",
    "performance": "How good predictions are, where labels came.",
    "graph": "The graph of assets: export it, and see what could not be joined.",
    "asset": "One asset with all that is known of it.",
    "ledger": "The book of facts: read, verify, prove, rebuild.",
    "import": "Bring bills, predictions, labels and training rows in.",
    "experiments": "Experiments, as MLflow's clients make them.",
    "runs": "Runs of experiments: search and compare them.",
    "run": "One run.",
    "metric": "What runs measured.",
    "models": "Models, as MLflow's clients register them and lineage tells of them.",
    "model": "One model with its versions.",
    "versions": "Versions of models.",
    "traces": "Traced requests, as OTLP clients send them.",
    "trace": "One traced request.",
}
"""The nouns of the command line, each with its help."""

QUESTIONS: Final = (
    Question("cost_statement", "cost", "statement", "/cost/statement", "Where a month's money came to rest.",
             table="lines"),
    Question("cost_show", "cost", "show", "/cost/show", "What it took to have an asset."),
    Question("cost_explain", "cost", "explain", "/cost/explain", "Where an asset's cost came from, down to charges."),
    Question("cost_per_accurate_prediction", "kpi", "cost-per-accurate-prediction",
             "/kpi/cost-per-accurate-prediction", "What one accurate prediction of a model version costs."),
    Question("endpoints", "endpoints", "list", "/endpoints", "Endpoints: traffic, latency, errors, cost of a month.",
             table="endpoints", whole=True),
    Question("endpoint_show", "endpoint", "show", "/endpoint/show",
             "One endpoint: versions, traffic, latency and errors by day, labels, cost.", table="days"),
    Question("asset_show", "asset", "show", "/asset/show", "One asset: its thread, quality, cost, owners, what to do."),
    Question("assets", "asset", "list", "/assets", "The assets: how they are, who has them.", table="assets",
             whole=True),
    Question("blast", "", "blast", "/blast", "What a bad dataset reaches, what that cost, what is at risk.",
             table="assets"),
    Question("overview", "", "overview", "/overview", "Every product: cost, quality, owner, what to do next.",
             table="products"),
    Question("drift_show", "drift", "show", "/drift/show",
             "Whether a version's predictions differ from its reference: one verdict a column.", table="columns"),
    Question("performance_show", "performance", "show", "/performance/show",
             "How good a version's predictions are where labels came, by day too.", table="days"),
    Question("graph_export", "graph", "export", "/graph/export", "The whole graph, sorted."),
    Question("graph_unmatched", "graph", "unmatched", "/graph/unmatched", "What could not be joined, in money.",
             table="names", whole=True),
    Question("search", "", "search", "/search", "Assets by words of their names.", table="results", whole=True),
    Question("experiments", "experiments", "list", "/experiments", "Experiments: how they go, and what they cost.",
             table="experiments", whole=True),
    Question("runs", "runs", "search", "/runs", "Runs that fulfil a filter, with the columns that are chosen.",
             table="runs", whole=True),
    Question("run_show", "run", "show", "/run", "One run: params, metrics, data, artifacts, and what it cost."),
    Question("runs_compare", "runs", "compare", "/runs/compare", "Runs side by side, what differs first.",
             table="rows", command=False),
    Question("metric_history", "metric", "history", "/metric/history", "The values of metrics, step by step.",
             table="points"),
    Question("models", "models", "list", "/models", "Models: their versions, aliases, and what the newest took.",
             table="models", whole=True),
    Question("model_show", "model", "show", "/model",
             "One model: its versions, what each measured, what it was made of, and what it took.", table="versions"),
    Question("versions_diff", "versions", "diff", "/versions/diff",
             "Two versions side by side: params, metrics, data, cost.", table="rows"),
    Question("traces", "traces", "list", "/traces", "Traced requests, the newest first: tokens and estimated money.",
             table="traces"),
    Question("trace_show", "trace", "show", "/trace", "One traced request: its spans as a tree, tokens and money."),
    Question("usage", "", "usage", "/usage", "What endpoints use of models by day, and what that costs by list price.",
             table="lines"),
    Question("facts", "ledger", "facts", "/facts", "The facts of the ledger, the newest first.", table="facts"),
    Question("fact", "ledger", "fact", "/fact", "One fact with its body."),
    Question("ledger_head", "ledger", "head", "/ledger/head", "How far the ledger reaches, and its Merkle root."),
    Question("ledger_proof", "ledger", "proof", "/ledger/proof", "A proof that a fact stands in the ledger.",
             command=False),
    Question("ledger_consistency", "ledger", "consistency", "/ledger/consistency",
             "A proof that an earlier state of the ledger is the beginning of this one.", command=False),
    Question("imports", "import", "list", "/imports", "The bills that were imported, the newest first."),
    Question("declared", "", "declared", "/declared", "What is declared now."),
    Question("setup", "", "setup", "/setup", "What fills Trivium, and when each client was last heard from."),
    Question("doctor", "", "doctor", "/doctor", "Whether everything that Trivium needs is in order.", verdict="ok"),
    Question("health", "", "health", "/health", "Whether a server is well: it can write, and its answers miss no fact.",
             verdict="ok"),
    Question("server", "", "server", "/server", "Which server this is, and which home it holds.", command=False),
)  # fmt: skip
"""All questions, in the order in which help lists them."""


def question(name: str) -> Question:
    """Find a question by its name."""
    return next(one for one in QUESTIONS if one.name == name)
