# SPDX-License-Identifier: Apache-2.0
"""What collectd's own Python imports: a copy of the extension and what it needs, and nothing else.

The agent's virtualenv is not on collectd's path, and an upgrade of the agent does not change code
below a running daemon: every version has a directory of its own, which the link ``extension`` follows.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

from collectd_mgr import disk

_PACKAGE = Path(__file__).resolve().parents[1]
_PARTS = ("domain", "wire", "extension")
_LINK = "extension"


def module_path(state_dir: str) -> str:
    """What the operator's file gives as ``ModulePath``: the same for every version."""
    return str(Path(state_dir) / _LINK)


def install(state_dir: str) -> Path:
    """Have the present version in ``state_dir``, and the link on it; a daemon that runs keeps what it imported.

    :returns: the directory of this version. Safe to repeat.
    """
    state = Path(state_dir)
    target = state / f"extension-{_digest()}"
    if not _has_entry(target):
        shutil.rmtree(target, ignore_errors=True)
        _copy(target)
    _point(state / _LINK, target)
    return target


def is_there(state_dir: str) -> bool:
    """Whether a collectd that is started now finds something to import: without that it does not start. Cheap."""
    return _has_entry(Path(module_path(state_dir)))


def tidy(state_dir: str, used: str) -> None:
    """Remove the versions that are neither the present one nor the one at ``used``. Safe to repeat.

    :param used: where the daemon that runs imported its own from; empty when none runs
    """
    state = Path(state_dir)
    kept = {os.path.realpath(state / _LINK), os.path.realpath(used)}
    for place in state.glob("extension-*"):
        if os.path.realpath(place) not in kept:
            shutil.rmtree(place, ignore_errors=True)


def _has_entry(place: Path) -> bool:
    return (place / _PACKAGE.name / "extension" / "entry.py").is_file()


def _files() -> list[Path]:
    parts = [path for part in _PARTS for path in (_PACKAGE / part).rglob("*") if path.suffix in (".py", ".json")]
    return sorted([_PACKAGE / "__init__.py", _PACKAGE / "exception.py", *parts])


def _digest() -> str:
    total = hashlib.sha256()
    for path in _files():
        total.update(f"{path.relative_to(_PACKAGE)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def _copy(target: Path) -> None:
    """Beside it first: a directory of this name is complete."""
    unfinished = target.with_name(f".{target.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    for path in _files():
        copy = unfinished / _PACKAGE.name / path.relative_to(_PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copy.chmod(0o644)
    _open(unfinished)
    os.rename(unfinished, target)
    disk.sync(target.parent)


def _open(top: Path) -> None:
    """Whatever the umask: there is no secret in it, and who comes this far may be collectd's user."""
    for directory, _, _ in os.walk(top):
        os.chmod(directory, 0o755)


def _point(link: Path, target: Path) -> None:
    if link.is_symlink() and os.readlink(link) == target.name:
        return
    staged = link.with_name(f".{link.name}.new")
    with suppress(FileNotFoundError):
        staged.unlink()
    staged.symlink_to(target.name)
    os.replace(staged, link)
    disk.sync(link.parent)
