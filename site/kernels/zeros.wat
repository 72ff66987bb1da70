;; Products that skip zeros.
;;
;; Four fifths of the pixels of a written digit are 0, and what is multiplied by 0 adds nothing. The
;; products below first list where a matrix has numbers other than 0, in fours or eights as registers
;; hold them, and then multiply only those. The sums are added in the same order as by the dense
;; products, so that they are the same to the last bit. There is one exception to "adds nothing":
;; 0 · ∞ is NaN. So the other matrix is looked through first, and where it has ∞ or NaN, or where
;; there are few zeros to skip, nothing is done, the answer is 0, and the dense product has to do it.

;; The list of places: this many bytes of the module's own memory.
(global $room i32 (i32.const 65536))

;; c = a bᵀ as by `nt`, for an a (m, k) that may have many zeros; m ≥ 1, n ≥ 10 and k ≥ 4. Tiles are
;; one row of a by ten of b: all that a tile needs is one list.
;;
;; Sixteen rows of a are listed at a time, so that ten rows of b, once near, are used sixteen times.
(func $nt_skipping
  (param $c i32) (param $ci i32)
  (param $a i32) (param $ai i32) (param $b i32) (param $bj i32)
  (param $m i32) (param $n i32) (param $k i32)
  (result i32)
  (local $first i32) (local $rows i32) (local $i i32) (local $j i32) (local $p i32)
  (local $lists i32) (local $list i32) (local $end i32) (local $places i32)
  (local $row i32) (local $tile i32) (local $at i32) (local $to i32)
  (local $x v128) (local $y v128)
  (local $c0 v128) (local $c1 v128) (local $c2 v128) (local $c3 v128) (local $c4 v128)
  (local $c5 v128) (local $c6 v128) (local $c7 v128) (local $c8 v128) (local $c9 v128)
  (if (i32.gt_u (local.get $k) (i32.shr_u (global.get $room) (i32.const 4)))
    (then (return (i32.const 0))))
  (local.set $places (i32.and (i32.shl (local.get $k) (i32.const 2)) (i32.const -16)))
  (loop $sixteen_rows
    (local.set $rows
      (call $least (i32.sub (local.get $m) (local.get $first)) (i32.const 16)))
    (local.set $lists (global.get $packed)) ;; where each row's list ends, and then the lists
    (local.set $list (i32.add (global.get $packed) (i32.const 64)))
    (local.set $row (i32.add (local.get $a) (i32.mul (local.get $first) (local.get $ai))))
    (local.set $i (i32.const 0))
    (loop $listing
      (local.set $p (i32.const 0))
      (loop $fours
        (i32.store (local.get $list) (local.get $p))
        (local.set $list
          (i32.add
            (local.get $list)
            (i32.shl
              (v128.any_true (v128.load align=4 (i32.add (local.get $row) (local.get $p))))
              (i32.const 2))))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (br_if $fours (i32.lt_u (local.get $p) (local.get $places))))
      (i32.store (local.get $lists) (local.get $list))
      (local.set $lists (i32.add (local.get $lists) (i32.const 4)))
      (local.set $row (i32.add (local.get $row) (local.get $ai)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $listing (i32.lt_u (local.get $i) (local.get $rows))))

    ;; If the first rows have few zeros, so will the others. A place takes 4 bytes here, 16 in a row.
    (if (i32.eqz (local.get $first))
      (then
        (if
          (i32.gt_u
            (i32.sub (local.get $list) (i32.add (global.get $packed) (i32.const 64)))
            (i32.shr_u
              (i32.mul (i32.mul (local.get $rows) (local.get $places)) (i32.const 5))
              (i32.const 5)))
          (then (return (i32.const 0))))
        (if
          (i32.eqz
            (call $all_finite (local.get $b) (local.get $bj) (local.get $n) (local.get $k)))
          (then (return (i32.const 0))))))

    (local.set $j (i32.const 0))
    (loop $tiles_right
      (local.set $j (call $least (local.get $j) (i32.sub (local.get $n) (i32.const 10))))
      (local.set $tile (i32.add (local.get $b) (i32.mul (local.get $j) (local.get $bj))))
      (local.set $row (i32.add (local.get $a) (i32.mul (local.get $first) (local.get $ai))))
      (local.set $to
        (i32.add
          (i32.add (local.get $c) (i32.mul (local.get $first) (local.get $ci)))
          (i32.shl (local.get $j) (i32.const 2))))
      (local.set $lists (global.get $packed))
      (local.set $list (i32.add (global.get $packed) (i32.const 64)))
      (local.set $i (i32.const 0))
      (loop $tiles_down
        (local.set $c0 (v128.const i32x4 0 0 0 0))
        (local.set $c1 (v128.const i32x4 0 0 0 0))
        (local.set $c2 (v128.const i32x4 0 0 0 0))
        (local.set $c3 (v128.const i32x4 0 0 0 0))
        (local.set $c4 (v128.const i32x4 0 0 0 0))
        (local.set $c5 (v128.const i32x4 0 0 0 0))
        (local.set $c6 (v128.const i32x4 0 0 0 0))
        (local.set $c7 (v128.const i32x4 0 0 0 0))
        (local.set $c8 (v128.const i32x4 0 0 0 0))
        (local.set $c9 (v128.const i32x4 0 0 0 0))
        (local.set $end (i32.load (local.get $lists)))
        (block $nothing
          (br_if $nothing (i32.eq (local.get $list) (local.get $end)))
          (loop $sum
            (local.set $p (i32.load (local.get $list)))
            (local.set $x (v128.load align=4 (i32.add (local.get $row) (local.get $p))))
            (local.set $at (i32.add (local.get $tile) (local.get $p)))
            (local.set $y (v128.load align=4 (local.get $at)))
            (local.set $c0 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c0)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load align=4 (local.get $at)))
            (local.set $c1 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c1)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load align=4 (local.get $at)))
            (local.set $c2 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c2)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load align=4 (local.get $at)))
            (local.set $c3 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c3)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load align=4 (local.get $at)))
            (local.set $c4 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c4)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load align=4 (local.get $at)))
            (local.set $c5 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c5)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load align=4 (local.get $at)))
            (local.set $c6 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c6)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load align=4 (local.get $at)))
            (local.set $c7 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c7)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load align=4 (local.get $at)))
            (local.set $c8 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c8)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load align=4 (local.get $at)))
            (local.set $c9 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c9)))
            (local.set $list (i32.add (local.get $list) (i32.const 4)))
            (br_if $sum (i32.ne (local.get $list) (local.get $end)))))

        ;; What is left over after the last four is not looked at, but multiplied one by one.
        (local.set $p (local.get $places))
        (block $none
          (br_if $none (i32.eq (local.get $p) (i32.shl (local.get $k) (i32.const 2))))
          (loop $one
            (local.set $x (v128.load32_zero align=4 (i32.add (local.get $row) (local.get $p))))
            (local.set $at (i32.add (local.get $tile) (local.get $p)))
            (local.set $y (v128.load32_zero align=4 (local.get $at)))
            (local.set $c0 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c0)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load32_zero align=4 (local.get $at)))
            (local.set $c1 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c1)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load32_zero align=4 (local.get $at)))
            (local.set $c2 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c2)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load32_zero align=4 (local.get $at)))
            (local.set $c3 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c3)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load32_zero align=4 (local.get $at)))
            (local.set $c4 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c4)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load32_zero align=4 (local.get $at)))
            (local.set $c5 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c5)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load32_zero align=4 (local.get $at)))
            (local.set $c6 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c6)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load32_zero align=4 (local.get $at)))
            (local.set $c7 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c7)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load32_zero align=4 (local.get $at)))
            (local.set $c8 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c8)))
            (local.set $at (i32.add (local.get $at) (local.get $bj)))
            (local.set $y (v128.load32_zero align=4 (local.get $at)))
            (local.set $c9 (f32x4.relaxed_madd (local.get $x) (local.get $y) (local.get $c9)))
            (local.set $p (i32.add (local.get $p) (i32.const 4)))
            (br_if $one (i32.lt_u (local.get $p) (i32.shl (local.get $k) (i32.const 2))))))

        (v128.store offset=0 align=4 (local.get $to)
          (call $four_sums
            (local.get $c0) (local.get $c1) (local.get $c2) (local.get $c3)))
        (v128.store offset=16 align=4 (local.get $to)
          (call $four_sums
            (local.get $c4) (local.get $c5) (local.get $c6) (local.get $c7)))
        (v128.store64_lane offset=32 align=4 0 (local.get $to)
          (call $four_sums
            (local.get $c8) (local.get $c9) (local.get $c8) (local.get $c9)))
        (local.set $to (i32.add (local.get $to) (local.get $ci)))
        (local.set $row (i32.add (local.get $row) (local.get $ai)))
        (local.set $lists (i32.add (local.get $lists) (i32.const 4)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $tiles_down (i32.lt_u (local.get $i) (local.get $rows))))
      (local.set $j (i32.add (local.get $j) (i32.const 10)))
      (br_if $tiles_right (i32.lt_u (local.get $j) (local.get $n))))
    (local.set $first (i32.add (local.get $first) (i32.const 16)))
    (br_if $sixteen_rows (i32.lt_u (local.get $first) (local.get $m))))
  (i32.const 1))

