"""Authlib's client for OpenID Connect; the ID token is judged by its own rules."""
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from dialogue import SETTINGS, ask, tell

about = requests.get(f"{SETTINGS['issuer']}/.well-known/openid-configuration", timeout=60).json()
session = OAuth2Session(
    SETTINGS["client_id"],
    SETTINGS["client_secret"],
    redirect_uri=SETTINGS["callback"],
    scope="openid profile email phone",
    code_challenge_method="S256",
)
VERIFIER = "a-verifier-of-43-characters-or-more-that-nobody-guesses"
url, state = session.create_authorization_url(
    about["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-1"
)
landed = ask({"go": url})
tokens = session.fetch_token(
    about["token_endpoint"], authorization_response=landed, code_verifier=VERIFIER, state=state
)
keys = KeySet.import_key_set(requests.get(about["jwks_uri"], timeout=60).json())
decoded = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"])
options = {
    "iss": {"essential": True, "value": about["issuer"]},
    "aud": {"essential": True, "value": SETTINGS["client_id"]},
}
params = {"nonce": "n-1", "client_id": SETTINGS["client_id"], "access_token": tokens["access_token"]}
claims = CodeIDToken(decoded.claims, decoded.header, options, params)
claims.validate(leeway=5)
user = session.get(about["userinfo_endpoint"]).json()
tell({"claims": dict(claims), "user": user, "scope": tokens["scope"]})
