// What may happen on the way through a login: no mouse, no script, a reload, a way back, a wait.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startDoorcode } from './doorcode.mjs';
import { focused, parts } from './fits.mjs';
import {
  CODE_FIELD,
  ERROR,
  NUMBER_FIELD,
  Person,
  openBrowser,
  openDarkBrowser,
} from './person.mjs';
import { until } from './servers.mjs';

const RESEND = 'form[action$="/resend"] button';
const OTHER_NUMBER = 'a[href*="/login?flow="]:not([hreflang])';

let browser;
let doorcode;
before(async () => {
  // A second is the shortest wait before a code is sent again.
  doorcode = await startDoorcode(undefined, { limits: 'first_wait = "1s"' });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
});

test('without JavaScript: another number, another language, the code once more, signing out', async () => {
  const { twilio } = doorcode;
  const [mistyped, phone] = ['+12025550130', '+12025550131'];
  const person = await Person.at(browser, doorcode, { javaScriptEnabled: false });
  await person.visit('/orders?a=b');
  await person.askForCode(mistyped);
  await person.page.click(OTHER_NUMBER);
  await person.sees(NUMBER_FIELD, 'the page that asks for a number');
  const typed = (await person.page.inputValue(NUMBER_FIELD)).replaceAll(/\D/g, '');
  assert.equal(typed, mistyped.slice(1), 'the number is there to be corrected');

  await person.page.click('nav summary');
  await person.page.click('a[hreflang=ar]');
  await person.page.locator('html[dir=rtl]').waitFor();
  await person.askForCode(phone);
  await person.seesText('+1 202-555-0131');
  assert.equal(await person.page.getAttribute('html', 'lang'), 'ar', 'the choice is kept');
  const code = await twilio.code(phone);
  await person.page.click('main summary');
  await until(async () => {
    await person.press(RESEND);
    return person.page.locator('.note.ok').count();
  }, 'word that the code was sent again');
  await until(() => twilio.sentTo(phone).length === 2, 'the second text');
  assert.equal(await twilio.code(phone), code, 'it is the same code');

  await person.page.click('nav summary');
  await person.page.click('a[hreflang=en]');
  await person.seesText('Check your phone');
  await person.typeCode(code);
  await person.landsOn('/orders?a=b');
  await person.visit('/.doorcode/sign-out');
  await person.press('main form button');
  await person.seesText('You’ve signed out');
  await person.visit('/orders?a=b');
  await person.sees(NUMBER_FIELD, 'the page that asks for a number');
  await person.leave();
});

test('by keyboard only', async () => {
  const phone = '+12025550132';
  const person = await Person.at(browser, doorcode);
  const { keyboard } = person.page;
  await person.visit('/orders');
  await person.sees(NUMBER_FIELD, 'the page that asks for a number');
  await tabTo(person, 'id="phone"');
  await keyboard.type('12');
  await tabTo(person, '<button', 6);
  await keyboard.press('Enter');

  await person.sees(ERROR, 'what is wrong');
  assert.match(await person.page.title(), /^Error: /);
  const onProblem = () => document.activeElement.matches('[role=alert]');
  assert.ok(await person.page.evaluate(onProblem), 'the focus is on what is wrong');
  await tabTo(person, 'href="#phone"');
  await keyboard.press('Enter');
  assert.match((await person.page.evaluate(focused)).what, /id="phone"/, 'the link leads to it');
  await keyboard.press('Control+A');
  await keyboard.type(phone);
  await keyboard.press('Enter');

  await person.sees(CODE_FIELD, 'the page that asks for the code');
  await tabTo(person, 'id="code"');
  await tabTo(person, '<button', 6);
  await tabTo(person, '<summary');
  const open = () => person.page.locator('main details').evaluate((details) => details.open);
  assert.equal(await open(), false);
  await keyboard.press('Enter');
  assert.equal(await open(), true);
  await keyboard.press('Shift+Tab');
  await keyboard.press('Shift+Tab');
  assert.match((await person.page.evaluate(focused)).what, /id="code"/, 'and back again');
  await keyboard.type('1');
  await keyboard.press('Enter');
  await person.sees(ERROR, 'what is wrong');
  await tabTo(person, 'href="#code"');
  await keyboard.press('Enter');
  assert.match((await person.page.evaluate(focused)).what, /id="code"/);
  await keyboard.press('Control+A');
  await keyboard.type(await doorcode.twilio.code(phone));
  await keyboard.press('Enter');
  await person.landsOn('/orders');
  await person.leave();
});

