// A login with nothing before Doorcode: it speaks TLS itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SECURE, startDoorcode } from './doorcode.mjs';
import { Person, openBrowser } from './person.mjs';

let browser;
let doorcode;
before(async () => {
  doorcode = await startDoorcode(SECURE);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
});

test('a login by https ends signed in, with a cookie that goes nowhere else', async () => {
  const phone = '+12025550170';
  const person = await Person.at(browser, doorcode, { ignoreHTTPSErrors: true });
  await person.signIn(phone, '/orders');
  assert.match(person.page.url(), /^https:\/\/localhost:\d+\/orders$/);
  const hop = () => performance.getEntriesByType('navigation')[0].nextHopProtocol;
  assert.equal(await person.page.evaluate(hop), 'h2');

  const cookies = await person.context.cookies();
  const session = cookies.find(({ name }) => name === '__Host-doorcode');
  assert.ok(session, JSON.stringify(cookies));
  const { domain, httpOnly, path, sameSite, secure } = session;
  assert.deepEqual(
    { domain, httpOnly, path, sameSite, secure },
    { domain: 'localhost', httpOnly: true, path: '/', sameSite: 'Lax', secure: true },
  );
  const { headers } = doorcode.app.asked('/orders').at(-1);
  assert.equal(headers['x-forwarded-phone'], phone);
  assert.equal(headers['x-forwarded-proto'], 'https');
  await person.leave();
});
