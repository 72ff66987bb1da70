// ConvNetJS: its minified build and its Trainer with plain SGD without momentum, its fastest method,
// since it keeps no running sums. (The version on npm has no Adam.) The images are typed arrays of
// the kind that the library itself makes, put into one Vol in turn: one Vol for each image kept the
// garbage collector busy and took up to twice the time.

self.window = self; // the library defines its global there
importScripts("answer.js", "mnist-images.js", "../peers/convnet-min.js");

let images = [];
let targets = [];
let labels = [];

// With the quadratic cost. makeLayers adds a layer of weights before "regression"; it would be a
// second output layer here, so it is removed.
function dense(hidden) {
  const net = new convnetjs.Net();
  net.makeLayers([
    { type: "input", out_sx: 1, out_sy: 1, out_depth: 784 },
    { type: "fc", num_neurons: hidden, activation: "sigmoid" },
    { type: "fc", num_neurons: 10, activation: "sigmoid" },
    { type: "regression", num_neurons: 10 },
  ]);
  net.layers.splice(-2, 1);
  return net;
}

function convolutional() {
  const net = new convnetjs.Net();
  net.makeLayers([
    { type: "input", out_sx: 28, out_sy: 28, out_depth: 1 },
    { type: "conv", sx: 5, filters: 16, stride: 1, pad: 0, activation: "relu" },
    { type: "pool", sx: 2, stride: 2 },
    { type: "conv", sx: 5, filters: 40, stride: 1, pad: 0, activation: "relu" },
    { type: "pool", sx: 2, stride: 2 },
    { type: "dropout", drop_prob: 0.1 },
    { type: "fc", num_neurons: 128, activation: "relu", drop_prob: 0.2 },
    { type: "softmax", num_classes: 10 },
  ]);
  return net;
}

const nets = new Map();
const kept = (name, make) => nets.get(name) ?? nets.set(name, make()).get(name);

/** Examples per second over one epoch of `examples`. */
function rate(net, vol, answers, examples, options) {
  const trainer = new convnetjs.Trainer(net, { method: "sgd", momentum: 0, ...options });
  const begun = performance.now();
  for (const i of shuffled(examples)) {
    vol.w = images[i];
    trainer.train(vol, answers[i]);
  }
  return (1000 * examples) / (performance.now() - begun);
}

self.answer({
  start() {},

  async loadMnist(examples) {
    const { pixels, labels: digits } = await mnistImages(examples, Float64Array);
    images = Array.from(digits, (_, i) => pixels.subarray(i * 784, (i + 1) * 784));
    labels = [...digits];
    targets = labels.map((label) => Float64Array.from({ length: 10 }, (_, i) => +(i === label)));
  },

  train({ hidden, batchSize, examples }) {
    const net = kept(hidden, () => dense(hidden));
    const options = { learning_rate: 0.5, batch_size: batchSize };
    return rate(net, new convnetjs.Vol(1, 1, 784, 0), targets, examples, options);
  },

  trainConvolutional({ batchSize, examples }) {
    const net = kept("convolutional", convolutional);
    const options = { learning_rate: 0.1, batch_size: batchSize };
    return rate(net, new convnetjs.Vol(28, 28, 1, 0), labels, examples, options);
  },
});
