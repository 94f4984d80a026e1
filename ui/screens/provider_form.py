"""The sheet of one provider: its questions, what is not saved, and the buttons to save or put back."""

from __future__ import annotations

from ui.seat import Seat
from ui.widgets.basics import ActionButton, Words
from ui.widgets.field_form import FieldForm
from ui.widgets.record_sheet import RecordSheet


class ProviderForm(RecordSheet):
    """What is seen of one provider; which one it is, is the directory's to say."""

    def __init__(self, seat: Seat) -> None:
        """Show no provider yet."""
        super().__init__()
        vault = seat.desk.vault
        self._may_save = seat.may("provider.save")
        self._heading = Words("", "heading", wraps=True)
        self._heading.setObjectName("directory.heading")
        self._reader = Words("DIRECTORY_READ_ONLY", "muted", wraps=True)
        self._reader.setObjectName("directory.read_only")
        self.form = FieldForm(vault.catalogue.forms["provider"], vault.catalogue.lists, vault.clock, name="provider")
        self._state = Words("", "help", wraps=True)
        self._state.setObjectName("directory.state")
        self._state.setMinimumHeight(self._state.fontMetrics().lineSpacing())
        self.back = ActionButton("directory.put_back", "DIRECTORY_PUT_BACK", role="quiet")
        self.save = ActionButton("directory.save", "DIRECTORY_SAVE", role="main", sign="save", colour="on_accent")
        self.lay_out((self._heading, self._reader), (self.form,), self._state, (self.back, self.save))
        self._reader.setVisible(not self._may_save)
        for button in (self.back, self.save):
            button.setVisible(self._may_save)
        self.form.set_read_only(not self._may_save)
        self.hide()

    def show_heading(self, name: str) -> None:
        """Say which provider it is; no name for a new one."""
        if name:
            self._heading.put(name)
        else:
            self._heading.show_code("DIRECTORY_NEW_HEADING")

    def show_state(self, *, dirty: bool, working: bool) -> None:
        """Say whether there is something to save."""
        if dirty:
            self._state.show_code("DIRECTORY_NOT_SAVED")
        else:
            self._state.put("")
        for button in (self.back, self.save):
            button.setEnabled(dirty and not working)
