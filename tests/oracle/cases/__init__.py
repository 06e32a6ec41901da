"""One case for each sentence of the rule, in its order."""

from tests.oracle.cases.allocation import allocation
from tests.oracle.cases.costs_of import costs_of
from tests.oracle.cases.models import models
from tests.oracle.cases.runs import runs
from tests.oracle.cases.statements import statements
from tests.oracle.cases.tanks import tanks

CASES = [case for part in (allocation, runs, tanks, models, statements, costs_of) for case in part.cases]
