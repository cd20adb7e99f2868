// Tokens through the API, byte by byte: what a code is good for, and what its tokens are.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ALONE, startDoorcode } from '../doorcode.mjs';
import { until } from '../servers.mjs';
import { Api, OTP_GRANT, assertRefused, claims, isRedirect, unlike } from './api.mjs';
import { API, SECRETS, clientsOf, startPages } from './apps.mjs';

const WRONG = 'Wrong phone number or verification code.';
const UNKNOWN = 'Unknown or invalid refresh token.';

let api;
let doorcode;
let pages;
before(async () => {
  pages = await startPages({});
  doorcode = await startDoorcode(ALONE, clientsOf(pages.origin));
  api = new Api(doorcode, pages.origin);
});
after(async () => {
  await doorcode?.stop();
  await pages?.stop();
});

test('three wrong codes are enough, and a new start works again', async () => {
  const phone = '+12025550342';
  const code = await api.codeFor(phone);
  for (const n of [1, 2, 3]) assertGrant(await api.redeem(phone, unlike(code, n)), WRONG);
  assertGrant(await api.redeem(phone, code), /^You've reached the maximum number of attempts\./);
  await api.start(phone);
  await until(() => doorcode.twilio.sentTo(phone).length > 1, 'a new code');
  const redeemed = await api.redeem(phone, await doorcode.twilio.code(phone));
  assert.equal(redeemed.status, 200, redeemed.text);
});

const assertGrant = (answer, words) => assertRefused(answer, 403, 'invalid_grant', words);

test('a code works once, though it come twice at one time', async () => {
  const phone = '+12025550343';
  const code = await api.codeFor(phone);
  const both = await Promise.all([api.redeem(phone, code), api.redeem(phone, code)]);
  const statuses = both.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, 403], both.map(({ text }) => text).join('\n'));
  assertGrant(await api.redeem(phone, code), WRONG);
});

test('an application may use only the grants that it has', async () => {
  const m2m = { client_id: 'm2m', client_secret: SECRETS.M2M_SECRET };
  const answer = await api.redeem('+12025550344', '123456', m2m);
  const words = `Grant type '${OTP_GRANT}' not allowed for the client.`;
  assertRefused(answer, 403, 'unauthorized_client', words);
  assert.match(answer.body.error_uri, /^https?:\/\//);
});

test('a machine gets tokens by its secret, for an API and with no person', async () => {
  const grant = { grant_type: 'client_credentials', client_id: 'm2m', audience: API };
  const { status, body, text } = await api.token({ ...grant, client_secret: SECRETS.M2M_SECRET });
  assert.equal(status, 200, text);
  assert.equal(body.token_type, 'Bearer');
  assert.equal(body.id_token, undefined);
  assert.equal(body.refresh_token, undefined);
  const { sub, gty, aud } = claims(body.access_token);
  assert.deepEqual({ sub, gty }, { sub: 'm2m@clients', gty: 'client-credentials' });
  assert.ok([aud].flat().includes(API));
  const wrong = await api.token({ ...grant, client_secret: 'x'.repeat(32) });
  assertRefused(wrong, 401, 'access_denied', 'Unauthorized');
  assert.equal(wrong.headers.get('www-authenticate'), null, 'SDKs would hide what is wrong');
});

test('the code of a redirect needs its verifier, and works once', async () => {
  const verifier = randomBytes(32).toString('base64url');
  const code_challenge = createHash('sha256').update(verifier).digest('base64url');
  const pkce = { response_type: 'code', code_challenge, code_challenge_method: 'S256' };
  const redirect_uri = `${pages.origin}/callback`;
  const redeem = (url, code_verifier) => {
    const code = url.searchParams.get('code');
    return api.token({ grant_type: 'authorization_code', code, redirect_uri, code_verifier });
  };

  const first = await api.authorize('+12025550345', pkce);
  assert.equal(first.searchParams.get('state'), 'a.~state-', 'echoed as it came');
  const wrong = await redeem(first, randomBytes(32).toString('base64url'));
  assertGrant(wrong, 'Failed to verify code verifier');

  const second = await api.authorize('+12025550346', pkce);
  const redeemed = await redeem(second, verifier);
  assert.equal(redeemed.status, 200, redeemed.text);
  assert.ok(redeemed.body.id_token);
  assertGrant(await redeem(second, verifier), 'Invalid authorization code');
});

test('userinfo tells what the scopes allow, and nothing for a bad token', async () => {
  const profile = ['name', 'nickname', 'picture', 'updated_at'];
  const phone = ['phone_number', 'phone_number_verified'];
  const cases = [
    ['+12025550347', 'openid', ['sub']],
    ['+12025550348', 'openid profile', ['sub', ...profile]],
    ['+12025550349', 'openid phone', ['sub', ...phone]],
  ];
  for (const [number, scope, names] of cases) {
    const { access_token } = await api.signIn(number, scope);
    const authorization = `Bearer ${access_token}`;
    for (const method of ['GET', 'POST']) {
      const answer = await api.ask(method, '/userinfo', undefined, { authorization });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(Object.keys(answer.body).sort(), names.toSorted(), scope);
      if (scope === 'openid phone') assert.equal(answer.body.phone_number, number);
    }
  }
  for (const headers of [{ authorization: 'Bearer e30.e30.e30' }, {}]) {
    const bad = await api.get('/userinfo', headers);
    assert.equal(bad.status, 401, bad.text);
    assert.match(bad.headers.get('www-authenticate'), /^Bearer\b/);
  }
});

test('a revoked refresh token is dead, and what is unknown is revoked the same way', async () => {
  const { refresh_token } = await api.signIn('+12025550350', 'openid offline_access');
  const refreshed = await api.refresh(refresh_token);
  assert.equal(refreshed.status, 200, refreshed.text);
  for (const token of [refreshed.body.refresh_token, 'unknown']) {
    const revoked = await api.post('/oauth/revoke', { client_id: 'spa', token });
    assert.deepEqual({ status: revoked.status, text: revoked.text }, { status: 200, text: '' });
  }
  assertGrant(await api.refresh(refreshed.body.refresh_token), UNKNOWN);
});

test('an OpenID logout leads back with its state, for the right application only', async () => {
  const { id_token } = await api.signIn('+12025550351');
  const logout = (more) => {
    const back = { post_logout_redirect_uri: `${pages.origin}/bye`, state: 'a=b&c' };
    const query = new URLSearchParams({ id_token_hint: id_token, ...back, ...more });
    return api.get(`/oidc/logout?${query}`);
  };
  // Without the cookie of that session, it is the person who is asked.
  const asked = await logout({});
  assert.equal(asked.status, 303, asked.text);
  const { issuer } = doorcode;
  assert.equal(new URL(asked.headers.get('location'), issuer).origin, new URL(issuer).origin);
  const other = await logout({ client_id: 'web' });
  assert.equal(other.status, 400, other.text);
  assert.equal(other.headers.get('location'), null);
});

test('a phone app gets its code at its own scheme', async () => {
  const code_challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url');
  const query = new URLSearchParams({
    client_id: 'native',
    redirect_uri: 'com.acme.app:/callback',
    response_type: 'code',
    scope: 'openid',
    state: 'x',
    prompt: 'none',
    code_challenge,
    code_challenge_method: 'S256',
  });
  const answer = await api.get(`/authorize?${query}`);
  assert.ok(isRedirect(answer), `${answer.status} ${answer.text}`);
  assert.match(answer.headers.get('location'), /^com\.acme\.app:\/callback\?.*error=login_required/);
});

