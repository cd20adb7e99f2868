// What a login opens, what it does not, and how it ends.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ADMIN, startDoorcode } from './doorcode.mjs';
import { CODE_FIELD, NUMBER_FIELD, Person, openBrowser } from './person.mjs';

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

/** What a script on the current page gets for `path`. */
const fetched = (person, path, headers = {}) =>
  person.page.evaluate(
    async ([path, headers]) => {
      const answer = await fetch(path, { headers });
      const type = answer.headers.get('content-type');
      return { status: answer.status, type, url: answer.url, body: await answer.json() };
    },
    [path, headers],
  );

test('a script that calls a protected path is told where to sign in', async () => {
  const person = await Person.at(browser, doorcode);
  await person.visit('/public/page');
  const answer = await fetched(person, '/api/orders');
  assert.equal(answer.status, 401, JSON.stringify(answer));
  assert.match(answer.type, /^application\/problem\+json/);
  assert.equal(new URL(answer.url).pathname, '/api/orders', 'a script is not redirected');
  assert.equal(doorcode.app.asked('/api/orders').length, 0);

  await person.visit(answer.body.login_url);
  await person.sees(NUMBER_FIELD, 'the page that asks for a number, at login_url');
  await person.leave();
});

test('a public page needs no login, and nobody can claim to be somebody there', async () => {
  const person = await Person.at(browser, doorcode);
  await person.visit('/public/page');
  await person.seesText('The shop');
  const claims = { 'X-Forwarded-User': `sms|${'0'.repeat(24)}`, X_Forwarded_Phone: ADMIN };
  const { status, body } = await fetched(person, '/public/echo', claims);
  assert.equal(status, 200);
  const identity = /^x.forwarded.(user|phone|groups)$/;
  assert.deepEqual(Object.keys(body.headers).filter((name) => identity.test(name)), []);
  await person.leave();
});

test('after signing out, pages ask again, and the old cookie is worth nothing', async () => {
  const person = await Person.at(browser, doorcode);
  await person.signIn('+12025550150', '/orders');
  const cookies = await person.context.cookies();
  const ours = cookies.filter((cookie) => cookie.name.includes('doorcode'));
  assert.ok(ours.length > 0, `no cookie of Doorcode's among ${JSON.stringify(cookies)}`);
  for (const { httpOnly, sameSite, path } of ours) {
    assert.deepEqual({ httpOnly, sameSite, path }, { httpOnly: true, sameSite: 'Lax', path: '/' });
  }

  await person.visit('/.doorcode/sign-out');
  await person.visit('/orders');
  await person.seesText('The shop'); // To look at the sign-out page is not to sign out.

  await person.visit('/.doorcode/sign-out');
  await person.press(person.button());
  await person.visit('/orders');
  await person.sees(NUMBER_FIELD, 'the page that asks for a number, after signing out');

  await person.context.addCookies(ours);
  await person.visit('/orders');
  await person.sees(NUMBER_FIELD, 'the page that asks for a number, with the old cookie');
  await person.leave();
});

test('the back button after a login posts nothing again and stays signed in', async () => {
  const phone = '+12025550151';
  const person = await Person.at(browser, doorcode);
  await person.visit('/public/page');
  await person.signIn(phone, '/orders');
  const posts = person.posts();
  // The page leads on before it has loaded.
  await person.page.goBack({ waitUntil: 'commit' });
  await person.landsOn('/orders');
  await person.seesText('The shop');
  assert.equal(await person.page.locator(CODE_FIELD).count(), 0, await person.situation());
  assert.equal(person.posts(), posts, 'nothing was posted again');
  assert.equal(doorcode.twilio.sentTo(phone).length, 1, 'no second text');
  await person.leave();
});

test('with cookies forbidden, a page says so, and there is no loop', async (t) => {
  const phone = '+12025550152';
  const person = await Person.withoutCookies(doorcode);
  // A browser of its own: left open by a failure, it would keep this process waiting.
  t.after(() => person.close());
  await person.visit('/orders');
  // The page may say it at once, after the number, or after the code; but it must say it.
  for (const [field, answer] of [
    [NUMBER_FIELD, () => phone],
    [CODE_FIELD, () => doorcode.twilio.code(phone)],
  ]) {
    if (await person.page.getByText(/cookie/i).count()) break;
    await person.sees(field, `the next step of the login, or a word about cookies`);
    await person.page.fill(field, await answer());
    await person.press(person.button(field));
  }
  await person.seesText(/cookie/i);
  assert.ok(person.journey.length < 15, `too many redirects:\n${person.journey.join('\n')}`);
  const phones = doorcode.app.asked('/orders').map(({ headers }) => headers['x-forwarded-phone']);
  assert.ok(!phones.includes(phone), 'nobody is signed in without a cookie');
  await person.leave();
});
