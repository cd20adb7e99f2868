// Runs the programs of tests/python, each in the environment that its packages were installed in.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Starts a program for one test; `settings` are what it knows of Doorcode. */
export function startPython(context, packages, program, settings, environment = {}) {
  const python = `${ROOT}/target/python/${packages}/bin/python`;
  const child = spawn(python, [`${ROOT}/tests/python/${program}`, JSON.stringify(settings)], {
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', NO_PROXY: '*', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  context.after(() => child.kill());
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (complaints += text));
  const closed = once(child, 'close').catch((error) => (complaints += `${error}`));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** The next thing that it tells. */
    async tells() {
      const { value, done } = await lines.next();
      if (!done) return JSON.parse(value);
      await closed;
      throw new Error(`${program} ended:\n${complaints}`);
    },
    answer(value) {
      child.stdin.write(`${JSON.stringify(value)}\n`);
    },
  };
}
