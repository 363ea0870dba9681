"""Writes the generated parts of the documentation: `python -m syncline.docs [--check]`.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`; with --check nothing is written, and
stale parts are an error.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
PART = re.compile(r"(<!-- generated: (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)


class DocsError(Exception):
    """A page asks for a part that nobody makes."""


def commands() -> str:
    """Every command with its options, from the help texts."""
    from syncline.cli import app

    text = app.generate_docs(heading_level=2)
    text = re.sub(r"^(syncline [a-z]+) -m \S+", r"\1", text, flags=re.MULTILINE)  # how this very program was started
    return text.partition("\n## ")[2].partition("\n")[2].strip()


def settings() -> str:
    """The environment variables."""
    from flows.settings import PREFIX, Settings

    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for name, item in Settings.model_fields.items():
        default = "" if name == "key" else f"`{item.default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {item.description} |")
    return "\n".join(rows)


def connectors() -> str:
    """What each app can do, from the connectors' capabilities."""
    from connectors import load, names

    graded = "changes | deletions | guarded writes | safe creates | webhooks"
    rows = [f"| app | objects | {graded} | batch | quality | proven against |", f"|{'---|' * 10}"]
    for name in names():
        cls = load(name)
        caps = cls.caps
        grades = (caps.delta, caps.tombstones, caps.guarded, caps.stamped, caps.webhooks)
        objects = ", ".join(caps.objects)
        cells = [f"{cls.title} (`{name}`)", objects, *grades, str(caps.batch), _quality(name), caps.proven]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _quality(name: str) -> str:
    """The highest tier of quality.yaml of which, and below which, nothing is to do; and how many rules do not apply."""
    from ruamel.yaml import YAML

    reached, exempt = "none", 0
    for tier, rules in YAML(typ="safe").load((ROOT / "connectors" / name / "quality.yaml").read_text()).items():
        if "todo" in rules.values():
            break
        reached = str(tier)
        exempt += sum(isinstance(state, dict) for state in rules.values())
    return f"{reached}, {exempt} exempt" if exempt else reached


def sizes() -> str:
    """Lines of code of each connector, its stand-in and its own tests, comments and all."""
    from statistics import median

    from connectors import names

    rows, totals = ["| app | connector | of that the class | stand-in | tests |", "|---|---|---|---|---|"], []
    for name in names():
        folder = ROOT / "connectors" / name
        tests = [
            *(ROOT / "tests" / "connectors").glob(f"test_{name}*.py"),
            *(ROOT / "tests" / "sandbox").glob(f"test_{name}*.py"),
        ]
        counts = [_lines(folder.rglob("*.py")), _lines([folder / "__init__.py"])]
        counts += [_lines((ROOT / "sandbox" / name).rglob("*.py")), _lines(tests)]
        rows.append(f"| `{name}` | {' | '.join(map(str, counts))} |")
        totals.append(counts[1])
    for pattern, whose in SHARED.items():
        files = [file for part in pattern.split() for file in (ROOT / "connectors").glob(part)]
        rows.append(f"| shared by {whose}: `{pattern.replace(' ', '`, `')}` | {_lines(files)} | | | |")
    return "\n".join([*rows, "", f"The median class has {int(median(totals))} lines."])


def _lines(files: Iterable[Path]) -> int:
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def accounts() -> str:
    """The settings of each app's connections."""
    from connectors import load, names

    parts = []
    for name in names():
        cls = load(name)
        rows = [f"### {cls.title} (`{name}`)", "", "| setting | default | what it is |", "|---|---|---|"]
        for setting in cls.settings:
            marks = [mark for mark, on in (("secret", setting.secret), ("required", setting.required)) if on]
            about = setting.help + (f" ({', '.join(marks)})" if marks else "")
            rows.append(f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else ''} | {about} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def views() -> str:
    """What `syncline sql` offers."""
    from syncline.views import reference

    return reference()


def invariants() -> str:
    """What a rehearsal checks, and what it counts apart."""
    from syncline.rehearsal.invariants import INVARIANTS, UNAVOIDABLE

    rows = ["| no. | what must hold |", "|---|---|", *(f"| {number} | {name} |" for number, name in INVARIANTS.items())]
    return "\n".join([*rows, "", "Counted apart:", "", *(f"- {reason}" for reason in UNAVOIDABLE)])


SHARED: Mapping[str, str] = {
    "graph*.py": "those of Microsoft",
    "google.py": "those of Google",
    "dav*.py lines.py": "CalDAV and CardDAV",
    "rest.py": "most",
    "http.py oauth.py signin.py paging.py pace.py setting.py address.py hook.py __init__.py proof*.py": "all",
}
"""Files beside the connectors' folders -> who uses them."""
MAKERS: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "settings": settings,
    "connectors": connectors,
    "accounts": accounts,
    "sizes": sizes,
    "views": views,
    "invariants": invariants,
}


def pages() -> list[Path]:
    """The README and everything below docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def fresh(text: str) -> str:
    """A page with its generated parts made anew. Raises DocsError."""

    def made(match: re.Match[str]) -> str:
        maker = MAKERS.get(match["name"])
        if maker is None:
            raise DocsError(f"Nobody generates {match['name']!r}; there are: {', '.join(MAKERS)}.")
        return f"{match[1]}{maker()}\n{match[3]}"

    return PART.sub(made, text)


def stale() -> dict[Path, str]:
    """Pages whose generated parts are not as they should be, with the text they should have."""
    texts = {page: page.read_text(encoding="utf-8") for page in pages()}
    return {page: anew for page, text in texts.items() if (anew := fresh(text)) != text}


def main() -> int:
    """Exit code 1 when --check finds a stale page."""
    found = stale()
    if "--check" in sys.argv[1:]:
        for page in found:
            print(f"{page.relative_to(ROOT)} is stale. Run: make docs", file=sys.stderr)
        return 1 if found else 0
    for page, text in found.items():
        page.write_text(text, encoding="utf-8")
        print(f"wrote {page.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
