// The check of docs/identity.md, as it stands there, against a running Doorcode.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ADMIN, startDoorcode } from './doorcode.mjs';
import { Person, openBrowser } from './person.mjs';

const PAGE = fileURLToPath(new URL('../../docs/identity.md', import.meta.url));
// Beside the packages, so that it finds them as an app would.
const FOLDER = fileURLToPath(new URL('./node_modules/.identity', import.meta.url));

let browser;
let doorcode;
before(async () => {
  doorcode = await startDoorcode();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
  await rm(FOLDER, { recursive: true, force: true });
});

/** The code of the page, for this issuer and audience. */
async function check(issuer, audience) {
  const [, code] = (await readFile(PAGE, 'utf8')).match(/```js\n(.*?)```/s);
  const told = code
    .replace("'https://auth.example.com/'", JSON.stringify(issuer))
    .replace("'https://shop.example.com'", JSON.stringify(audience));
  assert.ok(told.includes(JSON.stringify(issuer)) && told.includes(JSON.stringify(audience)));
  await mkdir(FOLDER, { recursive: true });
  const file = `${FOLDER}/${crypto.randomUUID()}.mjs`;
  await writeFile(file, told);
  return (await import(file)).caller;
}

test('an app in Node checks who is there with the code of the documentation', async () => {
  const person = await Person.at(browser, doorcode);
  await person.signIn(ADMIN, '/orders');
  const { headers } = doorcode.app.asked('/orders').at(-1);
  const issuer = `${doorcode.issuer}/`;
  const caller = await check(issuer, doorcode.origin);

  const who = await caller(headers);
  assert.equal(who.sub, headers['x-forwarded-user']);
  assert.equal(who.phone_number, ADMIN);
  assert.deepEqual(who.groups, ['admin']);

  const assertion = headers['x-doorcode-assertion'];
  const [head, claims, signature] = assertion.split('.');
  const richer = JSON.stringify({ ...who, groups: ['admin', 'root'] });
  for (const forged of [
    undefined,
    '',
    `${head}.${Buffer.from(richer).toString('base64url')}.${signature}`,
    `${head}.${claims}.`,
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`,
  ]) {
    await assert.rejects(caller({ 'x-doorcode-assertion': forged }), `${forged}`);
  }
  const elsewhere = await check(issuer, 'https://wiki.example.com');
  await assert.rejects(elsewhere(headers), /aud/, 'what is for one app is not good at another');
  await person.leave();
});
