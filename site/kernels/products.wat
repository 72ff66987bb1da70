;; The three matrix products of a dense layer, in tiles.
;;
;; A processor can multiply and add eight numbers and more in the time it takes to fetch four from
;; its nearest memory. So what is fetched has to be used several times: all products here make a
;; *tile* of the result at once, whose sums stay in registers. A tile of 5 × 2 registers needs 5 + 2
;; fetches for 10 multiplications. With one register for each number fetched that is 13 of the 16
;; an x86 processor has, and five rows divide a mini-batch of ten.
;;
;; At the right and bottom edge a tile would stick out. There its rows (or columns) beyond the edge
;; are the last one again: it is computed twice, stored twice, and there is no code for edges.
;;
;; All addresses and distances ("strides") are in bytes; a row's numbers lie together.

(func $least (param $i i32) (param $j i32) (result i32)
  (select (local.get $i) (local.get $j) (i32.lt_s (local.get $i) (local.get $j))))

;; c = a bᵀ: c_ij = Σ_p a_ip b_jp, for a (m, k) and b (n, k), whose rows are ai and bj bytes apart.
;; c_ij is at c + i ci + j cj.
;;
;; Both rows lie along p, so four products are added at a time, in the four lanes of a register; at
;; the end the lanes are added up.
(func $nt
  (param $c i32) (param $ci i32) (param $cj i32)
  (param $a i32) (param $ai i32) (param $b i32) (param $bj i32)
  (param $m i32) (param $n i32) (param $k i32)
  (local $i i32) (local $j i32) (local $p i32)
  (local $a0 i32) (local $a1 i32) (local $a2 i32) (local $a3 i32) (local $a4 i32)
  (local $b0 i32) (local $b1 i32)
  (local $to i32) (local $next i32)
  (local $x v128) (local $y0 v128) (local $y1 v128)
  (local $c00 v128) (local $c01 v128)
  (local $c10 v128) (local $c11 v128)
  (local $c20 v128) (local $c21 v128)
  (local $c30 v128) (local $c31 v128)
  (local $c40 v128) (local $c41 v128)
  (if (i32.or (i32.eqz (local.get $m)) (i32.eqz (local.get $n))) (then (return)))
  (local.set $i (i32.const 0))
  (loop $tiles_down
    (local.set $j (i32.const 0))
    (loop $tiles_right
      (local.set $a0
        (call $row (local.get $a) (local.get $ai) (local.get $i) (i32.const 0) (local.get $m)))
      (local.set $a1
        (call $row (local.get $a) (local.get $ai) (local.get $i) (i32.const 1) (local.get $m)))
      (local.set $a2
        (call $row (local.get $a) (local.get $ai) (local.get $i) (i32.const 2) (local.get $m)))
      (local.set $a3
        (call $row (local.get $a) (local.get $ai) (local.get $i) (i32.const 3) (local.get $m)))
      (local.set $a4
        (call $row (local.get $a) (local.get $ai) (local.get $i) (i32.const 4) (local.get $m)))
      (local.set $b0
        (call $row (local.get $b) (local.get $bj) (local.get $j) (i32.const 0) (local.get $n)))
      (local.set $b1
        (call $row (local.get $b) (local.get $bj) (local.get $j) (i32.const 1) (local.get $n)))
      (local.set $c00 (v128.const i32x4 0 0 0 0)) (local.set $c01 (v128.const i32x4 0 0 0 0))
      (local.set $c10 (v128.const i32x4 0 0 0 0)) (local.set $c11 (v128.const i32x4 0 0 0 0))
      (local.set $c20 (v128.const i32x4 0 0 0 0)) (local.set $c21 (v128.const i32x4 0 0 0 0))
      (local.set $c30 (v128.const i32x4 0 0 0 0)) (local.set $c31 (v128.const i32x4 0 0 0 0))
      (local.set $c40 (v128.const i32x4 0 0 0 0)) (local.set $c41 (v128.const i32x4 0 0 0 0))

      ;; Sixteen numbers of each row: four times the same, so that there is less counting.
      (local.set $p (local.get $k))
      (block $few
        (br_if $few (i32.lt_u (local.get $p) (i32.const 16)))
        (loop $sixteen
          (local.set $y0 (v128.load align=4 (local.get $b0)))
          (local.set $y1 (v128.load align=4 (local.get $b1)))
          (local.set $x (v128.load align=4 (local.get $a0)))
          (local.set $c00 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c00)))
          (local.set $c01 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c01)))
          (local.set $x (v128.load align=4 (local.get $a1)))
          (local.set $c10 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c10)))
          (local.set $c11 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c11)))
          (local.set $x (v128.load align=4 (local.get $a2)))
          (local.set $c20 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c20)))
          (local.set $c21 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c21)))
          (local.set $x (v128.load align=4 (local.get $a3)))
          (local.set $c30 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c30)))
          (local.set $c31 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c31)))
          (local.set $x (v128.load align=4 (local.get $a4)))
          (local.set $c40 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c40)))
          (local.set $c41 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c41)))

          (local.set $y0 (v128.load offset=16 align=4 (local.get $b0)))
          (local.set $y1 (v128.load offset=16 align=4 (local.get $b1)))
          (local.set $x (v128.load offset=16 align=4 (local.get $a0)))
          (local.set $c00 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c00)))
          (local.set $c01 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c01)))
          (local.set $x (v128.load offset=16 align=4 (local.get $a1)))
          (local.set $c10 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c10)))
          (local.set $c11 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c11)))
          (local.set $x (v128.load offset=16 align=4 (local.get $a2)))
          (local.set $c20 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c20)))
          (local.set $c21 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c21)))
          (local.set $x (v128.load offset=16 align=4 (local.get $a3)))
          (local.set $c30 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c30)))
          (local.set $c31 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c31)))
          (local.set $x (v128.load offset=16 align=4 (local.get $a4)))
          (local.set $c40 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c40)))
          (local.set $c41 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c41)))

          (local.set $y0 (v128.load offset=32 align=4 (local.get $b0)))
          (local.set $y1 (v128.load offset=32 align=4 (local.get $b1)))
          (local.set $x (v128.load offset=32 align=4 (local.get $a0)))
          (local.set $c00 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c00)))
          (local.set $c01 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c01)))
          (local.set $x (v128.load offset=32 align=4 (local.get $a1)))
          (local.set $c10 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c10)))
          (local.set $c11 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c11)))
          (local.set $x (v128.load offset=32 align=4 (local.get $a2)))
          (local.set $c20 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c20)))
          (local.set $c21 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c21)))
          (local.set $x (v128.load offset=32 align=4 (local.get $a3)))
          (local.set $c30 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c30)))
          (local.set $c31 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c31)))
          (local.set $x (v128.load offset=32 align=4 (local.get $a4)))
          (local.set $c40 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c40)))
          (local.set $c41 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c41)))

          (local.set $y0 (v128.load offset=48 align=4 (local.get $b0)))
          (local.set $y1 (v128.load offset=48 align=4 (local.get $b1)))
          (local.set $x (v128.load offset=48 align=4 (local.get $a0)))
          (local.set $c00 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c00)))
          (local.set $c01 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c01)))
          (local.set $x (v128.load offset=48 align=4 (local.get $a1)))
          (local.set $c10 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c10)))
          (local.set $c11 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c11)))
          (local.set $x (v128.load offset=48 align=4 (local.get $a2)))
          (local.set $c20 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c20)))
          (local.set $c21 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c21)))
          (local.set $x (v128.load offset=48 align=4 (local.get $a3)))
          (local.set $c30 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c30)))
          (local.set $c31 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c31)))
          (local.set $x (v128.load offset=48 align=4 (local.get $a4)))
          (local.set $c40 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c40)))
          (local.set $c41 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c41)))

          (local.set $a0 (i32.add (local.get $a0) (i32.const 64)))
          (local.set $a1 (i32.add (local.get $a1) (i32.const 64)))
          (local.set $a2 (i32.add (local.get $a2) (i32.const 64)))
          (local.set $a3 (i32.add (local.get $a3) (i32.const 64)))
          (local.set $a4 (i32.add (local.get $a4) (i32.const 64)))
          (local.set $b0 (i32.add (local.get $b0) (i32.const 64)))
          (local.set $b1 (i32.add (local.get $b1) (i32.const 64)))
          (local.set $p (i32.sub (local.get $p) (i32.const 16)))
          (br_if $sixteen (i32.ge_u (local.get $p) (i32.const 16)))))

      ;; The rest four by four,
      (block $fewer
        (br_if $fewer (i32.lt_u (local.get $p) (i32.const 4)))
        (loop $four
          (local.set $y0 (v128.load align=4 (local.get $b0)))
          (local.set $y1 (v128.load align=4 (local.get $b1)))
          (local.set $x (v128.load align=4 (local.get $a0)))
          (local.set $c00 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c00)))
          (local.set $c01 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c01)))
          (local.set $x (v128.load align=4 (local.get $a1)))
          (local.set $c10 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c10)))
          (local.set $c11 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c11)))
          (local.set $x (v128.load align=4 (local.get $a2)))
          (local.set $c20 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c20)))
          (local.set $c21 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c21)))
          (local.set $x (v128.load align=4 (local.get $a3)))
          (local.set $c30 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c30)))
          (local.set $c31 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c31)))
          (local.set $x (v128.load align=4 (local.get $a4)))
          (local.set $c40 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c40)))
          (local.set $c41 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c41)))
          (local.set $a0 (i32.add (local.get $a0) (i32.const 16)))
          (local.set $a1 (i32.add (local.get $a1) (i32.const 16)))
          (local.set $a2 (i32.add (local.get $a2) (i32.const 16)))
          (local.set $a3 (i32.add (local.get $a3) (i32.const 16)))
          (local.set $a4 (i32.add (local.get $a4) (i32.const 16)))
          (local.set $b0 (i32.add (local.get $b0) (i32.const 16)))
          (local.set $b1 (i32.add (local.get $b1) (i32.const 16)))
          (local.set $p (i32.sub (local.get $p) (i32.const 4)))
          (br_if $four (i32.ge_u (local.get $p) (i32.const 4)))))

      ;; and what is then left one by one: the other three lanes are 0 and add 0.
      (block $none
        (br_if $none (i32.eqz (local.get $p)))
        (loop $one
          (local.set $y0 (v128.load32_zero align=4 (local.get $b0)))
          (local.set $y1 (v128.load32_zero align=4 (local.get $b1)))
          (local.set $x (v128.load32_zero align=4 (local.get $a0)))
          (local.set $c00 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c00)))
          (local.set $c01 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c01)))
          (local.set $x (v128.load32_zero align=4 (local.get $a1)))
          (local.set $c10 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c10)))
          (local.set $c11 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c11)))
          (local.set $x (v128.load32_zero align=4 (local.get $a2)))
          (local.set $c20 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c20)))
          (local.set $c21 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c21)))
          (local.set $x (v128.load32_zero align=4 (local.get $a3)))
          (local.set $c30 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c30)))
          (local.set $c31 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c31)))
          (local.set $x (v128.load32_zero align=4 (local.get $a4)))
          (local.set $c40 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c40)))
          (local.set $c41 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c41)))
          (local.set $a0 (i32.add (local.get $a0) (i32.const 4)))
          (local.set $a1 (i32.add (local.get $a1) (i32.const 4)))
          (local.set $a2 (i32.add (local.get $a2) (i32.const 4)))
          (local.set $a3 (i32.add (local.get $a3) (i32.const 4)))
          (local.set $a4 (i32.add (local.get $a4) (i32.const 4)))
          (local.set $b0 (i32.add (local.get $b0) (i32.const 4)))
          (local.set $b1 (i32.add (local.get $b1) (i32.const 4)))
          (local.set $p (i32.sub (local.get $p) (i32.const 1)))
          (br_if $one (local.get $p))))

      (local.set $to (i32.add (local.get $c) (i32.mul (local.get $j) (local.get $cj))))
      (local.set $next
        (select (local.get $cj) (i32.const 0)
          (i32.lt_u (i32.add (local.get $j) (i32.const 1)) (local.get $n))))
      (call $store_sums
        (call $row (local.get $to) (local.get $ci) (local.get $i) (i32.const 0) (local.get $m))
        (local.get $next) (local.get $c00) (local.get $c01))
      (call $store_sums
        (call $row (local.get $to) (local.get $ci) (local.get $i) (i32.const 1) (local.get $m))
        (local.get $next) (local.get $c10) (local.get $c11))
      (call $store_sums
        (call $row (local.get $to) (local.get $ci) (local.get $i) (i32.const 2) (local.get $m))
        (local.get $next) (local.get $c20) (local.get $c21))
      (call $store_sums
        (call $row (local.get $to) (local.get $ci) (local.get $i) (i32.const 3) (local.get $m))
        (local.get $next) (local.get $c30) (local.get $c31))
      (call $store_sums
        (call $row (local.get $to) (local.get $ci) (local.get $i) (i32.const 4) (local.get $m))
        (local.get $next) (local.get $c40) (local.get $c41))
      (local.set $j (i32.add (local.get $j) (i32.const 2)))
      (br_if $tiles_right (i32.lt_u (local.get $j) (local.get $n))))
    (local.set $i (i32.add (local.get $i) (i32.const 5)))
    (br_if $tiles_down (i32.lt_u (local.get $i) (local.get $m)))))

