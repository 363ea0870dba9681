"""Microsoft Graph: where people sign in, and where the API is."""

from __future__ import annotations

from connectors.graph import PREFER, ROOT
from connectors.http import Client
from connectors.setting import OAuthApp, Setting, base_url

LOGIN = "https://login.microsoftonline.com/common/oauth2/v2.0"
ADDRESS: Setting = base_url("https://graph.microsoft.com")


def sign_in(*permissions: str) -> OAuthApp:
    """For delegated permissions, such as `Contacts.ReadWrite`."""
    return OAuthApp(
        authorize_url=f"{LOGIN}/authorize",
        token_url=f"{LOGIN}/token",
        scopes=(*(f"https://graph.microsoft.com/{name}" for name in permissions), "offline_access"),
    )


def owner(http: Client) -> str:
    """The address of the account; needs the permission `User.Read`."""
    user = http.json("GET", f"{ROOT}/me?$select=mail,userPrincipalName", headers=PREFER)
    return str(user.get("mail") or user["userPrincipalName"])
