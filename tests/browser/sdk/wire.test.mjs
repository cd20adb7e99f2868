// Asking for a code through the API, byte by byte: refusals, limits, words, other origins.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ALONE, startDoorcode } from '../doorcode.mjs';
import { until } from '../servers.mjs';
import { Api, assertRefused, unlike } from './api.mjs';
import { SECRETS, clientsOf, startPages } from './apps.mjs';

const STARTS = 60;
const STRANGER = 'https://stranger.example';
const WRONG = 'Wrong phone number or verification code.';

// `first_wait` is short for the test that needs a second text. Logins that were begun are counted
// for each address apart: the one that the test of limits names, and that of this machine.
const parts = {
  limits: `first_wait = "1s"\nattempts_per_address = ${STARTS}`,
  sms: `template = '''
{%- if request_language contains 'fr-FR' -%}
Votre code : @@password@@
{%- else -%}
Your code: {{ code }}
{%- endif -%}'''`,
};

let api;
let doorcode;
let pages;
before(async () => {
  pages = await startPages({});
  doorcode = await startDoorcode(ALONE, { ...parts, ...clientsOf(pages.origin) });
  api = new Api(doorcode, pages.origin);
});
after(async () => {
  await doorcode?.stop();
  await pages?.stop();
});

const GOOD = '+12015550123';

const missing = [
  ['client_id', 'bad.client_id'],
  ['connection', 'bad.connection'],
  ['phone_number', 'bad.phone_number'],
];
for (const [field, error] of missing) {
  test(`a start without ${field} says so`, async () => {
    for (const nothing of [undefined, null, '']) {
      const answer = await api.start(GOOD, { [field]: nothing });
      assertRefused(answer, 400, error, `Missing required property: ${field}`);
    }
  });
}

test('a number that is not in E.164, or nobody can have, is refused', async () => {
  const pattern = 'String does not match pattern: ^\\+[0-9]{1,15}$';
  for (const phone of ['0049123', '+49 123', `+${'1'.repeat(16)}`]) {
    assertRefused(await api.start(phone), 400, 'bad.phone_number', pattern);
  }
  assertRefused(await api.start('+15005550006'), 400, 'bad.phone_number', /./);
});

test('a good number is answered as Auth0 does, and texted', async () => {
  const { status, body, text } = await api.start(GOOD);
  assert.equal(status, 200, text);
  const { _id, phone_number, phone_verified } = body;
  assert.match(_id, /^[0-9a-f]{24}$/);
  assert.deepEqual({ phone_number, phone_verified }, { phone_number: GOOD, phone_verified: false });
  assert.match(await doorcode.twilio.code(GOOD), /^\d{6}$/);
});

test('authParams must be an object, and no other property is taken', async () => {
  const text = 'error in authParams - invalid type: string (expected object)';
  assertRefused(await api.start(GOOD, { authParams: 'x' }), 400, 'bad.authParams', text);
  const other = 'the following properties are not allowed: colour';
  assertRefused(await api.start(GOOD, { colour: 'red' }), 400, 'bad.request', other);
});

test('an application with a secret must show it', async () => {
  const phone = '+12025550331';
  const web = { client_id: 'web' };
  const without = await api.start(phone, web);
  assertRefused(without, 403, 'unauthorized_client', 'Client authentication is required');
  const guessed = await api.start(phone, { ...web, client_secret: 'x'.repeat(32) });
  assertRefused(guessed, 401, 'access_denied', 'Unauthorized');
  const shown = await api.start(phone, { ...web, client_secret: SECRETS.WEB_SECRET });
  assert.equal(shown.status, 200, shown.text);
  assert.equal(doorcode.twilio.sentTo(phone).length, 1);
});

test('a second start sends the same code and no new tries; a dead code is not sent', async () => {
  const phone = '+12025550332';
  const { twilio } = doorcode;
  const code = await api.codeFor(phone);
  for (const n of [1, 2]) await assertWrong(await api.redeem(phone, unlike(code, n)));
  // Within the wait a start is answered as sent, and sends nothing.
  const second = async () => (await api.start(phone)) && twilio.sentTo(phone).length > 1;
  await until(second, 'a second text', 180, 250);
  assert.equal(await twilio.code(phone), code);
  await assertWrong(await api.redeem(phone, unlike(code, 3)));
  assertRefused(await api.redeem(phone, code), 403, 'invalid_grant', /maximum number of attempts/);

  const texts = twilio.sentTo(phone).length;
  const third = async () => (await api.start(phone)) && twilio.sentTo(phone).length > texts;
  await until(third, 'a text with another code', 180, 250);
  await assertWrong(await api.redeem(phone, code));
  const redeemed = await api.redeem(phone, await twilio.code(phone));
  assert.equal(redeemed.status, 200, redeemed.text);
});

