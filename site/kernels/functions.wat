;; e^x, and the activation functions that are made of it.

;; e^x of four numbers, right to about one unit in the last place.
;;
;; e^x = 2ⁿ e^r with n the whole number nearest to x / ln 2, so that |r| ≤ ½ ln 2, where a
;; polynomial of degree 7 is enough: 1 + r + r² q(r), where q meets (e^r − 1 − r) / r² at the six
;; Chebyshev nodes of that interval. 2ⁿ is a float whose exponent is n; it is made in two factors,
;; so that results too small or too large for the exponent's eight bits still become the right
;; number, 0 or ∞. Beyond −104 and 89 nothing changes any more. NaN comes through: `pmin` and `pmax`
;; keep their first operand then.
(func $exp (param $x v128) (result v128)
  (local $n v128) (local $r v128) (local $y v128) (local $half v128)
  (local.set $x
    (f32x4.pmax
      (f32x4.pmin (local.get $x) (v128.const f32x4 89 89 89 89))
      (v128.const f32x4 -104 -104 -104 -104)))
  (local.set $n
    (f32x4.nearest
      (f32x4.mul
        (local.get $x)
        (v128.const f32x4 1.44269504 1.44269504 1.44269504 1.44269504))))
  ;; r = x − n ln 2, with ln 2 in two parts: n times the first is exact.
  (local.set $r
    (f32x4.sub
      (local.get $x)
      (f32x4.mul
        (local.get $n)
        (v128.const f32x4 0.693359375 0.693359375 0.693359375 0.693359375))))
  (local.set $r
    (f32x4.relaxed_madd
      (local.get $n)
      (v128.const f32x4 2.12194440e-4 2.12194440e-4 2.12194440e-4 2.12194440e-4)
      (local.get $r)))
  (local.set $y (v128.const f32x4 0.000198909809 0.000198909809 0.000198909809 0.000198909809))
  (local.set $y
    (f32x4.relaxed_madd
      (local.get $y)
      (local.get $r)
      (v128.const f32x4 0.00139336416 0.00139336416 0.00139336416 0.00139336416)))
  (local.set $y
    (f32x4.relaxed_madd
      (local.get $y)
      (local.get $r)
      (v128.const f32x4 0.00833331048 0.00833331048 0.00833331048 0.00833331048)))
  (local.set $y
    (f32x4.relaxed_madd
      (local.get $y)
      (local.get $r)
      (v128.const f32x4 0.0416664667 0.0416664667 0.0416664667 0.0416664667)))
  (local.set $y
    (f32x4.relaxed_madd
      (local.get $y)
      (local.get $r)
      (v128.const f32x4 0.166666672 0.166666672 0.166666672 0.166666672)))
  (local.set $y
    (f32x4.relaxed_madd (local.get $y) (local.get $r) (v128.const f32x4 0.5 0.5 0.5 0.5)))
  (local.set $y (f32x4.mul (local.get $y) (local.get $r)))
  (local.set $y (f32x4.relaxed_madd (local.get $y) (local.get $r) (local.get $r)))
  (local.set $y (f32x4.add (local.get $y) (v128.const f32x4 1 1 1 1)))
  (local.set $n (i32x4.trunc_sat_f32x4_s (local.get $n)))
  (local.set $half (i32x4.shr_s (local.get $n) (i32.const 1)))
  (f32x4.mul
    (f32x4.mul (local.get $y) (call $power_of_2 (local.get $half)))
    (call $power_of_2 (i32x4.sub (local.get $n) (local.get $half)))))

;; 2ⁿ: the bits of the float with that exponent.
(func $power_of_2 (param $n v128) (result v128)
  (i32x4.shl (i32x4.add (local.get $n) (v128.const i32x4 127 127 127 127)) (i32.const 23)))

;; 1 / (1 + e^{-z})
(func $sigmoid (param $z v128) (result v128)
  (f32x4.div
    (v128.const f32x4 1 1 1 1)
    (f32x4.add (v128.const f32x4 1 1 1 1) (call $exp (f32x4.neg (local.get $z))))))

