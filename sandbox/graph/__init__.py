"""What the stand-ins of all apps behind Microsoft Graph share: no app of its own."""
