"""Compares the project's canonical JSON with rfc8785's, line by line.

Each line of the file is `{"input": "<JSON text>", "hex": "<canonical bytes>"}`.
Promises that the count it prints is the number of lines compared; a file
without lines is an error.
"""

import json
import sys

import rfc8785


def check_lines(lines):
    """Answers how many lines agree, or exits 1 naming the first that does not."""
    count = 0
    for number, line in enumerate(lines, 1):
        try:
            case = json.loads(line)
            if not isinstance(case, dict) or case.keys() != {"input", "hex"}:
                raise ValueError('expected exactly the members "input" and "hex"')
            ours = bytes.fromhex(case["hex"])
            theirs = rfc8785.dumps(json.loads(case["input"]))
        except (ValueError, TypeError, RecursionError) as error:
            raise SystemExit(f"jcs_check.py: line {number}: {type(error).__name__}: {error}") from error
        if ours != theirs:
            raise SystemExit(f"jcs_check.py: line {number}: rfc8785 gives {theirs!r}, the project {ours!r}")
        count += 1
    if count == 0:
        raise SystemExit("jcs_check.py: no line to compare")
    return count


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(f"usage: {sys.argv[0]} FILE")
    # Split at line feeds only: text may hold U+2028 and its like.
    with open(sys.argv[1], encoding="utf-8", newline="\n") as file:
        print(f"verified canonical={check_lines(file)}")