;; tanh z = 1 − 2 / (e^{2z} + 1). Near 0 that takes 1 from 1 and leaves few digits right: there it
;; is z + z³ q(z²), where q meets (tanh z / z − 1) / z² at the five Chebyshev nodes of the squares
;; up to 0.625².
(func $tanh (param $z v128) (result v128)
  (local $size v128) (local $square v128) (local $near v128) (local $far v128)
  (local.set $size (f32x4.abs (local.get $z)))
  (local.set $square (f32x4.mul (local.get $z) (local.get $z)))
  (local.set $near (v128.const f32x4 -0.00609671418 -0.00609671418 -0.00609671418 -0.00609671418))
  (local.set $near
    (f32x4.relaxed_madd
      (local.get $near)
      (local.get $square)
      (v128.const f32x4 0.0209971797 0.0209971797 0.0209971797 0.0209971797)))
  (local.set $near
    (f32x4.relaxed_madd
      (local.get $near)
      (local.get $square)
      (v128.const f32x4 -0.0538509078 -0.0538509078 -0.0538509078 -0.0538509078)))
  (local.set $near
    (f32x4.relaxed_madd
      (local.get $near)
      (local.get $square)
      (v128.const f32x4 0.133327693 0.133327693 0.133327693 0.133327693)))
  (local.set $near
    (f32x4.relaxed_madd
      (local.get $near)
      (local.get $square)
      (v128.const f32x4 -0.333333284 -0.333333284 -0.333333284 -0.333333284)))
  (local.set $near (f32x4.mul (local.get $near) (local.get $square)))
  (local.set $near (f32x4.relaxed_madd (local.get $near) (local.get $z) (local.get $z)))
  (local.set $far
    (f32x4.sub
      (v128.const f32x4 1 1 1 1)
      (f32x4.div
        (v128.const f32x4 2 2 2 2)
        (f32x4.add
          (v128.const f32x4 1 1 1 1)
          (call $exp (f32x4.add (local.get $size) (local.get $size)))))))
  (v128.bitselect
    (local.get $near)
    (v128.or ;; the size is that of `far`, the sign that of z
      (local.get $far)
      (v128.and (local.get $z) (v128.const i32x4 0x80000000 0x80000000 0x80000000 0x80000000)))
    (f32x4.lt (local.get $size) (v128.const f32x4 0.625 0.625 0.625 0.625))))

;; Which function `map` applies.
(func $apply (param $function i32) (param $z v128) (result v128)
  (if (i32.eqz (local.get $function)) (then (return (call $sigmoid (local.get $z)))))
  (if (i32.eq (local.get $function) (i32.const 1)) (then (return (call $tanh (local.get $z)))))
  (if (i32.eq (local.get $function) (i32.const 2))
    (then (return (f32x4.pmax (local.get $z) (v128.const f32x4 0 0 0 0))))) ;; max(z, 0)
  (call $exp (local.get $z)))

;; to_i = function(from_i) for n numbers that lie together.
(func $map (param $function i32) (param $to i32) (param $from i32) (param $n i32)
  (block $few
    (br_if $few (i32.lt_u (local.get $n) (i32.const 4)))
    (loop $four
      (v128.store align=4 (local.get $to)
        (call $apply (local.get $function) (v128.load align=4 (local.get $from))))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (local.set $n (i32.sub (local.get $n) (i32.const 4)))
      (br_if $four (i32.ge_u (local.get $n) (i32.const 4)))))
  (block $none
    (br_if $none (i32.eqz (local.get $n)))
    (loop $one
      (v128.store32_lane align=4 0 (local.get $to)
        (call $apply (local.get $function) (v128.load32_zero align=4 (local.get $from))))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (local.set $from (i32.add (local.get $from) (i32.const 4)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $one (local.get $n)))))
