"""Keeps every window of the program out of screenshots and shared screens, where the system can (attack 26)."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtGui import QPlatformSurfaceEvent, QWindow

from desktop.system import exclude_from_capture


class CaptureGuard(QObject):
    """Asks the system for each window, menus and dialogs too, as soon as the system knows it."""

    def __init__(self, program: QCoreApplication) -> None:
        """Watch all windows of `program` from now on."""
        super().__init__(program)
        program.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note a window that came to be; every event goes on its way."""
        if (
            event.type() == QEvent.Type.PlatformSurface
            and isinstance(event, QPlatformSurfaceEvent)
            and event.surfaceEventType() == QPlatformSurfaceEvent.SurfaceEventType.SurfaceCreated
            and isinstance(watched, QWindow)
            and watched.isTopLevel()
        ):
            exclude_from_capture(int(watched.winId()))
        return False
