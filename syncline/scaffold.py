"""What a new project folder holds."""

from __future__ import annotations

from pathlib import Path

GITIGNORE = """\
# State, snapshots, the key and logs
.syncline/
# Secrets
.env
"""

FOLDERS = ("mappings", "deployments", ".syncline")


def scaffold(folder: Path) -> list[str]:
    """Makes what is missing and leaves what is there; the names of what was made. Raises OSError."""
    files = {".gitignore": GITIGNORE, ".env.example": env_example()}
    made = []
    for name in FOLDERS:
        path = folder / name
        if not path.is_dir():
            path.mkdir(parents=True, mode=0o700 if name == ".syncline" else 0o755)
            made.append(f"{name}/")
    for name, text in files.items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
            made.append(name)
    return made


def env_example() -> str:
    """Every setting with what it means, commented out."""
    from textwrap import fill

    from flows.settings import PREFIX, Settings

    parts = ["# Copy to .env and change what you need; the environment wins over this file."]
    for name, item in Settings.model_fields.items():
        about = fill((item.description or "").replace("`", ""), 100, initial_indent="# ", subsequent_indent="# ")
        default = "" if name == "key" else item.default
        parts.append(f"{about}\n#{PREFIX}{name.upper()}={default}")
    return "\n\n".join(parts) + "\n"
