;; The rest of a training step: pixels to floats, sums, what an answer is worth, and the optimizers'
;; updates.

;; x_i ← α x_i + β y_i for n numbers that lie together.
(func $combine (param $x i32) (param $alpha f32) (param $y i32) (param $beta f32) (param $n i32)
  (local $alphas v128) (local $betas v128) (local $old v128) (local $new v128)
  (local.set $alphas (f32x4.splat (local.get $alpha)))
  (local.set $betas (f32x4.splat (local.get $beta)))
  (block $few
    (br_if $few (i32.lt_u (local.get $n) (i32.const 4)))
    (loop $four
      (local.set $old (f32x4.mul (local.get $alphas) (v128.load align=4 (local.get $x))))
      (local.set $new (v128.load align=4 (local.get $y)))
      (v128.store align=4 (local.get $x)
        (f32x4.relaxed_madd (local.get $betas) (local.get $new) (local.get $old)))
      (local.set $x (i32.add (local.get $x) (i32.const 16)))
      (local.set $y (i32.add (local.get $y) (i32.const 16)))
      (local.set $n (i32.sub (local.get $n) (i32.const 4)))
      (br_if $four (i32.ge_u (local.get $n) (i32.const 4)))))
  (block $none
    (br_if $none (i32.eqz (local.get $n)))
    (loop $one
      (local.set $old (f32x4.mul (local.get $alphas) (v128.load32_zero align=4 (local.get $x))))
      (local.set $new (v128.load32_zero align=4 (local.get $y)))
      (v128.store32_lane align=4 0 (local.get $x)
        (f32x4.relaxed_madd (local.get $betas) (local.get $new) (local.get $old)))
      (local.set $x (i32.add (local.get $x) (i32.const 4)))
      (local.set $y (i32.add (local.get $y) (i32.const 4)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $one (local.get $n)))))

;; Adam's update of n parameters p with gradient g, mean m and square v: `Adam` in
;; nets_core/optimizers.py. Four at once; the last, fewer than four, one by one in the first lane.
(func $adam (param $p i32) (param $g i32) (param $m i32) (param $v i32) (param $n i32)
  (param $beta1 f32) (param $rest1 f32) (param $beta2 f32) (param $rest2 f32)
  (param $rate f32) (param $epsilon f32)
  (local $slope v128) (local $mean v128) (local $square v128) (local $step v128)
  (block $none
    (loop $next
      (br_if $none (i32.eqz (local.get $n)))
      (if (i32.ge_u (local.get $n) (i32.const 4))
        (then
          (local.set $slope (v128.load align=4 (local.get $g)))
          (local.set $mean (v128.load align=4 (local.get $m)))
          (local.set $square (v128.load align=4 (local.get $v)))
          (local.set $step (v128.load align=4 (local.get $p))))
        (else
          (local.set $slope (v128.load32_zero align=4 (local.get $g)))
          (local.set $mean (v128.load32_zero align=4 (local.get $m)))
          (local.set $square (v128.load32_zero align=4 (local.get $v)))
          (local.set $step (v128.load32_zero align=4 (local.get $p)))))
      (local.set $mean ;; m ← β₁ m + (1 − β₁) g
        (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $beta1)) (local.get $mean))
          (f32x4.mul (f32x4.splat (local.get $rest1)) (local.get $slope))))
      (local.set $square ;; v ← β₂ v + (1 − β₂) g²
        (f32x4.add
          (f32x4.mul (f32x4.splat (local.get $beta2)) (local.get $square))
          (f32x4.mul
            (f32x4.splat (local.get $rest2))
            (f32x4.mul (local.get $slope) (local.get $slope)))))
      (local.set $step ;; p ← p − η m / (√v + ε)
        (f32x4.sub
          (local.get $step)
          (f32x4.mul
            (f32x4.splat (local.get $rate))
            (f32x4.div
              (local.get $mean)
              (f32x4.add
                (f32x4.sqrt (local.get $square))
                (f32x4.splat (local.get $epsilon)))))))
      (if (i32.lt_u (local.get $n) (i32.const 4))
        (then
          (v128.store32_lane align=4 0 (local.get $m) (local.get $mean))
          (v128.store32_lane align=4 0 (local.get $v) (local.get $square))
          (v128.store32_lane align=4 0 (local.get $p) (local.get $step))
          (local.set $g (i32.add (local.get $g) (i32.const 4)))
          (local.set $m (i32.add (local.get $m) (i32.const 4)))
          (local.set $v (i32.add (local.get $v) (i32.const 4)))
          (local.set $p (i32.add (local.get $p) (i32.const 4)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br $next)))
      (v128.store align=4 (local.get $m) (local.get $mean))
      (v128.store align=4 (local.get $v) (local.get $square))
      (v128.store align=4 (local.get $p) (local.get $step))
      (local.set $g (i32.add (local.get $g) (i32.const 16)))
      (local.set $m (i32.add (local.get $m) (i32.const 16)))
      (local.set $v (i32.add (local.get $v) (i32.const 16)))
      (local.set $p (i32.add (local.get $p) (i32.const 16)))
      (local.set $n (i32.sub (local.get $n) (i32.const 4)))
      (br $next))))

