"""Make a connector of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from syncline.exits import Exit
from syncline.options import AsJson
from syncline.output import emit


def connector(
    action: Annotated[Literal["new"], Parameter(help="new: lay one down.")],
    name: Annotated[str, Parameter(help="What it is called: small letters, digits and '_'.")],
    /,
    *,
    json: AsJson = False,
) -> int:
    """Write a connector of your own: in a clone of the source, lay down its folder, its stand-in and its test.

    They are complete and pass; bend them towards the real API: docs/how-to/write-a-connector.md.

    Example: syncline connector new acme_crm
    """
    from syncline.starter import lay

    root = Path.cwd()
    files = [str(path.relative_to(root)) for path in lay(name, root)]
    emit(
        {action: name, "files": files},
        json,
        lambda _: "\n".join(["Wrote", *(f"  {file}" for file in files), f"Next: pytest {files[-1]}"]),
    )
    return Exit.DONE
