// TensorFlow.js with the backend that the worker is named after: "wasm" with SIMD (threads need a
// cross-origin isolated page, which a static host cannot promise), "cpu", or, on a real or emulated
// graphics card, "webgl" or "webgpu". Production mode, tensors made beforehand, no callbacks, no
// metrics, no yielding to a page that is not there. Like ours, it runs in a worker that paints
// nothing.
//
// Dense nets use its low-level API: the four equations of backpropagation in its operations, fused
// where it can fuse them. Its own ways to take the same steps are slower: `optimizer.minimize` by
// 10–25 % at mini-batch 10 (and equal at 128), `model.fit` by up to a factor of two. The
// convolutional net, where the convolutions take the time, is trained by `model.fit`.

importScripts(
  "answer.js",
  "mnist-images.js",
  "../peers/tf-core.es2017.min.js",
  "../peers/tf-layers.es2017.min.js",
  `../peers/tf-backend-${self.name}.es2017.min.js`,
);

const nets = new Map();
const kept = (name, make) => nets.get(name) ?? nets.set(name, make()).get(name);
let x;
let y;

/** Weights and biases of both layers. */
const dense = (hidden) => [
  tf.variable(tf.randomNormal([784, hidden], 0, 1 / 28)),
  tf.variable(tf.zeros([hidden])),
  tf.variable(tf.randomNormal([hidden, 10], 0, 1 / Math.sqrt(hidden))),
  tf.variable(tf.zeros([10])),
];

/** One update by a mini-batch: sigmoid, quadratic cost, plain SGD. */
function learn([w1, b1, w2, b2], rows, learningRate) {
  const inputs = tf.gather(x, rows);
  const labels = tf.gather(y, rows);
  const a1 = tf.fused.matMul({ a: inputs, b: w1, bias: b1, activation: "sigmoid" });
  const a2 = tf.fused.matMul({ a: a1, b: w2, bias: b2, activation: "sigmoid" });
  const error = tf.mul(tf.sub(a2, labels), learningRate / rows.size); // few numbers, unlike weights
  const delta2 = tf.mul(error, tf.sub(a2, tf.square(a2)));
  const delta1 = tf.mul(tf.matMul(delta2, w2, false, true), tf.sub(a1, tf.square(a1)));
  w2.assign(tf.sub(w2, tf.matMul(a1, delta2, true, false)));
  b2.assign(tf.sub(b2, tf.sum(delta2, 0)));
  w1.assign(tf.sub(w1, tf.matMul(inputs, delta1, true, false)));
  b1.assign(tf.sub(b1, tf.sum(delta1, 0)));
}

function convolutional() {
  const net = tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [28, 28, 1],
        filters: 16,
        kernelSize: 5,
        activation: "relu",
      }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.conv2d({ filters: 40, kernelSize: 5, activation: "relu" }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dropout({ rate: 0.1 }),
      tf.layers.dense({ units: 128, activation: "relu" }),
      tf.layers.dropout({ rate: 0.2 }),
      tf.layers.dense({ units: 10, activation: "softmax" }),
    ],
  });
  net.compile({ optimizer: tf.train.adam(0.002), loss: "categoricalCrossentropy" });
  return net;
}

/** The name of the graphics card, real or emulated, for the backends that compute on one. */
async function card() {
  if (self.name === "webgl") {
    const { gl } = tf.backend().gpgpu;
    const names = gl.getExtension("WEBGL_debug_renderer_info");
    return gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  }
  const { vendor, architecture, description } = tf.backend().device.adapterInfo;
  return description || `${vendor} ${architecture}`;
}

self.answer({
  /** Returns the device that it computes on, unless it is the processor. */
  async start() {
    tf.enableProdMode();
    if (self.name === "webgpu" && !(await self.navigator.gpu?.requestAdapter())) {
      throw new Error("this browser offers no WebGPU adapter here");
    }
    if (self.name === "wasm") tf.wasm.setWasmPaths(new URL("../peers/", self.location).href);
    if (!(await tf.setBackend(self.name))) throw new Error(`no backend ${self.name}`);
    if (self.name === "wasm" && !(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) {
      throw new Error("no SIMD");
    }
    return self.name.startsWith("webg") ? card() : "the processor";
  },

  async loadMnist(examples) {
    const { pixels, labels } = await mnistImages(examples, Float32Array);
    x = tf.tensor2d(pixels, [examples, 784]);
    y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), 10), "float32"));
  },

  /** Examples per second over one epoch. */
  async train({ hidden, batchSize, examples }) {
    const net = kept(hidden, () => dense(hidden));
    const begun = performance.now();
    const order = Int32Array.from(shuffled(examples));
    for (let start = 0; start < examples; start += batchSize) {
      tf.tidy(() => {
        const rows = tf.tensor1d(order.subarray(start, start + batchSize), "int32");
        learn(net, rows, 0.5);
      });
    }
    await net[0].data(); // waits until all queued operations are done
    return (1000 * examples) / (performance.now() - begun);
  },

  async trainConvolutional({ batchSize, examples }) {
    const net = kept("convolutional", convolutional);
    const images = tf.tidy(() =>
      tf.reshape(tf.slice(x, [0, 0], [examples, 784]), [examples, 28, 28, 1]),
    );
    const labels = tf.slice(y, [0, 0], [examples, 10]);
    const begun = performance.now();
    const options = { batchSize, epochs: 1, shuffle: true, verbose: 0, yieldEvery: "never" };
    await net.fit(images, labels, options);
    const rate = (1000 * examples) / (performance.now() - begun);
    tf.dispose([images, labels]);
    return rate;
  },
});
