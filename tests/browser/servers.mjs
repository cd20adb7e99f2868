// A small HTTP server on a free loopback port, and waiting. Everything else here stands on these.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Starts a server; `answer(request, body, response)` gets the whole body as text. With a `pair` of
 * certificate and key it speaks TLS.
 */
export async function serve(answer, { port = 0, pair = null } = {}) {
  const whole = async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    answer(request, Buffer.concat(chunks).toString('utf8'), response);
  };
  const server = pair
    ? https.createServer({ cert: pair.certificate, key: pair.key }, whole)
    : http.createServer(whole);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { port: server.address().port, stop };
}

/**
 * Below the ports that the kernel gives to outgoing connections: none of those is in the way by
 * the time a server listens. The Rust tests, which may run beside these, take those from 20,000 on.
 */
const FIRST = 10_240;
const LAST = 20_000;
/** How many a process takes before it meets those of the next. */
const EACH = 32;
let taken = 0;

/** A port that nobody listens on. It is given once. */
export async function freePort() {
  for (;;) {
    const port = FIRST + ((process.pid * EACH + taken) % (LAST - FIRST));
    taken += 1;
    try {
      const { stop } = await serve(() => {}, { port });
      await stop();
      return port;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || taken > LAST - FIRST) throw error;
    }
  }
}

/** Asks `probe` again and again, `every` so many ms, until it gives something, and gives that. */
export async function until(probe, what, seconds = 180, every = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) {
      throw new Error(`Waited ${seconds} s for ${typeof what === 'function' ? what() : what}`);
    }
    await pause(every);
  }
}