;; The sums of the four lanes of each of the four, added as `store_sums` does.
(func $four_sums (param $x v128) (param $y v128) (param $z v128) (param $w v128) (result v128)
  (local.set $x ;; x0 + x2, x1 + x3, y0 + y2, y1 + y3
    (f32x4.add
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $x) (local.get $y))
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $x) (local.get $y))))
  (local.set $z ;; the same of z and w
    (f32x4.add
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $z) (local.get $w))
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $z) (local.get $w))))
  (f32x4.add
    (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (local.get $x) (local.get $z))
    (i8x16.shuffle 4 5 6 7 12 13 14 15 20 21 22 23 28 29 30 31 (local.get $x) (local.get $z))))

;; c = aᵀ b as by `nn`, for a (k, m) and a b (k, n) that may have many zeros; m ≥ 5 and n ≥ 8. For
;; every eight columns of b the rows that have a number there are listed, by how far from the start
;; of a and of b they are; then come all tiles, five rows of c by these columns.
(func $tn_skipping
  (param $c i32) (param $ci i32)
  (param $a i32) (param $ap i32) (param $b i32) (param $bp i32)
  (param $m i32) (param $n i32) (param $k i32)
  (result i32)
  (local $i i32) (local $j i32) (local $p i32) (local $list i32) (local $end i32)
  (local $row i32) (local $from i32) (local $at i32) (local $columns i32)
  (local $to i32) (local $x v128) (local $y0 v128) (local $y1 v128)
  (local $c00 v128) (local $c01 v128)
  (local $c10 v128) (local $c11 v128)
  (local $c20 v128) (local $c21 v128)
  (local $c30 v128) (local $c31 v128)
  (local $c40 v128) (local $c41 v128)
  (if
    (i32.or
      (i32.gt_u (local.get $k) (i32.shr_u (global.get $room) (i32.const 3)))
      (i32.eqz
        (call $all_finite (local.get $a) (local.get $ap) (local.get $k) (local.get $m))))
    (then (return (i32.const 0))))
  (loop $tiles_right
    (local.set $j (call $least (local.get $j) (i32.sub (local.get $n) (i32.const 8))))
    (local.set $columns (i32.add (local.get $b) (i32.shl (local.get $j) (i32.const 2))))
    (local.set $end (global.get $packed))
    (local.set $row (i32.const 0))
    (local.set $from (i32.const 0))
    (local.set $p (local.get $k))
    (block $nothing
      (br_if $nothing (i32.eqz (local.get $p)))
      (loop $listing
        (local.set $at (i32.add (local.get $columns) (local.get $row)))
        (i32.store (local.get $end) (local.get $from))
        (i32.store offset=4 (local.get $end) (local.get $row))
        (local.set $end
          (i32.add
            (local.get $end)
            (i32.shl
              (v128.any_true
                (v128.or
                  (v128.load align=4 (local.get $at))
                  (v128.load offset=16 align=4 (local.get $at))))
              (i32.const 3))))
        (local.set $from (i32.add (local.get $from) (local.get $ap)))
        (local.set $row (i32.add (local.get $row) (local.get $bp)))
        (local.set $p (i32.sub (local.get $p) (i32.const 1)))
        (br_if $listing (local.get $p))))
    (local.set $i (i32.const 0))
    (loop $tiles_down
      (local.set $i (call $least (local.get $i) (i32.sub (local.get $m) (i32.const 5))))
      (local.set $from (i32.add (local.get $a) (i32.shl (local.get $i) (i32.const 2))))
      (local.set $c00 (v128.const i32x4 0 0 0 0)) (local.set $c01 (v128.const i32x4 0 0 0 0))
      (local.set $c10 (v128.const i32x4 0 0 0 0)) (local.set $c11 (v128.const i32x4 0 0 0 0))
      (local.set $c20 (v128.const i32x4 0 0 0 0)) (local.set $c21 (v128.const i32x4 0 0 0 0))
      (local.set $c30 (v128.const i32x4 0 0 0 0)) (local.set $c31 (v128.const i32x4 0 0 0 0))
      (local.set $c40 (v128.const i32x4 0 0 0 0)) (local.set $c41 (v128.const i32x4 0 0 0 0))
      (local.set $list (global.get $packed))
      (block $none
        (br_if $none (i32.eq (local.get $list) (local.get $end)))
        (loop $sum
          (local.set $at (i32.add (local.get $columns) (i32.load offset=4 (local.get $list))))
          (local.set $y0 (v128.load align=4 (local.get $at)))
          (local.set $y1 (v128.load offset=16 align=4 (local.get $at)))
          (local.set $at (i32.add (local.get $from) (i32.load (local.get $list))))
          (local.set $x (v128.load32_splat align=4 (local.get $at)))
          (local.set $c00 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c00)))
          (local.set $c01 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c01)))
          (local.set $x (v128.load32_splat offset=4 align=4 (local.get $at)))
          (local.set $c10 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c10)))
          (local.set $c11 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c11)))
          (local.set $x (v128.load32_splat offset=8 align=4 (local.get $at)))
          (local.set $c20 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c20)))
          (local.set $c21 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c21)))
          (local.set $x (v128.load32_splat offset=12 align=4 (local.get $at)))
          (local.set $c30 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c30)))
          (local.set $c31 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c31)))
          (local.set $x (v128.load32_splat offset=16 align=4 (local.get $at)))
          (local.set $c40 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c40)))
          (local.set $c41 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c41)))
          (local.set $list (i32.add (local.get $list) (i32.const 8)))
          (br_if $sum (i32.ne (local.get $list) (local.get $end)))))
      (local.set $to
        (i32.add
          (i32.add (local.get $c) (i32.mul (local.get $i) (local.get $ci)))
          (i32.shl (local.get $j) (i32.const 2))))
      (v128.store align=4 (local.get $to) (local.get $c00))
      (v128.store offset=16 align=4 (local.get $to) (local.get $c01))
      (local.set $to (i32.add (local.get $to) (local.get $ci)))
      (v128.store align=4 (local.get $to) (local.get $c10))
      (v128.store offset=16 align=4 (local.get $to) (local.get $c11))
      (local.set $to (i32.add (local.get $to) (local.get $ci)))
      (v128.store align=4 (local.get $to) (local.get $c20))
      (v128.store offset=16 align=4 (local.get $to) (local.get $c21))
      (local.set $to (i32.add (local.get $to) (local.get $ci)))
      (v128.store align=4 (local.get $to) (local.get $c30))
      (v128.store offset=16 align=4 (local.get $to) (local.get $c31))
      (local.set $to (i32.add (local.get $to) (local.get $ci)))
      (v128.store align=4 (local.get $to) (local.get $c40))
      (v128.store offset=16 align=4 (local.get $to) (local.get $c41))
      (local.set $i (i32.add (local.get $i) (i32.const 5)))
      (br_if $tiles_down (i32.lt_u (local.get $i) (local.get $m))))
    (local.set $j (i32.add (local.get $j) (i32.const 8)))
    (br_if $tiles_right (i32.lt_u (local.get $j) (local.get $n))))
  (i32.const 1))

