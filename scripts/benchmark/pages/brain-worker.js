// brain.js: its NeuralNetwork, which runs on the CPU like the others here (NeuralNetworkGPU needs a
// graphics card), with typed arrays made beforehand and `trainPatterns`, in which `train` spends its
// time: this leaves out preparing the data again and computing errors. brain.js has no mini-batches:
// every example is an update, whatever the others' mini-batch size.

importScripts("answer.js", "mnist-images.js", "../peers/browser.js");

let patterns = [];
const nets = new Map();

function network(hidden) {
  const net = new brain.NeuralNetwork({ activation: "sigmoid" });
  net.updateTrainingOptions({ learningRate: 0.05 });
  net.sizes = [784, hidden, 10];
  net.initialize();
  return net;
}

self.answer({
  start() {},

  async loadMnist(examples) {
    const { pixels, labels } = await mnistImages(examples, Float32Array);
    patterns = Array.from(labels, (label, i) => ({
      input: pixels.subarray(i * 784, (i + 1) * 784),
      output: Float32Array.from({ length: 10 }, (_, j) => +(j === label)),
    }));
  },

  /** Examples per second over one epoch. */
  train({ hidden, examples }) {
    if (!nets.has(hidden)) nets.set(hidden, network(hidden));
    const begun = performance.now();
    nets.get(hidden).trainPatterns(Array.from(shuffled(examples), (i) => patterns[i]));
    return (1000 * examples) / (performance.now() - begun);
  },
});
