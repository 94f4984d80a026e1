from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
import segno
from PIL import Image
from reportlab.lib.units import mm

from desktop.errors import NotAccepted
from desktop.letters.content import LetterContent, digest
from desktop.letters.layout import HEIGHT, LEFT, RIGHT, WIDTH
from desktop.letters.pdf import QR_LEFT, QR_SIDE, QR_TOP, CopyFor, qr_text, render
from desktop.letters.slip import cut_line
from desktop.letters.source import VariantFacts
from desktop.paths import resource
from desktop.rules.consent import IdentityMode, Permission
from tests.unit.letters.samples import OFFICE, RECEIVER, letter
from tests.unit.letters.test_scripts import WORKBOOK_NAMES, plain, poppler_text, pypdf_text

SALT = bytes(range(16))
TELLING = (
    "trafficking",
    "victim",
    "sexual",
    "rape",
    "ubakaji",
    "safe house",
    "ulanguzi",
    "mwathiriwa",
    "waathiriwa",
    "ngono",
    "nyumba salama",
)
SENTENCE = (
    "Anahitaji uchunguzi kamili wa afya baada ya kufanya kazi ngumu kwa miezi mingi bila kupumzika wala mshahara. "
)
LONG = (SENTENCE * 4)[:300]
LONG_SERVICES = ("PSYCHOSOCIAL", "PRC_PEP", "MEDICAL", "LIVELIHOOD", "INTERPRETER", "REINTEGRATION")


def printed(content: LetterContent, copy_for: CopyFor = CopyFor.RECEIVER, copy: int = 1) -> bytes:
    proof = None if content.draft else digest(content, SALT)[:16]
    return render(content, salt_digest_first16=proof, copy=copy, copies=3, copy_for=copy_for)


def longest(actor: str) -> LetterContent:
    return letter(
        language="sw",
        actor=actor,
        services=LONG_SERVICES,
        reason_short=LONG,
        needs_short=LONG,
        risk_note=LONG[:200],
        already_given=LONG[:100],
        escort_transport=LONG[:60],
        variant_facts=VariantFacts(within_72_hours=True, suspect_annex=True, bed_type="ACCESSIBLE"),
        person={
            "names": "Nyaruach-Gatkuoth-Thoan Achieng’ Nyamweya-Oseko Ng’ang’a wa Kamau",
            "disability_help": "Hasikii vizuri; ongea polepole na mtazame",
        },
        permission=Permission("SHARE_POLICE", "VITAL", None, False, None, None),
    )


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("mode", list(IdentityMode))
def test_letter_is_one_a4_page_that_says_what_its_content_says(
    language: str, mode: IdentityMode, tmp_path: Path
) -> None:
    content = letter(mode, language)
    pdf = printed(content)
    (page,) = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert [round(float(side), 1) for side in page.mediabox[2:]] == [595.3, 841.9]
    text = " ".join(poppler_text(pdf, tmp_path).split())
    facts = [
        content.serial,
        content.reply_code,
        *content.to[:1],
        *content.services,
        *(fact for _, fact in content.person),
    ]
    assert [fact for fact in facts if plain(fact) not in text] == []
    assert text.count(content.number) == 2  # letter and slip


@pytest.mark.parametrize("actor", ["HEALTH_PUBLIC", "SHELTER", "POLICE", "COURT", "NGO"])
def test_longest_swahili_texts_stay_on_one_page_and_whole(actor: str, tmp_path: Path) -> None:
    pdf = printed(longest(actor))
    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == 1
    text = " ".join(poppler_text(pdf, tmp_path).split())
    assert text.count("Anahitaji uchunguzi kamili") >= 8
    assert "Sahihi ya afisa" in text
    assert "Karatasi ya majibu" in text