const assertWrong = (answer) => assertRefused(answer, 403, 'invalid_grant', WRONG);

test('a text is in the language that the request names, else in that of the browser', async () => {
  const french = /^Votre code : \d/;
  const english = /^Your code: \d/;
  const cases = [
    ['+12025550333', { 'x-request-language': 'fr-FR', 'accept-language': 'en' }, french],
    ['+12025550334', { 'x-request-language': 'en', 'accept-language': 'fr-FR' }, english],
    ['+12025550335', { 'accept-language': 'fr-FR,fr;q=0.9' }, french],
    ['+12025550336', {}, english],
  ];
  for (const [phone, headers, words] of cases) {
    const { status, text } = await api.start(phone, { headers });
    assert.equal(status, 200, text);
    assert.match((await doorcode.twilio.text(phone)).body, words, JSON.stringify(headers));
  }
});

test('a start above a limit tells when to come back, to pages of other origins too', async () => {
  const web = { client_id: 'web', client_secret: SECRETS.WEB_SECRET };
  const headers = { 'auth0-forwarded-for': '203.0.113.7', origin: pages.origin };
  const phone = (n) => `+1202556${String(1000 + n)}`;
  for (let n = 0; n < STARTS; n += 1) {
    const { status, text } = await api.start(phone(n), { ...web, headers });
    assert.equal(status, 200, `start ${n}: ${text}`);
  }
  const answer = await api.start(phone(STARTS), { ...web, headers });
  assertRefused(answer, 429, 'too_many_requests', /./);
  const now = Math.floor(Date.now() / 1000);
  const header = (name) => Number(answer.headers.get(name) ?? NaN);
  assert.ok(header('x-ratelimit-reset') > now, 'the moment when it is over');
  assert.ok(header('x-ratelimit-limit') > 0);
  assert.equal(header('x-ratelimit-remaining'), 0);
  assert.ok(header('retry-after') > 0);
  assert.equal(answer.headers.get('access-control-allow-origin'), pages.origin);
  const readable = answer.headers.get('access-control-expose-headers').toLowerCase();
  for (const name of ['retry-after', 'x-ratelimit-reset']) assert.ok(readable.includes(name), name);
  assert.equal((await api.start('+12025550337')).status, 200, 'another address is not meant');
});

/** What a browser asks before a page of `origin` may call. */
const preflight = (path, origin) =>
  api.ask('OPTIONS', path, undefined, {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'auth0-client,content-type,x-request-language',
  });

test('pages of listed origins may call, those of others may not', async () => {
  for (const path of ['/passwordless/start', '/co/authenticate', '/oauth/token', '/oauth/revoke']) {
    const { status, headers } = await preflight(path, pages.origin);
    assert.ok([200, 204].includes(status), `${path}: ${status}`);
    assert.equal(headers.get('access-control-allow-origin'), pages.origin);
    assert.match(headers.get('vary'), /\borigin\b/i);
    assert.match(headers.get('access-control-allow-methods'), /\bPOST\b/);
    const allowed = headers.get('access-control-allow-headers').toLowerCase().split(/,\s*/);
    for (const name of ['auth0-client', 'content-type', 'x-request-language']) {
      assert.ok(allowed.includes(name), `${path} allows ${allowed}`);
    }
    assert.ok(Number(headers.get('access-control-max-age')) > 0);
    const stranger = await preflight(path, STRANGER);
    assert.equal(stranger.headers.get('access-control-allow-origin'), null, path);
  }
});

test('a page of another origin cannot log in, not even with the right code', async () => {
  const phone = '+12025550338';
  const answer = await api.ticket(phone, STRANGER);
  assert.equal(answer.status, 403, answer.text);
  assert.equal(answer.headers.get('access-control-allow-origin'), null);
  assert.doesNotMatch(answer.text, /login_ticket/);
  const redeemed = await api.redeem(phone, await doorcode.twilio.code(phone));
  assert.equal(redeemed.status, 200, `the code is not spent: ${redeemed.text}`);
});
