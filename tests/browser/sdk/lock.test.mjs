// Lock's passwordless dialog in a page of an app: by redirect, and without leaving the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ALONE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { until } from '../servers.mjs';
import { Api, unlike } from './api.mjs';
import { clientsOf, startPages } from './apps.mjs';
import { bundle } from './bundle.mjs';

const NUMBER = 'input[name=phoneNumber]';
const CODE = 'input[name=vcode]';
const SUBMIT = 'button.auth0-lock-submit:not([disabled])';

let browser;
let doorcode;
let pages;
before(async () => {
  pages = await startPages({ script: await bundle('auth0-lock') });
  doorcode = await startDoorcode(ALONE, clientsOf(pages.origin));
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
  await pages?.stop();
});

const settings = (auth) => ({
  allowedConnections: ['sms'],
  // Lock 14 looks for a field to focus where it has none any more, once somebody is signed in.
  autofocus: false,
  // Its own badge comes from elsewhere.
  theme: { logo: 'data:,' },
  configurationBaseUrl: doorcode.issuer,
  languageBaseUrl: pages.origin,
  overrides: { __token_issuer: `${doorcode.issuer}/` },
  auth: {
    responseType: 'token id_token',
    redirectUrl: `${pages.origin}/callback`,
    params: { scope: 'openid profile' },
    ...auth,
  },
});

/** Makes the dialog of the current page; `window.lockSaid` then holds what it told the app. */
async function makeLock(person, auth = {}) {
  await person.page.evaluate(
    ([domain, settings]) => {
      window.lockSaid = {};
      window.lock = new window.Auth0LockPasswordless('spa', domain, settings);
      for (const event of ['authenticated', 'authorization_error', 'unrecoverable_error']) {
        window.lock.on(event, (said) => (window.lockSaid[event] = said));
      }
    },
    [doorcode.issuer, settings(auth)],
  );
}

/** Somebody before the open dialog. */
async function visitor(auth) {
  // By this locale Lock is told which country's numbers are typed.
  const american = { locale: 'en-US' };
  const person = await Person.at(browser, { origin: pages.origin, log: doorcode.log }, american);
  await person.visit('/');
  await makeLock(person, auth);
  await person.page.evaluate(() => window.lock.show());
  return person;
}

/** What the dialog told the app, waited for; anything else that it told is a failure. */
async function said(person, event) {
  const told = await until(
    () => person.page.evaluate(() => Object.entries(window.lockSaid).at(-1)),
    () => `the dialog to say ${event}`,
  );
  assert.equal(told[0], event, JSON.stringify(told[1]));
  return told[1];
}

async function askForCode(person, national) {
  await person.sees(NUMBER, 'the field for the number');
  await person.page.fill(NUMBER, national);
  await person.page.click(SUBMIT);
}

async function typeCode(person, code) {
  await person.sees(CODE, 'the field for the code');
  await person.page.fill(CODE, code);
  await person.page.click(SUBMIT);
}

test('the dialog opens on the number, and a login by redirect ends as authenticated', async () => {
  const phone = '+12025550311';
  const person = await visitor();
  await person.sees(NUMBER, 'the field for the number');
  assert.equal(await person.page.locator('.auth0-lock-social-button').count(), 0);
  await askForCode(person, phone.slice(2));
  await typeCode(person, await doorcode.twilio.code(phone));
  await person.landsAt(`${pages.origin}/callback#`);
  await makeLock(person);
  const { idTokenPayload, accessToken } = await said(person, 'authenticated');
  assert.match(idTokenPayload.sub, /^sms\|[0-9a-f]{24}$/);
  assert.equal(idTokenPayload.name, phone);
  assert.ok(accessToken);
  assert.equal(doorcode.twilio.sentTo(phone).length, 1, 'one login is one text');
  await person.leave();
});

test('without a redirect the login ends on the page where it began', async () => {
  const phone = '+12025550312';
  const person = await visitor({ redirect: false });
  await askForCode(person, phone.slice(2));
  await typeCode(person, await doorcode.twilio.code(phone));
  const { idTokenPayload } = await said(person, 'authenticated');
  assert.match(idTokenPayload.sub, /^sms\|[0-9a-f]{24}$/);
  assert.equal(person.page.url(), `${pages.origin}/`);
  await person.leave();
});

test('a wrong code is told, and the right one then signs in', async () => {
  const phone = '+12025550313';
  const person = await visitor();
  await askForCode(person, phone.slice(2));
  const code = await doorcode.twilio.code(phone);
  await typeCode(person, unlike(code));
  await person.seesText('something went wrong');
  const error = await said(person, 'authorization_error');
  assert.equal(error.description, 'Wrong phone number or verification code.');
  await typeCode(person, code);
  await person.landsAt(`${pages.origin}/callback#`);
  await person.leave();
});

test('a number that cannot be is called invalid, whoever found that out', async () => {
  const nobody = '+12025550314';
  doorcode.twilio.unreachable.add(nobody);
  for (const [national, error] of [
    ['12', 'bad.phone_number'],
    [nobody.slice(2), 'sms_provider_error'],
  ]) {
    const person = await visitor();
    await askForCode(person, national);
    await person.seesText('The phone number is invalid');
    const told = await said(person, 'authorization_error');
    assert.equal(told.error, error, JSON.stringify(told));
    await person.leave();
  }
});

test('the settings of an application that does not exist are not found', async () => {
  const api = new Api(doorcode, pages.origin);
  const known = await api.get('/client/spa.js?t1795000000000');
  assert.equal(known.status, 200);
  assert.match(known.headers.get('content-type'), /^application\/(x-)?javascript/);
  assert.match(known.text, /^Auth0\.setClient\(\{.*"id":"spa".*\}\);$/s);
  const unknown = await api.get('/client/nobody.js?t1795000000000');
  assert.equal(unknown.status, 404);
  assert.doesNotMatch(unknown.text, /setClient/);
});
