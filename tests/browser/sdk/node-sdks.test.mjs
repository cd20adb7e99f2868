// Auth0's SDKs for servers. They speak TLS only, so Doorcode does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { AuthClient } from '@auth0/auth0-auth-js';
import * as four from 'auth0-4';
import * as five from 'auth0-5';
import * as six from 'auth0-6';
import { ALONE_SECURE, startDoorcode } from '../doorcode.mjs';
import { claims, unlike } from './api.mjs';
import { API, SECRETS, clientsOf } from './apps.mjs';

const USER = /^sms\|[0-9a-f]{24}$/;
const WRONG = 'Wrong phone number or verification code.';

let doorcode;
let domain;
before(async () => {
  doorcode = await startDoorcode(ALONE_SECURE, clientsOf('https://localhost:1'));
  domain = new URL(doorcode.issuer).host;
  // What `NODE_EXTRA_CA_CERTS` does, which Node reads before the certificate is there.
  const known = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...known, doorcode.certificate]);
});
after(() => doorcode?.stop());

const web = () => ({ domain, clientId: 'web', clientSecret: SECRETS.WEB_SECRET });

for (const [n, [version, sdk]] of Object.entries({ four, five, six }).entries()) {
  test(`version ${version} of auth0: text, login, userinfo, refresh and revocation`, async () => {
    const phone_number = `+1202555037${n}`;
    const auth = new sdk.AuthenticationClient(web());
    assert.equal((await auth.passwordless.sendSMS({ phone_number })).status, 200);
    const code = await doorcode.twilio.code(phone_number);

    const wrong = auth.passwordless.loginWithSMS({ phone_number, code: unlike(code) });
    const refused = { error: 'invalid_grant', error_description: WRONG, statusCode: 403 };
    await assert.rejects(wrong, refused);

    const scope = 'openid profile phone offline_access';
    const asked = { phone_number, code, scope, audience: API };
    // It finds the ID token true by the keys that it fetches, or fails.
    const { data: tokens } = await auth.passwordless.loginWithSMS(asked);
    const { sub, aud, nonce } = claims(tokens.id_token);
    assert.match(sub, USER);
    assert.deepEqual({ aud, nonce }, { aud: 'web', nonce: undefined });
    assert.ok(claims(tokens.access_token).aud.includes(API));

    const info = new sdk.UserInfoClient({ domain });
    const { data: user } = await info.getUserInfo(tokens.access_token);
    assert.deepEqual([user.sub, user.phone_number], [sub, phone_number]);

    const refresh_token = tokens.refresh_token;
    const { data: refreshed } = await auth.oauth.refreshTokenGrant({ refresh_token });
    assert.equal(claims(refreshed.id_token).sub, sub);
    const newest = refreshed.refresh_token;
    await auth.oauth.revokeRefreshToken({ token: newest });
    const again = auth.oauth.refreshTokenGrant({ refresh_token: newest });
    await assert.rejects(again, { error: 'invalid_grant', statusCode: 403 });
  });

  test(`version ${version} of auth0: a machine's own token`, async () => {
    const machine = { domain, clientId: 'm2m', clientSecret: SECRETS.M2M_SECRET };
    const auth = new sdk.AuthenticationClient(machine);
    const { data } = await auth.oauth.clientCredentialsGrant({ audience: API });
    assert.equal(claims(data.access_token).sub, 'm2m@clients');
  });
}

test('auth0-auth-js: discovery, a text in the language that is asked for, a login', async () => {
  const phoneNumber = '+12025550373';
  const auth = new AuthClient(web());
  await auth.passwordless.sendSms({ phoneNumber, language: 'fr' });
  const code = await doorcode.twilio.code(phoneNumber);
  const { body } = await doorcode.twilio.text(phoneNumber);
  assert.match(body, /est votre code/);

  const wrong = await auth
    .getTokenByPasswordlessSms({ phoneNumber, code: unlike(code) })
    .then(() => assert.fail('a wrong code gives no tokens'), (error) => error);
  assert.equal(wrong.cause.error, 'invalid_grant');
  assert.equal(wrong.cause.error_description, WRONG);
  assert.equal(wrong.statusCode, 403);

  const scope = 'openid';
  const tokens = await auth.getTokenByPasswordlessSms({ phoneNumber, code, scope });
  assert.match(tokens.claims.sub, USER);
  assert.ok(tokens.accessToken);
});
