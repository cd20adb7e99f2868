// The fonts that a browser of these tests has: none but those named here, whatever else the machine
// has, so that a page is laid out alike everywhere. They are Debian packages: `tests/run` installs them.
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const FOLDERS = [
  '/usr/share/fonts',
  '/usr/local/share/fonts',
  join(homedir(), '.fonts'),
  join(homedir(), '.local/share/fonts'),
];

/** What has letters for every language of the pages, and what code fields are set in. */
const ALWAYS = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf', 'DejaVuSansMono.ttf', 'DejaVuSansMono-Bold.ttf'];

/**
 * What `system-ui` may be on a visitor's machine, by the family's name. Heights of a line's text, in
 * font sizes: 1.16, 1.36, 1.17, 1.12, and 2.5 with ascenders as tall as any.
 */
export const FONTS = {
  'DejaVu Sans': [],
  'Noto Sans': ['NotoSans-Regular.ttf', 'NotoSans-Bold.ttf', 'NotoSansArabic-Regular.ttf', 'NotoSansArabic-Bold.ttf'],
  Roboto: ['Roboto-Regular.ttf', 'Roboto-Bold.ttf'],
  'Liberation Sans': ['LiberationSans-Regular.ttf', 'LiberationSans-Bold.ttf'],
  'Noto Nastaliq Urdu': ['NotoNastaliqUrdu-Regular.ttf', 'NotoNastaliqUrdu-Bold.ttf'],
};

/** All files below the folders of fonts. */
let files;
async function find(name) {
  files ??= (async () => {
    const lists = FOLDERS.map(async (folder) => {
      const names = await readdir(folder, { recursive: true }).catch(() => []);
      return names.map((path) => join(folder, path));
    });
    return (await Promise.all(lists)).flat();
  })();
  const found = (await files).find((path) => path.endsWith(`/${name}`));
  if (!found) throw new Error(`No font ${name} below ${FOLDERS.join(', ')}: tests/run installs it`);
  return found;
}

/**
 * The environment of a browser whose only fonts are `family` and what stands in for its gaps, and
 * `remove`, for when that browser is gone.
 */
export async function onlyFonts(family) {
  const paths = await Promise.all([...FONTS[family], ...ALWAYS].map(find));
  const folder = await mkdtemp(join(tmpdir(), 'doorcode-fonts-'));
  for (const path of paths) await symlink(path, join(folder, basename(path)));
  const config = join(folder, 'fonts.conf');
  await writeFile(config, configuration(folder, family));
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 10 });
  return { env: { ...process.env, FONTCONFIG_FILE: config }, remove };
}

const alias = (name, family) =>
  `<alias binding="strong"><family>${name}</family><prefer><family>${family}</family></prefer></alias>`;

/** What names no family at all gets the same one. */
const configuration = (folder, family) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
<dir>${folder}</dir>
<cachedir>${folder}</cachedir>
${alias('monospace', 'DejaVu Sans Mono')}
${['system-ui', 'sans-serif', 'sans', 'serif'].map((name) => alias(name, family)).join('\n')}
<match target="pattern"><edit name="family" mode="append" binding="strong"><string>${family}</string></edit></match>
</fontconfig>
`;
