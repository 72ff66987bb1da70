// The number of the screen's pixels to one of the page's: it changes with the zoom, and when the window
// moves to another screen, also where the page keeps its size.

/** A query that holds at this ratio, which need not be a round number. @param {number} ratio */
const about = (ratio) =>
  `(min-resolution: ${ratio - 0.001}dppx) and (max-resolution: ${ratio + 0.001}dppx)`;

/** Call the listener when the ratio has changed. @param {() => void} listener */
export function whenPixelRatioChanges(listener) {
  const watch = () =>
    matchMedia(about(devicePixelRatio)).addEventListener(
      "change",
      () => {
        watch();
        listener();
      },
      { once: true },
    );
  watch();
}
