// A person's own sessions: the list, ending one of them, and that it looks right to everybody.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startDoorcode } from './doorcode.mjs';
import { NUMBER_FIELD, Person, openBrowser } from './person.mjs';
import { until } from './servers.mjs';
import { axeFinds } from './sound.mjs';

const OUT = fileURLToPath(new URL('out/', import.meta.url));
const ACCOUNT = '/.doorcode/account';
const END = 'form[action$="/account/end"] button';
const END_OTHERS = 'form[action$="/account/end-others"] button';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';

let browser;
let doorcode;
before(async () => {
  doorcode = await startDoorcode();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
});

const sessions = (person) => person.page.locator('.sessions > li').count();

async function sound({ page }, picture) {
  assert.deepEqual(await axeFinds(page), [], `axe-core on ${picture}`);
  const wider = await page.evaluate(
    () => document.scrollingElement.scrollWidth - window.innerWidth,
  );
  assert.ok(wider <= 0, `${picture} is ${wider} px wider than the screen`);
}

for (const { how, javaScriptEnabled, phone } of [
  { how: 'with JavaScript', javaScriptEnabled: true, phone: '+12025550180' },
  { how: 'without JavaScript', javaScriptEnabled: false, phone: '+12025550181' },
]) {
  test(`one other session is found and ended, ${how}`, async () => {
    const phoneBrowser = await Person.at(browser, doorcode, {
      javaScriptEnabled,
      userAgent: IPHONE,
    });
    const desk = await Person.at(browser, doorcode, { javaScriptEnabled });
    await phoneBrowser.signIn(phone, '/orders');
    await desk.visit(ACCOUNT);
    await desk.sees(NUMBER_FIELD, 'the page that asks for a number');
    await desk.askForCode(phone);
    const text = await latest(phone, 2);
    await desk.typeCode(text);
    await desk.landsOn(ACCOUNT);

    await desk.seesText('Safari on iPhone');
    await desk.seesText('This browser');
    assert.equal(await sessions(desk), 2, await desk.situation());
    await desk.press(END);
    await desk.seesText('That session has ended.');
    assert.equal(await sessions(desk), 1, await desk.situation());
    assert.equal(await desk.page.locator(END_OTHERS).count(), 0);

    await phoneBrowser.visit('/orders');
    await phoneBrowser.sees(NUMBER_FIELD, 'the page that asks for a number, now signed out');
    await desk.visit('/orders');
    await desk.seesText('The shop');
    await desk.leave();
    await phoneBrowser.leave();
  });
}

/** The code of the `n`th text to a number: two browsers are two attempts with a code each. */
async function latest(phone, n) {
  const text = await until(() => doorcode.twilio.sentTo(phone)[n - 1], `text ${n} to ${phone}`);
  return /\d{6}/.exec(text.body)[0];
}

for (const { locale, phone, direction } of [
  { locale: 'en-GB', phone: '+12025550182', direction: 'ltr' },
  { locale: 'ar', phone: '+12025550183', direction: 'rtl' },
]) {
  test(`the list is sound in ${locale}`, async () => {
    const other = await Person.at(browser, doorcode, { userAgent: IPHONE });
    await other.signIn(phone, '/orders');
    const person = await Person.at(browser, doorcode, { locale });
    await person.visit(ACCOUNT);
    await person.askForCode(phone);
    await person.typeCode(await latest(phone, 2));
    await person.landsOn(ACCOUNT);
    assert.equal(await person.page.evaluate(() => document.documentElement.dir), direction);
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [1280, 320]) {
        await person.page.setViewportSize({ width, height: 800 });
        await person.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const picture = `account-${locale}-${colorScheme}-${width}`;
        await person.page.screenshot({ path: `${OUT}${picture}.png`, fullPage: true });
        await sound(person, picture);
      }
    }
    const end = person.page.locator(END);
    assert.match(await end.textContent(), /Safari/, 'the button says which session it ends');
    await person.press(END_OTHERS);
    assert.equal(await sessions(person), 1, await person.situation());
    await sound(person, `account-ended-${locale}`);
    await other.visit('/orders');
    await other.sees(NUMBER_FIELD, 'the page that asks for a number');
    await person.leave();
    await other.leave();
  });
}