;; The address of row i + r, or of the last of m rows where that is beyond it.
(func $row (param $start i32) (param $stride i32) (param $i i32) (param $r i32) (param $m i32)
  (result i32)
  (i32.add
    (local.get $start)
    (i32.mul
      (local.get $stride)
      (call $least
        (i32.add (local.get $i) (local.get $r))
        (i32.sub (local.get $m) (i32.const 1))))))

;; Stores the sum of x's four lanes at `to` and that of y's at `to + next`.
(func $store_sums (param $to i32) (param $next i32) (param $x v128) (param $y v128)
  (local $pairs v128)
  (local.set $pairs ;; x0 + x2, x1 + x3, y0 + y2, y1 + y3
    (f32x4.add
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $x) (local.get $y))
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $x) (local.get $y))))
  (local.set $pairs ;; the sums are in lanes 0 and 2
    (f32x4.add
      (local.get $pairs)
      (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $pairs) (local.get $pairs))))
  (v128.store32_lane align=4 0 (local.get $to) (local.get $pairs))
  (v128.store32_lane align=4 2 (i32.add (local.get $to) (local.get $next)) (local.get $pairs)))

;; c = a b: c_ij = Σ_p a_ip b_pj, for b (k, n) and c (m, n) with rows bp and ci bytes apart. a_ip is
;; at a + i ai + p ap: with ai and ap exchanged the same code makes aᵀ b.
;;
;; The rows of b and c lie along j, so a register holds four neighbours of c, and each a_ip is
;; copied into all four lanes to be multiplied by four numbers of b. The five numbers a_ip that a
;; tile needs for one p are far apart in memory: they are put beside each other first (*packed*),
;; for at most 512 p at a time, in the memory this module was given for it.
(func $nn
  (param $c i32) (param $ci i32)
  (param $a i32) (param $ai i32) (param $ap i32) (param $b i32) (param $bp i32)
  (param $m i32) (param $n i32) (param $k i32)
  (local $done i32) (local $some i32)
  (if (i32.or (i32.eqz (local.get $m)) (i32.eqz (local.get $n))) (then (return)))
  (if (i32.lt_u (local.get $n) (i32.const 4))
    (then
      (call $nn_narrow
        (local.get $c) (local.get $ci) (local.get $a) (local.get $ai) (local.get $ap)
        (local.get $b) (local.get $bp) (local.get $m) (local.get $n) (local.get $k))
      (return)))
  (loop $parts
    (local.set $some (call $least (i32.sub (local.get $k) (local.get $done)) (i32.const 512)))
    (call $nn_part
      (local.get $c) (local.get $ci)
      (i32.add (local.get $a) (i32.mul (local.get $done) (local.get $ap)))
      (local.get $ai) (local.get $ap)
      (i32.add (local.get $b) (i32.mul (local.get $done) (local.get $bp)))
      (local.get $bp)
      (local.get $m) (local.get $n) (local.get $some) (local.get $done))
    (local.set $done (i32.add (local.get $done) (local.get $some)))
    (br_if $parts (i32.lt_u (local.get $done) (local.get $k)))))

