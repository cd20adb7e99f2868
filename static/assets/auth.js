// Comforts only: every page does its work without this file.
(() => {
  const d = document, one = s => d.querySelector(s), all = s => d.querySelectorAll(s);

  // The part after "#" is never sent, but follows redirects: give it to every next step.
  const hash = location.hash;
  if (hash) {
    all('form').forEach(f => f.action += hash);
    all('a').forEach(a => { if (!a.hash && a.origin === location.origin) a.hash = hash });
  }

  // One tab is signed in: the others ask again, and are sent where they wanted to go.
  const tabs = self.BroadcastChannel && new BroadcastChannel('doorcode');
  const onward = one('[data-onward]');
  if (onward) { tabs?.postMessage(1); location.replace(onward.hash ? onward.href : onward.href + hash) }
  else if (tabs && one('[name=flow]')) tabs.onmessage = e => e.data && location.reload();
  addEventListener('pageshow', e => e.persisted && location.reload());

  // The server knows no place: "14:35 UTC" becomes the reader's own time.
  const time = one('[data-clock]'), lang = d.documentElement.lang;
  if (time) time.textContent = new Date(time.dateTime).toLocaleTimeString(lang, { timeStyle: 'short' });

  const problem = one('[data-problem]');
  if (problem) {
    problem.focus();
    problem.addEventListener('click', e => {
      if (e.target.hash) { e.preventDefault(); one(e.target.hash).focus() }
    });
  }

  // A second press does nothing. Never "disabled": that would drop the focus.
  d.addEventListener('submit', e => {
    const f = e.target, b = e.submitter;
    if (f.dataset.busy) return e.preventDefault();
    f.dataset.busy = 1;
    b?.setAttribute('aria-disabled', true);
    setTimeout(() => { delete f.dataset.busy; b?.removeAttribute('aria-disabled') }, 8e3);
  });

  // The example belongs to the country that was chosen when the page was made.
  const country = one('#country'), hint = one('#phone-hint');
  if (country && hint) country.addEventListener('change', () => hint.textContent = '');

  // The browser offers the code of a text that names this host; a tap on the offer signs in.
  const code = one('#code');
  if (code && self.OTPCredential) {
    const stop = new AbortController();
    code.form.addEventListener('submit', () => stop.abort());
    navigator.credentials.get({ otp: { transport: ['sms'] }, signal: stop.signal })
      .then(o => { code.value = o.code; code.form.requestSubmit() }, () => {});
  }

  // Counts down beside the button, and speaks once, at the end.
  const again = one('[data-after]');
  if (again) {
    const button = again.querySelector('button'), left = one('[data-left]'), ready = one('[data-ready]');
    const rule = new Intl.PluralRules(lang), since = performance.now();
    const tick = () => {
      const s = again.dataset.after - Math.floor((performance.now() - since) / 1e3);
      button.disabled = s > 0;
      left.textContent = s > 0 ? left.dataset[rule.select(s)].replace('{count}', s) : '';
      if (s > 0) setTimeout(tick, 1e3); else ready.textContent = ready.dataset.ready;
    };
    if (again.dataset.after > 0) tick();
  }
})();
