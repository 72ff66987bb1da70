// The selection: one neuron, whose picture is shown large, and one weight.

/** @typedef {{layer: number, neuron: number}} Neuron layer −1 are the features */
/** @typedef {{layer: number, neuron: number, source: number}} Weight source −1 is the bias */

/** Events: "neuron", "weight". */
export class Attention extends EventTarget {
  /** The neuron shown large; undefined for the output. @type {Neuron | undefined} */
  neuron;
  /** @type {Weight | undefined} */
  weight;
  /** Whether the weight stays selected when the pointer moves on. */
  held = false;

  /** @param {Neuron | undefined} neuron */
  look(neuron) {
    if (neuron?.layer === this.neuron?.layer && neuron?.neuron === this.neuron?.neuron) return;
    this.neuron = neuron;
    this.dispatchEvent(new Event("neuron"));
  }

  /** Select a weight, unless another is held. @param {Weight} weight */
  point(weight) {
    if (!this.held && !same(weight, this.weight)) this.#turn(weight);
  }

  /** Select a weight and hold it. @param {Weight} weight */
  hold(weight) {
    this.held = true;
    this.#turn(weight);
  }

  release() {
    this.held = false;
    this.#turn(this.weight);
  }

  /** Select nothing: another net has other neurons. */
  forget() {
    this.held = false;
    this.look(undefined);
    this.#turn(undefined);
  }

  /** @param {Weight | undefined} weight */
  #turn(weight) {
    this.weight = weight;
    this.dispatchEvent(new Event("weight"));
  }
}

/** @param {Weight} one @param {Weight | undefined} other */
const same = (one, other) =>
  one.layer === other?.layer && one.neuron === other.neuron && one.source === other.source;
