"""Microsoft Graph: where people sign in, and where the API is."""

from __future__ import annotations

from connectors.setting import OAuthApp, Setting, base_url

LOGIN = "https://login.microsoftonline.com/common/oauth2/v2.0"
ADDRESS: Setting = base_url("https://graph.microsoft.com")


def sign_in(permission: str) -> OAuthApp:
    """For a delegated permission, such as `Contacts.ReadWrite`."""
    return OAuthApp(
        authorize_url=f"{LOGIN}/authorize",
        token_url=f"{LOGIN}/token",
        scopes=(f"https://graph.microsoft.com/{permission}", "offline_access"),
    )