;; The products of at most 512 p, added to those that are in c already if there are any.
(func $nn_part
  (param $c i32) (param $ci i32)
  (param $a i32) (param $ai i32) (param $ap i32) (param $b i32) (param $bp i32)
  (param $m i32) (param $n i32) (param $k i32) (param $more i32)
  (local $i i32) (local $j i32) (local $p i32) (local $q i32) (local $from i32)
  (local $a0 i32) (local $a1 i32) (local $a2 i32) (local $a3 i32) (local $a4 i32)
  (local $b0 i32) (local $b1 i32)
  (local $t0 i32) (local $t1 i32) (local $t2 i32) (local $t3 i32) (local $t4 i32)
  (local $left i32) (local $right i32) (local $old i32)
  (local $x v128) (local $y0 v128) (local $y1 v128)
  (local $c00 v128) (local $c01 v128)
  (local $c10 v128) (local $c11 v128)
  (local $c20 v128) (local $c21 v128)
  (local $c30 v128) (local $c31 v128)
  (local $c40 v128) (local $c41 v128)
  (loop $tiles_down
    (local.set $a0
      (call $row (local.get $a) (local.get $ai) (local.get $i) (i32.const 0) (local.get $m)))
    (local.set $a1
      (call $row (local.get $a) (local.get $ai) (local.get $i) (i32.const 1) (local.get $m)))
    (local.set $a2
      (call $row (local.get $a) (local.get $ai) (local.get $i) (i32.const 2) (local.get $m)))
    (local.set $a3
      (call $row (local.get $a) (local.get $ai) (local.get $i) (i32.const 3) (local.get $m)))
    (local.set $a4
      (call $row (local.get $a) (local.get $ai) (local.get $i) (i32.const 4) (local.get $m)))
    (local.set $t0
      (call $row (local.get $c) (local.get $ci) (local.get $i) (i32.const 0) (local.get $m)))
    (local.set $t1
      (call $row (local.get $c) (local.get $ci) (local.get $i) (i32.const 1) (local.get $m)))
    (local.set $t2
      (call $row (local.get $c) (local.get $ci) (local.get $i) (i32.const 2) (local.get $m)))
    (local.set $t3
      (call $row (local.get $c) (local.get $ci) (local.get $i) (i32.const 3) (local.get $m)))
    (local.set $t4
      (call $row (local.get $c) (local.get $ci) (local.get $i) (i32.const 4) (local.get $m)))

    (local.set $q (global.get $packed))
    (local.set $p (local.get $k))
    (block $nothing
      (br_if $nothing (i32.eqz (local.get $p)))
      (loop $pack
        (i32.store (local.get $q) (i32.load align=1 (local.get $a0)))
        (i32.store offset=4 (local.get $q) (i32.load align=1 (local.get $a1)))
        (i32.store offset=8 (local.get $q) (i32.load align=1 (local.get $a2)))
        (i32.store offset=12 (local.get $q) (i32.load align=1 (local.get $a3)))
        (i32.store offset=16 (local.get $q) (i32.load align=1 (local.get $a4)))
        (local.set $a0 (i32.add (local.get $a0) (local.get $ap)))
        (local.set $a1 (i32.add (local.get $a1) (local.get $ap)))
        (local.set $a2 (i32.add (local.get $a2) (local.get $ap)))
        (local.set $a3 (i32.add (local.get $a3) (local.get $ap)))
        (local.set $a4 (i32.add (local.get $a4) (local.get $ap)))
        (local.set $q (i32.add (local.get $q) (i32.const 20)))
        (local.set $p (i32.sub (local.get $p) (i32.const 1)))
        (br_if $pack (local.get $p))))

    ;; The last tile may cover columns of the one before it, to which more will have been added by
    ;; then: what it starts from is kept.
    (if (local.get $more)
      (then
        (call $columns_of_tile
          (i32.and (i32.sub (local.get $n) (i32.const 1)) (i32.const -8))
          (local.get $n))
        (local.set $right)
        (local.set $left)
        (local.set $old (i32.add (global.get $packed) (i32.const 10240)))
        (v128.store offset=0 (local.get $old)
          (v128.load align=4 (i32.add (local.get $t0) (local.get $left))))
        (v128.store offset=16 (local.get $old)
          (v128.load align=4 (i32.add (local.get $t0) (local.get $right))))
        (v128.store offset=32 (local.get $old)
          (v128.load align=4 (i32.add (local.get $t1) (local.get $left))))
        (v128.store offset=48 (local.get $old)
          (v128.load align=4 (i32.add (local.get $t1) (local.get $right))))
        (v128.store offset=64 (local.get $old)
          (v128.load align=4 (i32.add (local.get $t2) (local.get $left))))
        (v128.store offset=80 (local.get $old)
          (v128.load align=4 (i32.add (local.get $t2) (local.get $right))))
        (v128.store offset=96 (local.get $old)
          (v128.load align=4 (i32.add (local.get $t3) (local.get $left))))
        (v128.store offset=112 (local.get $old)
          (v128.load align=4 (i32.add (local.get $t3) (local.get $right))))
        (v128.store offset=128 (local.get $old)
          (v128.load align=4 (i32.add (local.get $t4) (local.get $left))))
        (v128.store offset=144 (local.get $old)
          (v128.load align=4 (i32.add (local.get $t4) (local.get $right))))))

    (local.set $j (i32.const 0))
    (loop $tiles_right
      (call $columns_of_tile (local.get $j) (local.get $n))
      (local.set $right)
      (local.set $left)
      (if (local.get $more)
        (then
          (if (i32.ge_u (i32.add (local.get $j) (i32.const 8)) (local.get $n))
            (then
              (local.set $c00 (v128.load offset=0 (local.get $old)))
              (local.set $c01 (v128.load offset=16 (local.get $old)))
              (local.set $c10 (v128.load offset=32 (local.get $old)))
              (local.set $c11 (v128.load offset=48 (local.get $old)))
              (local.set $c20 (v128.load offset=64 (local.get $old)))
              (local.set $c21 (v128.load offset=80 (local.get $old)))
              (local.set $c30 (v128.load offset=96 (local.get $old)))
              (local.set $c31 (v128.load offset=112 (local.get $old)))
              (local.set $c40 (v128.load offset=128 (local.get $old)))
              (local.set $c41 (v128.load offset=144 (local.get $old))))
            (else
              (local.set $c00 (v128.load align=4 (i32.add (local.get $t0) (local.get $left))))
              (local.set $c01 (v128.load align=4 (i32.add (local.get $t0) (local.get $right))))
              (local.set $c10 (v128.load align=4 (i32.add (local.get $t1) (local.get $left))))
              (local.set $c11 (v128.load align=4 (i32.add (local.get $t1) (local.get $right))))
              (local.set $c20 (v128.load align=4 (i32.add (local.get $t2) (local.get $left))))
              (local.set $c21 (v128.load align=4 (i32.add (local.get $t2) (local.get $right))))
              (local.set $c30 (v128.load align=4 (i32.add (local.get $t3) (local.get $left))))
              (local.set $c31 (v128.load align=4 (i32.add (local.get $t3) (local.get $right))))
              (local.set $c40 (v128.load align=4 (i32.add (local.get $t4) (local.get $left))))
              (local.set $c41 (v128.load align=4 (i32.add (local.get $t4) (local.get $right)))))))
        (else
          (local.set $c00 (v128.const i32x4 0 0 0 0)) (local.set $c01 (v128.const i32x4 0 0 0 0))
          (local.set $c10 (v128.const i32x4 0 0 0 0)) (local.set $c11 (v128.const i32x4 0 0 0 0))
          (local.set $c20 (v128.const i32x4 0 0 0 0)) (local.set $c21 (v128.const i32x4 0 0 0 0))
          (local.set $c30 (v128.const i32x4 0 0 0 0)) (local.set $c31 (v128.const i32x4 0 0 0 0))
          (local.set $c40 (v128.const i32x4 0 0 0 0)) (local.set $c41 (v128.const i32x4 0 0 0 0))))
      (local.set $b0 (i32.add (local.get $b) (local.get $left)))
      (local.set $b1 (i32.add (local.get $b) (local.get $right)))
      (local.set $q (global.get $packed))
      (local.set $p (local.get $k))
      (block $none
        (br_if $none (i32.eqz (local.get $p)))
        (loop $sum
          (local.set $y0 (v128.load align=4 (local.get $b0)))
          (local.set $y1 (v128.load align=4 (local.get $b1)))
          (local.set $x (v128.load32_splat (local.get $q)))
          (local.set $c00 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c00)))
          (local.set $c01 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c01)))
          (local.set $x (v128.load32_splat offset=4 (local.get $q)))
          (local.set $c10 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c10)))
          (local.set $c11 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c11)))
          (local.set $x (v128.load32_splat offset=8 (local.get $q)))
          (local.set $c20 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c20)))
          (local.set $c21 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c21)))
          (local.set $x (v128.load32_splat offset=12 (local.get $q)))
          (local.set $c30 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c30)))
          (local.set $c31 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c31)))
          (local.set $x (v128.load32_splat offset=16 (local.get $q)))
          (local.set $c40 (f32x4.relaxed_madd (local.get $x) (local.get $y0) (local.get $c40)))
          (local.set $c41 (f32x4.relaxed_madd (local.get $x) (local.get $y1) (local.get $c41)))

          (local.set $b0 (i32.add (local.get $b0) (local.get $bp)))
          (local.set $b1 (i32.add (local.get $b1) (local.get $bp)))
          (local.set $q (i32.add (local.get $q) (i32.const 20)))
          (local.set $p (i32.sub (local.get $p) (i32.const 1)))
          (br_if $sum (local.get $p))))
      (v128.store align=4 (i32.add (local.get $t0) (local.get $left)) (local.get $c00))
      (v128.store align=4 (i32.add (local.get $t0) (local.get $right)) (local.get $c01))
      (v128.store align=4 (i32.add (local.get $t1) (local.get $left)) (local.get $c10))
      (v128.store align=4 (i32.add (local.get $t1) (local.get $right)) (local.get $c11))
      (v128.store align=4 (i32.add (local.get $t2) (local.get $left)) (local.get $c20))
      (v128.store align=4 (i32.add (local.get $t2) (local.get $right)) (local.get $c21))
      (v128.store align=4 (i32.add (local.get $t3) (local.get $left)) (local.get $c30))
      (v128.store align=4 (i32.add (local.get $t3) (local.get $right)) (local.get $c31))
      (v128.store align=4 (i32.add (local.get $t4) (local.get $left)) (local.get $c40))
      (v128.store align=4 (i32.add (local.get $t4) (local.get $right)) (local.get $c41))
      (local.set $j (i32.add (local.get $j) (i32.const 8)))
      (br_if $tiles_right (i32.lt_u (local.get $j) (local.get $n))))
    (local.set $i (i32.add (local.get $i) (i32.const 5)))
    (br_if $tiles_down (i32.lt_u (local.get $i) (local.get $m)))))

