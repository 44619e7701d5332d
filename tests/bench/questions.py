"""The queries of queries.json with the parameters that veritrail-load drew.

Promises that every system is asked with the same parameters in the same order; the SQL is theirs.
"""

import json
import re

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class Question:
    """One named query, its SQL for each peer, and its rounds of parameters."""

    def __init__(self, definition, rounds):
        self.name = definition["name"]
        self.rounds = rounds
        self.definition = definition

    def statements(self, *names):
        """The SQL under the first of these names that the query has, as a list."""
        found = next(self.definition[name] for name in names if name in self.definition)
        return found if isinstance(found, list) else [found]


def read(queries_path, drawn_path):
    """The twelve, then newest-100, then facets-and-histogram."""
    with open(queries_path, encoding="utf-8") as file:
        defined = json.load(file)
    rounds = {}
    with open(drawn_path, encoding="utf-8") as file:
        for line in file:
            drawn = json.loads(line)
            rounds.setdefault(drawn["name"], []).append(drawn["parameters"])
    questions = [
        Question(definition, rounds.get(definition["name"], []))
        for definition in [*defined["queries"], defined["newest"], defined["facets"]]
    ]
    for question in questions:
        if len(question.rounds) < 50:
            raise SystemExit(f"peers: {question.name}: only {len(question.rounds)} rounds were drawn, expected 50")
    return questions


def numbered(statement):
    """PostgreSQL's form of a statement, and the names of $1, $2, … in order."""
    names = []

    def number(match):
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return _PLACEHOLDER.sub(number, statement), names


def typed(statement):
    """ClickHouse's form of a statement."""
    return _PLACEHOLDER.sub(r"{\1:String}", statement)
