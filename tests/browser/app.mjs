// The app behind the gate: shows what reached it, and remembers every request.
import { serve } from './servers.mjs';

/** `leaveTo` is where its `/leave` page redirects, as an app does that has a login of its own. */
export async function startApp({ leaveTo = null } = {}) {
  const requests = [];
  const pages = new Map();
  const { port, stop } = await serve((request, body, response) => {
    const { method, url, headers } = request;
    requests.push({ method, url, headers, body });
    if (url === '/leave') return response.writeHead(303, { location: leaveTo }).end();
    const own = pages.get(url);
    if (own) return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(own);
    const echo = JSON.stringify({ method, url, headers }, null, 2);
    const wantsPage = headers.accept?.includes('text/html');
    const type = wantsPage ? 'text/html; charset=utf-8' : 'application/json';
    response.writeHead(200, { 'content-type': type });
    response.end(wantsPage ? page('The shop', `<pre>${escape(echo)}</pre>`) : echo);
  });
  return {
    port,
    stop,
    requests,
    /** Pages of its own, by path and query. */
    pages,
    /** The requests for one path and query, compared byte for byte. */
    asked: (url) => requests.filter((request) => request.url === url),
  };
}

/** Another company's server: another origin, and no part of Doorcode's configuration. */
export async function startElsewhere() {
  const { port, stop } = await serve((_, __, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(page('Elsewhere', ''));
  });
  return { url: `http://127.0.0.1:${port}/arrived`, stop };
}

function page(title, body) {
  return `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>${body}`;
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
