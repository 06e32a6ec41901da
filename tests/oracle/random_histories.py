"""Small but nasty histories from a seed: everything the rule has a sentence for, on top of each other."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

from tests.oracle.history import (
    DAY,
    HOUR,
    Charge,
    Close,
    Delivery,
    Estimate,
    Fact,
    History,
    Joined,
    Life,
    Owner,
    Prediction,
    Read,
    Resource,
    Rule,
    RunDetail,
    RunEvent,
    Use,
    Version,
    Write,
)
from tests.oracle.months import instant, month_of, next_month

MONTHS = ("2026-10", "2026-11", "2026-12")
OPENS = {month: instant(f"{month}-01") for month in (*MONTHS, "2027-01")}
LAST, NEW_YEAR = instant("2026-12-20"), instant("2027-01-06T10:00")
DURATIONS = (0, 0, HOUR, HOUR, 5 * HOUR, 14 * HOUR, DAY, 26 * HOUR, 60 * HOUR)
ENDINGS = (("COMPLETE",),) * 12 + (("FAIL",),) * 4 + (("ABORT",), (), (), ("FAIL", "COMPLETE"), ("KILLED",))

Timed = tuple[int, Fact]


class Maker:
    """Makes the facts of one history, each with the time at which it is recorded."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.timed: list[Timed] = []
        self.datasets = [f"dataset:ns/d{i}" for i in range(self.dice.randint(2, 8))]
        self.jobs = [f"job:ns/j{i}" for i in range(self.dice.randint(1, 6))]
        self.runs: dict[str, tuple[int, int]] = {}
        self.brackets: list[str] = []
        self.versions: list[str] = []
        self.counted: list[str] = []
        """Versions whose predictions are known of all who use them, or nearly."""
        self.uses: set[tuple[str, str, int]] = set()
        """Uses by version, consumer and start: to say one again is to correct it."""
        self.endpoints = ["endpoint:e0", "endpoint:e1"]
        self.currencies = ["USD"] * 5 + ["EUR"] if self.maybe(0.3) else ["USD"]

    def maybe(self, chance: float) -> bool:
        """Say yes with this chance."""
        return self.dice.random() < chance

    def pick(self, choices: object) -> object:
        """Pick one of some choices."""
        return self.dice.choice(list(choices))  # type: ignore[call-overload]

    def time(self) -> int:
        """Return a time that often collides with others and with the edges of months and days."""
        edge = self.dice.choice([OPENS["2026-11"], OPENS["2026-12"]])
        day = OPENS["2026-10"] + self.dice.randint(0, 79) * DAY
        near = edge + self.dice.randint(-3, 3) * DAY
        base = self.dice.choice([day, day, near, edge])
        return base + self.dice.choice([0, 0, 9, 10, 10, 23]) * HOUR

    def amount(self) -> Fraction:
        """Return an amount with up to six digits after the point."""
        return Fraction(self.dice.choice([1, 3, 10, 90, self.dice.randint(1, 10**9)]), self.dice.choice([1, 7, 10**6]))

    def say(self, fact: Fact, happened: int) -> None:
        """Record a fact soon after it happened, or much later."""
        delay = self.dice.choice([0, HOUR, DAY, 2 * DAY, 2 * DAY, 40 * DAY]) if self.maybe(0.5) else 0
        self.timed.append((happened + delay, fact))

    # Runs

    def make_run(self, number: int) -> None:
        """Make a run with its events, details, reads and writes."""
        key, start = f"run:{number:02d}", self.time()
        ending = self.dice.choice(ENDINGS)
        length = self.dice.choice(DURATIONS)
        end = start + length
        self.runs[key] = (start, end)
        if not ending or self.maybe(0.9):
            self.say(RunEvent(key, start, "START"), start)
        if self.maybe(0.2):
            self.say(RunEvent(key, start + length // 2, "RUNNING"), start)
        for place, kind in enumerate(ending):
            self.say(RunEvent(key, end + place * self.dice.choice([0, HOUR, DAY]), kind), end)
        brackets = self.maybe(0.12)
        self.detail(key, start, brackets)
        if brackets:
            self.brackets.append(key)
        elif self.maybe(0.85):
            self.make_flows(key, start, end)

    def detail(self, key: str, start: int, brackets: bool) -> None:
        """Make what is known about a run besides its events; one that brackets others names nothing."""
        trial = self.maybe(0.3) and not brackets
        job = None if trial and self.maybe(0.7) else self.dice.choice(self.jobs)
        parent = self.dice.choice(sorted(self.runs)) if self.maybe(0.2) else None
        if self.brackets and self.maybe(0.4):
            parent = self.dice.choice(self.brackets)
        test = self.maybe(0.1) and not brackets
        self.say(
            RunDetail(
                key,
                job=job,
                job_type="TEST" if test and self.maybe(0.6) else None,
                parent=None if parent == key else parent,
                experiment=self.dice.choice(["churn", "churn", "price", "0"]) if trial else None,
                checks_only=test,
            ),
            start,
        )

    def make_flows(self, key: str, start: int, end: int) -> None:
        """Make the reads and writes of a run."""
        known = self.dice.choice(["bytes", "rows", "both", "none", "some"])
        for dataset in self.dice.sample(self.datasets, min(len(self.datasets), self.dice.choice([0, 1, 1, 2, 3]))):
            self.say(Read(key, dataset, *self.size(known)), start)
            if self.maybe(0.1):
                self.say(Read(key, dataset, *self.size(known)), end)
        for dataset in self.dice.sample(self.datasets, min(len(self.datasets), self.dice.choice([0, 0, 1, 1, 2]))):
            self.say(Write(key, dataset, *self.size(known)), end)

    def size(self, known: str) -> tuple[int | None, int | None]:
        """Return bytes and rows, as far as they are known."""
        size, rows = self.dice.choice([0, 100, 300, 10**9]), self.dice.randint(0, 9)
        has_bytes = known in ("bytes", "both") or (known == "some" and self.maybe(0.5))
        has_rows = known in ("rows", "both") or (known == "some" and self.maybe(0.5))
        return size if has_bytes else None, rows if has_rows else None

    # Versions and those who use them

    def make_version(self, number: int) -> None:
        """Make a version: of runs known or not, at once or a month later, or a copy, or a prompt."""
        key = f"model:m/{number}"
        runs = self.dice.sample(sorted(self.runs), min(len(self.runs), self.dice.choice([0, 1, 1, 1, 1, 2])))
        end = max((self.runs[r][1] for r in runs), default=self.time())
        at = end + self.dice.choice([-DAY, 0, 0, HOUR, 20 * DAY, 31 * DAY])
        version = Version(key, at, tuple(runs), "churn" if self.maybe(0.2) else None)
        if self.maybe(0.4):
            version = replace(version, happened_at=at, recorded_at=at + DAY)
        if self.versions and self.maybe(0.2):
            version = replace(version, copy_of=self.versions[-1])
        self.say(replace(version, prompt=self.maybe(0.08)), at)
        self.versions.append(key)
        if self.maybe(0.5):
            self.counted.append(key)

    def make_use(self) -> None:
        """Make a use of a version, with predictions or without."""
        version = self.dice.choice(self.versions)
        consumer = self.dice.choice([*self.endpoints, *self.jobs[:2]])
        since = self.time()
        while (version, consumer, since) in self.uses:
            since += HOUR
        self.uses.add((version, consumer, since))
        until = since + self.dice.choice([0, DAY, 20 * DAY, 50 * DAY]) if self.maybe(0.5) else None
        self.say(Use(version, consumer, since, until), since)
        chance = 0.9 if version in self.counted else 0.3
        for month in MONTHS:
            if self.maybe(chance):
                count = Prediction(version, consumer, month, self.dice.choice([0, 1, 5, 1000]))
                self.say(count, OPENS[month] + 27 * DAY)

    # Charges

    def make_charge(self, number: int) -> None:
        """Make a charge, sometimes straddling months, sometimes reversed and billed anew."""
        start = self.time()
        length = self.dice.choice([0, HOUR, HOUR, DAY, 40 * DAY])
        category = self.dice.choice(["Usage"] * 12 + ["Tax", "Credit", "Adjustment", "Purchase"])
        amount = -self.amount() if category == "Credit" else self.amount()
        charge = Charge(f"c{number}", amount, start, start + length, category, in_tokens=self.maybe(0.2))
        charge = replace(charge, unused=self.maybe(0.04), currency=self.pick(self.currencies), **self.bearer())
        self.say(charge, start + length)
        if self.maybe(0.15):
            recorded = start + length + self.dice.choice([HOUR, DAY, 30 * DAY])
            self.timed.append((recorded, replace(charge, key=f"c{number}-reversed", amount=-charge.amount)))
            self.timed.append((recorded, replace(charge, key=f"c{number}-anew", amount=self.amount())))

    def bearer(self) -> dict:
        """Return the fields by which a charge finds its bearer."""
        kind = self.dice.choice(["run"] * 8 + ["asset", "asset", "resource", "resource", "tags", "allocated", "none"])
        run = self.dice.choice([*sorted(self.runs), "run:unknown"] if self.maybe(0.1) else sorted(self.runs))
        if kind == "run" and self.maybe(0.1):
            return {"tags": (("trivium:asset", self.asset()),), "resource_id": "r0"}
        if kind == "run":
            name = self.dice.choice(["mlflow.run_id", "openlineage.run_id"])
            return {"tags": ((name, run.removeprefix("run:")),)}
        if kind == "asset":
            return {"tags": (("trivium:asset", self.asset()),)}
        if kind == "resource":
            return {"resource_id": self.dice.choice(["r0", "r0", "r1", "r1", "r2", "r3", "r4"])}
        if kind == "allocated":
            chosen = {"allocated_resource": self.dice.choice(["r0", "r1", "r3"]), "resource_id": "r2"}
            tag = self.dice.choice([("mlflow.run_id", run.removeprefix("run:")), ("trivium:asset", self.asset())])
            return chosen if self.maybe(0.5) else {"allocated_tags": (tag,)}
        tag = self.dice.choice(
            [("team", "red"), ("product", "shop"), ("account", "42"), ("cost", "shared"), ("cost", "split")]
        )
        return {"tags": (tag,)} if kind == "tags" else {}

    def asset(self) -> str:
        """Return any key that can be named by a tag."""
        others = [*self.endpoints, *self.jobs, *self.versions, "experiment:churn", "product:shop", "team:red", "no key"]
        return self.dice.choice(self.datasets if self.maybe(0.5) else others)

    # Configuration

    def make_configuration(self) -> None:
        """Make rules, resources, owners and lives; they are recorded at some time like anything else."""
        begin = OPENS["2026-10"]
        self.make_resources(begin)
        self.make_rules(begin)
        for dataset in self.datasets:
            if self.maybe(0.25):
                self.say(Life(dataset, self.dice.choice([2, 7, 45])), begin)
        owners = ["team:red", "team:blue", "product:shop", "product:app"]
        owned = [*self.datasets, *self.jobs, *self.endpoints, *self.versions]
        for key in (*owned, "product:shop", "model:m", "experiment:churn"):
            for owner in self.dice.sample(owners, self.dice.choice([0, 1, 1, 2])):
                if owner != key:
                    self.say(Owner(key, owner), begin)

    def make_resources(self, begin: int) -> None:
        """Let runs, and sometimes an endpoint, a dataset or a job, use resources."""
        for key in sorted(self.runs):
            if self.maybe(0.3):
                weight, said = self.dice.choice([1, 1, 1, 2, 3]), self.dice.choice(["declared", "tag", "query"])
                resource = Resource(key, self.dice.choice(["r0", "r1", "r1", "r3"]), Fraction(weight))
                self.say(replace(resource, said=said if weight == 1 else "declared"), self.runs[key][0])
        if self.maybe(0.3):
            self.say(Resource(self.endpoints[0], "r2"), begin)
        if self.maybe(0.3):
            self.say(Resource(self.datasets[0], self.dice.choice(["r2", "r4"]), Fraction(2)), begin)
        if self.maybe(0.4):
            self.say(Resource(self.jobs[0], self.dice.choice(["r3", "r4"])), begin)

    def make_tokens(self, dice: Random) -> None:
        """Let both endpoints use a resource that is charged for tokens, and estimate what each used meanwhile."""
        if dice.random() < 0.5:
            return
        for endpoint in self.endpoints:
            resource = Resource(endpoint, "tokens", Fraction(dice.choice([1, 1, 2])))
            self.timed.append((OPENS["2026-10"] + dice.randint(0, 30) * DAY, resource))
        for number in range(dice.randint(1, 4)):
            start = OPENS["2026-10"] + dice.randint(0, 75) * DAY
            length = dice.choice([HOUR, DAY, DAY, 7 * DAY, 31 * DAY])
            metered = dice.random() < 0.9
            paid = Fraction(dice.choice([1, 3, 10, dice.randint(-(10**8), 10**9)]), dice.choice([1, 7, 10**6]))
            charge = Charge(f"t{number}", paid, start, start + length, resource_id="tokens", in_tokens=metered)
            recorded = start + length + dice.choice([0, HOUR, 40 * DAY])
            self.timed.append((recorded, charge))
            for _ in range(dice.randint(0, 4) if metered else 0):
                begun = start + dice.randrange(length // HOUR) * HOUR
                amount = Fraction(dice.choice([0, 1, 2, dice.randint(1, 10**7)]), 10**7)
                told = Estimate(dice.choice(self.endpoints), amount, begun, begun + HOUR // 2, "tokens")
                self.timed.append((recorded, told))

    def make_rules(self, begin: int) -> None:
        """Make rules that send, and rules that spread."""
        self.say(Rule(1, (("tag:cost", "shared"),), ("shared",)), begin)
        if self.maybe(0.5):
            self.say(Rule(2, (("account", "shared"),), ("team:red", "endpoint:e1"), spread=True), begin)
        if self.maybe(0.3):
            self.say(Rule(3, (("category", "Tax"),), ("product:shop", self.datasets[0]), spread=True), begin)
        if self.maybe(0.3):
            self.say(Rule(4, (("resource", "r2"),), (self.endpoints[0],)), begin)
        if self.maybe(0.3):
            self.say(Rule(6, (("tag:cost", "shared"),), ("team:blue",)), begin)
            self.say(Rule(0, (("tag:team", "red"), ("resource", "r4")), (self.datasets[-1],)), begin)
        self.say(Rule(5, (("tag:cost", "split"),), ("team:red", *self.datasets[:2])), begin)

    def make_twin(self) -> None:
        """Make a training seen twice: a second run key with the same events, and what the other tracker knows of it."""
        seen = self.dice.choice(sorted(self.runs))
        twin = seen.replace("run:", self.dice.choice(["run:0-", "run:z-"]))
        start, end = self.runs[seen]
        told = [(at, fact) for at, fact in self.timed if getattr(fact, "run", "") == seen]
        heard = []
        for at, fact in told:
            if isinstance(fact, RunEvent):
                heard.append(at + self.dice.choice([0, 0, HOUR, 40 * DAY]))
                self.timed.append((heard[-1], replace(fact, run=twin)))
        job = next(fact.job for _, fact in told if isinstance(fact, RunDetail))
        detail = RunDetail(twin, job=job if job is not None and self.maybe(0.5) else None)
        if job is None and self.maybe(0.7):
            detail = replace(detail, job=self.dice.choice(self.jobs))
        self.say(detail, start)
        self.timed.append((min(heard), Joined(seen, twin)))
        self.make_flows(twin, start, end)


def timed_facts(seed: int) -> list[Timed]:
    """Return the facts of a seed with the times at which they are recorded."""
    maker = Maker(seed)
    for number in range(maker.dice.randint(3, 25)):
        maker.make_run(number)
    if maker.maybe(0.4):
        maker.make_twin()
    for number in range(maker.dice.randint(0, 5)):
        maker.make_version(number)
    for _ in range(maker.dice.randint(0, 6) if maker.versions else 0):
        maker.make_use()
    maker.make_configuration()
    for number in range(maker.dice.randint(4, 22)):
        maker.make_charge(number)
    maker.make_tokens(Random(10**6 + seed))
    return maker.timed


def history(seed: int) -> History:
    """Return the history of a seed: facts as recorded; in many, months are closed one after the other."""
    timed: list[tuple[int, int, Delivery]] = [(at, i, fact) for i, (at, fact) in enumerate(timed_facts(seed))]
    dice = Random(-seed - 1)
    for month, after in (("2026-10", OPENS["2026-11"]), ("2026-11", OPENS["2026-12"]), ("2026-12", OPENS["2027-01"])):
        if dice.random() > 0.75 or after > as_of(seed):
            break
        timed.append((after + dice.choice([0, 3, 12]) * DAY, 10**6, Close(month)))
    return History(tuple(fact for _, _, fact in sorted(timed, key=lambda x: x[:2])))


def as_of(seed: int) -> int:
    """Return the as-of instant at which the history of a seed is asked about."""
    return (OPENS["2027-01"], LAST, LAST, NEW_YEAR)[seed % 4]


def months_to(at: int) -> list[str]:
    """Return the months of random histories up to an instant."""
    last = month_of(at - 1)
    return [month for month in (*MONTHS, next_month(MONTHS[-1])) if month <= last]


def shuffled(given: History, seed: int) -> History:
    """Return a history in which deliveries between two closes changed places."""
    dice = Random(seed)
    result: list[Delivery] = []
    batch: list[Delivery] = []
    for delivery in given.deliveries:
        if isinstance(delivery, Close):
            dice.shuffle(batch)
            result += [*batch, delivery]
            batch = []
        else:
            batch.append(delivery)
    dice.shuffle(batch)
    return History((*result, *batch))
