// auth0-spa-js in a page of an app: Doorcode's own pages ask for number and code.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { ALONE_BY_NAME, startDoorcode } from '../doorcode.mjs';
import { NUMBER_FIELD, Person, openBrowser } from '../person.mjs';
import { Api, assertRefused } from './api.mjs';
import { API, clientsOf, startPages } from './apps.mjs';

const LIBRARY = new URL(
  '../node_modules/@auth0/auth0-spa-js/dist/auth0-spa-js.production.js',
  import.meta.url,
);

const UNKNOWN = 'Unknown or invalid refresh token.';

let api;
let browser;
let doorcode;
let pages;
before(async () => {
  pages = await startPages({ host: 'localhost', script: await readFile(LIBRARY, 'utf8') });
  doorcode = await startDoorcode(ALONE_BY_NAME, clientsOf(pages.origin));
  api = new Api(doorcode, pages.origin);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
  await pages?.stop();
});

const settings = (more) => ({
  domain: doorcode.issuer,
  clientId: 'spa',
  authorizationParams: {
    redirect_uri: `${pages.origin}/callback`,
    scope: 'openid profile phone',
    connection: 'sms',
  },
  ...more,
});

/** Makes the client of the current page, as `window.client`. */
const makeClient = (person, more = {}) =>
  person.page.evaluate((settings) => {
    window.client = new window.auth0.Auth0Client(settings);
  }, settings(more));

/** What a method of the client gives, or what it throws. */
const call = (person, method, ...given) =>
  person.page.evaluate(
    async ([method, given]) => {
      try {
        return { result: await window.client[method](...given) };
      } catch ({ error, message }) {
        return { error: error ?? 'thrown', message };
      }
    },
    [method, given],
  );

/** Somebody on a page of the app. */
async function visitor(more) {
  const person = await Person.at(browser, { origin: pages.origin, log: doorcode.log });
  await person.visit('/');
  await makeClient(person, more);
  return person;
}

/** Through Doorcode's pages and back to the app, where the answer is taken. */
async function signIn(person, phone, more) {
  await person.page.evaluate(() => void window.client.loginWithRedirect());
  await person.askForCode(phone);
  assert.ok(person.page.url().startsWith(doorcode.issuer), 'the form is not the app’s');
  await person.typeCode(await doorcode.twilio.code(phone));
  await person.landsAt(`${pages.origin}/callback?`);
  await makeClient(person, more);
  const { error, message } = await call(person, 'handleRedirectCallback');
  assert.equal(error, undefined, message);
}

test('loginWithRedirect leads through the pages that ask for number and code', async () => {
  const phone = '+12025550321';
  const person = await visitor();
  await signIn(person, phone);
  assert.equal((await call(person, 'isAuthenticated')).result, true);
  const { result: user } = await call(person, 'getUser');
  assert.match(user.sub, /^sms\|[0-9a-f]{24}$/);
  assert.equal(user.name, phone);
  assert.equal(user.phone_number, phone);
  assert.ok(user.picture);
  assert.match(user.updated_at, /^\d{4}-\d\d-\d\dT/);
  await person.leave();
});

test('the pages of a login name the application', async () => {
  const person = await visitor();
  await person.page.evaluate(() => void window.client.loginWithRedirect());
  await person.sees(NUMBER_FIELD, 'the page that asks for a number');
  await person.seesText('Acme Web');
  await person.leave();
});

test('getTokenSilently asks by a hidden frame, and a reload keeps who is there', async () => {
  const person = await visitor();
  await signIn(person, '+12025550322');
  const { result: user } = await call(person, 'getUser');
  const silent = await call(person, 'getTokenSilently', { cacheMode: 'off' });
  assert.ok(silent.result, JSON.stringify(silent));
  assert.match(person.journey.at(-1), /prompt=none.*web_message|web_message.*prompt=none/);

  await person.visit('/');
  await makeClient(person);
  await call(person, 'checkSession');
  assert.equal((await call(person, 'getUser')).result?.sub, user.sub);
  await person.leave();
});

test('refresh tokens rotate, and the old one is refused', async () => {
  const more = { useRefreshTokens: true, cacheLocation: 'localstorage' };
  const person = await visitor(more);
  await signIn(person, '+12025550323', more);
  const first = await refreshTokenKept(person);
  const refresh = { cacheMode: 'off', detailedResponse: true };
  const { error, message, result } = await call(person, 'getTokenSilently', refresh);
  assert.equal(error, undefined, message);
  assert.ok(result.id_token, 'a refresh gives an ID token too');
  const second = await refreshTokenKept(person);
  assert.notEqual(second, first);
  assert.equal((await call(person, 'getTokenSilently', refresh)).error, undefined);
  const old = await api.refresh(first);
  assertRefused(old, 403, 'invalid_grant', UNKNOWN);
  await person.leave();
});

