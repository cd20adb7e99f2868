// A small HTTP server on a free loopback port, and waiting. Everything else here stands on these.
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Starts a server; `answer(request, body, response)` gets the whole body as text. With a `pair` of
 * certificate and key it speaks TLS.
 */
export async function serve(answer, pair = null) {
  const whole = async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    answer(request, Buffer.concat(chunks).toString('utf8'), response);
  };
  const server = pair
    ? https.createServer({ cert: pair.certificate, key: pair.key }, whole)
    : http.createServer(whole);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { port: server.address().port, stop };
}

/** A port that nobody listens on now. */
export async function freePort() {
  const { port, stop } = await serve(() => {});
  await stop();
  return port;
}

/** Asks `probe` again and again, `every` so many ms, until it gives something, and gives that. */
export async function until(probe, what, seconds = 10, every = 20) {
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
