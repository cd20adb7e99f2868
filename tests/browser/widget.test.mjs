// <sms-login> on pages of apps: inline where the issuer's cookies reach, elsewhere by a popup.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CODE_FIELD, ERROR, NUMBER_FIELD } from './person.mjs';
import { until } from './servers.mjs';
import { SCREENS, axeFinds } from './sound.mjs';
import { element, event, startWidget, told } from './widget.mjs';

const OUT = fileURLToPath(new URL('out/', import.meta.url));

let widget;
let doorcode;
before(async () => {
  await mkdir(OUT, { recursive: true });
  widget = await startWidget();
  ({ doorcode } = widget);
});
after(() => widget?.stop());

test('on a page of the same site, number and code are typed in place', async () => {
  const { issuer, twilio } = doorcode;
  const phone = '+12025550301';
  const person = await widget.open(widget.at('spa.acme.localhost'));
  const { page } = person;
  await person.askForCode(phone);
  const code = await twilio.code(phone);
  assert.match((await twilio.text(phone)).body, /\n@spa\.acme\.localhost #\d{6}\s*$/);

  await person.typeCode(code.slice(0, 5) + ((Number(code[5]) + 1) % 10));
  await person.sees(ERROR, 'what is wrong with the code');
  await person.seesText('The code is not right. Check it and try again. You have 2 tries left.');
  await person.typeCode(code);
  await event(page, 'signed-in');
  assert.equal(page.url(), widget.at('spa.acme.localhost'), 'the page stays');
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
  const person = await widget.open('about:blank');
  const { page } = person;
  // What a phone does; Chromium on a desk has no texts.
  await page.addInitScript(() => {
    self.OTPCredential = class {};
    const offered = new Promise((give) => (self.offer = (code) => give({ code })));
    navigator.credentials.get = ({ otp }) => (self.wanted = otp.transport, offered);
  });
  await person.visit(widget.at('spa.acme.localhost'));
  await person.askForCode(phone);
  assert.deepEqual(await page.evaluate(() => self.wanted), ['sms']);
  await page.evaluate((code) => self.offer(code), await doorcode.twilio.code(phone));
  await event(page, 'signed-in');
  await person.leave();
});

test('behind a site, the login ends with a session of that site', async () => {
  const { origin } = doorcode;
  const phone = '+12025550302';
  const person = await widget.open(widget.behind());
  await person.sees(NUMBER_FIELD, 'the form');
  await person.seesText('My SPA');
  person.journey.length = 0;
  await widget.signIn(person, phone);
  await until(() => person.journey.at(-1) === `GET ${widget.behind()}`, () => person.journey.join('\n'));
  assert.deepEqual(await event(person.page, 'signed-in'), { found: true }, 'the page again');
  assert.equal(await person.page.locator('sms-login').innerHTML(), '', 'with no form');
  assert.ok(person.journey[0].startsWith(`GET ${origin}/.doorcode/sign-in?return_to=`));
  assert.equal(person.posts(), 0, 'no page of ours was shown');
  const me = await person.page.evaluate(() => document.querySelector('sms-login').getSession());
  assert.equal(me.phone_number, phone);
  await person.visit('/orders');
  await person.seesText('The shop');
  await person.leave();
});

test('on a page of another site, the app is asked to sign in', async () => {
  const person = await widget.open(widget.at('spa.other.localhost'));
  const button = person.page.locator('sms-login button');
  await button.waitFor();
  assert.equal(await button.innerText(), 'Sign in');
  assert.equal(await person.page.locator(NUMBER_FIELD).count(), 0, 'no form that cannot work');
  // Whoever forgot to listen reads so in the console.
  const [warning] = await Promise.all([
    person.page.waitForEvent('console', (message) => message.type() === 'warning'),
    button.click(),
  ]);
  assert.match(warning.text(), /^sms-login: .*"sign-in"/);
  await event(person.page, 'sign-in');
  assert.equal(person.page.url(), widget.at('spa.other.localhost'));
  await person.leave();
});

test('a page that listens to the button is not warned', async () => {
  const person = await widget.open(widget.at('spa.other.localhost'));
  const { page } = person;
  const warnings = [];
  page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
  await page.locator('sms-login button').waitFor();
  await page.clock.install();
  await page.evaluate(() => document.querySelector('sms-login').addEventListener('sign-in', () => {}));
  await page.locator('sms-login button').click();
  await event(page, 'sign-in');
  await page.clock.runFor(60_000);
  assert.deepEqual(warnings, []);
  await person.leave();
});

test('a login by popup is told once, and as one that somebody has just done', async () => {
  const quiet = `<script>addEventListener('signed-in', (event) => event.preventDefault())</script>`;
  const body = quiet + element('mode="popup"');
  const person = await widget.open(widget.behind('Wiki'), { body });
  const opener = person.page;
  const [popup] = await Promise.all([
    person.context.waitForEvent('page'),
    opener.locator('sms-login button').click(),
  ]);
  person.page = popup;
  await widget.signIn(person, '+12025550313');
  assert.equal((await event(opener, 'signed-in')).found, false);
  // As long as it takes to look whether somebody is there, and longer.
  await opener.evaluate(async () => {
    for (let n = 0; n < 10; n++) await fetch(location.href);
  });
  assert.deepEqual(await told(opener), ['ready', 'sign-in', 'signed-in']);
  await person.close();
});

test('a page that demands Trusted Types has the form, if it names their policy', async () => {
  const policy = `require-trusted-types-for 'script'; trusted-types sms-login`;
  const person = await widget.open(widget.at('spa.acme.localhost'), { policy });
  await event(person.page, 'ready');
  await widget.signIn(person, '+12025550314');
  await event(person.page, 'signed-in');
  assert.ok(!(await told(person.page)).includes('error'));
  await person.close();
});

test('a site on another host signs in by a popup, or by its own sign-in', async () => {
  const phone = '+12025550303';
  const person = await widget.open(widget.behind('Wiki'), { body: element('mode="popup"') });
  const opener = person.page;
  const [popup] = await Promise.all([
    person.context.waitForEvent('page'),
    opener.locator('sms-login button').click(),
  ]);
  person.page = popup;
  await widget.signIn(person, phone);
  person.page = opener;
  const session = () =>
    opener.evaluate(() => document.querySelector('sms-login')?.getSession?.()).catch(() => null);
  await until(() => popup.isClosed(), 'the popup to go');
  await until(async () => (await session())?.phone_number === phone, 'the session of the site');

  await person.context.clearCookies();
  const again = await widget.open(widget.behind('Wiki'));
  await again.page.locator('sms-login button').click();
  await again.sees(NUMBER_FIELD, 'the login pages');
  assert.ok(again.page.url().startsWith(`${doorcode.issuer}/login?request=`), again.page.url());
  await again.leave();
  await person.leave();
});

test('it weighs at most 6 KB with its sheet', async (t) => {
  const person = await widget.open(`${doorcode.issuer}/login`);
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
    const person = await widget.open(widget.at('spa.acme.localhost'), { lang, dir }, { locale });
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
