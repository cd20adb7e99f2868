// The applications of these tests: what the configuration says of them, and a server for their
// pages, which is another origin than Doorcode's and the same site.
import { serve } from '../servers.mjs';

/** An API that tokens are asked for. */
export const API = 'https://api.acme.test/';

/** The secrets of the applications that can keep one, by the names in the environment. */
export const SECRETS = {
  WEB_SECRET: 'only-the-server-of-web-knows-this-text',
  M2M_SECRET: 'only-the-machine-of-m2m-knows-this-text',
};

/** The applications of a `[[client]]` table each; `app` is the origin of their pages. */
const tables = (app) => `
[[client]]
id = "spa"
name = "Acme Web"
callbacks = ["${app}/callback", "${app}/dialog"]
web_origins = ["${app}"]
logout_urls = ["${app}/bye"]
grants = ["passwordless", "authorization_code", "refresh_token", "implicit"]
audiences = ["${API}"]

[[client]]
id = "legacy"
name = "Acme of Old"
callbacks = ["${app}/callback"]
grants = ["implicit", "ro"]

[[client]]
id = "web"
name = "Acme Server"
type = "confidential"
secret = "env:WEB_SECRET"
callbacks = ["${app}/web/callback"]
logout_urls = ["${app}/web/bye"]
audiences = ["${API}"]
trust_forwarded_for = true
# python-social-auth has no PKCE as it comes.
require_pkce = false

[[client]]
id = "m2m"
name = "Acme Nightly"
type = "confidential"
secret = "env:M2M_SECRET"
grants = ["client_credentials"]
audiences = ["${API}"]
scopes = ["read:orders"]

[[client]]
id = "native"
name = "Acme Phone"
callbacks = ["com.acme.app:/callback"]
`;

/** What `startDoorcode` must be told of the applications whose pages are at `app`. */
export const clientsOf = (app) => ({ clients: tables(app), secrets: SECRETS });

const SCRIPT = { 'content-type': 'text/javascript; charset=utf-8' };
const HTML = { 'content-type': 'text/html; charset=utf-8' };

/**
 * Serves `script` at `/sdk.js`, the pages that `pages` holds by their path, and at every other path
 * an empty page with that script; by TLS when there is a `pair` of certificate and key.
 */
export async function startPages({ host = '127.0.0.1', script = '', pages = {}, pair = null }) {
  const { port, stop } = await serve((request, _, response) => {
    const path = request.url.split('?')[0];
    const language = path.match(/^\/js\/lock\/.*\/([\w-]+)\.js$/)?.[1];
    if (path === '/sdk.js') return response.writeHead(200, SCRIPT).end(script);
    // Lock asks a server for its words even in English, which it has.
    if (language) return response.writeHead(200, SCRIPT).end(dictionary(language));
    return response.writeHead(200, HTML).end(pages[path] ?? page('<h1>The app</h1>'));
  }, { pair });
  return { origin: `${pair ? 'https' : 'http'}://${host}:${port}`, stop };
}

export const page = (body) =>
  `<!doctype html><html lang="en"><title>The app</title><link rel="icon" href="data:,">
<script src="/sdk.js"></script>${body}`;

/** A file of words as Lock fetches them: it keeps to its own. */
export const dictionary = (language) => `Auth0.registerLanguageDictionary('${language}', {});`;
