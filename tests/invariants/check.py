#!/usr/bin/python3 -B
# SPDX-License-Identifier: MPL-2.0
"""docs/invariants.md: made from rules.py, and checked against the tree.

usage: check.py document            prints the document
       check.py check [DOCUMENT]    every rule has a row; what a row names exists; the document is the table's; its own faults are found"""

import pathlib
import re
import sys

from rules import RULES

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = """# Invariants: where each rule is enforced, and what goes red without it

Made from `tests/invariants/rules.py` (`tests/invariants/check.py document`); `ctest -R doc.invariants` checks that every rule of
[semantics.md](semantics.md) stands here and that all that is named exists. `tests/invariants/prove` breaks each line, one at a time in a copy
of the tree, and expects the test beside it to be red: rows with — in the last column are not sabotaged.

| rule | in few words | enforced in | goes red | sabotage |
|---|---|---|---|---|
"""


def document(rules):
    rows = [f"| {r.number} | {r.what} | `{r.file}`: `{r.where}` | `{r.ctest}`: `{r.test}` | {'proved' if r.line else '—'} |" for r in rules]
    return HEAD + "\n".join(rows) + "\n"


def numbers(semantics):
    return re.findall(r"^- ([A-Z]\d+) ", semantics, re.M)


def defined(text, name):
    """defined says whether this file defines a function, a table or a test of that name."""
    word = re.escape(name)
    return re.search(rf"(^|[\s*]){word}(\[[^;]*\])*\s*(\(|=)|function {word}\(|\}} {word}\[", text, re.M) is not None


def faults_of(rule):
    """faults_of gives sentences about one row."""
    found = []
    for path, name in ((rule.file, rule.where), (rule.test_file, rule.test)):
        file = ROOT / path
        if not file.is_file():
            found.append(f"{rule.number}: there is no file {path}")
        elif not defined(file.read_text(), name):
            found.append(f"{rule.number}: {path} does not define {name}")
    if rule.line and (ROOT / rule.file).is_file():
        n = (ROOT / rule.file).read_text().count(rule.line)
        if n != 1:
            found.append(f"{rule.number}: {rule.file} holds the line to be broken {n} times: {rule.line.strip()[:60]}")
    if rule.line == rule.broken and rule.line:
        found.append(f"{rule.number}: nothing is broken")
    room, _, name = rule.ctest.partition(".")
    if room not in rule.test_file.replace("stories", "story") or (room != "sim" and pathlib.Path(rule.test_file).stem != name):
        found.append(f"{rule.number}: {rule.ctest} is not the test of {rule.test_file}")
    return found


def check(rules, semantics, text):
    """check gives every fault of table and document, as sentences."""
    known, have = numbers(semantics), [r.number for r in rules]
    found = [f"{n} of docs/semantics.md has no row" for n in known if n not in have]
    found += [f"{n} is no rule of docs/semantics.md" for n in have if n not in known]
    for rule in rules:
        found += faults_of(rule)
    if text != document(rules):
        found.append("docs/invariants.md is not what the table gives: tests/invariants/check.py document > docs/invariants.md")
    return found


def finds_faults(semantics):
    """A check that cannot fail is none: each of these must be found."""
    good, first = document(RULES), RULES[0]
    wrong = [
        (RULES[1:], semantics, document(RULES[1:])), (RULES, semantics + "\n- Q99 a new rule\n", good), (RULES, semantics, good + "more\n"),
        *(([first._replace(**change)] + RULES[1:], semantics, document([first._replace(**change)] + RULES[1:]))
          for change in ({"file": "no/such.c"}, {"where": "no_such_function"}, {"test": "no_such_test"}, {"line": "no such line"},
                         {"number": "Q9"}, {"ctest": "unit.other"}))]
    return all(check(*one) for one in wrong)


def main():
    words = sys.argv[1:]
    if words == ["document"]:
        sys.stdout.write(document(RULES))
        return 0
    if not words or words[0] != "check":
        sys.exit(__doc__)
    semantics = (ROOT / "docs/semantics.md").read_text()
    path = pathlib.Path(words[1]) if len(words) > 1 else ROOT / "docs/invariants.md"
    faults = check(RULES, semantics, path.read_text() if path.exists() else "")
    if not finds_faults(semantics):
        faults.append("the check does not find what is wrong")
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
