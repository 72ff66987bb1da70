// What the peers learn from: the first images of MNIST, 0…1, and their labels.

const unpacked = async (address) => {
  const { body } = await fetch(address);
  return new Uint8Array(
    await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer(),
  );
};

/** The first `examples` images, all pixels in one typed array of the class `Floats`. */
self.mnistImages = async (examples, Floats) => {
  const [images, labels] = await Promise.all([
    unpacked("../mnist/train-images-0.gz"),
    unpacked("../mnist/train-labels.gz"),
  ]);
  return {
    pixels: Floats.from(images.subarray(0, examples * 784), (value) => value / 255),
    labels: labels.subarray(0, examples),
  };
};

/** The numbers from 0 to `count` − 1 in random order. */
self.shuffled = (count) => {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
};