for (const { how, javaScriptEnabled, phone } of [
  { how: 'with JavaScript', javaScriptEnabled: true, phone: '+12025550133' },
  { how: 'without JavaScript', javaScriptEnabled: false, phone: '+12025550134' },
]) {
  test(`reload and back post nothing again, ${how}`, async () => {
    const { twilio } = doorcode;
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    const { page } = person;
    const still = async (what) => {
      const posts = person.posts();
      await page.reload();
      await person.sees(what, `${what}, after a reload`);
      assert.equal(person.posts(), posts, await person.situation());
    };
    const back = async (what) => {
      const posts = person.posts();
      await page.goBack();
      await person.sees(what, `${what}, one page back`);
      assert.equal(person.posts(), posts, await person.situation());
    };

    await person.visit('/orders');
    await still(NUMBER_FIELD);
    await page.fill(NUMBER_FIELD, '12');
    await person.press('main form button');
    await still(ERROR);
    await back(NUMBER_FIELD);
    await person.askForCode(phone);
    await still(CODE_FIELD);
    await back(NUMBER_FIELD);
    await page.goForward();
    await person.sees(CODE_FIELD, 'the page that asks for the code');
    await person.typeCode('1');
    await person.sees(ERROR, 'what is wrong');
    await still(ERROR);
    await back(CODE_FIELD);
    await person.typeCode(await twilio.code(phone));
    await person.landsOn('/orders');
    assert.equal(twilio.sentTo(phone).length, 1, 'and no second text');

    await person.visit('/admin/');
    await still('text=You don’t have access');
    await person.visit('/.doorcode/account');
    await still('.sessions');
    await person.visit('/.doorcode/sign-out');
    await still('main form button');
    await person.press('main form button');
    await still('text=You’ve signed out');
    await back('h1');
    await person.leave();
  });

  test(`Enter and a click at once are one text and one try, ${how}`, async () => {
    const { twilio } = doorcode;
    const own = phone.slice(0, -2) + (javaScriptEnabled ? '35' : '36');
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    const both = (selector) =>
      person.page.locator(selector).evaluate(({ form }) => {
        form.requestSubmit();
        form.querySelector('button').click();
      });
    await person.visit('/orders');
    await person.page.fill(NUMBER_FIELD, own);
    await both(NUMBER_FIELD);
    await person.sees(CODE_FIELD, 'the page that asks for the code');
    const code = await twilio.code(own);
    await person.page.fill(CODE_FIELD, unlike(code));
    await both(CODE_FIELD);
    await person.seesText('You have 2 tries left.');
    await person.page.fill(CODE_FIELD, code);
    await both(CODE_FIELD);
    await person.landsOn('/orders');
    assert.equal(twilio.sentTo(own).length, 1);
    await person.leave();
  });
}

const PASTED = [
  ['words and a space', (code) => `Your code: ${code.slice(0, 3)} ${code.slice(3)}`],
  ['a dash', (code) => `${code.slice(0, 3)}-${code.slice(3)}`],
  ['Arabic digits', (code) => inScript(code, 0x660)],
  ['full-width digits', (code) => inScript(code, 0xff10)],
];

for (const [n, [what, written]] of PASTED.entries()) {
  test(`a code may be pasted with ${what}`, async () => {
    const phone = `+1202555014${n + 5}`;
    const permissions = ['clipboard-read', 'clipboard-write'];
    const person = await Person.at(browser, doorcode, { permissions });
    await person.visit('/orders');
    await person.askForCode(phone);
    const text = written(await doorcode.twilio.code(phone));
    await person.page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
    await person.page.focus(CODE_FIELD);
    await person.page.keyboard.press('Control+V');
    const typed = () => person.page.inputValue(CODE_FIELD);
    await until(async () => (await typed()) === text, 'what was pasted: nothing may stop it');
    await person.page.keyboard.press('Enter');
    await person.landsOn('/orders');
    await person.leave();
  });
}

test('the wait for another code is counted down in silence and ends with one word', async (t) => {
  // Far longer than it takes to get to the page on any machine.
  const waiting = await startDoorcode(undefined, { limits: 'first_wait = "5m"' });
  t.after(() => waiting.stop());
  const person = await Person.at(browser, waiting);
  const { page } = person;
  await page.clock.install();
  await person.visit('/orders');
  await person.askForCode('+12025550137');
  // A moment that has not passed on the page's own clock by the time it hears of it.
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 60_000);
  await page.click('main summary');
  const left = page.locator('[data-left]');
  assert.equal(await left.locator('xpath=ancestor-or-self::*[@role or @aria-live]').count(), 0);
  await page.evaluate(() => {
    window.said = [];
    // After that of what became of the text.
    const status = [...document.querySelectorAll('[role=status]')].at(-1);
    const note = () => window.said.push(status.textContent);
    const all = { childList: true, characterData: true, subtree: true };
    new MutationObserver(note).observe(status, all);
  });
  const seconds = async () => Number(/\d+/.exec(await left.textContent())?.[0] ?? 0);
  const first = await seconds();
  // Five minutes, give or take a tenth, and a minute less, and what loading the page took.
  assert.ok(first > 60 && first <= 270, `${first} seconds`);
  await page.clock.runFor(10_000);
  assert.equal(await seconds(), first - 10);
  await page.clock.runFor((first - 11) * 1000);
  assert.equal(await left.textContent(), 'Available in 1 second');
  assert.ok(await page.locator(RESEND).isDisabled());
  assert.deepEqual(await page.evaluate(() => window.said), [], 'nothing is said while it counts');
  await page.clock.runFor(5000);
  assert.equal(await left.textContent(), '');
  assert.ok(await page.locator(RESEND).isEnabled());
  assert.deepEqual(await page.evaluate(() => window.said), ['You can now ask for the code again']);
  await person.leave();
});

