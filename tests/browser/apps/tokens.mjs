// Personal access tokens for real programs, and what an app is asked in their names.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { Person } from '../person.mjs';
import { freePort } from '../servers.mjs';

const TOKENS = '/.doorcode/account/tokens';
const TOKEN = /^dcp_[a-z2-7]{56}$/;

/** A token that somebody makes on the account page, for the site of the whole origin. */
export async function makeToken(browser, doorcode, phone) {
  const person = await Person.at(browser, doorcode, { ignoreHTTPSErrors: true });
  await person.signIn(phone, TOKENS);
  await person.page.fill('input[name=name]', 'a program');
  await person.press(person.button('input[name=name]'));
  const token = (await person.page.locator('.secret').textContent()).trim();
  assert.match(token, TOKEN, await person.situation());
  await person.leave();
  return token;
}

/** What programs send that are given a user name and a password. */
export const basic = (token) => `Basic ${Buffer.from(`me:${token}`).toString('base64')}`;

/** Stands between Doorcode and the app at a port, and keeps what the app is asked. */
export async function startTap(app) {
  const parts = [];
  const sockets = new Set();
  const join = (from, to) => {
    sockets.add(from);
    from.once('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    from.on('error', () => {});
    from.pipe(to);
  };
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const further = net.connect({ port: app, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('data', (part) => parts.push(part));
    join(socket, further);
    join(further, socket);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const asked = () => Buffer.concat(parts).toString('latin1');
  return {
    port,
    asked,
    /** The app knows who asks, and never by what they prove it. */
    keepsSecret(token) {
      const text = asked();
      assert.match(text, /^x-forwarded-user: sms\|[0-9a-f]{24}\r$/im, 'the app is told who asks');
      assert.doesNotMatch(text, /^authorization:/im, 'the app gets no credentials');
      assert.ok(!text.includes(token), 'the app gets the token');
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise((done) => server.close(done));
    },
  };
}
