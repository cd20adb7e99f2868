// What the pages do for somebody who looks on: nothing moves, nothing leads nowhere, and times are theirs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDoorcode } from './doorcode.mjs';
import { CODE_FIELD, ERROR, NUMBER_FIELD, Person, openBrowser } from './person.mjs';
import { until } from './servers.mjs';
import { axeFinds } from './sound.mjs';

const RESEND = 'form[action$="/resend"] button';

let browser;
let doorcode;
before(async () => {
  doorcode = await startDoorcode(undefined, { limits: 'first_wait = "1s"' });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
});

for (const lang of ['ar', 'pl', 'x-translated', 'not a language']) {
  test(`the wait is counted down on a page that a browser has translated into "${lang}"`, async (t) => {
    const waiting = await startDoorcode();
    t.after(() => waiting.stop());
    const person = await Person.at(browser, waiting);
    // Before scripts that are deferred run, as translators do.
    await person.page.addInitScript((lang) => {
      document.addEventListener('readystatechange', () => (document.documentElement.lang = lang));
    }, lang);
    await person.visit('/orders');
    await person.askForCode('+12025550142');
    assert.equal(await person.page.getAttribute('html', 'lang'), lang);
    const left = () => person.page.textContent('[data-left]');
    const first = await left();
    assert.match(first, /^Available in \d+ seconds?$/);
    await until(async () => (await left()) !== first, 'the next second');
    await person.leave();
  });
}

test('the example comes back when its country does', async () => {
  const person = await Person.at(browser, doorcode);
  const { page } = person;
  await person.visit('/orders');
  const hint = () => page.innerHTML('#phone-hint');
  const height = () => page.locator('#phone-hint').evaluate((e) => e.getBoundingClientRect().height);
  const [example, tall] = [await hint(), await height()];
  assert.match(example, /<bdi/);
  const chosen = await page.inputValue('#country');
  await page.selectOption('#country', chosen === 'US' ? 'GB' : 'US');
  assert.equal(await hint(), '');
  assert.equal(await height(), tall, 'nothing moves');
  await page.selectOption('#country', chosen);
  assert.equal(await hint(), example);
  await person.leave();
});

for (const viewport of [{ width: 1280, height: 800 }, { width: 320, height: 640 }]) {
  test(`nothing above moves, from step to step and when more is opened, at ${viewport.width} px`, async () => {
    const person = await Person.at(browser, doorcode, { viewport });
    const { page } = person;
    const box = (selector) => page.locator(selector).first().boundingBox();
    await person.visit('/orders');
    const mark = await box('.brand');
    const same = async (where) => assert.deepEqual(await box('.brand'), mark, where);
    await page.fill(NUMBER_FIELD, '12');
    await person.button(NUMBER_FIELD).click();
    await person.sees(ERROR, 'what is wrong');
    await same('with a problem');
    await person.askForCode(viewport.width > 320 ? '+12025550143' : '+12025550144');
    await same('at the code');
    const above = ['.brand', 'h1', '.lede', CODE_FIELD, 'main form button', 'main summary'];
    const places = () => Promise.all(above.map(box));
    const before = await places();
    await page.click('main summary');
    assert.ok(await page.locator(RESEND).isVisible());
    assert.deepEqual(await places(), before);
    await person.visit('/.doorcode/no-such-page');
    await same('where nothing is found');
    await person.leave();
  });
}

for (const javaScriptEnabled of [true, false]) {
  test(`a limit counts down or says how long, JavaScript: ${javaScriptEnabled}`, async (t) => {
    const limits = 'texts_per_number_1h = 1\nfirst_wait = "1s"';
    const limited = await startDoorcode(undefined, { limits });
    t.after(() => limited.stop());
    const person = await Person.at(browser, limited, { javaScriptEnabled, timezoneId: 'Asia/Kolkata' });
    const phone = '+12025550145';
    const other = await Person.at(browser, limited);
    await other.visit('/orders');
    await other.askForCode(phone);
    await limited.twilio.code(phone);
    await other.leave();
    await person.visit('/orders?a=b');
    await person.page.fill(NUMBER_FIELD, phone);
    await person.press(person.button(NUMBER_FIELD));
    const again = person.page.locator('[data-after] button');
    await person.seesText('Too many codes for this number');
    const text = await person.page.innerText('.card');
    assert.match(text, javaScriptEnabled ? /in about \d+ minutes?, at \d\d?:\d\d/ : /in about \d+ minutes?, at \d\d:\d\d UTC/);
    assert.equal(await again.isDisabled(), javaScriptEnabled);
    if (javaScriptEnabled) {
      assert.match(await person.page.textContent('[data-left]'), /^Available in \d+ minutes?$/);
      assert.ok(!text.includes('UTC'), text);
    } else {
      await person.press(again);
      await person.seesText('It’s too early to try again.');
    }
    await person.press('text=Use a different number');
    await person.askForCode('+12025550146');
    await person.typeCode(await limited.twilio.code('+12025550146'));
    await person.landsOn('/orders?a=b');
    await person.leave();
  });
}

test('where nothing was sent there is nothing to type, and a way on', async (t) => {
  const down = await startDoorcode(undefined, { limits: 'first_wait = "1s"' });
  t.after(() => down.stop());
  const person = await Person.at(browser, down);
  down.twilio.unreachable.add('+12025550147');
  await person.visit('/orders');
  await person.page.fill(NUMBER_FIELD, '+12025550147');
  await person.press(person.button(NUMBER_FIELD));
  await person.seesText('Your code was not sent');
  assert.equal(await person.page.locator(CODE_FIELD).count(), 0);
  down.twilio.unreachable.delete('+12025550147');
  await until(() => person.page.locator('[data-after] button').isEnabled(), 'the button');
  // Its colours change with it.
  await person.page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished)));
  assert.deepEqual(await axeFinds(person.page), []);
  await person.press('[data-after] button');
  await person.sees(CODE_FIELD, 'the page that asks for the code');
  await person.typeCode(await down.twilio.code('+12025550147'));
  await person.landsOn('/orders');
  await person.leave();
});

test('the times of the account page are the reader’s own', async () => {
  const phone = '+12025550148';
  const person = await Person.at(browser, doorcode, { timezoneId: 'Pacific/Auckland' });
  await person.signIn(phone, '/orders');
  await person.visit('/.doorcode/account');
  const shown = await person.page.locator('time').evaluateAll((times) =>
    times.map(({ dateTime, textContent }) => {
      const style = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Pacific/Auckland' };
      return [textContent, new Date(dateTime).toLocaleString('en', style)];
    }),
  );
  assert.ok(shown.length > 0);
  for (const [text, expected] of shown) assert.equal(text, expected);
  await person.leave();
});
