// What a pointer that is put down wants. Pens report their eraser end as a button of its own.

const MAIN = 0;
const ERASER = 5;
/** The eraser's bit in `buttons`. */
const ERASER_DOWN = 32;

/** Whether it is the pen's eraser end. @param {PointerEvent} event */
export const isEraser = ({ button, buttons }) => button === ERASER || (buttons & ERASER_DOWN) !== 0;

/** Whether it draws or erases: not a mouse's other buttons. @param {PointerEvent} event */
export const draws = (event) => event.button === MAIN || isEraser(event);
