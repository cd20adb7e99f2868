// Comforts only: every page does its work without this file.
{
  const all = s => [...document.querySelectorAll(s)], one = s => all(s)[0];
  // The language of the words here. That of the page is another once a browser has translated it.
  const { lang } = document.currentScript.dataset;

  // The part after "#" is never sent, but follows redirects: give it to every next step.
  const { hash } = location;
  if (hash) {
    // Not of a kept form, whose fields may have the names of its properties.
    all('form:not([id])').map(f => f.action += hash);
    all('a').map(a => { if (a.origin == origin) a.hash ||= hash });
  }

  addEventListener('pageshow', e => e.persisted && location.reload());

  // The server knows no place: "14:35 UTC" becomes the reader's own time, with what its data names.
  all('time').map(t => t.textContent = new Date(t.dateTime).toLocaleString(lang, t.dataset));

  const problem = one('[data-problem]');
  if (problem) {
    problem.focus();
    one('[data-problem] a').onclick = e => { one(e.currentTarget.hash).focus(); return false };
  }

  // A second press does nothing. Never "disabled": that would drop the focus.
  const stop = new AbortController();
  let busy;
  addEventListener('submit', e => {
    const b = e.submitter ?? e.target;
    if (busy) return e.preventDefault();
    stop.abort();
    busy = b.ariaDisabled = true;
    setTimeout(() => busy = b.ariaDisabled = null, 8e3);
  });

  // The example belongs to the country that was chosen when the page was made, if one was.
  const country = one('#country'), hint = one('#phone-hint');
  if (country) {
    const example = hint.innerHTML;
    (country.onchange = () => hint.innerHTML = one('[selected]') == one('[selected]:checked') ? example : '')();
  }

  // The browser offers the code of a text that names this host; a tap on the offer signs in.
  const code = one('#code');
  if (code && self.OTPCredential) navigator.credentials.get({ otp: { transport: ['sms'] }, signal: stop.signal }).then(o => { code.value = o.code; code.form.requestSubmit() }, e => e);

  // Counts down beside the buttons, and speaks once, at the end.
  const after = one('[data-after]')?.dataset.after;
  if (after > 0) {
    const since = performance.now(), left = one('[data-left]'), ready = one('[data-ready]');
    const tick = () => {
      const s = Math.ceil(after - (performance.now() - since) / 1e3);
      const time = s > left.dataset.over ? [Math.ceil(s / 60), 'minute'] : [s, 'second'];
      all('[data-after] button').map(b => b.disabled = s > 0);
      left.textContent = s > 0 ? left.dataset.left.replace('{when}', new Intl.RelativeTimeFormat(lang).format(...time)) : '';
      s > 0 ? setTimeout(tick, 1e3) : ready.textContent = ready.dataset.ready;
    };
    tick();
  }

  // One tab is signed in: the others ask again, and are sent where they wanted to go. Last, since old
  // browsers stop here.
  const onward = one('[data-onward]'), tabs = new BroadcastChannel('doorcode');
  if (onward) { tabs.postMessage(1); onward.hash ||= hash; location.replace(onward) }
  else if (one('[name=flow]')) tabs.onmessage = e => e.data && location.reload();
}
