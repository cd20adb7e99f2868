// The age of a code by a real clock: a minute, the shortest life that one can have. Not among the
// tests of every change, where `api::token` says the same of a clock that stands still.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ALONE, startDoorcode } from '../doorcode.mjs';
import { until } from '../servers.mjs';
import { Api, assertRefused, unlike } from './api.mjs';
import { clientsOf, startPages } from './apps.mjs';

const WRONG = 'Wrong phone number or verification code.';
const EXPIRED = 'The verification code has expired. Please try to login again.';

const assertGrant = (answer, words) => assertRefused(answer, 403, 'invalid_grant', words);

let api;
let doorcode;
let pages;
before(async () => {
  pages = await startPages({});
  const login = 'code_lifetime = "1m"';
  doorcode = await startDoorcode(ALONE, { login, ...clientsOf(pages.origin) });
  api = new Api(doorcode, pages.origin);
});
after(async () => {
  await doorcode?.stop();
  await pages?.stop();
});

test('a code that is older than its life says so', async () => {
  const phone = '+12025550341';
  const code = await api.codeFor(phone);
  // The same wrong answer takes one try, however often it comes.
  const ask = () => api.redeem(phone, unlike(code));
  assertGrant(await ask(), WRONG);
  const over = async () => (await ask()).body.error_description !== WRONG;
  await until(over, 'the end of the code', 150, 1000);
  assertGrant(await api.redeem(phone, code), EXPIRED);
});
