from __future__ import annotations

from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from ui.widgets.record_row import RecordRow


def test_data_in_a_tool_tip_is_never_read_as_mark_up(application: QApplication, qtbot: QtBot) -> None:
    row = RecordRow("journey_leg", may_add=True)
    qtbot.addWidget(row)
    row.show_records([("a", '<img src="/etc/hostname">')], "a")
    button = row.findChild(QPushButton, "journey_leg.record.1")
    assert isinstance(button, QPushButton)
    assert button.toolTip() == "<p>1. &lt;img src=&quot;/etc/hostname&quot;&gt;</p>"