test('the wait that is shown is never longer than the wait there is', async (t) => {
  const waiting = await startDoorcode();
  t.after(() => waiting.stop());
  const person = await Person.at(browser, waiting);
  await person.page.addInitScript(() => {
    // Stands still at a reading for which (it + wait) - it is more than the wait, as floats add up.
    const after = () => document.querySelector('[data-after]').dataset.after * 1000;
    let odd = 1000;
    performance.now = () => {
      while (odd + after() - odd <= after()) odd += 0.1;
      return odd;
    };
  });
  await person.visit('/orders');
  await person.askForCode('+12025550141');
  const after = await person.page.getAttribute('[data-after]', 'data-after');
  assert.equal(await person.page.textContent('[data-left]'), `Available in ${after} seconds`);
  await person.leave();
});

const BRANDS = {
  'without a logo': '',
  'with a logo': 'logo = "logo.svg"',
  'with a logo for dark pages': 'logo = "logo.svg"\nlogo_dark = "logo-dark.svg"',
};

for (const [n, [which, brand]] of Object.entries(BRANDS).entries()) {
  test(`each page asks its own host for a few small files, ${which}`, async (t) => {
    const branded = await startDoorcode(undefined, { brand });
    t.after(() => branded.stop());
    const dark = await openDarkBrowser();
    t.after(() => dark.close());
    for (const [m, system] of [browser, dark].entries()) {
      const person = await Person.at(system, branded, { colorScheme: null });
      const isDark = () => matchMedia('(prefers-color-scheme: dark)').matches;
      assert.equal(await person.page.evaluate(isDark), system === dark);
      const slow = await person.context.newCDPSession(person.page);
      await slow.send('Emulation.setCPUThrottlingRate', { rate: 4 });
      await person.visit('/orders');
      await light(t, person, 'the page that asks for a number');
      await person.askForCode(`+1202555015${2 * n + m}`);
      await light(t, person, 'the page that asks for the code');
      await person.leave();
    }
  });
}

async function light(t, { page, context, doorcode }, what) {
  await page.waitForLoadState();
  const files = await page.evaluate(parts);
  const hosts = new Set(files.map((url) => new URL(url).origin));
  assert.deepEqual([...hosts], [doorcode.origin], what);
  // The page, its sheet, its script, the one that asks what became of the text, and an icon.
  assert.ok(files.length <= 5, `${what}: ${files.join('\n')}`);
  const bodies = await Promise.all(
    files.map(async (url) => {
      const answer = await context.request.get(url);
      assert.equal(answer.status(), 200, url);
      return answer.body();
    }),
  );
  const raw = bodies.reduce((sum, body) => sum + body.length, 0);
  const small = bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0);
  assert.ok(raw <= 30_000 && small <= 12_000, `${what}: ${raw} bytes, ${small} packed`);
  const blocked = await page.evaluate(blockingTime);
  // Not held to anything: other programs on this machine take their time from it.
  t.diagnostic(`${what}: ${raw} bytes, ${small} packed, ${blocked} ms blocked at a quarter's speed`);
}

/** In the page: what of each task is over 50 ms, as Lighthouse counts it. */
function blockingTime() {
  const watch = new PerformanceObserver(() => {});
  watch.observe({ type: 'longtask', buffered: true });
  return watch.takeRecords().reduce((sum, { duration }) => sum + duration - 50, 0);
}

/** Goes on by Tab to what the markup names, and sees the focus at every stop. */
async function tabTo(person, markup, most = 12) {
  const stops = [];
  for (;;) {
    await person.page.keyboard.press('Tab');
    const stop = await person.page.evaluate(focused);
    assert.ok(stop, `the focus is lost after ${stops.join('\n')}`);
    assert.ok(stop.visible, `the focus is not seen on ${stop.what}`);
    if (stop.what.includes(markup)) return;
    stops.push(stop.what);
    assert.ok(stops.length <= most, `no way to ${markup} in ${most} stops:\n${stops.join('\n')}`);
  }
}

const inScript = (code, zero) =>
  [...code].map((digit) => String.fromCodePoint(zero + Number(digit))).join('');

/** Six digits that are not the code. */
const unlike = (code) => code.slice(0, 5) + ((Number(code[5]) + 1) % 10);
