// Personal access tokens: made, used by a program, and ended; and that the pages look right to everybody.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { APART, startDoorcode } from './doorcode.mjs';
import { Person, openBrowser } from './person.mjs';
import { axeFinds } from './sound.mjs';

const OUT = fileURLToPath(new URL('out/', import.meta.url));
const TOKENS = '/account/tokens';
const TOKEN = /^dcp_[a-z2-7]{56}$/;
const NAME = 'input[name=name]';

let browser;
let doorcode;
before(async () => {
  doorcode = await startDoorcode({ ...APART, tokens: true });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
});

const at = (path) => `${doorcode.issuer}${path}`;
const shown = (person) => person.page.locator('.secret');

/** Asks the shop as a program does, which has no cookies. Only browsers find `*.localhost`. */
async function asks(token, method = 'PROPFIND') {
  const { host, port } = new URL(doorcode.origin);
  const authorization = `Basic ${Buffer.from(`me:${token}`).toString('base64')}`;
  const headers = { host, ...(token ? { authorization } : {}) };
  const asked = request({ host: '127.0.0.1', port, path: '/orders', method, headers });
  asked.end();
  const [answer] = await once(asked, 'response');
  answer.resume();
  return answer;
}

async function make(person, name) {
  await person.page.fill(NAME, name);
  await person.press(person.button(NAME));
}

async function sound({ page }, picture) {
  assert.deepEqual(await axeFinds(page), [], `axe-core on ${picture}`);
  const wider = await page.evaluate(
    () => document.scrollingElement.scrollWidth - window.innerWidth,
  );
  assert.ok(wider <= 0, `${picture} is ${wider} px wider than the screen`);
}

async function pictures(person, name) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 320]) {
      await person.page.setViewportSize({ width, height: 800 });
      await person.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const picture = `${name}-${colorScheme}-${width}`;
      await person.page.screenshot({ path: `${OUT}${picture}.png`, fullPage: true });
      await sound(person, picture);
    }
  }
}

for (const { how, javaScriptEnabled, phone } of [
  { how: 'with JavaScript', javaScriptEnabled: true, phone: '+12025550170' },
  { how: 'without JavaScript', javaScriptEnabled: false, phone: '+12025550171' },
]) {
  test(`a token is made, used and ended, ${how}`, async () => {
    const person = await Person.at(browser, doorcode, { javaScriptEnabled });
    await person.signIn(phone, '/orders');
    await person.page.goto(`${doorcode.origin}/.doorcode/account`);
    await person.press(`a[href="${at(TOKENS)}"]`);
    await make(person, 'git on my laptop');
    const token = (await shown(person).textContent()).trim();
    assert.match(token, TOKEN, await person.situation());
    await person.seesText('It is shown only this once.');

    assert.equal((await asks(token)).statusCode, 200);
    assert.equal((await asks(token, 'GET')).statusCode, 200);
    const nobody = await asks(null);
    assert.equal(nobody.statusCode, 401);
    assert.match(nobody.headers['www-authenticate'], /^Basic realm=/);

    // The same form once more.
    await person.page.reload();
    await person.seesText('This form was sent before');
    assert.equal(await shown(person).count(), 0);
    assert.equal(await person.page.locator('.sessions > li').count(), 1);
    await person.seesText('git on my laptop');
    await person.press('form[action$="/tokens/end"] button');
    await person.seesText('That token has ended.');
    assert.equal((await asks(token)).statusCode, 401);
    await make(person, ' ');
    await person.sees('[aria-invalid=true]', 'what is wrong');
    await person.leave();
  });
}

test('no script of a page opens the dialog of the browser', async () => {
  const person = await Person.at(browser, doorcode);
  await person.page.goto(new URL('/public/x', doorcode.origin).href);
  const answer = await person.page.evaluate(async () => {
    const answer = await fetch('/orders', { headers: { accept: 'application/json' } });
    return [answer.status, answer.headers.get('www-authenticate')];
  });
  assert.deepEqual(answer, [401, 'Doorcode']);
  await person.page.context().close();
});

for (const { locale, phone } of [
  { locale: 'en-GB', phone: '+12025550172' },
  { locale: 'ar', phone: '+12025550173' },
]) {
  test(`the pages are sound in ${locale}`, async () => {
    const person = await Person.at(browser, doorcode, { locale });
    await person.signIn(phone, '/orders');
    await person.page.goto(at(TOKENS));
    await pictures(person, `tokens-none-${locale}`);
    await make(person, 'CalDAV');
    await pictures(person, `token-${locale}`);
    const whole = await person.page.evaluate(() => {
      const token = document.querySelector('.secret');
      const { x, y } = token.getBoundingClientRect();
      return [x, y];
    });
    await person.page.mouse.click(whole[0] + 20, whole[1] + 20);
    const chosen = await person.page.evaluate(() => getSelection().toString().trim());
    assert.match(chosen, TOKEN, 'one click selects all of it');
    await person.page.goto(at(TOKENS));
    await pictures(person, `tokens-${locale}`);
    await person.page.goto(at('/account'));
    await pictures(person, `account-tokens-${locale}`);
    await person.leave();
  });
}
