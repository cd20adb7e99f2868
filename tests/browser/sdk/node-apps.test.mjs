// Servers in Node that sign people in by a library, each as its manual has it: passport-auth0,
// express-openid-connect and next-auth 4. A person signs in to each in a browser.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import express from 'express';
import oidc from 'express-openid-connect';
import nextAuth from 'next-auth';
import auth0Provider from 'next-auth/providers/auth0';
import passport from 'passport';
import Auth0Strategy from 'passport-auth0';
import { ALONE_BY_NAME, ALONE_SECURE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { SECRETS, clientsOf } from './apps.mjs';

const USER = /^sms\|[0-9a-f]{24}$/;
const clientSecret = SECRETS.WEB_SECRET;
// CommonJS, whose default export Node gives as a property.
const { default: NextAuth } = nextAuth;
const { default: Auth0Provider } = auth0Provider;

let browser;
let plain;
let secure;
const apps = {};
before(async () => {
  for (const name of ['passport', 'express', 'strict', 'next']) apps[name] = await startApp();
  const clients = clientsOf('http://localhost:1');
  const parts = { ...clients, clients: clients.clients + tables() };
  plain = await startDoorcode(ALONE_BY_NAME, parts);
  // passport-auth0 asks by https alone. What `NODE_EXTRA_CA_CERTS` does comes too late for it.
  secure = await startDoorcode(ALONE_SECURE, parts);
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), secure.certificate]);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await plain?.stop();
  await secure?.stop();
  for (const { stop } of Object.values(apps)) await stop();
});

/** A server whose handler comes later: the configuration must know its port first. */
async function startApp() {
  const app = { handler: null };
  const server = createServer((request, response) => app.handler(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  app.origin = `http://localhost:${server.address().port}`;
  app.stop = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return app;
}

/** A `[[client]]` for each app. */
const tables = () => {
  const places = {
    passport: '/callback',
    express: '/callback',
    strict: '/callback',
    next: '/api/auth/callback/auth0',
  };
  const table = ([name, { origin }]) => `
[[client]]
id = "${name}"
name = "Acme"
type = "confidential"
secret = "env:WEB_SECRET"
callbacks = ["${origin}${places[name]}"]
logout_urls = ["${origin}"]
grants = ["authorization_code", "refresh_token", "implicit"]
# passport-auth0 and express-openid-connect have no PKCE as they come.
require_pkce = false
`;
  return Object.entries(apps).map(table).join('');
};

/** Somebody who goes to a page of the app and signs in at Doorcode on the way. */
async function signIn(doorcode, app, path, phone, before = () => {}) {
  const person = await Person.at(
    browser,
    { origin: app.origin, log: doorcode.log },
    { ignoreHTTPSErrors: true },
  );
  await person.visit(path);
  await before(person);
  await person.askForCode(phone);
  await person.typeCode(await doorcode.twilio.code(phone));
  return person;
}

/** What a page that is JSON says. */
const shown = async (person) => JSON.parse(await person.page.locator('body').innerText());

test('passport-auth0 asks for the profile by a token in a query', async () => {
  const phone = '+12025550431';
  const app = apps.passport;
  const strategy = new Auth0Strategy(
    {
      domain: new URL(secure.issuer).host,
      clientID: 'passport',
      clientSecret,
      callbackURL: `${app.origin}/callback`,
    },
    (accessToken, refreshToken, extraParams, profile, done) => done(null, profile),
  );
  passport.use(strategy);
  const session = {};
  const pages = express();
  pages.use((request, response, next) => {
    request.session = session;
    next();
  });
  const authenticate = passport.authenticate('auth0', { scope: 'openid email profile', session: false });
  pages.get('/login', authenticate);
  pages.get('/callback', authenticate, ({ user }, response) => response.json(user));
  app.handler = pages;

  const person = await signIn(secure, app, '/login', phone);
  await person.landsAt(`${app.origin}/callback?`);
  const user = await shown(person);
  assert.match(user.id, USER);
  assert.equal(user.displayName, phone);
  assert.doesNotMatch(secure.log(), /access_token=/);
  await person.leave();
});

const flows = {
  express: { what: 'with an ID token by form_post, its default', settings: {} },
  strict: {
    what: 'with a code',
    settings: {
      clientSecret,
      authorizationParams: { response_type: 'code', scope: 'openid profile email offline_access' },
    },
  },
};
for (const [n, [name, { what, settings }]] of Object.entries(flows).entries()) {
  test(`express-openid-connect ${what}: login and logout`, async () => {
    const phone = `+1202555044${n}`;
    const app = apps[name];
    const pages = express();
    const own = { baseURL: app.origin, clientID: name, secret: 'a-secret-for-the-cookies-of-this-app' };
    pages.use(oidc.auth({ ...own, issuerBaseURL: plain.issuer, idpLogout: true, ...settings }));
    pages.get('/', ({ oidc: { user } }, response) => response.json(user ?? null));
    app.handler = pages;

    const person = await signIn(plain, app, '/', phone);
    await person.landsOn('/');
    const user = await shown(person);
    assert.match(user.sub, USER);
    assert.equal(user.name, phone);
    await person.visit('/logout');
    // Signed out at Doorcode too: the app, which requires a login, leads to the number again.
    await person.sees('input[name=phone]', 'the page that asks for a number');
    await person.leave();
  });
}

test('next-auth 4 by its provider for Auth0', async () => {
  const phone = '+12025550433';
  const app = apps.next;
  process.env.NEXTAUTH_URL = app.origin;
  const options = {
    providers: [Auth0Provider({ clientId: 'next', clientSecret, issuer: plain.issuer })],
    secret: 'a-secret-for-the-cookies-of-this-app',
    callbacks: { session: ({ session, token }) => ({ ...session, sub: token.sub }) },
  };
  const pages = express();
  pages.use(express.urlencoded({ extended: false }));
  // What Next.js does for a route `pages/api/auth/[...nextauth].js`.
  pages.use('/api/auth', (request, response) => {
    const nextauth = request.path.split('/').filter(Boolean);
    const cookies = (request.headers.cookie ?? '').split('; ').filter(Boolean);
    const pair = (cookie) => cookie.split(/=(.*)/s).slice(0, 2).map(decodeURIComponent);
    const query = { ...request.query, nextauth };
    const shaped = { headers: request.headers, method: request.method, body: request.body };
    return NextAuth({ ...shaped, query, cookies: Object.fromEntries(cookies.map(pair)) }, response, options);
  });
  pages.get('/', (request, response) => response.send('<h1>The app</h1>'));
  app.handler = pages;

  const button = (person) => person.page.click('button[type=submit]');
  const person = await signIn(plain, app, '/api/auth/signin', phone, button);
  await person.landsAt(`${app.origin}/`);
  await person.visit('/api/auth/session');
  const session = await shown(person);
  assert.match(session.sub, USER);
  assert.ok(session.user.image, JSON.stringify(session));
  // The badge on its own page.
  await person.leave({ away: ['authjs.dev'] });
});
