// auth0-js in a page of an app: the page's own form, tokens by redirect and by a hidden frame.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { ALONE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { unlike } from './api.mjs';
import { clientsOf, startPages } from './apps.mjs';

const LIBRARY = new URL('../node_modules/auth0-js/dist/auth0.min.js', import.meta.url);
const WRONG = 'Wrong phone number or verification code.';
const USER = /^sms\|[0-9a-f]{24}$/;

let browser;
let doorcode;
let pages;
let library;
before(async () => {
  library = await readFile(LIBRARY, 'utf8');
  pages = await startPages({ script: library });
  doorcode = await startDoorcode(ALONE, clientsOf(pages.origin));
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
  await pages?.stop();
});

const settings = () => ({
  domain: doorcode.issuer,
  clientID: 'spa',
  redirectUri: `${pages.origin}/callback`,
  responseType: 'token id_token',
  scope: 'openid profile phone',
  overrides: { __token_issuer: `${doorcode.issuer}/` },
});

/** Somebody on a page of the app. */
async function visitor() {
  const { log } = doorcode;
  const person = await Person.at(browser, { origin: pages.origin, log });
  await person.visit('/');
  return person;
}

/** What a method of `WebAuth` (or of its `client`) gives its callback on the current page. */
const call = (person, method, ...given) =>
  person.page.evaluate(
    ([settings, method, given]) =>
      new Promise((done) => {
        const webAuth = new window.auth0.WebAuth(settings);
        const of = method.startsWith('client.') ? webAuth.client : webAuth;
        of[method.replace('client.', '')](...given, (error, result) => {
          // What it finds out itself it words in another way than what it was answered.
          const code = error?.code ?? error?.error;
          const description = error?.description ?? error?.errorDescription;
          done({ error: error ? { code, description } : null, result });
        });
      }),
    [settings(), method, given],
  );

const start = (person, phoneNumber) =>
  call(person, 'passwordlessStart', { connection: 'sms', send: 'code', phoneNumber });

/** Begins a call that leaves the page; ends when the browser is where it leads. */
async function away(person, place, method, options) {
  await person.page.evaluate(
    ([settings, method, options]) => {
      const refused = (error) => document.body.append(JSON.stringify(error));
      new window.auth0.WebAuth(settings)[method](options, refused);
    },
    [settings(), method, options],
  );
  await person.landsAt(`${pages.origin}${place}`);
}

async function signIn(person, phoneNumber) {
  const { error } = await start(person, phoneNumber);
  assert.equal(error, null);
  const verificationCode = await doorcode.twilio.code(phoneNumber);
  const options = { connection: 'sms', phoneNumber, verificationCode };
  await away(person, '/callback#', 'passwordlessLogin', options);
}

const parseHash = (person) => call(person, 'parseHash', { hash: new URL(person.page.url()).hash });

test('passwordlessStart texts one code to the number', async () => {
  const phone = '+12025550301';
  const person = await visitor();
  const { error, result } = await start(person, phone);
  assert.equal(error, null);
  assert.equal(result.phoneNumber, phone);
  assert.match(result.Id, /^[0-9a-f]{24}$/);
  assert.match(await doorcode.twilio.code(phone), /^\d{6}$/);
  assert.equal(doorcode.twilio.sentTo(phone).length, 1);
  await person.leave();
});

test('passwordlessLogin leads back with tokens that parseHash finds true', async () => {
  const person = await visitor();
  await signIn(person, '+12025550302');
  const { error, result } = await parseHash(person);
  assert.equal(error, null);
  assert.match(result.idTokenPayload.sub, USER);
  assert.ok(result.idTokenPayload.at_hash, 'the ID token binds the access token');
  assert.ok(result.idTokenPayload.nonce, 'and the request');
  assert.equal(result.tokenType, 'Bearer');
  assert.ok(result.accessToken);
  await person.leave();
});

test('passwordlessLogin with a wrong code is told so, in Auth0’s words', async () => {
  const phoneNumber = '+12025550303';
  const person = await visitor();
  await start(person, phoneNumber);
  const verificationCode = unlike(await doorcode.twilio.code(phoneNumber));
  const options = { connection: 'sms', phoneNumber, verificationCode };
  const { error } = await call(person, 'passwordlessLogin', options);
  assert.deepEqual(error, { code: 'access_denied', description: WRONG });
  await person.leave();
});

