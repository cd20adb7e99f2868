// <sms-login> where somebody is signed in already: before the page came, or by another tab.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NUMBER_FIELD } from './person.mjs';
import { SCREENS, axeFinds } from './sound.mjs';
import { element, event, startWidget, told } from './widget.mjs';

const OUT = fileURLToPath(new URL('out/', import.meta.url));

let widget;
before(async () => {
  await mkdir(OUT, { recursive: true });
  widget = await startWidget();
});
after(() => widget?.stop());

/** The element says that somebody was found, holds nothing, and leads nowhere. */
async function isFound(person) {
  assert.deepEqual(await event(person.page, 'signed-in'), { found: true });
  assert.equal(await person.page.locator('sms-login').innerHTML(), '');
  assert.ok(!(await told(person.page)).includes('ready'), 'no form was shown before');
  const steps = person.journey.length;
  await person.page.waitForLoadState('networkidle');
  assert.equal(person.journey.length, steps, 'the page stays');
}

test('who is signed in at the login pages sees no form, and the app can get its tokens', async () => {
  const url = widget.at('spa.acme.localhost');
  const person = await widget.open(url);
  await widget.signIn(person, '+12025550311');
  assert.deepEqual(await event(person.page, 'signed-in'), { found: false });
  widget.show({ body: element('return-to="/elsewhere"') });
  person.journey.length = 0;
  await person.visit(url);
  await isFound(person);
  assert.deepEqual(person.journey, [`GET ${url}`]);
  await person.leave();
});

for (const { lang, dir, locale, phone, label } of [
  { lang: 'en', dir: 'ltr', locale: 'en-GB', phone: '+12025550312', label: 'Continue' },
  { lang: 'ar', dir: 'rtl', locale: 'ar', phone: '+12025550313', label: 'متابعة' },
]) {
  test(`behind a site on another host a button leads to its session, in ${lang}`, async () => {
    const person = await widget.open(widget.at('spa.acme.localhost'), { lang, dir }, { locale });
    const { page } = person;
    await widget.signIn(person, phone);
    await event(page, 'signed-in');
    await person.visit(widget.behind());
    const button = page.locator('sms-login button');
    await button.waitFor();
    assert.equal(await button.innerText(), label);
    assert.equal(await page.locator(NUMBER_FIELD).count(), 0, 'nothing is to be typed');
    for (const { scheme, width, height } of SCREENS) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height });
      assert.deepEqual(await axeFinds(page), []);
      await page.screenshot({ path: `${OUT}widget-continue-${lang}-${scheme}-${width}.png` });
    }
    person.journey.length = 0;
    await button.click();
    await person.landsOn(widget.behind());
    await isFound(person);
    assert.equal(person.posts(), 0, 'and no page of ours is shown');
    const me = await page.evaluate(() => document.querySelector('sms-login').getSession());
    assert.equal(me.phone_number, phone);
    await person.leave();
  });
}

test('behind a site on the host of the login pages, the page is loaded once more and no more', async () => {
  const here = await startWidget({ issuer: 'localhost/.doorcode', shop: 'localhost' });
  try {
    const url = here.behind();
    const person = await here.open(url);
    const asked = [];
    person.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await here.signIn(person, '+12025550318');
    await person.page.waitForFunction(() => self.details['signed-in']?.found);
    await isFound(person);
    assert.deepEqual(person.journey, [`GET ${url}`, `GET ${url}`]);
    assert.ok(!asked.includes('/.doorcode/me'), 'one cookie is for both: nobody is asked twice');
    await person.leave();
  } finally {
    await here.stop();
  }
});

test('other tabs learn of a login, and of the session that a site has by it', async () => {
  for (const [url, phone] of [
    [widget.at('spa.acme.localhost'), '+12025550314'],
    [widget.behind(), '+12025550315'],
  ]) {
    const person = await widget.open(url);
    const first = person.page;
    const second = await person.context.newPage();
    await second.goto(url);
    await second.fill(NUMBER_FIELD, '+1202555');
    person.page = first;
    await first.bringToFront();
    await widget.signIn(person, phone);
    assert.deepEqual(await event(second, 'signed-in'), { found: true }, url);
    assert.equal(await second.locator('sms-login').innerHTML(), '');
    assert.equal(second.url(), url);
    await person.leave();
  }
});

test('a tab that learns nothing new keeps what was typed', async () => {
  const person = await widget.open(widget.at('spa.acme.localhost'));
  const { page } = person;
  await person.sees(NUMBER_FIELD, 'the form');
  await page.fill(NUMBER_FIELD, '+1202555');
  const asked = page.waitForResponse((answer) => answer.url().includes('/widget/start'));
  await page.evaluate(() => new BroadcastChannel('doorcode').postMessage(1));
  await (await asked).finished();
  await page.waitForLoadState('networkidle');
  assert.equal(await page.inputValue(NUMBER_FIELD), '+1202555');
  await person.leave();
});

test('a page that comes back as it was left asks again', async () => {
  const person = await widget.open(widget.at('spa.acme.localhost'));
  const { page, context } = person;
  await person.sees(NUMBER_FIELD, 'the form');
  // At the login pages themselves, whose origin is another.
  person.page = await context.newPage();
  await person.visit(`${widget.doorcode.issuer}/login`);
  await widget.signIn(person, '+12025550316');
  await person.landsAt(widget.doorcode.issuer);
  await person.seesText('This browser');
  assert.deepEqual(await told(page), ['ready']);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  assert.deepEqual(await event(page, 'signed-in'), { found: true });
  await person.leave();
});

test('a page that the client does not list is told nothing', async () => {
  const person = await widget.open(widget.at('spa.acme.localhost'));
  await widget.signIn(person, '+12025550317');
  await event(person.page, 'signed-in');
  await person.visit(widget.at('evil.acme.localhost'));
  const said = await event(person.page, 'error');
  assert.match(said, /web_origins of "spa" lacks http:\/\/evil\.acme\.localhost/);
  assert.deepEqual(await told(person.page), ['error']);
  await person.leave();
});

test('the tag that `doorcode widget` prints loads the script, and no other script', async () => {
  const { doorcode } = widget;
  const printed = await doorcode.says('widget');
  const hash = printed.match(/integrity="(sha384-[^"]+)"/)[1];
  const person = await widget.open(widget.at('spa.acme.localhost'), { script: printed });
  await person.sees(NUMBER_FIELD, 'the form');
  const bytes = await person.page.evaluate(
    async (address) => [...new Uint8Array(await (await fetch(address)).arrayBuffer())],
    `${doorcode.issuer}/widget.js`,
  );
  const served = createHash('sha384').update(Buffer.from(bytes)).digest('base64');
  assert.equal(hash, `sha384-${served}`);

  widget.show({ script: printed.replace(hash, `sha384-${createHash('sha384').digest('base64')}`) });
  const refused = person.page.waitForEvent('console', (message) => message.text().includes('integrity'));
  await person.visit(widget.at('spa.acme.localhost'));
  await refused;
  assert.equal(await person.page.evaluate(() => customElements.get('sms-login')), undefined);
  await person.leave();
});