def test_G01_texts_that_no_page_holds_are_refused_and_never_cut() -> None:
    content = letter(reason_short=(SENTENCE * 9)[:1000], needs_short=(SENTENCE * 9)[:1000], risk_note=LONG * 3)
    with pytest.raises(NotAccepted) as caught:
        printed(content)
    assert caught.value.code == "LETTER_DOES_NOT_FIT"


def test_G03_markup_is_printed_literally(tmp_path: Path) -> None:
    reason = "<b>bold</b> <img src='http://example.invalid/x'> </para> & &amp; %s {0}"
    assert reason in " ".join(poppler_text(printed(letter(reason_short=reason)), tmp_path).split())


def test_G07_emoji_in_a_text_still_make_a_letter() -> None:
    assert len(printed(letter(reason_short="Tired 👩🏽\u200d⚕\ufe0f and 😀"))) > 10_000


@pytest.mark.parametrize("name", WORKBOOK_NAMES)
def test_A01_every_name_of_the_workbook_stands_in_the_text_layer(name: str, tmp_path: Path) -> None:
    assert plain(name) in poppler_text(printed(letter(person={"names": name})), tmp_path)


def test_same_input_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "from hashlib import sha256; from tests.unit.letters.test_pdf import letter, printed;"
        "print(sha256(printed(letter(person={'names': 'ሰላም فاطمة Akɔ̈l'}))).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_copies_differ_only_in_their_copy_line(tmp_path: Path) -> None:
    content = letter()
    first, second = (
        poppler_text(printed(content, who, number), tmp_path).splitlines()
        for who, number in ((CopyFor.RECEIVER, 1), (CopyFor.FILE, 2))
    )
    assert [(a.strip(), b.strip()) for a, b in zip(first, second, strict=True) if a != b] == [
        (
            "Copy 1 of 3 - for Lodwar Practice Hospital - return or destroy",
            "Copy 2 of 3 - for the case file - return or destroy",
        )
    ]


OWN_COPY = {"reason_short": "Wounded in the back", "needs_short": "A closed room", "risk_note": "Ring before noon"}


@pytest.mark.parametrize("actor", ["HEALTH_PUBLIC", "POLICE", "LABOUR"])
def test_the_persons_own_copy_says_where_to_go_and_nothing_a_finder_could_use(actor: str, tmp_path: Path) -> None:
    facts = VariantFacts(
        within_72_hours=True, suspect_annex=True, employer="Practice Farm Ltd", wages_claimed_kes=84000
    )
    content = letter(IdentityMode.NAME, actor=actor, variant_facts=facts, **OWN_COPY)
    text = poppler_text(printed(content, CopyFor.PERSON, 3), tmp_path)
    held_back = (
        *OWN_COPY.values(), "Republic", "Ministry", "Turkana County Office", "72 hours", "RUF-3P", "Practice Farm",
        "84,000", "Food and clothing", "27364512", "0700 000 864", "Reply slip", "Reply by", "K7QM-2XPD-4", "destroy",
    )  # fmt: skip
    assert [word for word in held_back if word in text] == []
    said = ("Lodwar Practice Hospital", "Selam Gebremedhin", "Medical check and treatment", "28 November 2026, 11:15")
    assert [word for word in said if word not in text] == []
    assert "Copy 3 of 3 - for the person - keep only if it is safe" in text


def test_the_persons_own_copy_in_swahili_is_kept_only_if_it_is_safe(tmp_path: Path) -> None:
    text = poppler_text(printed(letter(language="sw"), CopyFor.PERSON, 3), tmp_path)
    assert "Nakala 3 kati ya 3 - ya mhusika - tunza ikiwa tu ni salama" in text
    assert "iharibiwe" not in text


@pytest.mark.parametrize(("copy", "copies"), [(0, 1), (2, 1), (4, 4), (1, 4)])
def test_a_copy_that_does_not_exist_is_not_drawn(copy: int, copies: int) -> None:
    with pytest.raises(ValueError, match="copies"):
        render(letter(draft=True), salt_digest_first16=None, copy=copy, copies=copies)