test('checkSession answers login_required with the state of the question, then tokens', async () => {
  const person = await visitor();
  await person.page.evaluate(() => {
    window.heard = [];
    window.addEventListener('message', ({ data }) => window.heard.push(data));
  });
  const before = await call(person, 'checkSession', {});
  assert.equal(before.error?.code, 'login_required', JSON.stringify(before));
  const asked = new URL(person.journey.at(-1).split(' ')[1]);
  assert.equal(asked.searchParams.get('prompt'), 'none');
  const [message] = await person.page.evaluate(() => window.heard);
  assert.equal(message.type, 'authorization_response');
  assert.equal(message.response.state, asked.searchParams.get('state'));

  await signIn(person, '+12025550304');
  const { result } = await parseHash(person);
  const after = await call(person, 'checkSession', {});
  assert.equal(after.error, null);
  assert.equal(after.result.idTokenPayload.sub, result.idTokenPayload.sub);
  assert.ok(after.result.accessToken);
  await person.leave();
});

test('neither an answer nor a login ticket can be used twice', async () => {
  const person = await visitor();
  await signIn(person, '+12025550305');
  assert.equal((await parseHash(person)).error, null);
  const again = await parseHash(person);
  assert.equal(again.error?.code, 'invalid_token', 'its state is spent');

  const spent = person.journey.find((step) => step.includes('login_ticket=')).split(' ')[1];
  const answer = await person.page.goto(spent);
  const { hash } = new URL(person.page.url());
  assert.doesNotMatch(hash, /token=/, 'a spent ticket gives no tokens');
  assert.ok(answer.status() >= 400 || /error=/.test(hash), await person.situation());
  await person.leave();
});

test('client.userInfo tells the profile, with a picture that can be seen', async () => {
  const phone = '+12025550306';
  const person = await visitor();
  await signIn(person, phone);
  const { result } = await parseHash(person);
  const { error, result: user } = await call(person, 'client.userInfo', result.accessToken);
  assert.equal(error, null);
  assert.equal(user.sub, result.idTokenPayload.sub);
  assert.equal(user.phone_number, phone);
  assert.equal(await person.page.evaluate(shows, user.picture), true, user.picture);
  const bad = await call(person, 'client.userInfo', `${result.accessToken}x`);
  assert.ok(bad.error, 'a changed token tells nothing');
  await person.leave();
});

/** On a page: whether an address is that of a picture. */
const shows = (address) =>
  new Promise((done) => {
    const image = new Image();
    image.onload = () => done(image.naturalWidth > 0);
    image.onerror = () => done(false);
    image.src = address;
  });

test('client.oauthToken takes the code for tokens without leaving the page', async () => {
  const phone = '+12025550307';
  const person = await visitor();
  await start(person, phone);
  const { error, result } = await call(person, 'client.oauthToken', {
    grantType: 'http://auth0.com/oauth/grant-type/passwordless/otp',
    realm: 'sms',
    username: phone,
    otp: await doorcode.twilio.code(phone),
    scope: 'openid',
  });
  assert.equal(error, null);
  assert.ok(result.accessToken);
  assert.ok(result.idToken);
  await person.leave();
});

test('getSSOData tells who is signed in, and logout ends that', async () => {
  const phone = '+12025550308';
  const person = await visitor();
  assert.equal((await call(person, 'client.getSSOData', false)).result.sso, false);
  await signIn(person, phone);
  await parseHash(person);
  const { error, result } = await call(person, 'client.getSSOData', false);
  assert.equal(error, null);
  assert.equal(result.sso, true, JSON.stringify(result));
  assert.match(result.lastUsedUserID, USER);
  assert.equal(result.lastUsedConnection.name, 'sms');

  await away(person, '/bye', 'logout', { returnTo: `${pages.origin}/bye` });
  assert.equal((await call(person, 'checkSession', {})).error?.code, 'login_required');
  await person.leave();
});
