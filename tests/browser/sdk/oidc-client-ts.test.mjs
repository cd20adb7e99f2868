// oidc-client-ts in a page: a library for single-page apps that knows the standard and not Auth0.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { ALONE, startDoorcode } from '../doorcode.mjs';
import { NUMBER_FIELD, Person, openBrowser } from '../person.mjs';
import { clientsOf, page, startPages } from './apps.mjs';

const LIBRARY = new URL('../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js', import.meta.url);

let browser;
let doorcode;
let pages;
before(async () => {
  const dialog = page('<script>new oidc.UserManager({}).signinSilentCallback()</script>');
  const script = await readFile(LIBRARY, 'utf8');
  pages = await startPages({ script, pages: { '/dialog': dialog } });
  doorcode = await startDoorcode(ALONE, clientsOf(pages.origin));
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
  await pages?.stop();
});

/** Calls a method of the library's `UserManager`; what it gives of the user. */
const call = (person, method, settings = {}) =>
  person.page.evaluate(
    async ([authority, method, settings]) => {
      const own = {
        authority,
        client_id: 'spa',
        redirect_uri: `${location.origin}/callback`,
        silent_redirect_uri: `${location.origin}/dialog`,
        post_logout_redirect_uri: `${location.origin}/bye`,
        loadUserInfo: true,
        ...settings,
      };
      const manager = new window.oidc.UserManager(own);
      const user = await manager[method]();
      return user && { profile: user.profile, refresh: Boolean(user.refresh_token) };
    },
    [doorcode.issuer, method, settings],
  );

/** Begins a call that leaves the page. */
const away = (person, method, settings) =>
  call(person, method, settings).catch((error) => {
    if (!/navigat|context was destroyed/i.test(error.message)) throw error;
  });

for (const [n, scope] of ['openid profile phone', 'openid profile email offline_access'].entries()) {
  test(`login, renewal and logout with scope ${scope}`, async () => {
    const phone = `+1202555045${n}`;
    const person = await Person.at(browser, { origin: pages.origin, log: doorcode.log });
    await person.visit('/');
    await away(person, 'signinRedirect', { scope });
    await person.askForCode(phone);
    await person.typeCode(await doorcode.twilio.code(phone));
    await person.landsAt(`${pages.origin}/callback?`);
    const user = await call(person, 'signinCallback', { scope });
    assert.match(user.profile.sub, /^sms\|[0-9a-f]{24}$/);
    assert.equal(user.profile.name, phone);
    assert.equal(user.refresh, scope.includes('offline_access'));

    const renewed = await call(person, 'signinSilent', { scope });
    assert.equal(renewed.profile.sub, user.profile.sub);
    await away(person, 'signoutRedirect', { scope });
    await person.landsAt(`${pages.origin}/bye`);
    await person.visit('/');
    await away(person, 'signinRedirect', { scope });
    await person.sees(NUMBER_FIELD, 'the page that asks for a number');
    await person.leave();
  });
}
