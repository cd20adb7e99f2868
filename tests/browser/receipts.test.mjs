// What a provider tells of a text, on the page that waits for its code.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startDoorcode } from './doorcode.mjs';
import { CODE_FIELD, Person, openBrowser } from './person.mjs';

const NEWS = '[role=status][data-news]';

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

test('the page says that the text arrived, by itself and without taking the focus', async () => {
  const { twilio } = doorcode;
  const phone = '+12025550141';
  const person = await Person.at(browser, doorcode);
  await person.visit('/orders');
  await person.askForCode(phone);
  assert.equal(await person.page.locator(NEWS).innerText(), '');
  await person.page.focus(CODE_FIELD);
  await person.page.keyboard.type('12');
  await twilio.tell(phone, 'delivered');
  await person.page.locator(NEWS).getByText('The text has arrived at your phone.').waitFor();
  assert.equal(await person.page.inputValue(CODE_FIELD), '12');
  assert.ok(await person.page.evaluate((field) => document.activeElement.matches(field), CODE_FIELD));
  // That was the last of it: nothing is asked any more.
  let asked = 0;
  person.page.on('request', (request) => (asked += request.url().includes('/code/news')));
  await person.page.waitForTimeout(6_000);
  assert.equal(asked, 0);
  await person.leave();
});

test('without a script, the page says so when it is loaded again', async () => {
  const { twilio } = doorcode;
  const phone = '+12025550142';
  const person = await Person.at(browser, doorcode, { javaScriptEnabled: false, locale: 'ar' });
  await person.visit('/orders');
  await person.askForCode(phone);
  await twilio.tell(phone, 'undelivered', 30006);
  const said = person.page.locator('main .note.warn');
  for (let tries = 0; tries < 50 && !(await said.count()); tries += 1) {
    await person.page.waitForTimeout(200);
    await person.page.reload();
  }
  assert.match(await said.innerText(), /تعذّر إرسال رسالة نصية إلى هذا الرقم/);
  await person.leave();
});
