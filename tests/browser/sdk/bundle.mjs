// Packages made into one script for a page, for those that bring none.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** One script that sets what the package exports as properties of `window`. */
export async function bundle(name) {
  const { outputFiles } = await build({
    stdin: {
      contents: `import * as all from '${name}'; Object.assign(window, all);`,
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
    },
    bundle: true,
    write: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    // Named, so that `require` too finds the modules among a package's files: the auth0-js inside
    // Lock says that all its files are modules, and its `main` is none.
    mainFields: ['browser', 'module', 'main'],
  });
  return outputFiles[0].text;
}