;; Is none of the numbers of m rows of n ∞ or NaN? Each times 0 is 0 then, and NaN otherwise.
(func $all_finite (param $x i32) (param $stride i32) (param $m i32) (param $n i32) (result i32)
  (local $at i32) (local $left i32)
  (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128) (local $zero v128)
  (block $none
    (loop $rows
      (br_if $none (i32.eqz (local.get $m)))
      (local.set $at (local.get $x))
      (local.set $left (local.get $n))
      (block $few
        (br_if $few (i32.lt_u (local.get $left) (i32.const 16)))
        (loop $sixteen
          (local.set $s0
            (f32x4.add
              (local.get $s0)
              (f32x4.mul (local.get $zero) (v128.load align=4 (local.get $at)))))
          (local.set $s1
            (f32x4.add
              (local.get $s1)
              (f32x4.mul (local.get $zero) (v128.load offset=16 align=4 (local.get $at)))))
          (local.set $s2
            (f32x4.add
              (local.get $s2)
              (f32x4.mul (local.get $zero) (v128.load offset=32 align=4 (local.get $at)))))
          (local.set $s3
            (f32x4.add
              (local.get $s3)
              (f32x4.mul (local.get $zero) (v128.load offset=48 align=4 (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 64)))
          (local.set $left (i32.sub (local.get $left) (i32.const 16)))
          (br_if $sixteen (i32.ge_u (local.get $left) (i32.const 16)))))
      (block $done
        (br_if $done (i32.eqz (local.get $left)))
        (loop $one
          (local.set $s0
            (f32x4.add
              (local.get $s0)
              (f32x4.mul (local.get $zero) (v128.load32_zero align=4 (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 4)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $one (local.get $left))))
      (local.set $x (i32.add (local.get $x) (local.get $stride)))
      (local.set $m (i32.sub (local.get $m) (i32.const 1)))
      (br $rows)))
  (local.set $s0
    (f32x4.add
      (f32x4.add (local.get $s0) (local.get $s1))
      (f32x4.add (local.get $s2) (local.get $s3))))
  (i32x4.all_true (f32x4.eq (local.get $s0) (local.get $s0))))
