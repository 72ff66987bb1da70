;; The kernels: the operations of nets_core/ops.py that cost time, in WebAssembly.
;;
;; WebAssembly is the instruction set that browsers translate into the processor's own. This is its
;; text, written by hand. What one needs to read it:
;;
;; - `(i32.add x y)` is x + y; `(local.set $i …)` is `i = …`; memory is one array of bytes, and
;;   `(f32.load p)` is `*(float *)p`.
;; - `(loop $name …)` runs once; `(br_if $name condition)` inside goes back to its start. Of a
;;   `(block $name …)` it goes to the end.
;; - A `v128` is a register of four floats, its *lanes*: `(f32x4.mul x y)` is four products at once.
;; - `f32x4.relaxed_madd` of x, y and z is x y + z in one instruction where the processor has one.
;;   Not all browsers know it, so scripts/kernels.py makes two modules of this text: one as it
;;   stands, and one in which that is a multiplication and an addition.
;;
;; The files beside this one are parts of the same module: arrays.wat finds out what it was given,
;; products.wat has the matrix products, zeros.wat two of them that skip zeros, functions.wat exp and
;; what is made of it, steps.wat the rest of a training step.

;; What the dynamic loader has to know first: the module needs 65600 (64 + 4 · 128²) bytes of memory
;; of its own, aligned to 2⁴, and no places in the table of functions.
(@custom "dylink.0" (before first) "\01\06\c0\80\04\04\00\00")

;; The memory of Python's own, with NumPy's arrays in it, and where ours in it begins.
(import "env" "memory" (memory 0))
(import "env" "__memory_base" (global $packed i32))

;; Python's own functions that make the objects of a float and of an integer; the caller gets them.
(import "env" "PyFloat_FromDouble" (func $new_float (param f64) (result i32)))
(import "env" "PyLong_FromLong" (func $new_integer (param i32) (result i32)))

;; Python's own function that calls an object with arguments that lie one after the other.
(import "env" "PyObject_Vectorcall" (func $call (param i32 i32 i32 i32) (result i32)))

;; What counts one more reference to an object, and the table in which NumPy's functions are.
(import "env" "Py_IncRef" (func $hold (param i32)))
(import "env" "__indirect_function_table" (table 0 funcref))
