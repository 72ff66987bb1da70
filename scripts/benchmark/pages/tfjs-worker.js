// TensorFlow.js as its authors would have it driven: the wasm backend with SIMD (threads need a
// page that is cross-origin isolated, which a static host cannot promise), production mode,
// `model.fit` on tensors made beforehand, no callbacks, no metrics, no yielding to a page that is
// not there. It runs in a worker as ours does, where nothing is painted.

importScripts(
  "answer.js",
  "../peers/tf-core.es2017.min.js",
  "../peers/tf-layers.es2017.min.js",
  "../peers/tf-backend-wasm.es2017.min.js",
);

const models = new Map();
let x;
let y;

const unpacked = async (address) => {
  const { body } = await fetch(address);
  return new Uint8Array(
    await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer(),
  );
};

// The quadratic cost is half the sum of the ten squares; "meanSquaredError" is their mean, so five
// times the learning rate takes the same steps, with TensorFlow.js's own loss.
function model(hidden) {
  const net = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [784], units: hidden, activation: "sigmoid" }),
      tf.layers.dense({ units: 10, activation: "sigmoid" }),
    ],
  });
  net.compile({ optimizer: tf.train.sgd(5 * 0.5), loss: "meanSquaredError" });
  return net;
}

self.answer({
  async start() {
    tf.enableProdMode();
    tf.wasm.setWasmPaths(new URL("../peers/", self.location).href);
    await tf.setBackend("wasm");
    if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) throw new Error("no SIMD");
  },

  /** The first so many images of MNIST. */
  async loadMnist(examples) {
    const [images, labels] = await Promise.all([
      unpacked("../mnist/train-images-0.gz"),
      unpacked("../mnist/train-labels.gz"),
    ]);
    const floats = Float32Array.from(images.subarray(0, examples * 784), (value) => value / 255);
    x = tf.tensor2d(floats, [examples, 784]);
    const integers = tf.tensor1d(labels.subarray(0, examples), "int32");
    y = tf.cast(tf.oneHot(integers, 10), "float32");
  },

  /** Examples a second over one epoch. */
  async train({ hidden, batchSize, examples }) {
    if (!models.has(hidden)) models.set(hidden, model(hidden));
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
});
