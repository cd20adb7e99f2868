// Who asks for a third text to a number: the script solves the puzzle, and without it there is a wait.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startDoorcode } from './doorcode.mjs';
import { CODE_FIELD, NUMBER_FIELD, Person, openBrowser } from './person.mjs';
import { until } from './servers.mjs';

let browser;
let doorcode;
before(async () => {
  const limits = 'first_wait = "1s"\nlongest_wait = "1s"';
  doorcode = await startDoorcode(undefined, {
    asks: true,
    limits,
    login: 'challenge_wait = "5s"',
  });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
});

/** Two texts to the number that nobody uses. */
async function texted(phone) {
  for (const texts of [1, 2]) {
    const stranger = await Person.at(browser, doorcode, { javaScriptEnabled: false });
    await stranger.visit('/orders');
    await stranger.askForCode(phone);
    await until(() => doorcode.twilio.sentTo(phone).length === texts, `text ${texts}`);
    await stranger.leave();
    // The longest wait between two texts.
    await pause(1100);
  }
}

test('the script solves the puzzle and goes on by itself', async () => {
  const phone = '+12025550160';
  await texted(phone);
  const person = await Person.at(browser, doorcode);
  const told = [];
  await person.page.exposeFunction('told', (text) => told.push(text));
  await person.page.addInitScript(() => {
    document.addEventListener('readystatechange', () => {
      const status = document.querySelector('[data-works]');
      if (!status || document.readyState !== 'interactive') return;
      new MutationObserver(() => told(status.textContent)).observe(status, { childList: true });
    });
  });
  await person.visit('/orders?a=b');
  await person.askForCode(phone);
  await person.sees(CODE_FIELD, 'the page that asks for the code');
  await until(() => doorcode.twilio.sentTo(phone).length === 3, 'the third text');
  assert.deepEqual(told, [
    'Your browser is doing a short calculation. You don’t need to do anything.',
  ]);
  await person.typeCode(await doorcode.twilio.code(phone));
  await person.landsOn('/orders?a=b');
  await person.leave();
});

test('without JavaScript there is a time to wait, and a button', async () => {
  const phone = '+12025550161';
  await texted(phone);
  const person = await Person.at(browser, doorcode, { javaScriptEnabled: false });
  await person.visit('/orders');
  await person.page.fill(NUMBER_FIELD, phone);
  await person.press('main button');
  await person.seesText('You can go on in');
  await person.press('main button');
  await person.seesText('You can go on in');
  assert.equal(doorcode.twilio.sentTo(phone).length, 2);
  await pause(5000);
  await person.press('main button');
  await person.sees(CODE_FIELD, 'the page that asks for the code');
  await until(() => doorcode.twilio.sentTo(phone).length === 3, 'the third text');
  await person.leave();
});
