"""What Windows and macOS are told about the program: names, version, what it needs. They show it as it stands here."""

from __future__ import annotations

from desktop import PRODUCT, VERSION

PUBLISHER = "Rufaa"
# Neutral words: they stand in lists of programs that anybody at the laptop sees.
PURPOSE = "Rufaa, the office's desk for referrals"

# Info.plist of Rufaa.app.
BUNDLE_FACTS = {
    "CFBundleDisplayName": PRODUCT,
    "CFBundleName": PRODUCT,
    "CFBundleVersion": VERSION,
    "CFBundleShortVersionString": VERSION,
    "CFBundleDevelopmentRegion": "en",
    "CFBundleLocalizations": ["en", "sw"],
    "LSApplicationCategoryType": "public.app-category.business",
    "LSMinimumSystemVersion": "14.0",
    # The folder holds a terminal program too, which would otherwise take the window's place in the dock away.
    "LSBackgroundOnly": False,
    "NSHighResolutionCapable": True,
}


def windows_version(program: str) -> str:
    """Return the version resource of one program, in the form that PyInstaller reads; the parts are Microsoft's own."""
    numbers = (*(int(part) for part in VERSION.split(".")), 0)
    words = {
        "CompanyName": PUBLISHER,
        "FileDescription": PURPOSE,
        "FileVersion": VERSION,
        "InternalName": program,
        "LegalCopyright": "EUPL-1.2",
        "OriginalFilename": f"{program}.exe",
        "ProductName": PRODUCT,
        "ProductVersion": VERSION,
    }
    strings = ", ".join(f"StringStruct({name!r}, {word!r})" for name, word in words.items())
    return (
        "VSVersionInfo(\n"
        f"    ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, flags=0, OS=0x40004, fileType=1),\n"
        f'    kids=[StringFileInfo([StringTable("040904B0", [{strings}])]),\n'
        '          VarFileInfo([VarStruct("Translation", [0x0409, 0x04B0])])],\n'
        ")\n"
    )
