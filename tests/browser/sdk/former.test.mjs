// Former versions of auth0-js and Lock that apps still have: a login with each.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { ALONE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { until } from '../servers.mjs';
import { startPages } from './apps.mjs';
import { bundle } from './bundle.mjs';

const USER = /^sms\|[0-9a-f]{24}$/;
const LOCKS = ['auth0-lock-11', 'auth0-lock-12', 'auth0-lock-13'];
const NUMBER = 'input[name=phoneNumber]';
const CODE = 'input[name=vcode]';
const SUBMIT = 'button.auth0-lock-submit:not([disabled])';

let browser;
let doorcode;
/** Pages that have nothing but the script of one version. */
const places = {};
before(async () => {
  const auth0js = new URL('../node_modules/auth0-js-9/dist/auth0.min.js', import.meta.url);
  places['auth0-js-9'] = await startPages({ script: await readFile(auth0js, 'utf8') });
  for (const name of LOCKS) places[name] = await startPages({ script: await bundle(name) });
  const tables = Object.entries(places).map(([name, { origin }]) => `
[[client]]
id = "${name}"
name = "Acme of Old"
callbacks = ["${origin}/callback"]
web_origins = ["${origin}"]
grants = ["passwordless", "implicit"]
`);
  doorcode = await startDoorcode(ALONE, { clients: tables.join('') });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
  for (const { stop } of Object.values(places)) await stop();
});

async function visitor(name) {
  const { origin } = places[name];
  const person = await Person.at(browser, { origin, log: doorcode.log }, { locale: 'en-US' });
  await person.visit('/');
  return person;
}

test('auth0-js 9: start, login, the hash found true, a silent renewal, the profile', async () => {
  const phoneNumber = '+12025550461';
  const person = await visitor('auth0-js-9');
  const settings = {
    domain: doorcode.issuer,
    clientID: 'auth0-js-9',
    redirectUri: `${places['auth0-js-9'].origin}/callback`,
    responseType: 'token id_token',
    scope: 'openid profile phone',
    overrides: { __token_issuer: `${doorcode.issuer}/` },
  };
  const call = (method, ...given) =>
    person.page.evaluate(
      ([settings, method, given]) =>
        new Promise((done) => {
          const webAuth = new window.auth0.WebAuth(settings);
          const of = method === 'userInfo' ? webAuth.client : webAuth;
          of[method](...given, (error, result) => done({ error, result }));
        }),
      [settings, method, given],
    );
  const started = await call('passwordlessStart', { connection: 'sms', send: 'code', phoneNumber });
  assert.equal(started.error, null, JSON.stringify(started));
  const verificationCode = await doorcode.twilio.code(phoneNumber);
  await person.page.evaluate(
    ([settings, options]) => {
      const refused = (error) => document.body.append(JSON.stringify(error));
      new window.auth0.WebAuth(settings).passwordlessLogin(options, refused);
    },
    [settings, { connection: 'sms', phoneNumber, verificationCode }],
  );
  await person.landsAt(`${settings.redirectUri}#`);
  const { hash } = new URL(person.page.url());
  const { error, result } = await call('parseHash', { hash });
  assert.equal(error, null);
  assert.match(result.idTokenPayload.sub, USER);
  const renewed = await call('checkSession', {});
  assert.equal(renewed.error, null, JSON.stringify(renewed));
  const user = await call('userInfo', renewed.result.accessToken);
  assert.equal(user.result.phone_number, phoneNumber);
  await person.leave();
});

/** Makes the dialog of the current page; `window.lockSaid` then holds what it told the app. */
const makeLock = (person, name, auth) =>
  person.page.evaluate(
    ([name, issuer, auth]) => {
      const settings = {
        allowedConnections: ['sms'],
        autofocus: false,
        theme: { logo: 'data:,' },
        configurationBaseUrl: issuer,
        languageBaseUrl: location.origin,
        overrides: { __token_issuer: `${issuer}/` },
        auth: {
          responseType: 'token id_token',
          redirectUrl: `${location.origin}/callback`,
          params: { scope: 'openid profile' },
          ...auth,
        },
      };
      window.lockSaid = {};
      window.lock = new window.Auth0LockPasswordless(name, issuer, settings);
      for (const event of ['authenticated', 'authorization_error', 'unrecoverable_error']) {
        window.lock.on(event, (said) => (window.lockSaid[event] = said));
      }
    },
    [name, doorcode.issuer, auth],
  );

for (const [n, name] of LOCKS.entries()) {
  for (const [m, redirect] of [true, false].entries()) {
    test(`${name}: a login ${redirect ? 'by redirect' : 'on the page'}`, async () => {
      const phone = `+1202555047${n * 2 + m}`;
      const person = await visitor(name);
      await makeLock(person, name, { redirect });
      await person.page.evaluate(() => window.lock.show());
      await person.sees(NUMBER, 'the field for the number');
      await person.page.fill(NUMBER, phone.slice(2));
      await person.page.click(SUBMIT);
      await person.sees(CODE, 'the field for the code');
      await person.page.fill(CODE, await doorcode.twilio.code(phone));
      await person.page.click(SUBMIT);
      if (redirect) {
        await person.landsAt(`${places[name].origin}/callback#`);
        await makeLock(person, name, { redirect });
      }
      const said = () => person.page.evaluate(() => Object.entries(window.lockSaid).at(-1));
      const [event, told] = await until(said, 'what the dialog says');
      assert.equal(event, 'authenticated', JSON.stringify(told));
      assert.match(told.idTokenPayload.sub, USER);
      assert.equal(told.idTokenPayload.name, phone);
      await person.leave();
    });
  }
}
