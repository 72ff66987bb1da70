// KaTeX and its style sheet: a large part of the page, fetched when the first formula is shown.

import "katex/dist/katex.min.css";

export { default as katex } from "katex";
