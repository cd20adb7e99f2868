// The whole story, as one person lives it: from a protected page, by number and code, back to it. In the
// program that people have, where the other tests make do with its engine.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ADMIN, startDoorcode } from './doorcode.mjs';
import { CODE_FIELD, ERROR, NUMBER_FIELD, Person, openWholeBrowser } from './person.mjs';

let browser;
let doorcode;
before(async () => {
  doorcode = await startDoorcode();
  browser = await openWholeBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
});

/** A person holds the button for a moment: long enough that the first click's post is under way. */
const HUMAN = { delay: 50 };

// Every visit takes a number of its own, so that no test meets the limits of another.
const visits = [
  { how: 'with JavaScript', javaScriptEnabled: true, us: (n) => `+120255501${n}0` },
  { how: 'without JavaScript', javaScriptEnabled: false, us: (n) => `+120255501${n}1` },
];

for (const { how, javaScriptEnabled, us } of visits) {
  test(`a login leads back to the page first asked for, ${how}`, async () => {
    const { app, twilio } = doorcode;
    const page = '/orders/7?tab=open&q=a%20b';
    const phone = us(0);
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    app.requests.length = 0;

    await person.visit(page);
    await person.sees(NUMBER_FIELD, 'the page that asks for a number');
    await person.seesText('Acme');
    await person.askForCode(`+1 (202) ${phone.slice(5, 8)}-${phone.slice(8)}`);
    const text = await twilio.text(phone);
    const code = await twilio.code(phone);
    assert.equal(
      text.body.trimEnd().split('\n').at(-1),
      `@localhost #${code}`,
      `the last line is what lets a browser fill in the code: ${text.body}`,
    );
    assert.equal(app.requests.length, 0, 'nothing reaches the app before the login is done');

    await person.typeCode(code);
    await person.landsOn(page);
    await person.seesText('The shop');
    assert.equal(twilio.sentTo(phone).length, 1, 'one login is one text');
    assertIdentity(app.asked(page).at(-1), phone);

    const journey = person.journey.length;
    await person.visit('/orders/8');
    await person.seesText('The shop');
    assert.equal(person.journey.length, journey + 1, 'from then on pages come without a detour');
    await person.leave();
  });

  test(`an app that redirects to another company at once is followed there, ${how}`, async () => {
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    await person.visit('/leave');
    await person.askForCode(us(1));
    await person.typeCode(await doorcode.twilio.code(us(1)));
    await person.landsOn(doorcode.elsewhere.url);
    await person.seesText('Elsewhere');
    await person.leave();
  });

  test(`a wrong code is told, and the right one then signs in, ${how}`, async () => {
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    await person.visit('/orders');
    await person.askForCode(us(2));
    const code = await doorcode.twilio.code(us(2));

    await person.typeCode(unlike(code));
    await person.sees(ERROR, 'what is wrong');
    assert.match(await person.page.title(), /^Error: /, 'the title tells it first');
    assert.equal(await person.page.getAttribute(CODE_FIELD, 'aria-invalid'), 'true');
    if (javaScriptEnabled) {
      const focused = () => document.activeElement.getAttribute('role');
      assert.equal(await person.page.evaluate(focused), 'alert', 'focus goes to what is wrong');
    }

    const posts = person.posts();
    await person.page.reload();
    assert.equal(person.posts(), posts, 'a reload posts nothing again');
    assert.equal(doorcode.twilio.sentTo(us(2)).length, 1, 'a wrong code sends no new text');

    await person.typeCode(code);
    await person.landsOn('/orders');
    await person.leave();
  });

  test(`a double click on the button sends one text, ${how}`, async () => {
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    await person.visit('/orders');
    await person.page.fill(NUMBER_FIELD, us(3));
    await person.button(NUMBER_FIELD).dblclick(HUMAN);
    await person.sees(CODE_FIELD, 'the page that asks for the code');
    const code = await doorcode.twilio.code(us(3));

    await person.page.fill(CODE_FIELD, code);
    await person.button(CODE_FIELD).dblclick(HUMAN);
    await person.landsOn('/orders');
    assert.equal(doorcode.twilio.sentTo(us(3)).length, 1, 'a second would have come by now');
    await person.leave();
  });
}

test('a national number is read as the chosen country writes it', async () => {
  const person = await Person.at(browser, doorcode);
  await person.visit('/orders');
  await person.page.selectOption('select[name=country]', 'GB');
  await person.askForCode('07400 123456');
  await person.typeCode(await doorcode.twilio.code('+447400123456'));
  await person.landsOn('/orders');
  await person.leave();
});

test('a code may be pasted with the words around it', async () => {
  const phone = '+12025550140';
  const person = await Person.at(browser, doorcode);
  await person.visit('/orders');
  await person.askForCode(phone);
  const code = await doorcode.twilio.code(phone);
  await person.typeCode(`Your code: ${code.slice(0, 3)} ${code.slice(3)}`);
  await person.landsOn('/orders');
  await person.leave();
});

test('the place inside a single-page app, after the #, survives the login', async () => {
  const person = await Person.at(browser, doorcode);
  await person.signIn('+12025550141', '/cart#/step/2');
  await person.leave();
});

test('asking for a new code too early says how long to wait, and sends nothing', async () => {
  const phone = '+12025550142';
  // Without JavaScript, because with it the button is asleep until its time.
  const person = await Person.at(browser, doorcode, { javaScriptEnabled: false });
  await person.visit('/orders');
  await person.askForCode(phone);
  const code = await doorcode.twilio.code(phone);
  await person.page.locator('main summary').click();
  await person.page.locator('form[action$="/resend"] button').click();
  await person.seesText(/\d+ seconds?/);
  assert.equal(doorcode.twilio.sentTo(phone).length, 1);
  await person.typeCode(code);
  await person.landsOn('/orders');
  await person.leave();
});

test('who has a role reaches its pages, and the app is told the role', async () => {
  const person = await Person.at(browser, doorcode);
  await person.signIn(ADMIN, '/admin/');
  const { headers } = doorcode.app.asked('/admin/').at(-1);
  assert.equal(headers['x-forwarded-groups'], 'admin');
  await person.leave();
});

function assertIdentity({ headers }, phone) {
  const { origin } = doorcode;
  assert.match(headers['x-forwarded-user'], /^sms\|[0-9a-f]{24}$/);
  assert.equal(headers['x-forwarded-phone'], phone);
  assert.ok(headers['x-forwarded-preferred-username'], 'the app gets a name to show');
  assert.equal(headers['x-forwarded-groups'], undefined, 'no role, no groups');
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-proto'], 'http');
  assert.equal(headers['x-forwarded-host'], new URL(origin).host);
  assert.doesNotMatch(headers.cookie ?? '', /doorcode/, "the app never sees Doorcode's cookies");
}

/** Six digits that are not the code. */
function unlike(code) {
  return code.slice(0, 5) + ((Number(code[5]) + 1) % 10);
}
