// <sms-login> as an element: put into a page, moved, doubled, told another client, coloured.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CODE_FIELD, NUMBER_FIELD } from './person.mjs';
import { axeFinds } from './sound.mjs';
import { element, event, startWidget, told } from './widget.mjs';

const OUT = fileURLToPath(new URL('out/', import.meta.url));

let widget;
before(async () => {
  await mkdir(OUT, { recursive: true });
  widget = await startWidget();
});
after(() => widget?.stop());

const open = (content) => widget.open(widget.at('spa.acme.localhost'), content);

/** How often the page has asked to begin from now on. */
function begun(page) {
  const asked = [];
  page.on('request', (request) => {
    if (request.method() === 'GET' && request.url().includes('/widget/start')) asked.push(request.url());
  });
  return asked;
}

test('a script puts it into a page, and says for whom afterwards', async () => {
  const person = await open({ body: '' });
  const { page } = person;
  const asked = begun(page);
  await page.waitForFunction(() => customElements.get('sms-login'));
  await page.evaluate(() => {
    const login = document.createElement('sms-login');
    document.querySelector('main').append(login);
    login.setAttribute('client-id', 'other');
    login.setAttribute('client-id', 'spa');
  });
  await person.seesText('My SPA');
  assert.equal(asked.length, 1, asked.join('\n'));
  assert.match(asked[0], /client_id=spa/);
  assert.deepEqual(await told(page), ['ready']);
  await person.leave();
});

test('without a client, or with one that is not there, it says so and goes on later', async () => {
  const person = await open({ body: '<sms-login><a href="/login">Sign in there</a></sms-login>' });
  const { page } = person;
  assert.equal(await event(page, 'error'), 'The attribute client-id is missing.');
  await person.seesText('Sign in there');
  const name = (id) =>
    page.evaluate((id) => {
      self.told.length = 0;
      document.querySelector('sms-login').setAttribute('client-id', id);
    }, id);
  await name('nobody');
  assert.match(await event(page, 'error'), /^client-id names no client/);
  await name('spa');
  await person.seesText('My SPA');
  await name('other');
  await person.seesText('Another');
  assert.equal(await page.getByText('My SPA').count(), 0);
  await person.leave();
});

test('it may be moved, and taken out and put back, in the middle of a login', async () => {
  const phone = '+12025550321';
  const person = await open();
  const { page } = person;
  await person.askForCode(phone);
  await page.fill(CODE_FIELD, '12');
  const asked = begun(page);
  await page.evaluate(() => document.body.append(document.querySelector('sms-login')));
  assert.equal(await page.inputValue(CODE_FIELD), '12', 'what was typed stays');
  await page.evaluate(() => {
    self.login = document.querySelector('sms-login');
    login.remove();
  });
  await page.evaluate(() => document.querySelector('main').append(login));
  await person.typeCode(await widget.doorcode.twilio.code(phone));
  assert.deepEqual(await event(page, 'signed-in'), { found: false });
  assert.deepEqual(asked, [], 'nothing began anew');
  await person.leave();
});

test('taken out while the code is on its way, it moves no page', async () => {
  const phone = '+12025550322';
  const person = await open({ body: element('return-to="/elsewhere"') });
  const { page } = person;
  await person.askForCode(phone);
  const code = await widget.doorcode.twilio.code(phone);
  const answered = page.waitForResponse((answer) => answer.url().includes('/widget/verify'));
  await page.fill(CODE_FIELD, code);
  await page.evaluate(() => {
    self.login = document.querySelector('sms-login');
    login.querySelector('form').requestSubmit();
    login.remove();
  });
  await (await answered).finished();
  await page.evaluate(() => document.querySelector('main').append(login));
  assert.deepEqual(await event(page, 'signed-in'), { found: true }, 'but it knows when it is back');
  assert.equal(page.url(), widget.at('spa.acme.localhost'));
  await person.leave();
});

test('after a reload in the middle, the same number and the same code work', async () => {
  const phone = '+12025550323';
  const person = await open();
  await person.askForCode(phone);
  const code = await widget.doorcode.twilio.code(phone);
  await person.page.reload();
  await person.askForCode(phone);
  await person.typeCode(code);
  assert.deepEqual(await event(person.page, 'signed-in'), { found: false });
  assert.equal(widget.doorcode.twilio.sentTo(phone).length, 1, 'one text');
  await person.leave();
});

test('two on a page share nothing but the session, and a script that comes twice is one', async () => {
  const body = `${element()}<hr>${element()}`;
  const person = await open({ body, script: widget.tag + widget.tag });
  const { page } = person;
  await page.waitForFunction(() => document.querySelectorAll('sms-login .card').length === 2);
  const second = page.locator('sms-login').nth(1);
  await second.locator('label').last().click();
  assert.ok(await second.locator(NUMBER_FIELD).evaluate((field) => field === document.activeElement));
  const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id));
  assert.equal(new Set(ids).size, ids.length, ids.join(' '));
  assert.equal(await page.evaluate(() => document.adoptedStyleSheets.length), 1);

  const phone = '+12025550324';
  await second.locator(NUMBER_FIELD).fill(phone);
  await second.locator('button').first().click();
  await second.locator(CODE_FIELD).fill(await widget.doorcode.twilio.code(phone));
  await second.locator('form button').first().click();
  await page.waitForFunction(() => self.told.filter((name) => name === 'signed-in').length === 2);
  assert.equal(await page.locator('sms-login .card').count(), 0, 'no form is left');
  await person.leave();
});

const DARK = 'rgb(24, 28, 35)';
const LIGHT = 'rgb(255, 255, 255)';

test('its colours are those of the system, or those that the page wants', async () => {
  for (const [theme, scheme, color] of [
    ['', 'light', LIGHT],
    ['', 'dark', DARK],
    ['theme="dark"', 'light', DARK],
    ['theme="light"', 'dark', LIGHT],
    ['theme="dark"', 'dark', DARK],
    ['theme="light"', 'light', LIGHT],
  ]) {
    const person = await open({ body: element(theme) });
    const { page } = person;
    await page.emulateMedia({ colorScheme: scheme });
    await person.sees(NUMBER_FIELD, 'the form');
    for (const width of [1280, 320]) {
      await page.setViewportSize({ width, height: 800 });
      const look = await page.evaluate(() => {
        const { backgroundColor } = getComputedStyle(document.querySelector('sms-login .card'));
        return [backgroundColor, getComputedStyle(document.querySelector('sms-login')).colorScheme];
      });
      const wanted = color === DARK ? 'dark' : 'light';
      assert.deepEqual(look, [color, theme ? wanted : 'light dark'], `${theme} in ${scheme}`);
      assert.deepEqual(await axeFinds(page), []);
      await page.screenshot({ path: `${OUT}widget-theme-${theme.slice(7, -1) || 'auto'}-${scheme}-${width}.png` });
    }
    await person.leave();
  }
});
