// Delay layout shifts while a pointer is down: they would break the stroke that is being drawn.

/** The longest delay, in milliseconds: the page misses a pointer lifted outside the window. */
const LONGEST = 5000;

/** @type {Set<number>} */
const pressed = new Set();
/** @type {(() => void)[]} */
let waiting = [];

function release() {
  for (const resolve of waiting) resolve();
  waiting = [];
}

addEventListener("pointerdown", ({ pointerId }) => pressed.add(pointerId), { capture: true });
for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
  const lifted = (/** @type {PointerEvent} */ { pointerId }) => {
    pressed.delete(pointerId);
    if (!pressed.size) release();
  };
  addEventListener(end, lifted, { capture: true });
}

/** Resolves when no pointer is down. @returns {Promise<void>} */
export async function whenPointerIdle() {
  if (!pressed.size) return;
  await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    waiting.push(resolve);
    setTimeout(resolve, LONGEST);
  });
}