def test_an_office_without_a_telephone_asks_for_the_slip_by_hand(tmp_path: Path) -> None:
    office = replace(OFFICE, phone="")
    for language, expected in (
        ("en", "Return by 2 December 2026, by hand"),
        ("sw", "Irudishwe ifikapo 2 Desemba 2026, kwa mkono"),
    ):
        text = poppler_text(printed(letter(language=language, office=office)), tmp_path)
        assert expected in text
        assert "piga simu" not in text
        assert "or ring" not in text


@pytest.mark.parametrize("language", ["en", "sw"])
def test_decline_reasons_stand_in_two_columns_of_four_with_their_figures(language: str, tmp_path: Path) -> None:
    content = letter(language=language)
    text = poppler_text(printed(content), tmp_path)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    reasons = content.decline_reasons
    pairs = [f"{n + 1} {reasons[n]} {n + 5} {reasons[n + 4]}" for n in range(4)]
    assert [pair for pair in pairs if not any(line.endswith(plain(pair)) for line in lines)] == []


def stamps(pdf: bytes) -> list[tuple[float, float]]:
    """Return width and height in millimetres of every box that ends at the right margin, the letter's own first."""
    (page,) = pypdf.PdfReader(io.BytesIO(pdf)).pages
    contents = page.get_contents()
    assert contents is not None
    data = contents.get_data().decode("latin-1")
    boxes = [[float(part) / mm for part in found] for found in re.findall(r"n (\S+) (\S+) (\S+) (\S+) re S", data)]
    return [(round(wide, 1), round(high, 1)) for x, _, wide, high in boxes if abs(x + wide - RIGHT) < 0.1 and high > 10]


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize(("actor", "least"), [("NGO", 25), ("HEALTH_PUBLIC", 25), ("SHELTER", 25), ("COURT", 19)])
def test_a_letter_of_common_length_has_room_for_an_office_stamp(actor: str, least: int, language: str) -> None:
    (wide, high), _ = stamps(printed(letter(language=language, actor=actor)))
    assert wide >= 36
    assert high >= least


def test_a_short_letter_has_the_wide_stamp_and_the_longest_never_less_than_13_mm() -> None:
    assert stamps(printed(letter(needs_short="", escort_transport="")))[0] == (45, 25)
    for actor in ("HEALTH_PUBLIC", "POLICE", "COURT", "NGO"):
        assert stamps(printed(longest(actor)))[0][1] >= 13


def least_white(pdf: bytes, folder: Path) -> float:
    """Return the least white in millimetres between a hairline of the letter and the ink next to it."""
    (folder / "white.pdf").write_bytes(pdf)
    command = ["pdftoppm", "-r", "300", "-gray", "-singlefile", str(folder / "white.pdf"), str(folder / "white")]
    subprocess.run(command, check=True)
    per_mm = 300 / 25.4
    with Image.open(folder / "white.pgm") as image:
        # Beyond the labels and the bar of a heavy row; from the rule below the head to the signatures.
        part = image.crop((int((LEFT + 38) * per_mm), int(52 * per_mm), int(RIGHT * per_mm), int(165 * per_mm)))
        rows = [sum(sign < 128 for sign in part.crop((0, y, part.width, y + 1)).tobytes()) for y in range(part.height)]
        wide = part.width
    hairlines = [y for y, dark in enumerate(rows) if dark > 0.98 * wide]
    inked = [y for y, dark in enumerate(rows) if 0 < dark <= 0.98 * wide]
    assert len(hairlines) > 5
    between = [abs(y - line) for line in hairlines for y in inked if abs(y - line) > 1]
    return min(between) / per_mm


def test_text_keeps_white_to_its_hairlines_and_only_the_last_step_comes_closer(tmp_path: Path) -> None:
    for language in ("en", "sw"):
        assert least_white(printed(letter(language=language, actor="HEALTH_PUBLIC")), tmp_path) >= 1.1
    assert least_white(printed(longest("POLICE")), tmp_path) >= 0.5


