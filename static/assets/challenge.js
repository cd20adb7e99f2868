// Finds a number by which SHA-256 of the puzzle and the number begins with as many zero bits as are asked
// for, and sends the form. The page does without this file, too: whoever waits needs no number.
{
  const form = document.querySelector('[data-puzzle]'), { puzzle, bits } = form.dataset;
  const status = form.querySelector('[data-works]');

  // The constants of FIPS 180-4 §4.2.2 and §5.3.3: fractions of the roots of the first primes.
  const K = new Int32Array(64), start = new Int32Array(8), W = new Int32Array(64);
  const fraction = root => (root % 1) * 2 ** 32 | 0;
  for (let n = 2, at = 0; at < 64; n++) {
    let d = 2;
    while (n % d) d++;
    if (d < n) continue;
    if (at < 8) start[at] = fraction(n ** .5);
    K[at++] = fraction(n ** (1 / 3));
  }

  // The state after the block of sixteen words that W begins with (§6.2.2).
  const compress = state => {
    for (let i = 16; i < 64; i++) {
      const x = W[i - 15], y = W[i - 2];
      W[i] = W[i - 16] + W[i - 7]
        + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3)
        + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const s = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[i] + W[i];
      const t = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c);
      h = g; g = f; f = e; e = d + s | 0; d = c; c = b; b = a; a = s + t | 0;
    }
    return [a, b, c, d, e, f, g, h].map((word, i) => word + state[i] | 0);
  };

  const put = text => {
    W.fill(0, 0, 16);
    for (let i = 0; i < text.length; i++) W[i >> 2] |= text.charCodeAt(i) << 24 - i % 4 * 8;
  };

  // The puzzle fills the first block, which is the same for every number.
  put(puzzle);
  const middle = compress(start);
  const solves = number => {
    put(number + '\x80');
    W[15] = (64 + number.length) * 8;
    return compress(middle)[0] >>> 32 - bits === 0;
  };

  // In steps, so that the page stays alive. Not by timers: those are slow in a tab behind another.
  let n = 0;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const until = performance.now() + 20;
    while (performance.now() < until) {
      for (let i = 0; i < 200; i++, n++) {
        if (!solves(`${n}`)) continue;
        form.number.value = n;
        return form.requestSubmit();
      }
    }
    port2.postMessage(0);
  };
  form.querySelector('[data-waits]').hidden = true;
  status.textContent = status.dataset.works;
  port2.postMessage(0);
}
