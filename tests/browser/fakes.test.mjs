// The fakes are strict, or the tests that lean on them prove nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './app.mjs';
import { ACCOUNT, SERVICE, TOKEN, startTwilio } from './twilio.mjs';

let twilio;
let app;
before(async () => {
  twilio = await startTwilio();
  app = await startApp({ leaveTo: 'http://127.0.0.1:1/' });
});
after(async () => {
  await twilio.stop();
  await app.stop();
});

const good = { To: '+12025550123', MessagingServiceSid: SERVICE, Body: '123456 is your code' };
const send = (form, token = TOKEN) =>
  fetch(`http://127.0.0.1:${twilio.port}/2010-04-01/Accounts/${ACCOUNT}/Messages.json`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${ACCOUNT}:${token}`).toString('base64')}` },
    body: new URLSearchParams(form),
  });

test('Twilio takes a text and remembers it', async () => {
  const answer = await send(good);
  assert.equal(answer.status, 201);
  assert.match((await answer.json()).sid, /^SM[0-9a-f]{32}$/);
  assert.equal(await twilio.code(good.To), '123456');
});

for (const { name, form, token, code } of [
  { name: 'a wrong token', form: good, token: 'no', code: 20003 },
  { name: 'a number without its plus sign', form: { ...good, To: '12025550123' }, code: 21211 },
  { name: 'an empty text', form: { ...good, Body: '' }, code: 21602 },
  { name: 'another sender', form: { ...good, From: '+12025550100' }, code: 21606 },
  { name: 'a validity of no seconds', form: { ...good, ValidityPeriod: '0' }, code: 21623 },
]) {
  test(`Twilio refuses ${name}`, async () => {
    const before = twilio.faults.length;
    const answer = await send(form, token);
    assert.equal((await answer.json()).code, code);
    assert.equal(twilio.faults.length, before + 1);
  });
}

test('the app shows and counts what reaches it', async () => {
  const url = `http://127.0.0.1:${app.port}`;
  const echo = await (await fetch(`${url}/a?b=c`, { headers: { 'x-probe': '<1>' } })).json();
  assert.equal(echo.url, '/a?b=c');
  assert.equal(echo.headers['x-probe'], '<1>');
  const page = await fetch(url, { headers: { accept: 'text/html', 'x-probe': '<1>' } });
  assert.match(await page.text(), /The shop.*&lt;1>/s);
  const left = await fetch(`${url}/leave`, { redirect: 'manual' });
  assert.equal(left.headers.get('location'), 'http://127.0.0.1:1/');
  assert.equal(app.requests.length, 3);
});
