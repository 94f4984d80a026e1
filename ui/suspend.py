"""What Linux says before the laptop sleeps, its screen locks or another user takes it (threat-model 5.4, attack 2).

It is said on D-Bus, by logind and by the screen savers. That is a unix socket to a bus of this laptop, which Qt's own
plug-ins open for input methods and screen readers anyway; it is no way to another machine, and what the program may
not have is such a way. So this listens in the process that holds the vault, without a child that could die unseen.

Sleep waits for us: while we hold an inhibitor of the kind `delay`, logind puts the laptop to sleep only some seconds
after it has said so. The inhibitor is a file descriptor that closes by itself when the process is replaced. Where there
is no bus or no logind nothing is heard; the log says so once, and the clocks of `ui.idle` find out on waking.
"""

from __future__ import annotations

import os
from typing import cast

from PySide6.QtCore import SLOT, QObject, Signal, Slot
from PySide6.QtDBus import (
    QDBusConnection,
    QDBusError,
    QDBusMessage,
    QDBusObjectPath,
    QDBusUnixFileDescriptor,
    QDBusVariant,
)

from desktop import PRODUCT, log

_LOGIND = "org.freedesktop.login1"
_MANAGER_PATH, _MANAGER = "/org/freedesktop/login1", "org.freedesktop.login1.Manager"
_SESSION, _PROPERTIES = "org.freedesktop.login1.Session", "org.freedesktop.DBus.Properties"
_WHY = "Closing files"  # any user of the laptop may read it
# Desktops name their own; all of them say `ActiveChanged`.
_SAVERS = (
    *("org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"),
    *("org.cinnamon.ScreenSaver", "org.mate.ScreenSaver", "org.xfce.ScreenSaver"),
)


class SystemWatch(QObject):
    """Hears that the desk is about to be left. It asks without waiting for answers: the window never stands still."""

    leaving = Signal()  # sleep, a locked screen, another user

    def __init__(self, parent: QObject) -> None:
        """Listen from now on."""
        super().__init__(parent)
        self._inhibitor: QDBusUnixFileDescriptor | None = None
        self._session = ""
        self._asked = self._has_told = False
        self._system = QDBusConnection.systemBus()
        if self._system.isConnected():
            self._hear(self._system, _LOGIND, _MANAGER_PATH, _MANAGER, "PrepareForSleep", "on_sleep(bool)")
            self._ask_manager("GetSession", ["auto"], "on_session(QDBusObjectPath)")
        else:
            self._tell_once("no_bus")
        if "DBUS_SESSION_BUS_ADDRESS" in os.environ:  # without it the library would start a bus of its own
            for saver in _SAVERS:
                self._hear(QDBusConnection.sessionBus(), "", "", saver, "ActiveChanged", "on_saver(bool)")

    def delay_sleep(self) -> None:
        """Let sleep wait until the process has been replaced; asked once, and again after each waking."""
        if self._inhibitor is None and not self._asked and self._system.isConnected():
            self._asked = True
            self._ask_manager("Inhibit", ["sleep", PRODUCT, _WHY, "delay"], "on_inhibitor(QDBusUnixFileDescriptor)")

    def let_sleep(self) -> None:
        """Keep the laptop awake no longer."""
        self._inhibitor = None
        self._asked = False

    @Slot(bool)
    def on_sleep(self, begins: bool) -> None:
        """logind: the laptop is about to sleep, or awake again."""
        if begins:
            self.leaving.emit()
        else:
            self.delay_sleep()

    @Slot(bool)
    def on_saver(self, active: bool) -> None:
        """A screen saver: it has covered the screen, or gone."""
        if active:
            self.leaving.emit()

    @Slot()
    def on_lock(self) -> None:
        """logind: our session shall lock its screen."""
        self.leaving.emit()

    @Slot(QDBusMessage)
    def on_changed(self, _: QDBusMessage) -> None:
        """logind: something about our session is another; whether it is locked or in the background is asked."""
        for name, slot in (("LockedHint", "on_locked(QDBusVariant)"), ("Active", "on_active(QDBusVariant)")):
            self._ask(self._session, _PROPERTIES, "Get", [_SESSION, name], slot)

    @Slot(QDBusVariant)
    def on_locked(self, locked: QDBusVariant) -> None:
        """logind: whether the screen of our session is locked."""
        if locked.variant() is True:
            self.leaving.emit()

    @Slot(QDBusVariant)
    def on_active(self, active: QDBusVariant) -> None:
        """logind: whether our session is the one in front; otherwise somebody else has the screen."""
        if active.variant() is False:
            self.leaving.emit()

    @Slot(QDBusObjectPath)
    def on_session(self, path: QDBusObjectPath) -> None:
        """logind: this is our session."""
        self._session = path.path()
        self._hear(self._system, _LOGIND, self._session, _SESSION, "Lock", "on_lock()")
        self._hear(self._system, _LOGIND, self._session, _PROPERTIES, "PropertiesChanged", "on_changed(QDBusMessage)")

    @Slot(QDBusUnixFileDescriptor)
    def on_inhibitor(self, held: QDBusUnixFileDescriptor) -> None:
        """logind: sleep waits as long as this is open."""
        if self._asked:
            self._inhibitor = held

    @Slot(QDBusError, QDBusMessage)
    def on_refused(self, error: QDBusError, _: QDBusMessage) -> None:
        """logind is not there, or will not."""
        if self._inhibitor is None:
            self._asked = False
        self._tell_once(error.name())

    def _hear(self, bus: QDBusConnection, service: str, path: str, interface: str, name: str, slot: str) -> None:
        bus.connect(service, path, interface, name, self, _slot(slot))

    def _ask_manager(self, method: str, arguments: list[str], slot: str) -> None:
        self._ask(_MANAGER_PATH, _MANAGER, method, arguments, slot)

    def _ask(self, path: str, interface: str, method: str, arguments: list[str], slot: str) -> None:
        message = QDBusMessage.createMethodCall(_LOGIND, path, interface, method)
        message.setArguments(arguments)
        self._system.callWithCallback(message, self, _slot(slot), _slot("on_refused(QDBusError,QDBusMessage)"))

    def _tell_once(self, code: str) -> None:
        if not self._has_told:
            self._has_told = True
            log.event("system.unheard", code=code[:64] or "unknown")


def _slot(signature: str) -> bytes:
    """Return a slot as QtDBus takes it, which is text, whatever its types say. Answers are read into its argument."""
    return cast("bytes", SLOT(signature))