;; How far from the start of a row the left and the right four of the columns j … j + 7 are, moved
;; back where they would stick out over the end of n ≥ 4 columns.
(func $columns_of_tile (param $j i32) (param $n i32) (result i32 i32)
  (local $last i32)
  (local.set $last (i32.sub (local.get $n) (i32.const 4)))
  (i32.shl (call $least (local.get $j) (local.get $last)) (i32.const 2))
  (i32.shl
    (call $least (i32.add (local.get $j) (i32.const 4)) (local.get $last))
    (i32.const 2)))

;; The same for results of fewer than four columns, which fill no register: number by number.
(func $nn_narrow
  (param $c i32) (param $ci i32)
  (param $a i32) (param $ai i32) (param $ap i32) (param $b i32) (param $bp i32)
  (param $m i32) (param $n i32) (param $k i32)
  (local $i i32) (local $j i32) (local $p i32) (local $x i32) (local $y i32) (local $sum f32)
  (loop $rows
    (local.set $j (i32.const 0))
    (loop $columns
      (local.set $sum (f32.const 0))
      (local.set $x (i32.add (local.get $a) (i32.mul (local.get $i) (local.get $ai))))
      (local.set $y (i32.add (local.get $b) (i32.shl (local.get $j) (i32.const 2))))
      (local.set $p (local.get $k))
      (block $none
        (br_if $none (i32.eqz (local.get $p)))
        (loop $products
          (local.set $sum
            (f32.add
              (local.get $sum)
              (f32.mul (f32.load align=1 (local.get $x)) (f32.load align=1 (local.get $y)))))
          (local.set $x (i32.add (local.get $x) (local.get $ap)))
          (local.set $y (i32.add (local.get $y) (local.get $bp)))
          (local.set $p (i32.sub (local.get $p) (i32.const 1)))
          (br_if $products (local.get $p))))
      (f32.store align=1
        (i32.add
          (i32.add (local.get $c) (i32.mul (local.get $i) (local.get $ci)))
          (i32.shl (local.get $j) (i32.const 2)))
        (local.get $sum))
      (local.set $j (i32.add (local.get $j) (i32.const 1)))
      (br_if $columns (i32.lt_u (local.get $j) (local.get $n))))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $rows (i32.lt_u (local.get $i) (local.get $m)))))
