;; The peak speed of one core with SIMD registers of four floats. The kernels in ../kernels, which also
;; load their operands from memory, are compared with it.
;;
;; Nothing here touches memory. A processor starts two or more fused multiply-adds in each cycle, but
;; the result of each is available only some cycles later. So many independent ones must be in flight:
;; here fourteen sums, each in its own register, which with x and y are all 16 registers of an x86
;; processor. (With plain SIMD a step is two dependent instructions, and twelve sums would not be
;; enough.)
;;
;; Each step is a ← a/2 + 1/2, which converges to 1 from any start, so no number becomes large or
;; denormal, which would slow the processor down.

(module
  ;; Does 14 steps this many times. Returns a number that depends on all of them, so that no compiler
  ;; can leave one out.
  (func (export "peak") (param $times i32) (result f32)
    (local $x v128) (local $y v128)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128) (local $a4 v128)
    (local $a5 v128) (local $a6 v128) (local $a7 v128) (local $a8 v128) (local $a9 v128)
    (local $a10 v128) (local $a11 v128) (local $a12 v128) (local $a13 v128)
    (local.set $x (v128.const f32x4 0.5 0.5 0.5 0.5))
    (local.set $y (v128.const f32x4 0.5 0.5 0.5 0.5))
    ;; Fourteen different starts: a compiler would merge equal ones.
    (local.set $a0 (f32x4.splat (f32.const 2)))
    (local.set $a1 (f32x4.splat (f32.const 3)))
    (local.set $a2 (f32x4.splat (f32.const 4)))
    (local.set $a3 (f32x4.splat (f32.const 5)))
    (local.set $a4 (f32x4.splat (f32.const 6)))
    (local.set $a5 (f32x4.splat (f32.const 7)))
    (local.set $a6 (f32x4.splat (f32.const 8)))
    (local.set $a7 (f32x4.splat (f32.const 9)))
    (local.set $a8 (f32x4.splat (f32.const 10)))
    (local.set $a9 (f32x4.splat (f32.const 11)))
    (local.set $a10 (f32x4.splat (f32.const 12)))
    (local.set $a11 (f32x4.splat (f32.const 13)))
    (local.set $a12 (f32x4.splat (f32.const 14)))
    (local.set $a13 (f32x4.splat (f32.const 15)))
    (loop $again
      (local.set $a0 (f32x4.relaxed_madd (local.get $a0) (local.get $x) (local.get $y)))
      (local.set $a1 (f32x4.relaxed_madd (local.get $a1) (local.get $x) (local.get $y)))
      (local.set $a2 (f32x4.relaxed_madd (local.get $a2) (local.get $x) (local.get $y)))
      (local.set $a3 (f32x4.relaxed_madd (local.get $a3) (local.get $x) (local.get $y)))
      (local.set $a4 (f32x4.relaxed_madd (local.get $a4) (local.get $x) (local.get $y)))
      (local.set $a5 (f32x4.relaxed_madd (local.get $a5) (local.get $x) (local.get $y)))
      (local.set $a6 (f32x4.relaxed_madd (local.get $a6) (local.get $x) (local.get $y)))
      (local.set $a7 (f32x4.relaxed_madd (local.get $a7) (local.get $x) (local.get $y)))
      (local.set $a8 (f32x4.relaxed_madd (local.get $a8) (local.get $x) (local.get $y)))
      (local.set $a9 (f32x4.relaxed_madd (local.get $a9) (local.get $x) (local.get $y)))
      (local.set $a10 (f32x4.relaxed_madd (local.get $a10) (local.get $x) (local.get $y)))
      (local.set $a11 (f32x4.relaxed_madd (local.get $a11) (local.get $x) (local.get $y)))
      (local.set $a12 (f32x4.relaxed_madd (local.get $a12) (local.get $x) (local.get $y)))
      (local.set $a13 (f32x4.relaxed_madd (local.get $a13) (local.get $x) (local.get $y)))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again (local.get $times)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a1)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a2)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a3)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a4)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a5)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a6)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a7)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a8)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a9)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a10)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a11)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a12)))
    (local.set $a0 (f32x4.add (local.get $a0) (local.get $a13)))
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $a0)) (f32x4.extract_lane 1 (local.get $a0)))
      (f32.add (f32x4.extract_lane 2 (local.get $a0)) (f32x4.extract_lane 3 (local.get $a0))))))
