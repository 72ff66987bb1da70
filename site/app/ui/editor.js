// A Python editor: CodeMirror in a shadow root, where the page's policy allows the styles that it
// adds. It can show a message below a line.

import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
  isolateHistory,
} from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  WidgetType,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--paper)", fontSize: "0.875rem" },
  "&.cm-focused": { outline: "none" }, // .editor shows the focus
  ".cm-scroller": {
    fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
    lineHeight: "1.5",
    maxHeight: "32rem",
    overflow: "auto",
  },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.6rem 0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": {
    color: "var(--quiet)",
    backgroundColor: "var(--paper)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": {
    backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)",
  },
  "& .cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground":
    { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent)" },
  ".cm-matchingBracket": { backgroundColor: "var(--raised)", outline: "1px solid var(--line)" },
  ".marked": { backgroundColor: "color-mix(in srgb, var(--bad) 12%, transparent) !important" },
  ".message": {
    color: "var(--bad)",
    fontFamily: "system-ui, sans-serif",
    padding: "0.15rem 0.75rem 0.35rem",
    whiteSpace: "pre-wrap",
  },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.docString], color: "var(--good)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool], color: "var(--negative)" },
  { tag: tags.definition(tags.function(tags.variableName)), fontWeight: "700" },
]);

/** @type {import("@codemirror/state").StateEffectType<{line: number, message: string} | undefined>} */
const mark = StateEffect.define();

class Message extends WidgetType {
  /** @param {string} text */
  constructor(text) {
    super();
    this.text = text;
  }

  toDOM() {
    const element = document.createElement("div");
    element.className = "message";
    element.setAttribute("role", "alert");
    element.textContent = this.text;
    return element;
  }
}

/**
 * The line with this number, or the one next to it that there is.
 * @param {import("@codemirror/state").Text} doc
 * @param {number} line from 1
 */
const lineOf = (doc, line) => doc.line(Math.max(1, Math.min(doc.lines, Math.trunc(line) || 1)));

const marks = StateField.define({
  create: () => Decoration.none,
  update(decorations, { effects, changes, state }) {
    for (const effect of effects) {
      if (!effect.is(mark)) continue;
      if (!effect.value) return Decoration.none;
      const line = lineOf(state.doc, effect.value.line);
      const widget = new Message(effect.value.message);
      return Decoration.set([
        Decoration.line({ class: "marked" }).range(line.from),
        Decoration.widget({ widget, block: true, side: 1 }).range(line.to),
      ]);
    }
    return decorations.map(changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * Tab indents once the visitor has typed or clicked; before that, it moves the focus on. Escape, then
 * Tab always moves on.
 */
const tabs = [
  EditorView.domEventHandlers({
    mousedown: (_, view) => view.setTabFocusMode(false),
    blur: (_, view) => view.setTabFocusMode(true),
  }),
  EditorView.updateListener.of(({ transactions, view }) => {
    if (transactions.some((one) => one.isUserEvent("input"))) view.setTabFocusMode(false);
  }),
];

/** A Python editor in an element. */
export class Editor {
  #view;

  /**
   * @param {HTMLElement} host
   * @param {string} label what is edited, for screen readers
   * @param {() => void} changed called when the visitor has changed the text
   */
  constructor(host, label, changed) {
    const root = host.attachShadow({ mode: "open" });
    const state = EditorState.create({
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        highlightActiveLine(),
        indentUnit.of("    "),
        EditorState.tabSize.of(4),
        keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
        python(),
        syntaxHighlighting(colours),
        theme,
        marks,
        EditorView.contentAttributes.of({
          "aria-label": label,
          spellcheck: "false",
          tabindex: "0",
        }),
        EditorView.updateListener.of(({ docChanged }) => docChanged && changed()),
        tabs,
      ],
    });
    this.#view = new EditorView({ state, root, parent: root });
    this.#view.setTabFocusMode(true);
  }

  get text() {
    return this.#view.state.doc.toString();
  }

  /** Replace the text; undo restores the old one. @param {string} text */
  set text(text) {
    const { length } = this.#view.state.doc;
    this.#view.dispatch({
      changes: { from: 0, to: length, insert: text },
      effects: mark.of(undefined),
      annotations: isolateHistory.of("full"),
    });
  }

  /** Mark a line, and show a message below it. @param {number} line from 1 @param {string} message */
  mark(line, message) {
    this.#view.dispatch({ effects: mark.of({ line, message }) });
    const { from } = lineOf(this.#view.state.doc, line);
    this.#view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "nearest" }) });
  }

  unmark() {
    this.#view.dispatch({ effects: mark.of(undefined) });
  }
}
