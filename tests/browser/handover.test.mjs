// Login pages on a host of their own: how a real browser gets from a site to them and back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { APART, startDoorcode } from './doorcode.mjs';
import { CODE_FIELD, NUMBER_FIELD, Person, landed, openBrowser } from './person.mjs';
import { until } from './servers.mjs';

let browser;
let doorcode;
before(async () => {
  doorcode = await startDoorcode(APART);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
});

const visits = [
  { how: 'with JavaScript', javaScriptEnabled: true, us: (n) => `+120255502${n}0` },
  { how: 'without JavaScript', javaScriptEnabled: false, us: (n) => `+120255502${n}1` },
];

/** The hosts of the pages that were asked for, each once in a row. */
const hosts = ({ journey }) =>
  journey
    .map((step) => new URL(step.split(' ')[1]).hostname.split('.')[0])
    .filter((host, n, all) => host !== all[n - 1]);

for (const { how, javaScriptEnabled, us } of visits) {
  test(`a login on another host leads back to the page first asked for, ${how}`, async () => {
    const { app, issuer, origin, twilio } = doorcode;
    const page = '/orders/7?tab=open&q=a%20b';
    const phone = us(0);
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    app.requests.length = 0;

    await person.visit(page);
    await person.sees(NUMBER_FIELD, 'the page that asks for a number');
    assert.ok(person.page.url().startsWith(`${issuer}/login?request=`), person.page.url());
    await person.seesText('shop.localhost');
    await person.askForCode(phone);
    const { body } = await twilio.text(phone);
    assert.match(body, /\n@auth\.localhost #\d{6}\s*$/, 'the browser offers the code at the issuer');
    assert.equal(app.requests.length, 0, 'nothing reaches the app before the login is done');

    await person.typeCode(await twilio.code(phone));
    await person.landsOn(page);
    await person.seesText('The shop');
    assert.deepEqual(hosts(person), ['shop', 'auth', 'shop'], person.journey.join('\n'));
    const { headers } = app.asked(page).at(-1);
    assert.equal(headers['x-forwarded-phone'], phone);
    assert.equal(headers['x-forwarded-host'], new URL(origin).host);
    assert.doesNotMatch(headers.cookie ?? '', /doorcode/, "the app never sees Doorcode's cookies");
    assert.doesNotMatch(headers.referer ?? '', /ticket|auth\./, 'nor where the browser came from');
    const cookies = await person.context.cookies(origin);
    assert.deepEqual(cookies.map(({ name }) => name), ['doorcode'], 'the state cookie is gone');
    await person.leave();
  });

  test(`the next site asks for nothing, and signing out there ends it all, ${how}`, async () => {
    const { issuer, other, origin, twilio } = doorcode;
    const phone = us(1);
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    await person.signIn(phone, '/orders');
    person.journey.length = 0;

    const wiki = `${other('Wiki')}/pages?a=b`;
    await person.visit(wiki);
    await person.landsOn(wiki);
    await person.seesText('The shop');
    assert.deepEqual(hosts(person), ['wiki', 'auth', 'wiki'], person.journey.join('\n'));
    assert.equal(twilio.sentTo(phone).length, 1, 'no second text');

    await person.visit(`${other('Wiki')}/.doorcode/sign-out`);
    await person.press(person.button());
    for (const site of [wiki, `${origin}/orders`, `${issuer}/login`]) {
      await person.visit(site);
      await person.sees(NUMBER_FIELD, `the page that asks for a number, for ${site}`);
    }
    await person.leave();
  });

  test(`an app that redirects to a third origin at once is followed there, ${how}`, async () => {
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    await person.visit('/leave');
    await person.askForCode(us(2));
    await person.typeCode(await doorcode.twilio.code(us(2)));
    await person.landsOn(doorcode.elsewhere.url);
    await person.seesText('Elsewhere');
    await person.leave();
  });

  test(`who signs in in one tab finds the other tab's page too, ${how}`, async () => {
    const { origin, twilio } = doorcode;
    const phone = us(3);
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    await person.visit('/first?1');
    await person.sees(NUMBER_FIELD, 'the page that asks for a number');
    const first = person.page;

    person.page = await person.context.newPage();
    await person.signIn(phone, '/second?2');
    // With JavaScript the first tab goes on by itself.
    if (!javaScriptEnabled) await first.reload();
    await landed(first, `${origin}/first?1`);
    assert.equal(twilio.sentTo(phone).length, 1, 'one login is one text');
    await person.leave();
  });

  test(`a copy of a login page leads on too, ${how}`, async () => {
    const { elsewhere, twilio } = doorcode;
    const phone = us(4);
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    await person.visit('/leave');
    await person.askForCode(phone);
    const copied = person.page;
    person.page = await person.context.newPage();
    await person.page.goto(copied.url());
    await person.typeCode(await twilio.code(phone));
    await person.landsOn(elsewhere.url);
    // With JavaScript the copy goes on by itself.
    if (!javaScriptEnabled) await copied.reload();
    await landed(copied, elsewhere.url);
    assert.equal(twilio.sentTo(phone).length, 1);
    await person.leave();
  });

  test(`the back button after a login leads to the page again, ${how}`, async () => {
    const phone = us(5);
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    await person.signIn(phone, '/orders');
    const posts = person.posts();
    // The script leads on before the page has loaded; without it the old page stays.
    await person.page.goBack({ waitUntil: javaScriptEnabled ? 'commit' : 'load' });
    // Without JavaScript the browser may show the old page as it was, until it is asked for anew.
    // It may also be on its way by itself, which then ends the reload.
    const there = () => person.page.url() === `${doorcode.origin}/orders`;
    const askAnew = () => person.page.reload().catch(() => null);
    if (!javaScriptEnabled) await until(async () => there() || ((await askAnew()), there()), '/orders');
    await person.landsOn('/orders');
    assert.equal(person.posts(), posts, 'nothing was posted again');
    assert.equal(doorcode.twilio.sentTo(phone).length, 1, 'no second text');
    await person.leave();
  });
}

test('a number that is posted after another tab signed in leads on', async () => {
  const { elsewhere, twilio } = doorcode;
  const phone = '+12025550253';
  // Without JavaScript, because with it the first tab does not wait.
  const person = await Person.at(browser, doorcode, { javaScriptEnabled: false });
  await person.visit('/leave');
  await person.sees(NUMBER_FIELD, 'the page that asks for a number');
  const waiting = person.page;
  person.page = await person.context.newPage();
  await person.signIn(phone, '/orders');
  await waiting.fill(NUMBER_FIELD, phone);
  await waiting.locator('main form button').first().click();
  await landed(waiting, elsewhere.url);
  assert.ok(twilio.sentTo(phone).length >= 1);
  await person.leave();
});

test('the place inside a single-page app, after the #, survives the login', async () => {
  const person = await Person.at(browser, doorcode);
  await person.signIn('+12025550250', '/cart#/step/2');
  await person.leave();
});

test('with cookies forbidden, a page says so, and there is no loop', async (t) => {
  const person = await Person.withoutCookies(doorcode);
  t.after(() => person.close());
  await person.visit('/orders');
  await person.sees(NUMBER_FIELD, 'the page that asks for a number');
  await person.page.fill(NUMBER_FIELD, '+12025550251');
  await person.press(person.button(NUMBER_FIELD));
  await person.seesText(/cookie/i);
  assert.ok(person.journey.length < 8, `too many redirects:\n${person.journey.join('\n')}`);
  await person.leave();
});

test('a site that loses its cookies says so once, with a way to try again', async () => {
  const { origin } = doorcode;
  const phone = '+12025550252';
  const person = await Person.at(browser, doorcode);
  await person.visit('/orders?a=b');
  await person.askForCode(phone);
  await person.context.clearCookies({ domain: 'shop.localhost' });
  await person.typeCode(await doorcode.twilio.code(phone));
  await person.seesText(/did not send our cookie back/);
  assert.ok(person.page.url().startsWith(`${origin}/.doorcode/arrived`), person.page.url());

  await person.page.getByRole('link', { name: 'Try again' }).click();
  await person.landsOn('/orders?a=b');
  assert.equal(doorcode.twilio.sentTo(phone).length, 1, 'the issuer still knows who it is');
  await person.leave();
});
