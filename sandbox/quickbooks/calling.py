"""The webhooks of an app at Intuit: ids of what changed, signed with the verifier token, in one of two forms."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from uuid import uuid4

from sandbox.world import World

VERBS = {"Create": "created", "Update": "updated", "Merge": "merged", "Delete": "deleted"}


class Calling:
    """Silent until the app has a `url`. `modern`: CloudEvents."""

    def __init__(self, world: World, realm: str) -> None:
        self._world, self._realm = world, realm
        self.url, self.token, self.modern = "", "", False

    def tell(self, entity: str, operation: str, id: str, gone: str = "") -> None:
        """Create, Update or Merge; of a merge `gone` is the one that is no more."""
        if self.url:
            told = self._event(entity, operation, id) if self.modern else self._notice(entity, operation, id, gone)
            body = json.dumps(told).encode()
            made = base64.b64encode(hmac.new(self.token.encode(), body, hashlib.sha256).digest()).decode()
            self._world.hooks.send(self.url, {"Content-Type": "application/json", "intuit-signature": made}, body)

    def _notice(self, entity: str, operation: str, id: str, gone: str) -> dict[str, Any]:
        about = {"name": entity, "id": id, "operation": operation, "lastUpdated": self._now()}
        changes = {"entities": [about | ({"deletedId": gone} if gone else {})]}
        return {"eventNotifications": [{"realmId": self._realm, "dataChangeEvent": changes}]}

    def _event(self, entity: str, operation: str, id: str) -> list[dict[str, Any]]:
        head = {"specversion": "1.0", "id": str(uuid4()), "source": "intuit.stand-in", "time": self._now()}
        about = {"type": f"qbo.{entity.lower()}.{VERBS[operation]}.v1", "datacontenttype": "application/json"}
        return [{**head, **about, "intuitentityid": id, "intuitaccountid": self._realm, "data": {}}]

    def _now(self) -> str:
        return self._world.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
