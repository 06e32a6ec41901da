"""The tree is RFC 6962's: known values, incremental equals whole, proofs hold and forged ones do not."""

from __future__ import annotations

import random
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tests.ledger.facts_made import fact
from trivium.facts.problem import ProblemError
from trivium.ledger.book import Ledger
from trivium.ledger.merkle import EMPTY_ROOT, Frontier, consistency_path, inclusion_path, leaf_hash, tree_root
from trivium.ledger.proof import ConsistencyProof, Proof, check_consistency, check_proof
from trivium.ledger.proving import consistency, proof

# The inputs and roots that Certificate Transparency's own tests use (github.com/google/certificate-transparency,
# merkletree/merkle_tree_test.cc).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_roots_are_those_of_certificate_transparency() -> None:
    leaves = [sha256(b"\x00" + bytes.fromhex(text)).digest() for text in INPUTS]
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [tree_root(leaves[: size + 1]).hex() for size in range(8)] == ROOTS


def test_a_leaf_is_hashed_as_documented() -> None:
    one = fact(7)
    texts = [one.kind, one.subject, one.actor, one.source, one.key]
    content = b"trivium fact v1\x00" + (3).to_bytes(8, "big") + (-5).to_bytes(8, "big", signed=True)
    content += one.happened_at.to_bytes(8, "big", signed=True)
    for text in texts:
        content += len(text.encode()).to_bytes(4, "big") + text.encode()
    content += len(one.body).to_bytes(8, "big") + sha256(one.body).digest()
    assert leaf_hash(3, -5, one, sha256(one.body).digest()) == sha256(b"\x00" + content).digest()


def test_growing_by_any_steps_gives_the_whole_tree() -> None:
    chance = random.Random(6962)
    leaves = [sha256(bytes([number])).digest() for number in range(130)]
    for _ in range(50):
        frontier, size = Frontier(), 0
        while size < len(leaves):
            step = chance.randint(0, 40)
            frontier.extend(leaves[size : size + step])
            size = frontier.size
            frontier = Frontier(frontier.size, frontier.peaks())
            assert frontier.root() == tree_root(leaves[:size])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    with Ledger.open(home) as ledger:
        for number in range(23):
            ledger.append([fact(number)])
    return home


def test_every_fact_of_a_home_can_be_proved(home: Path) -> None:
    for sequence in range(1, 24):
        made = proof(home, sequence)
        assert check_proof(made)
        assert check_proof(made, made.root)
        assert not check_proof(made, EMPTY_ROOT.hex())
    with pytest.raises(ProblemError, match="no fact 24"):
        proof(home, 24)


def test_no_forged_proof_is_accepted(home: Path) -> None:
    """2,000 proofs changed at one place each; 0 accepted bounds the rate at 3/2,000."""
    chance = random.Random(2000)
    made = [proof(home, sequence) for sequence in range(1, 24)]
    drawn = [chance.choice(made) for _ in range(2_000)]
    assert sum(check_proof(_forged(one, chance), one.root) for one in drawn) == 0


def _forged(made: Proof, chance: random.Random) -> Proof:
    path = list(made.path)
    place = chance.randrange(len(path))
    kind = chance.choice(["text", "number", "path", "order", "short", "long", "body"])
    if kind == "text":
        name = chance.choice(["kind", "subject", "actor", "source", "key"])
        return replace(made, **{name: getattr(made, name) + "x"})
    if kind == "number":
        name = chance.choice(["sequence", "recorded_at", "happened_at", "body_bytes"])
        return replace(made, **{name: getattr(made, name) + 1})
    if kind == "body":
        return replace(made, body_sha256=sha256(b"other").hexdigest())
    if kind == "path":
        path[place] = sha256(path[place].encode()).hexdigest()
    elif kind == "order" and path != path[::-1]:
        path.reverse()
    elif kind == "long":
        path.insert(place, path[place])
    else:
        del path[place]
    return replace(made, path=tuple(path))


def test_an_older_tree_is_shown_to_be_the_beginning(home: Path) -> None:
    for first in range(1, 24):
        made = consistency(home, first)
        assert check_consistency(made, made.first_root, made.root)
        assert not check_consistency(made, EMPTY_ROOT.hex(), made.root)
        assert not check_consistency(made, made.first_root, EMPTY_ROOT.hex())


def test_consistency_holds_for_every_pair_of_sizes_and_for_no_other_tree() -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(40)]
    for second in range(1, 41):
        for first in range(1, second + 1):
            path = tuple(step.hex() for step in consistency_path(leaves[:second], first))
            roots = tree_root(leaves[:first]).hex(), tree_root(leaves[:second]).hex()
            made = ConsistencyProof("", first, roots[0], second, roots[1], path)
            assert check_consistency(made, *roots)
            other = tree_root([b"\x00" * 32, *leaves[1:first]]).hex()
            assert not check_consistency(made, other, roots[1])
            if path:
                assert not check_consistency(replace(made, path=path[:-1]), *roots)


def test_inclusion_paths_are_as_short_as_the_tree_is_high() -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(33)]
    assert [len(inclusion_path(leaves[:size], 0)) for size in (1, 2, 3, 32, 33)] == [0, 1, 2, 5, 6]
