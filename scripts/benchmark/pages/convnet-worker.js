// ConvNetJS: its Trainer with plain SGD without momentum, the one method that keeps no second
// array and the quickest it has; Vols made beforehand over typed arrays of the kind that the
// library itself makes (Float64Array), so that nothing is copied while it learns.

self.window = self; // where the library puts itself
importScripts("answer.js", "mnist-images.js", "../peers/convnet.js");

let vols = [];
let squareVols = [];
let targets = [];
let labels = [];

// With the quadratic cost: makeLayers puts a layer of weights before "regression", which would be a
// second output layer here, so that one is taken out again.
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

/** Examples a second over one epoch of so many. */
function rate(net, inputs, answers, examples, options) {
  const trainer = new convnetjs.Trainer(net, { method: "sgd", momentum: 0, ...options });
  const begun = performance.now();
  for (const i of shuffled(examples)) trainer.train(inputs[i], answers[i]);
  return (1000 * examples) / (performance.now() - begun);
}

self.answer({
  async loadMnist(examples) {
    const images = await mnistImages(examples, Float64Array);
    const vol = (sx, sy, depth, w) => {
      const made = new convnetjs.Vol(sx, sy, depth, 0);
      made.w = w;
      return made;
    };
    const views = Array.from({ length: examples }, (_, i) =>
      images.pixels.subarray(i * 784, (i + 1) * 784),
    );
    vols = views.map((view) => vol(1, 1, 784, view));
    squareVols = views.map((view) => vol(28, 28, 1, view));
    labels = [...images.labels];
    targets = labels.map((label) => Float64Array.from({ length: 10 }, (_, i) => +(i === label)));
  },

  train({ hidden, batchSize, examples }) {
    const net = kept(`dense ${hidden}`, () => dense(hidden));
    return rate(net, vols, targets, examples, { learning_rate: 0.5, batch_size: batchSize });
  },

  trainConvolutional({ batchSize, examples }) {
    const net = kept("convolutional", convolutional);
    return rate(net, squareVols, labels, examples, { learning_rate: 0.1, batch_size: batchSize });
  },
});
