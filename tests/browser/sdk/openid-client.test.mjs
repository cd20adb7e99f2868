// openid-client, which knows the standard and nothing of Auth0: a server's login from end to end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oidc from 'openid-client';
import { ALONE_BY_NAME, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { SECRETS, clientsOf, startPages } from './apps.mjs';

let browser;
let doorcode;
let pages;
before(async () => {
  pages = await startPages({ host: 'localhost' });
  doorcode = await startDoorcode(ALONE_BY_NAME, clientsOf(pages.origin));
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
  await pages?.stop();
});

const { WEB_SECRET } = SECRETS;
const applications = [
  ['a server with its secret in the body', 'web', '/web', oidc.ClientSecretPost(WEB_SECRET)],
  ['a server with its secret in the header', 'web', '/web', oidc.ClientSecretBasic(WEB_SECRET)],
  ['an application without a secret', 'spa', '', oidc.None()],
];

for (const [n, [who, id, base, shows]] of applications.entries()) {
  test(`discovery, login, refresh, userinfo, revocation and logout: ${who}`, async () => {
    const phone = `+1202555036${n}`;
    const config = await discover(id, shows);
    const person = await Person.at(browser, { origin: pages.origin, log: doorcode.log });
    const tokens = await login(config, person, `${pages.origin}${base}/callback`, phone);
    const { sub, aud } = tokens.claims();
    assert.match(sub, /^sms\|[0-9a-f]{24}$/);
    assert.equal(aud, id);

    const user = await oidc.fetchUserInfo(config, tokens.access_token, sub);
    assert.equal(user.phone_number, phone);
    const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(refreshed.claims().sub, sub);
    const newest = refreshed.refresh_token;
    await oidc.tokenRevocation(config, newest);
    const again = oidc.refreshTokenGrant(config, newest);
    await assert.rejects(again, ({ error, status }) => error === 'invalid_grant' && status === 403);

    const bye = `${pages.origin}${base}/bye`;
    const end = { id_token_hint: tokens.id_token, post_logout_redirect_uri: bye, state: 'there' };
    await person.page.goto(oidc.buildEndSessionUrl(config, end).href);
    await person.landsOn(`${bye}?state=there`);
    const pkce = { code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' };
    const silent = { prompt: 'none', ...pkce };
    await person.page.goto(authorization(config, `${pages.origin}${base}/callback`, silent));
    assert.match(person.page.url(), /error=login_required/);
    await person.leave();
  });
}

async function discover(id, shows) {
  const insecure = { execute: [oidc.allowInsecureRequests] };
  const config = await oidc.discovery(new URL(`${doorcode.issuer}/`), id, {}, shows, insecure);
  assert.equal(config.serverMetadata().issuer, `${doorcode.issuer}/`);
  assert.ok(config.serverMetadata().supportsPKCE());
  return config;
}

const authorization = (config, redirect_uri, more) =>
  oidc.buildAuthorizationUrl(config, { redirect_uri, scope: 'openid', state: 's', ...more }).href;

/** Through Doorcode's pages in a browser; the code is taken with its verifier, state and nonce. */
async function login(config, person, redirect_uri, phone) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedState = oidc.randomState();
  const expectedNonce = oidc.randomNonce();
  const url = authorization(config, redirect_uri, {
    scope: 'openid phone offline_access',
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  await person.page.goto(url);
  await person.askForCode(phone);
  await person.typeCode(await doorcode.twilio.code(phone));
  await person.landsAt(`${redirect_uri}?`);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  return oidc.authorizationCodeGrant(config, new URL(person.page.url()), checks);
}
