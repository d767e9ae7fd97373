from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local import terraform_provider
from local.failure import Failure
from local.terraform_provider import PROVIDER, configuration, find_mirror, locked_version

if TYPE_CHECKING:
    from pathlib import Path

VERSION, TARGET = "5.100.0", "linux_amd64"


def unpacked(mirror: Path, version: str = VERSION, target: str = TARGET) -> Path:
    program = mirror / PROVIDER / version / target / f"terraform-provider-aws_v{version}_x5"
    program.parent.mkdir(parents=True)
    program.touch()
    return mirror


def packed(mirror: Path) -> Path:
    archive = mirror / PROVIDER / f"terraform-provider-aws_{VERSION}_{TARGET}.zip"
    archive.parent.mkdir(parents=True)
    archive.touch()
    return mirror


def found(root: Path, **variables: str) -> Path | None:
    return find_mirror(VERSION, TARGET, variables, [str(root)])


def test_a_mirror_below_a_customary_root_is_found(tmp_path: Path) -> None:
    mirror = unpacked(tmp_path / "vendor" / "terraform" / "plugins")

    assert found(tmp_path) == mirror


def test_a_customary_root_may_itself_be_a_mirror(tmp_path: Path) -> None:
    assert found(unpacked(tmp_path)) == tmp_path


def test_a_mirror_of_zips_is_found(tmp_path: Path) -> None:
    packed(tmp_path / "mirror")

    assert found(tmp_path) == tmp_path / "mirror"


def test_the_nearest_mirror_wins(tmp_path: Path) -> None:
    unpacked(tmp_path / "a" / "b" / "far")
    near = unpacked(tmp_path / "near")

    assert found(tmp_path) == near


def test_the_folder_of_terraform_below_the_home_folder_is_looked_at(tmp_path: Path) -> None:
    mirror = unpacked(tmp_path / ".terraform.d" / "plugins")

    assert found(tmp_path) == mirror


@pytest.mark.parametrize(
    "place",
    ["a/b/c/d/too-deep", "project/node_modules/mirror", ".cache/mirror"],
)
def test_the_search_is_bounded(tmp_path: Path, place: str) -> None:
    unpacked(tmp_path / place)

    assert found(tmp_path) is None


def test_a_mirror_without_the_locked_version_or_platform_does_not_count(tmp_path: Path) -> None:
    unpacked(tmp_path / "older", version="5.99.1")
    unpacked(tmp_path / "other", target="darwin_arm64")

    assert found(tmp_path) is None


def test_a_root_that_is_not_there_is_passed_over(tmp_path: Path) -> None:
    assert found(tmp_path / "nowhere") is None


def test_the_named_mirror_is_taken_before_any_other(tmp_path: Path) -> None:
    unpacked(tmp_path / "customary")
    named = unpacked(tmp_path / "elsewhere" / "mine")

    assert found(tmp_path / "customary", TF_PLUGIN_MIRROR=str(named)) == named


def test_a_named_mirror_without_the_provider_is_refused_by_name(tmp_path: Path) -> None:
    unpacked(tmp_path / "customary")

    with pytest.raises(Failure, match=rf"TF_PLUGIN_MIRROR=.*empty.*{VERSION}"):
        found(tmp_path / "customary", TF_PLUGIN_MIRROR=str(tmp_path / "empty"))


@pytest.fixture
def unprepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """Let `prepare` see an empty tree, and return the list of what it fetches from."""
    fetched: list[Path | None] = []
    for name in ("FOLDER", "PROVIDERS"):
        monkeypatch.setattr(terraform_provider, name, tmp_path / name)
    monkeypatch.setattr(terraform_provider, "CONFIGURATION", tmp_path / "FOLDER" / "terraform.rc")
    monkeypatch.setattr(terraform_provider, "fetch", fetched.append)
    monkeypatch.delenv("TF_PLUGIN_MIRROR", raising=False)
    return fetched


def test_the_registry_is_used_where_it_answers(unprepared: list[Path | None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform_provider, "registry_answers", lambda: True)

    assert terraform_provider.prepare().endswith("from the registry")
    assert unprepared == [None]


def test_without_registry_and_mirror_it_is_said_what_to_do(
    unprepared: list[Path | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform_provider, "registry_answers", lambda: False)
    monkeypatch.setattr(terraform_provider, "find_mirror", lambda version, target: None)

    with pytest.raises(Failure, match=r"providers mirror(.|\n)*TF_PLUGIN_MIRROR="):
        terraform_provider.prepare()
    assert unprepared == []


def test_terraform_is_told_to_use_the_mirror_alone(tmp_path: Path) -> None:
    text = configuration(tmp_path / 'a "folder"')

    assert f'filesystem_mirror {{ path = "{tmp_path}/a \\"folder\\"" }}' in text
    assert "direct" not in text


def test_the_locked_version_is_read_from_the_lock_file(tmp_path: Path) -> None:
    file = tmp_path / ".terraform.lock.hcl"
    file.write_text(f'provider "{PROVIDER}" {{\n  version     = "5.100.0"\n  constraints = "~> 5.100"\n}}\n')

    assert locked_version(file) == "5.100.0"
