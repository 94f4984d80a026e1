"""The Secretariat's keys exist once: no store without them, no sentence shown for a file that was not written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desktop import wordlists
from desktop.crypto.keyfile import KeyUse, open_key_file
from desktop.messages import LANGUAGES, Language, sentences
from tests.factory import file_hashes, make_case
from tests.unit.commands.desks import NOT_A_FOLDER, Desks, Ended, run


def found(folder: Path, *words: object, language: Language = "en") -> Ended:
    return run("secretariat", "init", "--data", folder, "--keeper", "N. Keeper", *words, language=language)


def test_each_key_file_is_for_its_owner_alone_and_opens_with_the_sentence_shown_for_it(tmp_path: Path) -> None:
    ended = found(tmp_path / "store", "--keys-out", tmp_path / "keys", "--practice")
    assert (ended.status, ended.err) == (0, "")
    roots, restricted = ended.told("offline root key"), ended.told("offline key of the restricted intake")
    shown = ended.told("its sentence")
    assert (len(roots), len(restricted), len(shown)) == (3, 1, 4)
    assert {str(path) for path in (tmp_path / "keys").iterdir()} == {*roots, *restricted}
    for path, sentence, use in zip((*roots, *restricted), shown, [KeyUse.ROOT] * 3 + [KeyUse.RESTRICTED], strict=True):
        assert Path(path).stat().st_mode & 0o777 == 0o600
        assert open_key_file(Path(path).read_bytes(), use, sentence, wordlists.load()).use is use
    # Five sentences and twelve words, as the first line says.
    assert "5 sentences and twelve words" in ended.out
    sentence = ended.told("password sentence")[0]
    again = run("secretariat", "digits", "--data", tmp_path / "store", sentence=sentence)
    assert again.told("root digits") == ended.told("root digits")


def test_a_keys_folder_that_takes_nothing_is_told_before_anything_is_founded(tmp_path: Path) -> None:
    ended = found(tmp_path / "store", "--keys-out", NOT_A_FOLDER)
    assert (ended.status, ended.out) == (5, "")
    assert "[OUT_NOT_WRITABLE]" in ended.err
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("written", [0, 3])
def test_a_key_that_cannot_be_written_undoes_the_founding_and_shows_no_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int, language: Language
) -> None:
    left = [written]
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name.startswith("K-"):
            if not left[0]:
                raise OSError(28, "x")
            left[0] -= 1
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        ended = found(tmp_path / "store", "--keys-out", tmp_path / "keys", language=language)
    assert (ended.status, ended.out) == (5, "")
    assert ended.err == f"{sentences()['FOUNDING_UNDONE'][language]} [FOUNDING_UNDONE]\n"
    assert not (tmp_path / "store").exists()
    assert list((tmp_path / "keys").iterdir()) == []
    assert found(tmp_path / "store", "--keys-out", tmp_path / "keys").status == 0


def test_a_store_that_is_there_is_not_founded_again_and_no_key_is_written(desks: Desks, tmp_path: Path) -> None:
    before = file_hashes(desks.national.folder)
    ended = found(desks.national.folder, "--keys-out", tmp_path / "keys")
    assert (ended.status, "[VAULT_EXISTS]" in ended.err) == (5, True)
    assert file_hashes(desks.national.folder) == before
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("words", "field", "code"),
    [
        (("--roots", 1, "--threshold", 2), "secretariat.threshold", "ROOTS_WRONG"),
        (("--roots", 17), "secretariat.threshold", "ROOTS_WRONG"),
        (("--threshold", 0), "secretariat.threshold", "ROOTS_WRONG"),
        (("--name", ""), "secretariat.name", "LABEL_WRONG"),
        (("--name", "x" * 121), "secretariat.name", "TEXT_TOO_LONG"),
        (("--keeper", " "), "secretariat.keeper", "LABEL_WRONG"),
    ],
)
def test_what_no_secretariat_can_be_founded_with_is_told_and_nothing_is_made(
    tmp_path: Path, words: tuple[object, ...], field: str, code: str
) -> None:
    ended = found(tmp_path / "store", "--keys-out", tmp_path / "keys", *words)
    assert (ended.status, ended.out) == (3, "")
    assert re.search(rf"^  {re.escape(field)}: .+ \[{code}\]$", ended.err, re.MULTILINE)
    assert list(tmp_path.iterdir()) == []


def test_a_receipt_that_was_never_issued_is_said_not_to_exist(desks: Desks) -> None:
    ended = desks.by_national("receipts", "--save", "A-AAAAAAAAAA.rufaa", "--out", desks.stick)
    assert (ended.status, "[RECEIPT_UNKNOWN]" in ended.err) == (5, True)
    assert not desks.stick.exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_cases_taken_out_of_an_office_are_told_when_its_bundle_is_taken_in(
    desks: Desks, language: Language
) -> None:
    with desks.open_office() as office:
        for _ in range(21):
            make_case(office)
    folder = desks.stick / "tables"
    assert desks.by_office("export", "cpims", "--purpose", "PLANNING", "--plain", folder).status == 0
    (bundle,) = desks.by_office("bundle", "--out", desks.stick).told("bundle")
    told = {
        "en": "Since its last bundle this office took out 21 cases in 1 table and printed or saved 0 letters.",
        "sw": "Tangu kifurushi chake cha mwisho ofisi hii imetoa nje kesi 21 katika jedwali 1 "
        "na kuchapisha au kuhifadhi barua 0.",
    }
    for _ in range(2):  # brought again it is told again
        ended = desks.by_national("intake", "--out", desks.stick, bundle, language=language)
        assert (ended.status, ended.err) == (0, "")
        assert ended.out.splitlines()[1:3] == [
            told[language],
            sentences()["TAKEN_OUT_BULK"][language].format(limit=20),
        ]
