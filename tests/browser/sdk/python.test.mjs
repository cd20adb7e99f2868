// Python's libraries, unmodified: auth0-python in both versions that are about, python-social-auth,
// requests-oauthlib and Authlib. `tests/python/install` installs them.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ALONE, ALONE_SECURE, startDoorcode } from '../doorcode.mjs';
import { Person, openBrowser } from '../person.mjs';
import { API, SECRETS, clientsOf, startPages } from './apps.mjs';
import { startPython } from './python.mjs';

const USER = /^sms\|[0-9a-f]{24}$/;

let browser;
let folder;
let pages;
let plain;
let secure;
before(async () => {
  pages = await startPages({});
  plain = await startDoorcode(ALONE, clientsOf(pages.origin));
  // python-social-auth asks by https alone.
  secure = await startDoorcode(ALONE_SECURE, clientsOf(pages.origin));
  folder = await mkdtemp(join(tmpdir(), 'doorcode-python-'));
  await writeFile(join(folder, 'ca.pem'), secure.certificate);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await plain?.stop();
  await secure?.stop();
  await pages?.stop();
  if (folder) await rm(folder, { recursive: true });
});

const settings = (doorcode) => ({
  issuer: doorcode.issuer,
  domain: new URL(doorcode.issuer).host,
  client_id: 'web',
  client_secret: SECRETS.WEB_SECRET,
  callback: `${pages.origin}/web/callback`,
});

for (const [n, packages] of ['auth0-4', 'clients'].entries()) {
  test(`auth0-python of ${packages}: a login, whose tokens its verifier finds true`, async (context) => {
    const phone = `+1202555041${n}`;
    const about = { ...settings(plain), phone, audience: API };
    const program = startPython(context, packages, 'auth0_sdk.py', about);
    assert.deepEqual(await program.tells(), { texted: phone });
    program.answer(await plain.twilio.code(phone));
    const { claims, again, access, user } = await program.tells();
    assert.match(claims.sub, USER);
    assert.equal(claims.phone_number, phone);
    assert.deepEqual([again.sub, access.sub, user.sub], [claims.sub, claims.sub, claims.sub]);
  });
}

/** Somebody who follows the address that the program leads to, and the program's last word. */
async function login(doorcode, phone, program) {
  const person = await Person.at(
    browser,
    { origin: pages.origin, log: doorcode.log },
    { ignoreHTTPSErrors: true },
  );
  const { go } = await program.tells();
  await person.page.goto(go);
  await person.askForCode(phone);
  await person.typeCode(await doorcode.twilio.code(phone));
  await person.landsAt(`${pages.origin}/web/callback?`);
  program.answer(person.page.url());
  const told = await program.tells();
  await person.leave();
  return told;
}

test('requests-oauthlib is granted each scope of the standard that it asks for', async (context) => {
  const phone = '+12025550413';
  const about = { ...settings(plain), issuer: plain.issuer };
  const environment = { OAUTHLIB_INSECURE_TRANSPORT: '1' };
  const program = startPython(context, 'clients', 'oauthlib_client.py', about, environment);
  const { user, scope } = await login(plain, phone, program);
  assert.equal(user.phone_number, phone);
  assert.equal(user.email, undefined, 'nobody here has an address');
  assert.deepEqual(scope, ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']);
});

test('Authlib finds the ID token true', async (context) => {
  const phone = '+12025550414';
  const environment = { AUTHLIB_INSECURE_TRANSPORT: '1' };
  const program = startPython(context, 'clients', 'authlib_client.py', settings(plain), environment);
  const { claims, user } = await login(plain, phone, program);
  assert.match(claims.sub, USER);
  assert.deepEqual([claims.phone_number, user.sub], [phone, claims.sub]);
});

for (const [n, kind] of ['auth0', 'auth0_openidconnect'].entries()) {
  test(`python-social-auth by its backend ${kind}`, async (context) => {
    const phone = `+1202555042${n}`;
    const about = { ...settings(secure), backend: kind };
    const environment = { REQUESTS_CA_BUNDLE: join(folder, 'ca.pem') };
    const program = startPython(context, 'clients', 'social_auth.py', about, environment);
    const { id, details } = await login(secure, phone, program);
    assert.match(id, USER);
    assert.equal(details.fullname, phone);
  });
}
