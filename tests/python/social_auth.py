"""python-social-auth's two backends for Auth0, between storage and strategy of an app."""
from urllib.parse import parse_qsl, urlsplit

from social_core.backends.auth0 import Auth0OAuth2
from social_core.backends.auth0_openidconnect import Auth0OpenIdConnectAuth
from social_core.storage import AssociationMixin, BaseStorage, NonceMixin
from social_core.strategy import BaseStrategy

from dialogue import SETTINGS, ask, tell


class Auth0(Auth0OAuth2):
    """The one thing that docs/auth0.md asks for: callbacks are compared byte for byte."""

    REDIRECT_STATE = False


class Nonces(NonceMixin):
    known = set()

    @classmethod
    def use(cls, server_url, timestamp, salt):
        new = (server_url, salt) not in cls.known
        cls.known.add((server_url, salt))
        return new

    @classmethod
    def consume(cls, server_url, timestamp, salt):
        known = (server_url, salt) in cls.known
        cls.known.discard((server_url, salt))
        return known


class Associations(AssociationMixin):
    id = "the one"
    known = []

    @classmethod
    def store(cls, server_url, association):
        one = cls()
        vars(one).update(vars(association), server_url=server_url)
        cls.known.append(one)

    @classmethod
    def get(cls, server_url=None, handle=None, **_):
        fits = lambda one: handle is None or one.handle == handle
        return [one for one in cls.known if fits(one)]

    @classmethod
    def remove(cls, ids_to_delete):
        cls.known.clear()


class Storage(BaseStorage):
    nonce = Nonces
    association = Associations


class Strategy(BaseStrategy):
    """Of an app that keeps everything in memory."""

    def __init__(self):
        super().__init__(Storage)
        self.session, self.data = {}, {}

    def get_setting(self, name):
        prefix = f"SOCIAL_AUTH_{SETTINGS['backend'].upper()}_"
        return {
            f"{prefix}DOMAIN": SETTINGS["domain"],
            f"{prefix}KEY": SETTINGS["client_id"],
            f"{prefix}SECRET": SETTINGS["client_secret"],
            f"{prefix}PIPELINE": [
                "social_core.pipeline.social_auth.social_details",
                "__main__.signed_in",
            ],
        }[name]

    def redirect(self, url):
        return url

    def html(self, content):
        return content

    def build_absolute_uri(self, path=None):
        return path

    def request_data(self, merge=True):
        return self.data

    def request_host(self):
        return "localhost"

    def session_get(self, name, default=None):
        return self.session.get(name, default)

    def session_set(self, name, value):
        self.session[name] = value

    def session_pop(self, name):
        return self.session.pop(name, None)


class User(dict):
    is_active = is_authenticated = True
    is_new = False
    social_user = None


def signed_in(details, backend, response, *_, **__):
    user = User(details=details, id=backend.get_user_id(details, response))
    return {"user": user, "is_new": False}


strategy = Strategy()
kind = {"auth0": Auth0, "auth0_openidconnect": Auth0OpenIdConnectAuth}[SETTINGS["backend"]]
landed = ask({"go": kind(strategy, redirect_uri=SETTINGS["callback"]).start()})
# Another request of the browser's, which has its own backend.
strategy.data = dict(parse_qsl(urlsplit(landed).query))
tell(dict(kind(strategy, redirect_uri=SETTINGS["callback"]).complete()))
