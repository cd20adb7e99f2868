// What axe-core finds on a page, and the screens that every page is looked at on.
import axe from 'axe-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds depends on the colours or on the room, not on both: it sees each of them once. */
export const SCREENS = [
  { scheme: 'light', width: 1280, height: 800, axe: true },
  { scheme: 'light', width: 320, height: 640 },
  { scheme: 'dark', width: 320, height: 640, axe: true },
  { scheme: 'dark', width: 1280, height: 800 },
];

/** `evaluate` is not held back by the page's policy, so the page stays as everybody gets it. */
export async function axeFinds(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async (tags) => {
    // Nothing in these rules reads the style sheets, which would be fetched once more. What is found is
    // told by its markup: a selector for every element that was looked at takes a sixth of the time.
    const options = { runOnly: tags, resultTypes: ['violations'], preload: false, selectors: false };
    const { violations } = await window.axe.run(options);
    const where = (nodes) => nodes.map((node) => node.html).join('\n  ');
    return violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${where(nodes)}`);
  }, TAGS);
}