;; n bytes become n floats: 0…255 becomes 0…1.
(func $scale (param $to i32) (param $from i32) (param $n i32)
  (local $eight v128)
  (block $few
    (br_if $few (i32.lt_u (local.get $n) (i32.const 8)))
    (loop $eight
      (local.set $eight (v128.load8x8_u align=1 (local.get $from)))
      (v128.store align=4 (local.get $to)
        (f32x4.mul
          (f32x4.convert_i32x4_u (i32x4.extend_low_i16x8_u (local.get $eight)))
          (f32x4.splat (f32.const 0x1.010102p-8)))) ;; the float nearest to 1/255
      (v128.store offset=16 align=4 (local.get $to)
        (f32x4.mul
          (f32x4.convert_i32x4_u (i32x4.extend_high_i16x8_u (local.get $eight)))
          (f32x4.splat (f32.const 0x1.010102p-8))))
      (local.set $to (i32.add (local.get $to) (i32.const 32)))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (local.set $n (i32.sub (local.get $n) (i32.const 8)))
      (br_if $eight (i32.ge_u (local.get $n) (i32.const 8)))))
  (block $none
    (br_if $none (i32.eqz (local.get $n)))
    (loop $one
      (f32.store align=1 (local.get $to)
        (f32.mul
          (f32.convert_i32_u (i32.load8_u (local.get $from)))
          (f32.const 0x1.010102p-8)))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $one (local.get $n)))))
;; Σ (x_i − y_i)² for n numbers that lie together. The four lanes are added up at the end.
(func $squared_distance (param $x i32) (param $y i32) (param $n i32) (result f32)
  (local $gap v128) (local $sum v128) (local $rest f32) (local $one f32)
  (block $few
    (br_if $few (i32.lt_u (local.get $n) (i32.const 4)))
    (loop $four
      (local.set $gap
        (f32x4.sub (v128.load align=4 (local.get $x)) (v128.load align=4 (local.get $y))))
      (local.set $sum (f32x4.relaxed_madd (local.get $gap) (local.get $gap) (local.get $sum)))
      (local.set $x (i32.add (local.get $x) (i32.const 16)))
      (local.set $y (i32.add (local.get $y) (i32.const 16)))
      (local.set $n (i32.sub (local.get $n) (i32.const 4)))
      (br_if $four (i32.ge_u (local.get $n) (i32.const 4)))))
  (block $none
    (br_if $none (i32.eqz (local.get $n)))
    (loop $next
      (local.set $one
        (f32.sub (f32.load align=1 (local.get $x)) (f32.load align=1 (local.get $y))))
      (local.set $rest (f32.add (local.get $rest) (f32.mul (local.get $one) (local.get $one))))
      (local.set $x (i32.add (local.get $x) (i32.const 4)))
      (local.set $y (i32.add (local.get $y) (i32.const 4)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n))))
  (f32.add
    (local.get $rest)
    (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $sum)) (f32x4.extract_lane 1 (local.get $sum)))
      (f32.add (f32x4.extract_lane 2 (local.get $sum)) (f32x4.extract_lane 3 (local.get $sum))))))

;; Where the first of the largest of n ≥ 1 numbers is; NaN counts as larger than all others.
(func $largest (param $x i32) (param $n i32) (result i32)
  (local $i i32) (local $at i32) (local $most f32) (local $one f32)
  (local.set $most (f32.load align=1 (local.get $x)))
  (block $end
    (loop $next
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $end (i32.eq (local.get $i) (local.get $n)))
      (local.set $x (i32.add (local.get $x) (i32.const 4)))
      (local.set $one (f32.load align=1 (local.get $x)))
      (br_if $next (f32.le (local.get $one) (local.get $most)))
      (br_if $end (f32.ne (local.get $most) (local.get $most)))
      (local.set $most (local.get $one))
      (local.set $at (local.get $i))
      (br $next)))
  (local.get $at))
