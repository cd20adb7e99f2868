// Questions about a page that is open in a browser, each answered by a list of what is wrong.
// All of them run in the page and are passed to `evaluate`: none may use anything else here.

/** As the page is when all of it is to be seen: everything open, and no ring of the focus. */
export function openDetails() {
  document.activeElement?.blur();
  for (const details of document.querySelectorAll('details')) details.open = true;
}

/** WCAG 1.4.12: what a reader may do to the text. */
export const SPACING = `* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important } p { margin-block-end: 2em !important }`;
/** WCAG 1.4.4. */
export const LARGE = 'html { font-size: 200% !important }';

/** Lays `css` over the page's own, which a policy does not forbid to a script. `''`: nothing. */
export function overlay(css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = css ? [sheet] : [];
}

/** Texts that reach over the edge of the screen or of what holds them. */
export function cut() {
  const found = [];
  const wider = document.scrollingElement.scrollWidth - innerWidth;
  if (wider > 0) found.push(`the page is ${wider} px wider than the screen`);
  const card = document.querySelector('.card').getBoundingClientRect();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode()); ) {
    if (!text.data.trim() || text.parentElement.closest('.unseen, option, svg, footer')) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const holder = text.parentElement.closest('button, .button, .note, .brand');
    const { left, right, top, bottom } = holder?.getBoundingClientRect() ?? card;
    for (const part of range.getClientRects()) {
      const over = part.left < left - 1 || part.right > right + 1;
      if (over || part.top < top - 1 || part.bottom > bottom + 1) found.push(`cut: ${text.data}`);
    }
  }
  for (const field of document.querySelectorAll('input:not([type=hidden])')) {
    const typed = field.value;
    if (field.id === 'code') field.value = field.classList.contains('long') ? '1234567890' : '123456';
    if (field.scrollWidth > field.clientWidth) {
      found.push(`${field.value} needs ${field.scrollWidth} px and has ${field.clientWidth}`);
    }
    field.value = typed;
  }
  return found;
}

/** Links at the foot that reach over the edge of the screen, or lie on each other. */
export function outOfFooter() {
  const found = [];
  const links = [...document.querySelectorAll('footer a')];
  const boxes = links.map((link) => link.getBoundingClientRect());
  for (const [at, { left, right, top }] of boxes.entries()) {
    if (left < 0 || right > innerWidth) found.push(`out of the screen: ${links[at].textContent}`);
    const under = boxes.findIndex(
      (other, n) => n < at && other.bottom > top + 1 && other.left < right && other.right > left,
    );
    if (under >= 0) found.push(`${links[at].textContent} lies on ${links[under].textContent}`);
  }
  return found;
}

/** Numbers of which a digit stands left of the one before it, and a mark that is not at the left. */
export function readBackwards() {
  const found = [];
  const probe = document.createElement('p');
  document.querySelector('.card').append(probe);
  const check = (text) => {
    for (const { 0: number, index } of text.data.matchAll(/[+\d][\d •:+-]*\d/g)) {
      const range = document.createRange();
      let before = null;
      for (let at = index; at < index + number.length; at += 1) {
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        const here = range.getBoundingClientRect();
        const sameLine = before && Math.abs(here.top - before.top) < here.height / 2;
        if (sameLine && here.left < before.left) {
          found.push(`backwards: ${text.data}`);
          break;
        }
        before = here;
      }
    }
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode()); ) {
    if (!text.parentElement.closest('option, .unseen, svg')) check(text);
  }
  // The names in a closed list are nowhere on the page: each is laid out beside it.
  for (const { text, dir } of document.querySelectorAll('option')) {
    probe.textContent = text;
    probe.dir = dir;
    if (probe.firstChild) check(probe.firstChild);
  }
  probe.remove();
  for (const field of document.querySelectorAll('input:not([type=hidden])')) {
    if (getComputedStyle(field).direction !== 'ltr') found.push(`field ${field.name}`);
  }
  const mark = document.querySelector('.brand svg');
  const name = document.querySelector('.brand bdi');
  if (mark && mark.getBoundingClientRect().left > name.getBoundingClientRect().left) {
    found.push('the mark stands behind the name');
  }
  return found;
}

/** WCAG 2.5.8, and 44 px for what the page is there for. */
export function smallTargets() {
  const found = [];
  for (const target of document.querySelectorAll('a, button, input, select, summary')) {
    if (target.type === 'hidden' || target.closest('[hidden]')) continue;
    const { width, height } = target.getBoundingClientRect();
    const primary = target.matches('main button:not(.second), main .button');
    if (Math.min(width, height) < (primary ? 44 : 24)) {
      found.push(`only ${width} × ${height} px: ${target.outerHTML.slice(0, 120)}`);
    }
  }
  return found;
}

/** The addresses of all that the page is made of, its own and that of the icon included. */
export function parts() {
  const icons = [...document.querySelectorAll('link[rel=icon]')];
  const shown = icons.filter(({ media }) => matchMedia(media || 'all').matches);
  const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
  return [...new Set([location.href, ...loaded, ...shown.map(({ href }) => href)])];
}

/** What moves for a person who asked that nothing does. */
export function moving() {
  return [...document.querySelectorAll('*')]
    .filter((element) => {
      const { transitionDuration, animationName } = getComputedStyle(element);
      return transitionDuration !== '0s' || animationName !== 'none';
    })
    .map((element) => `moves: ${element.outerHTML.slice(0, 120)}`);
}

/** What shows no border where the system takes all colours away. */
export function borderless() {
  return [...document.querySelectorAll('.card, .note, input, select, button, .button')]
    .filter((element) => element.type !== 'hidden')
    .filter((element) => {
      const { borderTopStyle, borderTopWidth, borderTopColor } = getComputedStyle(element);
      const clear = /^rgba\(.*, 0\)$|^transparent$/.test(borderTopColor);
      return borderTopStyle === 'none' || borderTopWidth === '0px' || clear;
    })
    .map((element) => `no border: ${element.outerHTML.slice(0, 120)}`);
}

/** How bright the page is behind its card, 0 to 255. */
export function brightness() {
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g);
  return Math.round((Number(red) + Number(green) + Number(blue)) / 3);
}

/** What has moved since the page was first seen, by itself. */
export function shifts() {
  const watch = new PerformanceObserver(() => {});
  watch.observe({ type: 'layout-shift', buffered: true });
  const name = ({ node }) => (node?.outerHTML ?? node?.data ?? 'something').slice(0, 120);
  return watch
    .takeRecords()
    .flatMap(({ value, sources }) => sources.map((part) => `shifted by ${value}: ${name(part)}`));
}

/** What the focus is on: whether it is seen there, and whether it is the first button that works. */
export function focused() {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  const stops = [...document.querySelectorAll('a, button, summary')].filter(
    (stop) => stop.checkVisibility() && !stop.disabled,
  );
  return {
    what: at.outerHTML.slice(0, 120),
    visible: outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2,
    button: at === document.querySelector('main form button:enabled, main .button'),
    last: at === stops.at(-1),
  };
}
