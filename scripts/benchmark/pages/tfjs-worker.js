// TensorFlow.js as its authors would have it driven, with the backend that the worker is named
// after: "wasm" with SIMD (threads need a page that is cross-origin isolated, which a static host
// cannot promise) or "cpu". Production mode, tensors made beforehand, no callbacks, no metrics, no
// yielding to a page that is not there. It runs in a worker as ours does, where nothing is painted.

importScripts(
  "answer.js",
  "mnist-images.js",
  "../peers/tf-core.es2017.min.js",
  "../peers/tf-layers.es2017.min.js",
  self.name === "cpu"
    ? "../peers/tf-backend-cpu.es2017.min.js"
    : "../peers/tf-backend-wasm.es2017.min.js",
);

const models = new Map();
let x;
let y;

// The quadratic cost is half the sum of the ten squares; "meanSquaredError" is their mean, so five
// times the learning rate takes the same steps, with TensorFlow.js's own loss.
function dense(hidden) {
  const net = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [784], units: hidden, activation: "sigmoid" }),
      tf.layers.dense({ units: 10, activation: "sigmoid" }),
    ],
  });
  net.compile({ optimizer: tf.train.sgd(5 * 0.5), loss: "meanSquaredError" });
  return net;
}
const wayB = new Map();

self.answer({
  async start() {
    tf.enableProdMode();
    if (self.name === "wasm") tf.wasm.setWasmPaths(new URL("../peers/", self.location).href);
    await tf.setBackend(self.name);
    if (self.name === "wasm" && !(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) {
      throw new Error("no SIMD");
    }
  },

  async loadMnist(examples) {
    const { pixels, labels } = await mnistImages(examples, Float32Array);
    x = tf.tensor2d(pixels, [examples, 784]);
    y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), 10), "float32"));
  },

  /** Examples a second over one epoch. */
  async train({ hidden, batchSize, examples }) {
    if (!models.has(hidden)) models.set(hidden, dense(hidden));
    const begun = performance.now();
    await models.get(hidden).fit(x, y, {
      batchSize,
      epochs: 1,
      shuffle: true,
      verbose: 0,
      yieldEvery: "never",
    });
    return (1000 * examples) / (performance.now() - begun);
  },

  trainMinimize({ hidden, batchSize, examples }) {
    const key = "m" + hidden;
    if (!models.has(key)) models.set(key, { net: dense(hidden), opt: tf.train.sgd(0.5) });
    const { net, opt } = models.get(key);
    const [W1, b1, W2, b2] = net.getWeights ? net.weights.map((w) => w.read()) : [];
    const begun = performance.now();
    const order = Int32Array.from(shuffled(examples));
    for (let s = 0; s < examples; s += batchSize) {
      tf.tidy(() => {
        const rows = tf.tensor1d(order.subarray(s, s + batchSize), "int32");
        const xb = tf.gather(x, rows);
        const yb = tf.gather(y, rows);
        const m = rows.size;
        opt.minimize(() => {
          const a1 = tf.fused.matMul({ a: xb, b: W1, bias: b1, activation: "sigmoid" });
          const a2 = tf.fused.matMul({ a: a1, b: W2, bias: b2, activation: "sigmoid" });
          return tf.mul(tf.sum(tf.square(tf.sub(a2, yb))), 0.5 / m);
        });
      });
    }
    return (1000 * examples) / (performance.now() - begun);
  },

  trainByHand({ hidden, batchSize, examples }) {
    if (!wayB.has(hidden)) {
      wayB.set(hidden, [
        tf.variable(tf.randomNormal([784, hidden], 0, 1 / 28)),
        tf.variable(tf.zeros([hidden])),
        tf.variable(tf.randomNormal([hidden, 10], 0, 0.2)),
        tf.variable(tf.zeros([10])),
      ]);
    }
    const [W1, b1, W2, b2] = wayB.get(hidden);
    const begun = performance.now();
    const order = Int32Array.from(shuffled(examples));
    for (let s = 0; s < examples; s += batchSize) {
      tf.tidy(() => {
        const rows = tf.tensor1d(order.subarray(s, s + batchSize), "int32");
        const xb = tf.gather(x, rows);
        const yb = tf.gather(y, rows);
        const m = rows.size;
        const a1 = tf.fused.matMul({ a: xb, b: W1, bias: b1, activation: "sigmoid" });
        const a2 = tf.fused.matMul({ a: a1, b: W2, bias: b2, activation: "sigmoid" });
        const d2 = tf.mul(tf.sub(a2, yb), tf.mul(a2, tf.sub(1, a2)));
        const d1 = tf.mul(tf.matMul(d2, W2, false, true), tf.mul(a1, tf.sub(1, a1)));
        const r = 0.5 / m;
        W2.assign(tf.sub(W2, tf.mul(tf.matMul(a1, d2, true, false), r)));
        b2.assign(tf.sub(b2, tf.mul(tf.sum(d2, 0), r)));
        W1.assign(tf.sub(W1, tf.mul(tf.matMul(xb, d1, true, false), r)));
        b1.assign(tf.sub(b1, tf.mul(tf.sum(d1, 0), r)));
      });
    }
    return (1000 * examples) / (performance.now() - begun);
  },
});