@pytest.mark.parametrize("language", ["en", "sw"])
def test_service_labels_of_the_slip_are_broken_and_never_smaller_than_8_points(language: str) -> None:
    services = ("PSYCHOSOCIAL", "BASIC_NEEDS", "SKILLS", "LIVELIHOOD", "LABOUR_CLAIM", "REINTEGRATION")
    content = letter(language=language, services=services)
    cut = cut_line(content.services)
    words = {word for service in content.services for word in service.split() if len(word) > 5}
    seen: dict[str, float] = {}

    def note(text: str, matrix: list[float], text_matrix: list[float], font: object, size: float) -> None:
        height = HEIGHT - (text_matrix[5] + matrix[5]) / mm
        if height > cut + 40:
            seen.update((word, min(size, seen.get(word, size))) for word in text.split() if word in words)

    (page,) = pypdf.PdfReader(io.BytesIO(printed(content))).pages
    page.extract_text(visitor_text=note)
    assert words - seen.keys() == set()
    assert min(seen.values()) >= 8


@pytest.mark.parametrize(("language", "tag"), [("en", "en"), ("sw", "sw")])
def test_document_says_nothing_about_itself_but_its_language(language: str, tag: str) -> None:
    content = letter(IdentityMode.NAME, language)
    pdf = printed(content)
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    told = {key: value for key, value in (reader.metadata or {}).items() if value and "Date" not in key}
    assert told == {"/Title": "Document", "/Trapped": "/False"}
    assert str(reader.root_object["/Lang"]) == tag
    assert reader.xmp_metadata is None
    assert [fact for fact in ("Selam", content.number, content.serial) if fact.encode() in pdf] == []


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize(
    "actor", ["NGO", "HEALTH_PUBLIC", "SHELTER", "POLICE", "COURT", "EMBASSY", "NATF", "DCS", "LABOUR"]
)
def test_no_paper_tells_what_the_case_is_about(actor: str, language: str, tmp_path: Path) -> None:
    services = ("SCREENING", "NATF", "PRC_PEP", "SHELTER", "ASYLUM", "COMPENSATION")
    pdf = printed(letter(language=language, actor=actor, services=services, practice=True))
    text = " ".join(poppler_text(pdf, tmp_path).casefold().split())
    assert [word for word in TELLING if word in text] == []


@pytest.mark.parametrize("language", ["en", "sw"])
def test_no_phrase_of_the_letters_tells_what_the_case_is_about(language: str) -> None:
    text = resource("letters", f"{language}.toml").read_text(encoding="utf-8").casefold()
    assert [word for word in TELLING if word in text] == []


def test_both_languages_have_the_same_phrases_with_the_same_places() -> None:
    english, swahili = (
        tomllib.loads(resource("letters", f"{language}.toml").read_text(encoding="utf-8")) for language in ("en", "sw")
    )
    places = [
        {
            (table, key, *sorted(re.findall(r"\{\w+\}", text)))
            for table, rows in phrases.items()
            for key, text in rows.items()
        }
        for phrases in (english, swahili)
    ]
    assert places[0] == places[1]


def test_court_letter_is_not_called_an_appeal_in_swahili(tmp_path: Path) -> None:
    text = poppler_text(printed(letter(language="sw", actor="COURT")), tmp_path)
    assert "Barua ya kuelekeza huduma" in text
    assert "rufaa" not in text.casefold()


def test_draft_carries_its_mark_and_no_code_and_practice_is_marked_twice() -> None:
    text = pypdf_text(printed(letter(draft=True, practice=True, serial="")))
    assert "invented persons, not valid" in text
    assert (text.count("DRAFT"), text.count("PRACTICE")) == (1, 2)
    with pytest.raises(ValueError, match="draft"):
        render(letter(draft=True), salt_digest_first16=bytes(16), copy=1, copies=1)
    with pytest.raises(ValueError, match="issued"):
        render(letter(), salt_digest_first16=None, copy=1, copies=1)


