"""The web: the receiver of webhooks, and later the page and the REST API."""
