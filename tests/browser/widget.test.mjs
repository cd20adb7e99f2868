// <sms-login> on pages of apps: inline where the issuer's cookies reach, elsewhere by a popup.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { startDoorcode } from './doorcode.mjs';
import { CODE_FIELD, ERROR, NUMBER_FIELD, Person, openBrowser } from './person.mjs';
import { until } from './servers.mjs';
import { SCREENS, axeFinds } from './sound.mjs';

const OUT = fileURLToPath(new URL('out/', import.meta.url));
/** Issuer and shop are of one site (`acme.localhost`), so is the page that no site of ours is before. */
const HOSTS = {
  issuer: 'auth.acme.localhost',
  shop: 'shop.acme.localhost',
  others: { Wiki: 'wiki.other.localhost' },
};
/** A rule of the last site, and the client whose pages these are. */
const clients = ({ port, app }) => `
[[site.rule]]
path = "/public/*"
allow = ["public"]

[[client]]
id = "spa"
name = "My SPA"
callbacks = ["http://spa.acme.localhost:${app}/callback"]
web_origins = [
  "http://spa.acme.localhost:${app}", "http://shop.acme.localhost:${port}",
  "http://wiki.other.localhost:${port}", "http://spa.other.localhost:${app}",
]
`;
const PATH = '/public/widget';

/** An app's page. Its own ids, so that those of the element must be others. */
const html = (issuer, attributes = '', lang = 'en', dir = 'ltr') => `<!doctype html>
<html lang="${lang}" dir="${dir}"><meta charset="utf-8"><title>The app</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<main><h1 id="phone">The app</h1><sms-login client-id="spa" ${attributes}></sms-login></main>
<script>
  self.told = [];
  for (const name of ['ready', 'code', 'signed-in', 'sign-in', 'error']) addEventListener(name, e => {
    if (e.target !== self) told.push(name);
  });
</script>
<script src="${issuer}/widget.js" async></script></html>`;

let browser;
let doorcode;
before(async () => {
  await mkdir(OUT, { recursive: true });
  doorcode = await startDoorcode(HOSTS, { clients });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
});

const at = (host) => `http://${host}:${doorcode.app.port}${PATH}`;

async function open(url, attributes = '', options = {}) {
  const { lang = 'en', dir = 'ltr', ...more } = options;
  doorcode.app.pages.set(PATH, html(doorcode.issuer, attributes, lang, dir));
  const person = await Person.at(browser, doorcode, more);
  await person.visit(url);
  return person;
}

const told = (person) => person.page.evaluate(() => self.told);

async function signInHere(person, phone) {
  await person.askForCode(phone);
  await person.typeCode(await doorcode.twilio.code(phone));
}

test('on a page of the same site, number and code are typed in place', async () => {
  const { issuer, twilio } = doorcode;
  const phone = '+12025550301';
  const person = await open(at('spa.acme.localhost'));
  const { page } = person;
  await person.askForCode(phone);
  const code = await twilio.code(phone);
  assert.match((await twilio.text(phone)).body, /\n@spa\.acme\.localhost #\d{6}\s*$/);

  await person.typeCode(code.slice(0, 5) + ((Number(code[5]) + 1) % 10));
  await person.sees(ERROR, 'what is wrong with the code');
  await person.seesText('The code is not right. Check it and try again. You have 2 tries left.');
  await person.typeCode(code);
  await until(async () => (await told(person)).includes('signed-in'), 'the event');
  assert.equal(page.url(), at('spa.acme.localhost'), 'the page stays');
  const cookies = await person.context.cookies(issuer);
  assert.ok(cookies.some(({ name, httpOnly }) => name === 'doorcode' && httpOnly), 'a session there');
  const seen = await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]);
  assert.deepEqual(seen, ['', 0, 0], 'the page got nothing');
  const session = await page.evaluate(() => 'getSession' in document.querySelector('sms-login'));
  assert.equal(session, false, 'no site is before this page');
  await person.visit(`${issuer}/account`);
  await person.seesText('This browser');
  await person.leave();
});

test('a tap on the code that the browser offers signs in', async () => {
  const phone = '+12025550306';
  const person = await open('about:blank');
  const { page } = person;
  // What a phone does; Chromium on a desk has no texts.
  await page.addInitScript(() => {
    self.OTPCredential = class {};
    const offered = new Promise((give) => (self.offer = (code) => give({ code })));
    navigator.credentials.get = ({ otp }) => (self.wanted = otp.transport, offered);
  });
  await person.visit(at('spa.acme.localhost'));
  await person.askForCode(phone);
  assert.deepEqual(await page.evaluate(() => self.wanted), ['sms']);
  await page.evaluate((code) => self.offer(code), await doorcode.twilio.code(phone));
  await until(async () => (await told(person)).includes('signed-in'), 'the event');
  await person.leave();
});