test('refresh tokens that a worker keeps from the page work too', async () => {
  const more = { useRefreshTokens: true };
  const person = await visitor(more);
  await signIn(person, '+12025550327', more);
  const frames = person.journey.length;
  const { error, message, result } = await call(person, 'getTokenSilently', { cacheMode: 'off' });
  assert.equal(error, undefined, message);
  assert.ok(result);
  assert.equal(person.journey.length, frames, 'no frame was needed');
  await person.leave();
});

test('a dead refresh token leads back to the hidden frame, where the app says so', async () => {
  const kept = { useRefreshTokens: true, cacheLocation: 'localstorage' };
  const more = { ...kept, useRefreshTokensFallback: true };
  const person = await visitor(more);
  await signIn(person, '+12025550328', more);
  const token = await refreshTokenKept(person);
  await api.post('/oauth/revoke', { client_id: 'spa', token });
  const { error, message } = await call(person, 'getTokenSilently', { cacheMode: 'off' });
  assert.equal(error, undefined, message);
  assert.match(person.journey.at(-1), /prompt=none/);
  await person.leave();
});

/** The refresh token that the SDK keeps in the page's storage. */
async function refreshTokenKept(person) {
  const kept = await person.page.evaluate(() => Object.values({ ...localStorage }));
  return kept.map((text) => JSON.parse(text).body?.refresh_token).find(Boolean);
}

test('revokeRefreshToken ends what a refresh token is good for', async () => {
  const more = { useRefreshTokens: true, cacheLocation: 'localstorage' };
  const person = await visitor(more);
  await signIn(person, '+12025550324', more);
  const token = await refreshTokenKept(person);
  const { error, message } = await call(person, 'revokeRefreshToken');
  assert.equal(error, undefined, message);
  assertRefused(await api.refresh(token), 403, 'invalid_grant', UNKNOWN);
  await person.leave();
});

test('with useMrrt a refresh names its audience, and another one is refused', async () => {
  const authorizationParams = { ...settings().authorizationParams, audience: API };
  const kept = { useRefreshTokens: true, cacheLocation: 'localstorage' };
  const more = { ...kept, useMrrt: true, authorizationParams };
  const person = await visitor(more);
  await signIn(person, '+12025550330', more);
  const ask = (audience) =>
    call(person, 'getTokenSilently', { cacheMode: 'off', authorizationParams: { audience } });
  for (const [audience, refusal] of [
    [API, undefined],
    ['https://other.acme.test/', 'invalid_target'],
    [API, undefined],
  ]) {
    const { error, message } = await ask(audience);
    assert.equal(error, refusal, message);
  }
  await person.leave();
});

test('loginWithPopup signs in while the page of the app stays', async () => {
  const phone = '+12025550325';
  const person = await visitor();
  const app = person.page;
  const opened = app.waitForEvent('popup');
  const login = call(person, 'loginWithPopup');
  person.page = await opened;
  await person.askForCode(phone);
  await person.typeCode(await doorcode.twilio.code(phone));
  person.page = app;
  const { error, message } = await login;
  assert.equal(error, undefined, message);
  assert.equal((await call(person, 'getUser')).result.name, phone);
  assert.equal(app.url(), `${pages.origin}/`);
  await person.leave();
});

test('logout leads where it may, and nobody is signed in any more', async () => {
  const person = await visitor();
  await signIn(person, '+12025550326');
  const returnTo = `${pages.origin}/bye`;
  const leave = (returnTo) => void window.client.logout({ logoutParams: { returnTo } });
  await person.page.evaluate(leave, returnTo);
  await person.landsOn(returnTo);
  await makeClient(person);
  const { error } = await call(person, 'getTokenSilently', { cacheMode: 'off' });
  assert.equal(error, 'login_required');
  await person.leave();
});

test('logout leads to no address that is not listed', async () => {
  const logout = (path) => {
    const query = new URLSearchParams({ client_id: 'spa', returnTo: `${pages.origin}${path}` });
    return `/v2/logout?${query}`;
  };
  const listed = await api.get(logout('/bye'));
  assert.equal(listed.status, 302, listed.text);
  assert.equal(listed.headers.get('location'), `${pages.origin}/bye`);

  const person = await visitor();
  const answer = await person.page.goto(doorcode.issuer + logout('/elsewhere'));
  assert.equal(answer.status(), 400);
  assert.match(answer.headers()['content-type'], /^text\/html/);
  assert.ok(person.page.url().startsWith(doorcode.issuer), person.page.url());
  await person.leave();
});
