// Every page that Doorcode shows: for screen readers, in the dark, on a small screen, from right
// to left. A picture of each is kept in out/, for eyes.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startDoorcode } from './doorcode.mjs';
import { ERROR, NUMBER_FIELD, Person, openBrowser } from './person.mjs';
import { SCREENS, axeFinds } from './sound.mjs';

const OUT = fileURLToPath(new URL('out/', import.meta.url));
const ENGLISH = { locale: 'en-GB', language: 'en', direction: 'ltr', letters: /[a-z]/i };
const ARABIC = { locale: 'ar', language: 'ar', direction: 'rtl', letters: /[\u0600-\u06ff]/ };
const LANGUAGES = [
  { ...ENGLISH, phone: '+12025550160' },
  { ...ARABIC, phone: '+12025550161' },
];
/** Doorcode's pages hold exactly this policy; the app's pages hold their own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
];

let browser;
let doorcode;
before(async () => {
  await mkdir(OUT, { recursive: true });
  doorcode = await startDoorcode();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await doorcode?.stop();
});

for (const tongue of LANGUAGES) {
  test(`every page is sound in ${tongue.language}`, async (t) => {
    const { locale, phone } = tongue;
    const person = await Person.at(browser, doorcode, { locale });
    const look = (name) => t.test(name, () => soundOnEveryScreen(person, name, tongue));

    const first = await person.visit('/orders');
    assertPolicy(first);
    await look('number');

    await person.page.fill(NUMBER_FIELD, '12');
    await person.button(NUMBER_FIELD).click();
    await person.sees(ERROR, 'what is wrong with the number');
    await look('wrong-number');

    await person.askForCode(phone);
    await look('code');

    const code = await doorcode.twilio.code(phone);
    await person.typeCode(code.slice(0, 5) + ((Number(code[5]) + 1) % 10));
    await person.sees(ERROR, 'what is wrong with the code');
    await look('wrong-code');

    await person.typeCode(code);
    await person.landsOn('/orders');

    const denied = await person.visit('/admin/');
    assert.equal(denied.status(), 403);
    const digits = (await person.page.innerText('body')).replaceAll(/\D/g, '');
    assert.ok(!digits.includes(phone.slice(-7)), 'a page that follows a login masks the number');
    await look('denied');

    const missing = await person.visit('/.doorcode/no-such-page');
    assert.equal(missing.status(), 404);
    await look('no-such-page');

    await person.visit('/.doorcode/sign-out');
    await look('sign-out');

    await person.press(person.button());
    await look('signed-out');
    await person.leave();
  });
}

const BRANDS = {
  yellow: 'color = "#ffff00"',
  white: 'color = "#fff"\nlogo = "logo.svg"\nlinks.privacy = "https://example.com/privacy"',
  black: 'color = "#000"\ntheme = "dark"\nlogo = "logo.svg"\nlinks.support = "mailto:a@example.com"',
};

for (const [color, brand] of Object.entries(BRANDS)) {
  test(`pages are sound in ${color}`, async (t) => {
    const branded = await startDoorcode(undefined, { brand });
    t.after(() => branded.stop());
    for (const tongue of LANGUAGES) {
      const { locale, phone } = tongue;
      const person = await Person.at(browser, branded, { locale });
      await person.visit('/orders');
      await soundOnEveryScreen(person, `${color}-number`, tongue);
      if (brand.includes('logo')) {
        const logo = await person.page.locator('.brand img').boundingBox();
        assert.deepEqual([logo.width, logo.height], [88, 36]);
      }
      await person.askForCode(phone);
      await soundOnEveryScreen(person, `${color}-code`, tongue);
      await person.leave();
    }
  });
}

async function soundOnEveryScreen(person, name, tongue) {
  for (const { scheme, width, height } of SCREENS) {
    await person.page.setViewportSize({ width, height });
    // Colours that are on their way to others are nobody's.
    await person.page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    const picture = `${name}-${tongue.language}-${scheme}-${width}.png`;
    await person.page.screenshot({ path: OUT + picture, fullPage: true });
    await assertSound(person, tongue, picture);
  }
}

async function assertSound({ page }, { language, direction, letters }, picture) {
  assert.deepEqual(await axeFinds(page), [], `axe-core on ${picture}`);

  const seen = await page.evaluate(() => ({
    language: document.documentElement.lang,
    direction: getComputedStyle(document.documentElement).direction,
    heading: document.querySelector('h1')?.innerText,
    wider: document.scrollingElement.scrollWidth - window.innerWidth,
  }));
  assert.match(seen.language, new RegExp(`^${language}\\b`), picture);
  assert.equal(seen.direction, direction, picture);
  assert.match(seen.heading ?? '', letters, `the heading of ${picture} is in ${language}`);
  assert.ok(seen.wider <= 0, `${picture} is ${seen.wider} px wider than the screen`);
}

function assertPolicy(answer) {
  const policy = answer.headers()['content-security-policy'] ?? '';
  const parts = policy.split(';').map((part) => part.trim());
  for (const part of POLICY) assert.ok(parts.includes(part), `no ${part} in ${policy}`);
}
