// A text field for a number or a list of numbers: it says what it cannot take, and data-value holds
// the number that it means, whatever was typed.

import { make } from "./dom.js";

/** @typedef {import("./typedNumbers.js").Kind} Kind */
/** @typedef {import("./typedNumbers.js").Meaning} Meaning */

let made = 0;
/** @type {WeakMap<Element, NumberField>} */
const all = new WeakMap();

/**
 * The input fires "input" and "change" as ever; whoever hears them asks the field for its `value`.
 */
export class NumberField {
  /** @type {HTMLInputElement} */
  input;
  /** Its name in messages. */
  label;
  #kind;
  #fallback;
  #words;
  /** The value shown last. @type {any} */
  #shown;
  /** @type {Meaning} */
  #meaning = {};
  /** Why Python refused the value. */
  #refusal = "";
  /** Whether the visitor has typed something that is not entered yet. */
  #typing = false;
  /** The text as it was entered last; it may say less than what was typed. */
  #entered = "";

  /**
   * @param {HTMLInputElement} input
   * @param {Kind} kind
   * @param {{label: string, fallback?: () => any, live?: boolean}} options fallback: what an empty
   *   field means, by default the value shown last; live: false if the page announces trouble
   */
  constructor(input, kind, { label, fallback = () => this.#shown, live = true }) {
    all.set(input, this);
    this.input = input;
    this.label = label;
    this.#kind = kind;
    this.#fallback = fallback;
    this.#words = make("small", { id: `number-words-${++made}`, className: "number-words" });
    if (live) this.#words.setAttribute("role", "alert");
    const box = make("div", { className: "number-field" });
    const holder = input.closest("label") ?? input;
    holder.replaceWith(box);
    box.append(holder, this.#words);
    Object.assign(input, {
      type: "text",
      inputMode: kind.keys,
      autocomplete: "off",
      spellcheck: false,
    });
    if (kind.step) {
      input.setAttribute("role", "spinbutton");
      if (kind.least !== undefined) input.setAttribute("aria-valuemin", String(kind.least));
      if (kind.most !== undefined) input.setAttribute("aria-valuemax", String(kind.most));
    }
    input.addEventListener("input", () => {
      this.#typing = true;
      this.#refusal = "";
      this.#read();
      // What is half typed is not wrong yet; what was wrong may be right now.
      this.#tell({ marking: input.ariaInvalid === "true" });
    });
    input.addEventListener("change", () => this.#enter());
    input.addEventListener("blur", () => this.#enter());
    input.addEventListener("keydown", (event) => this.#press(event));
    this.#read();
  }

  /** The number or list; undefined while the text is wrong. @returns {any} */
  get value() {
    return this.#meaning.trouble ? undefined : this.#meaning.value;
  }

  /** What is wrong, as a sentence; "" if nothing is. */
  get trouble() {
    const what = this.#meaning.trouble ?? this.#refusal;
    return what && `${this.label} ${what.replace(/\.?$/, ".")}`;
  }

  /** Show a value, unless the visitor is typing another or what was typed is wrong. @param {any} value */
  follow(value) {
    this.#shown = value;
    this.input.placeholder = this.#defaultText();
    if ((this.#typing || this.trouble) && !this.input.disabled) return;
    this.set(value);
  }

  /** Show a value, whatever was typed. @param {any} value */
  set(value) {
    this.#shown = value;
    this.#typing = false;
    this.#refusal = "";
    this.input.value = value === undefined ? "" : this.#kind.format(value);
    this.input.placeholder = this.#defaultText();
    this.#entered = this.input.value;
    this.#read();
    if (!this.#meaning.trouble) delete this.#meaning.note;
    this.#tell();
  }

  /** Show a value that was chosen elsewhere, unless the visitor is typing another. @param {any} value */
  renew(value) {
    if (this.#typing) this.follow(value);
    else this.set(value);
  }

  /** Mark the value as refused. @param {string} why without the field's name: "is 5, expected …" */
  refuse(why) {
    this.#refusal = why;
    this.#tell();
  }

  /** Remove the mark of a refused value. */
  accept() {
    this.#refusal = "";
    this.#tell();
  }

  /** Mark the field if it is wrong, as if it had been left. @returns {boolean} whether it is right */
  check() {
    if (!this.input.disabled) this.#enter();
    return !this.trouble;
  }

  /** The visitor has left the field or pressed Enter. */
  #enter() {
    this.#typing = false;
    if (this.input.value && this.input.value === this.#entered) return; // its note stays
    this.#read();
    const { value, trouble } = this.#meaning;
    const text = this.input.value.trim(); // while it is empty, the placeholder shows the default
    if (text && !trouble) this.input.value = this.#kind.format(value);
    this.#entered = this.input.value;
    this.#tell();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const { step } = this.#kind;
    const up = event.key === "ArrowUp";
    if (!step || !(up || event.key === "ArrowDown") || this.input.disabled) return;
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    event.preventDefault();
    const from = Number.isFinite(this.#meaning.value) ? this.#meaning.value : this.#shown;
    if (!Number.isFinite(from)) return;
    const next = step(from, up ? 1 : -1);
    if (next === from && !this.trouble) return;
    this.input.value = this.#kind.format(next);
    for (const type of ["input", "change"])
      this.input.dispatchEvent(new Event(type, { bubbles: true }));
  }

  #defaultText() {
    const value = this.#fallback();
    return value === undefined ? "" : this.#kind.format(value);
  }

  #read() {
    const { value: text } = this.input;
    this.#meaning = text.trim() ? this.#kind.parse(text) : { value: this.#fallback() };
    const { value } = this.#meaning;
    this.input.dataset.value = value === undefined ? "" : String(value);
    if (!this.#kind.step) return;
    for (const [name, now] of [
      ["aria-valuenow", this.input.dataset.value],
      ["aria-valuetext", text],
    ]) {
      if (now) this.input.setAttribute(name, now);
      else this.input.removeAttribute(name);
    }
  }

  /** Show trouble or a note beside the field. @param {{marking?: boolean}} [how] marking: also trouble */
  #tell({ marking = true } = {}) {
    const wrong = marking && this.trouble;
    const words = wrong || (!this.trouble && this.#meaning.note) || "";
    if (wrong) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
    this.#words.dataset.kind = wrong ? "trouble" : "note";
    if (this.#words.textContent !== words) this.#words.textContent = words;
    if (words) this.input.setAttribute("aria-describedby", this.#words.id);
    else this.input.removeAttribute("aria-describedby");
  }
}

/** The fields in an element, without those that are hidden. @param {ParentNode} element */
export function numberFieldsIn(element) {
  return [...element.querySelectorAll("input")].flatMap((input) =>
    input.closest("[hidden]") ? [] : (all.get(input) ?? []),
  );
}

/**
 * Mark the fields that are wrong, and go to the first of them.
 * @param {Iterable<NumberField>} fields
 * @returns {string} what is wrong with it; "" if nothing is
 */
export function wrongAmong(fields) {
  const wrong = [...fields].filter((field) => !field.check());
  wrong[0]?.input.closest("details")?.setAttribute("open", "");
  wrong[0]?.input.focus();
  return wrong[0]?.trouble ?? "";
}