def test_qr_says_serial_proof_and_office_and_nothing_else() -> None:
    content = letter()
    proof = digest(content, SALT)[:16]
    assert qr_text(content, proof) == f"L7KQ-0042-9 {proof.hex().upper()} TRK-01"
    assert content.number.split("/")[0] not in qr_text(content, proof)


def test_qr_on_the_page_is_the_matrix_of_its_text_and_lies_inside_the_edge(tmp_path: Path) -> None:
    content = letter()
    file = tmp_path / "page.pdf"
    file.write_bytes(printed(content))
    command = ["pdftoppm", "-r", "600", "-gray", "-singlefile", str(file), str(tmp_path / "page")]
    subprocess.run(command, check=True)
    with Image.open(tmp_path / "page.pgm") as image:
        matrix = segno.make_qr(qr_text(content, digest(content, SALT)[:16]), error="m").matrix
        module = QR_SIDE / (len(matrix) + 8)
        per_mm = 600 / 25.4
        dark = image.point(lambda grey: grey < 128)

        def is_dark(x: int, y: int) -> bool:
            middle = (QR_LEFT + (x + 4.5) * module, QR_TOP + (y + 4.5) * module)
            return dark.getpixel((int(middle[0] * per_mm), int(middle[1] * per_mm))) == 1

        seen = tuple(bytes(is_dark(x, y) for x in range(len(matrix))) for y in range(len(matrix)))
    assert seen == tuple(bytes(row) for row in matrix)
    assert QR_LEFT + QR_SIDE - 4 * module <= WIDTH - 15
    assert QR_TOP + 4 * module >= 15
    assert module >= 0.45  # millimetres: two photocopies leave it readable


def test_G09_no_ink_lies_outside_the_margins_but_the_cut_line(tmp_path: Path) -> None:
    file = tmp_path / "page.pdf"
    file.write_bytes(printed(longest("HEALTH_PUBLIC")))
    subprocess.run(["pdftoppm", "-r", "100", "-gray", "-singlefile", str(file), str(tmp_path / "page")], check=True)
    per_mm = 100 / 25.4
    with Image.open(tmp_path / "page.pgm") as image:
        ink = image.point(lambda grey: 255 if grey < 200 else 0)
        upper = ink.crop((0, 0, image.width, int(150 * per_mm))).getbbox()
        lower = ink.crop((0, int(215 * per_mm), image.width, image.height)).getbbox()
    assert upper is not None
    assert lower is not None
    assert [upper[0] / per_mm >= 24.5, upper[2] / per_mm <= WIDTH - 19.5, upper[1] / per_mm >= 18] == [True] * 3
    assert [lower[0] / per_mm >= 24.5, lower[2] / per_mm <= WIDTH - 19.5] == [True] * 2
    assert 215 + lower[3] / per_mm <= HEIGHT - 16


def test_every_problem_of_the_letters_has_a_sentence_in_both_languages() -> None:
    messages = tomllib.loads(resource("messages", "letters.toml").read_text(encoding="utf-8"))
    sources = Path("desktop/letters").glob("*.py")
    codes = {code for path in sources for code in re.findall(r'"(LETTER_[A-Z_]+)"', path.read_text(encoding="utf-8"))}
    assert codes == set(messages)
    assert all(set(sentences) == {"en", "sw"} for sentences in messages.values())


def test_a_receiver_with_a_very_long_name_keeps_the_copy_line_on_one_line() -> None:
    provider = "Lodwar Practice Hospital and Centre for Women and Children of the Northern Counties, Gender Desk"
    assert printed(letter(receiver=replace(RECEIVER, provider=provider)))
