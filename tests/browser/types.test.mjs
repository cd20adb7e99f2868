// What TypeScript says of programs that use <sms-login> by `widget.d.ts`, with and without React.
import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, writeFile, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const TYPES = fileURLToPath(new URL('../../static/assets/widget.d.ts', import.meta.url));

/** As much of React's own types as a custom element needs. */
const REACT = `
export interface HTMLAttributes<T> { children?: JSX.Element; className?: string; onClick?: (event: { currentTarget: T }) => void }
export type DetailedHTMLProps<E, T> = E & { ref?: (element: T | null) => void };
export namespace JSX { interface Element {} interface IntrinsicElements { div: HTMLAttributes<HTMLDivElement> } }`;
const RUNTIME = `import { JSX as Own } from './index.js';
export namespace JSX { interface Element {} interface IntrinsicElements extends Own.IntrinsicElements {} }
export function jsx(type: unknown, props: unknown): JSX.Element;
export function jsxs(type: unknown, props: unknown): JSX.Element;`;

/** The mistakes that the compiler finds in a program beside the declarations, `line: text`. */
async function mistakes(program, react = false) {
  const folder = await mkdtemp(join(tmpdir(), 'doorcode-types-'));
  try {
    await copyFile(TYPES, join(folder, 'widget.d.ts'));
    const file = join(folder, react ? 'app.tsx' : 'app.ts');
    await writeFile(file, program);
    if (react) {
      const at = join(folder, 'node_modules/react');
      await mkdir(at, { recursive: true });
      await writeFile(join(at, 'index.d.ts'), REACT);
      await writeFile(join(at, 'jsx-runtime.d.ts'), RUNTIME);
      await writeFile(join(at, 'package.json'), '{"name":"react","version":"19.0.0","types":"index.d.ts"}');
    }
    const options = {
      strict: true,
      noEmit: true,
      types: [],
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      jsx: ts.JsxEmit.ReactJSX,
    };
    const found = ts.getPreEmitDiagnostics(ts.createProgram([file, join(folder, 'widget.d.ts')], options));
    return found.map(({ file: at, start, messageText }) => {
      const line = at ? `${at.fileName.split('/').pop()}:${at.getLineAndCharacterOfPosition(start).line + 1}` : '';
      return `${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('a page may do with the element what it can do', async () => {
  const good = `
const login = document.querySelector('sms-login')!;
login.addEventListener('signed-in', async (event) => {
  const found: boolean = event.detail.found;
  const session = await login.getSession?.();
  const roles: string[] = session?.roles ?? [];
  if (found && roles.includes('admin')) event.preventDefault();
});
login.addEventListener('limited', ({ detail }) => { const seconds: number | undefined = detail.seconds; return seconds; });
login.addEventListener('click', (event) => event.clientX);
login.addEventListener('error', (event) => { if (event instanceof CustomEvent) console.log(event.detail); });
document.createElement('sms-login').setAttribute('client-id', 'spa');
`;
  assert.deepEqual(await mistakes(good), []);
});

test('what the element does not do is a mistake', async () => {
  const bad = `
const login = document.createElement('sms-login');
login.addEventListener('signed-in', (event) => event.detail.token);
login.getSession();
login.getSession?.().then((session) => session.sub);
`;
  const found = await mistakes(bad);
  assert.deepEqual(found.map((mistake) => mistake.split(': ')[0]), ['app.ts:3', 'app.ts:4', 'app.ts:5'], found.join('\n'));
});

test('React takes the element with its attributes and listeners', async () => {
  const good = `
export const Login = () => (
  <div><sms-login client-id="spa" theme="dark" className="wide" onsigned-in={(event) => event.detail.found} ref={(login) => login?.getSession?.()} /></div>
);`;
  assert.deepEqual(await mistakes(good, true), []);
  const bad = `
export const Nobody = () => <sms-login theme="dark" />;
export const Pink = () => <sms-login client-id="spa" theme="pink" />;
export const Wrong = () => <sms-login client-id="spa" onsigned-in={(event) => event.detail.seconds} />;`;
  const found = await mistakes(bad, true);
  assert.deepEqual(found.map((mistake) => mistake.split(': ')[0]), ['app.tsx:2', 'app.tsx:3', 'app.tsx:4'], found.join('\n'));
});
