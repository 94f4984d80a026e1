"""A logind of the tests' own, on a bus of their own: `python login1.py ADDRESS`.

It tells on its output what is asked of it, and says on the bus what is named on its input.
"""

from __future__ import annotations

import os
import sys
import threading

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier, Signal
from PySide6.QtDBus import (
    QDBusConnection,
    QDBusMessage,
    QDBusObjectPath,
    QDBusUnixFileDescriptor,
    QDBusVariant,
    QDBusVirtualObject,
)

MANAGER = "/org/freedesktop/login1"
OURS, ANOTHER = f"{MANAGER}/session/_32", f"{MANAGER}/session/_35"
SAVERS = "org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Logind(QDBusVirtualObject):
    """Answers what the program asks, and hands out a descriptor whose closing it notices."""

    def __init__(self) -> None:
        super().__init__()
        self.locked, self.active = False, True
        self._notifiers: list[QSocketNotifier] = []

    def introspect(self, path: str) -> str:
        return ""

    def handleMessage(self, message: QDBusMessage, connection: QDBusConnection) -> bool:
        asked, given = message.member(), message.arguments()
        if asked == "GetSession":
            answer: object = QDBusObjectPath(OURS)
        elif asked == "Get":
            answer = QDBusVariant({"LockedHint": self.locked, "Active": self.active}[given[1]])
        elif asked == "Inhibit":
            tell("|".join(given))
            answer = self._inhibitor()
        else:
            return False
        reply = message.createReply()
        reply.setArguments([answer])
        return connection.send(reply)

    def _inhibitor(self) -> QDBusUnixFileDescriptor:
        ours, theirs = os.pipe()
        held = QDBusUnixFileDescriptor(theirs)
        os.close(theirs)
        notifier = QSocketNotifier(ours, QSocketNotifier.Type.Read, self)

        def released() -> None:
            notifier.setEnabled(False)
            tell("released")

        notifier.activated.connect(released)
        self._notifiers.append(notifier)
        return held


class Input(QObject):
    """Lines of the input, on the thread of the bus."""

    read = Signal(str)

    def begin(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            self.read.emit(line.strip())
        self.read.emit("end")


def main(address: str) -> None:
    application = QCoreApplication([])
    bus = QDBusConnection.connectToBus(address, "login1")
    logind, lines = Logind(), Input()

    def signal(path: str, interface: str, name: str, *arguments: object) -> None:
        message = QDBusMessage.createSignal(path, interface, name)
        message.setArguments(list(arguments))
        bus.send(message)

    def change(path: str) -> None:
        signal(path, "org.freedesktop.DBus.Properties", "PropertiesChanged", "org.freedesktop.login1.Session", {}, [])

    def say(line: str) -> None:
        if line in {"sleep", "awake"}:
            signal(MANAGER, "org.freedesktop.login1.Manager", "PrepareForSleep", line == "sleep")
        elif line in {"lock", "lock another"}:
            signal(OURS if line == "lock" else ANOTHER, "org.freedesktop.login1.Session", "Lock")
        elif line in {"locked", "unlocked"}:
            logind.locked = line == "locked"
            change(OURS)
        elif line in {"another user", "this user"}:
            logind.active = line == "this user"
            change(OURS)
        elif line in {"screen saver 0", "screen saver 1"}:
            signal("/org/ScreenSaver", SAVERS[int(line[-1])], "ActiveChanged", True)
        elif line == "screen saver off":
            signal("/org/ScreenSaver", SAVERS[0], "ActiveChanged", False)
        else:
            application.quit()

    lines.read.connect(say)
    sub_path = QDBusConnection.VirtualObjectRegisterOption.SubPath
    tell(str(bus.registerVirtualObject(MANAGER, logind, sub_path) and bus.registerService("org.freedesktop.login1")))
    lines.begin()
    application.exec()


if __name__ == "__main__":
    main(sys.argv[1])
