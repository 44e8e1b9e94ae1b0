// The exact 95% interval of a share (Clopper and Pearson), as the report computes it.

// The logarithm of the gamma function, by Lanczos' approximation.
function logGamma(x) {
  const terms = [
    76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155, 0.001208650973866179,
    -5.395239384953e-6,
  ];
  const sum = terms.reduce((total, term, index) => total + term / (x + 1 + index), 1.000000000190015);
  return (x + 0.5) * Math.log(x + 5.5) - x - 5.5 + Math.log((2.5066282746310005 * sum) / x);
}

// The distribution function of the beta distribution, by its continued fraction.
function betaCdf(x, a, b) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCdf(1 - x, b, a);
  const tiny = 1e-30;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a;
  let [c, d] = [1, 1 / (1 - ((a + b) * x) / (a + 1) || tiny)];
  let product = d;
  for (let m = 1; m < 300; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    const before = product;
    for (const term of [even, odd]) {
      d = 1 / (1 + term * d || tiny);
      c = 1 + term / c || tiny;
      product *= c * d;
    }
    if (Math.abs(product / before - 1) < 1e-10) break;
  }
  return front * product;
}

function betaQuantile(p, a, b) {
  let [low, high] = [0, 1];
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    if (betaCdf(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

// The interval of a share of which k of n were seen.
function shareInterval(k, n) {
  return [k === 0 ? 0 : betaQuantile(0.025, k, n - k + 1), k >= n ? 1 : betaQuantile(0.975, k + 1, n - k)];
}