test('behind a site, the login ends with a session of that site', async () => {
  const { origin } = doorcode;
  const phone = '+12025550302';
  const person = await open(`${origin}${PATH}`);
  await person.sees(NUMBER_FIELD, 'the form');
  await person.seesText('My SPA');
  person.journey.length = 0;
  await signInHere(person, phone);
  await until(() => person.journey.at(-1) === `GET ${origin}${PATH}`, () => person.journey.join('\n'));
  await person.sees(NUMBER_FIELD, 'the page again');
  assert.ok(person.journey[0].startsWith(`GET ${origin}/.doorcode/sign-in?return_to=`));
  assert.equal(person.posts(), 0, 'no page of ours was shown');
  const me = await person.page.evaluate(() => document.querySelector('sms-login').getSession());
  assert.equal(me.phone_number, phone);
  await person.visit('/orders');
  await person.seesText('The shop');
  await person.leave();
});

test('on a page of another site, the app is asked to sign in', async () => {
  const person = await open(at('spa.other.localhost'));
  const button = person.page.locator('sms-login button');
  await button.waitFor();
  assert.equal(await button.innerText(), 'Sign in');
  assert.equal(await person.page.locator(NUMBER_FIELD).count(), 0, 'no form that cannot work');
  await button.click();
  await until(async () => (await told(person)).includes('sign-in'), 'the event');
  assert.equal(person.page.url(), at('spa.other.localhost'));
  await person.leave();
});

test('a site on another host signs in by a popup, or by its own sign-in', async () => {
  const url = `${doorcode.other('Wiki')}${PATH}`;
  const phone = '+12025550303';
  const person = await open(url, 'mode="popup"');
  const opener = person.page;
  const [popup] = await Promise.all([
    person.context.waitForEvent('page'),
    opener.locator('sms-login button').click(),
  ]);
  person.page = popup;
  await signInHere(person, phone);
  person.page = opener;
  const session = () =>
    opener.evaluate(() => document.querySelector('sms-login')?.getSession?.()).catch(() => null);
  await until(() => popup.isClosed(), 'the popup to go');
  await until(async () => (await session())?.phone_number === phone, 'the session of the site');

  await person.context.clearCookies();
  const again = await open(url);
  await again.page.locator('sms-login button').click();
  await again.sees(NUMBER_FIELD, 'the login pages');
  assert.ok(again.page.url().startsWith(`${doorcode.issuer}/login?request=`), again.page.url());
  await again.leave();
  await person.leave();
});

test('it weighs at most 6 KB with its sheet', async (t) => {
  const person = await Person.at(browser, doorcode);
  await person.visit(`${doorcode.issuer}/login`);
  const script = Buffer.from(await person.page.evaluate(async () => (await fetch('/widget.js')).text()));
  await person.leave();
  const weight = gzipSync(script, { level: 9 }).length;
  t.diagnostic(`${script.length} bytes, ${weight} with gzip`);
  assert.ok(weight <= 6 * 1024, `${weight} bytes`);
});

const LANGUAGES = [
  { lang: 'en', dir: 'ltr', locale: 'en-GB', phone: '+12025550304' },
  { lang: 'ar', dir: 'rtl', locale: 'ar', phone: '+12025550305' },
];

for (const { lang, dir, locale, phone } of LANGUAGES) {
  test(`every step is sound in ${lang}`, async () => {
    const person = await open(at('spa.acme.localhost'), '', { lang, dir, locale });
    const { page } = person;
    const look = async (name) => {
      const found = [];
      for (const { scheme, width, height } of SCREENS) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height });
        const where = `${name}-${lang}-${scheme}-${width}`;
        found.push(...(await axeFinds(page)).map((finding) => `${where}: ${finding}`));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        if (wide) found.push(`${where}: scrolls sideways`);
        await page.screenshot({ path: `${OUT}widget-${where}.png` });
      }
      assert.deepEqual(found, []);
    };
    await person.sees(NUMBER_FIELD, 'the form');
    assert.equal(await page.locator('sms-login .card').getAttribute('dir'), dir);
    await look('number');
    await page.fill(NUMBER_FIELD, '12');
    await person.button(NUMBER_FIELD).click();
    await person.sees(ERROR, 'what is wrong with the number');
    await page.locator(`${ERROR} a`).click();
    assert.ok(await page.locator(NUMBER_FIELD).evaluate((field) => field === document.activeElement));
    await look('wrong-number');
    await person.askForCode(phone);
    await look('code');
    await page.locator('sms-login .after a').click();
    await person.sees(NUMBER_FIELD, 'the form again');
    assert.equal(await page.inputValue(NUMBER_FIELD), phone, 'nothing is typed twice');
    assert.equal(await page.locator(CODE_FIELD).count(), 0);
    await person.leave();
  });
}
