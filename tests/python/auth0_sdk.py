"""auth0-python as a server uses it: a text, a login, the token found true, userinfo, refresh."""
from auth0.authentication import GetToken, Passwordless, RevokeToken, Users
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, TokenVerifier

from dialogue import SETTINGS, ask, tell

DOMAIN = SETTINGS["domain"]
PHONE = SETTINGS["phone"]
CLIENT = (DOMAIN, SETTINGS["client_id"])
OPTIONS = {"client_secret": SETTINGS["client_secret"], "protocol": "http"}

Passwordless(*CLIENT, **OPTIONS).sms(PHONE)
code = ask({"texted": PHONE})
tokens = GetToken(*CLIENT, **OPTIONS).passwordless_login(
    PHONE, code, "sms", "openid profile phone offline_access", SETTINGS["audience"]
)

keys = AsymmetricSignatureVerifier(f"http://{DOMAIN}/.well-known/jwks.json")
issuer = f"http://{DOMAIN}/"
verifier = TokenVerifier(keys, issuer=issuer, audience=SETTINGS["client_id"], leeway=5)
claims = verifier.verify(tokens["id_token"])
# As an API does it with what it is sent.
access = keys.verify_signature(tokens["access_token"])

user = Users(DOMAIN, protocol="http").userinfo(tokens["access_token"])
refreshed = GetToken(*CLIENT, **OPTIONS).refresh_token(tokens["refresh_token"])
again = verifier.verify(refreshed["id_token"])
newest = refreshed.get("refresh_token", tokens["refresh_token"])
RevokeToken(*CLIENT, **OPTIONS).revoke_refresh_token(newest)
tell({"claims": claims, "again": again, "access": access, "user": user})
