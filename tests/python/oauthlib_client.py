"""requests-oauthlib as its tutorial for web applications uses it."""
from requests_oauthlib import OAuth2Session

from dialogue import SETTINGS, ask, tell

ISSUER = SETTINGS["issuer"]
# It raises an exception when other scopes are granted than it asked for.
SCOPE = ["openid", "profile", "email", "address", "phone", "offline_access"]

session = OAuth2Session(SETTINGS["client_id"], redirect_uri=SETTINGS["callback"], scope=SCOPE, pkce="S256")
url, _ = session.authorization_url(f"{ISSUER}/authorize")
landed = ask({"go": url})
tokens = session.fetch_token(
    f"{ISSUER}/oauth/token",
    authorization_response=landed,
    client_secret=SETTINGS["client_secret"],
)
user = session.get(f"{ISSUER}/userinfo").json()
tell({"user": user, "scope": tokens["scope"]})
