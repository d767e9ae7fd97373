"""Which content of this repository is at hand, as Git knows it.

The hash of a folder's tree depends on its files alone. It is the same whether the repository stands by itself or is a
folder among others, and whichever commit holds it.
"""

from __future__ import annotations

import subprocess

from deployment import terraform

FOLDER = terraform.ROOT.parent


def tree() -> str | None:
    """Return the hash of this repository's tree, or None where something isn't committed or Git doesn't know it."""
    found = _git("rev-parse", "--verify", "--quiet", "HEAD:./")
    # Git ignores what the scripts make.
    changes = _git("status", "--porcelain", "--", ".")
    return found if found and changes == "" else None


def committed_tree() -> str:
    """Return the hash of this repository's tree; end the script where something isn't committed."""
    known = tree()
    if known is None:
        terraform.fail(
            "what is here isn't what a commit holds, so nobody could say what was deployed: commit it (git status)"
        )
    return known


def name() -> str:
    """Return what plans of this content are kept under: the tree's hash, ``uncommitted`` where there is none."""
    return tree() or "uncommitted"


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(FOLDER), *arguments],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
