;; What Python calls, with NumPy's arrays as they are.
;;
;; Each function here follows the calling convention of a function of a C extension (METH_FASTCALL):
;; the second parameter is where the addresses of the argument objects stand one after the other,
;; the third how many there are, and the result is the address of an object: a new array or number,
;; or None where an array was to be changed (Python never lets go of it, so it needs no counting).
;; The first parameter belongs to the function like `self` to a method. Here it is the function of
;; `Operations`, in Python, that does the same: a kernel looks into its arguments to see whether it
;; can do what is asked, and if it cannot, it has touched nothing and leaves it to that.
;;
;; So no address of an array's numbers is held longer than a call.
;;
;; An array is a C struct that NumPy's headers make public (PyArrayObject), all fields 4 bytes here:
;;
;;   4 type   8 data   12 number of axes   16 shape   20 strides   28 dtype   32 flags
;;
;; Shape and strides are the addresses of arrays of 4-byte integers, dtype that of another struct:
;; 14 byte order, a character; 16 the number of the type. A Python float has an 8-byte float at 8.
;; nets_core/kernels.py checks when it loads the module that all this is so.

(global $ndarray (mut i32) (i32.const 0)) ;; where the types and None are
(global $float (mut i32) (i32.const 0))
(global $none (mut i32) (i32.const 0))
(global $float32 (mut i32) (i32.const 0))
(global $empty (mut i32) (i32.const 0))

;; To be called first, with numpy.ndarray, float, None, the dtype float32, and where in the table of
;; functions NumPy's PyArray_Empty is.
(func (export "begin")
  (param $ndarray i32) (param $float i32) (param $none i32) (param $float32 i32) (param $empty i32)
  (global.set $ndarray (local.get $ndarray))
  (global.set $float (local.get $float))
  (global.set $none (local.get $none))
  (global.set $float32 (local.get $float32))
  (global.set $empty (local.get $empty)))

;; What a kernel cannot do is done by the function in Python, with the same arguments.
(func $numpy (param $function i32) (param $args i32) (param $count i32) (result i32)
  (call $call
    (local.get $function) (local.get $args) (local.get $count) (i32.const 0))) ;; none has a name

;; A new array of floats with so many axes, whose lengths are at `shape`; NumPy makes it, and takes
;; the reference to the dtype. 0 if there is no memory left: returned, it tells Python so.
(func $new (param $axes i32) (param $shape i32) (result i32)
  (call $hold (global.get $float32))
  (call_indirect (param i32 i32 i32 i32) (result i32)
    (local.get $axes) (local.get $shape) (global.get $float32) (i32.const 0)
    (global.get $empty)))

(func $new_like (param $x i32) (result i32)
  (call $new (call $axes (local.get $x)) (i32.load offset=16 (local.get $x))))

(func $new_matrix (param $rows i32) (param $columns i32) (result i32)
  (i32.store (global.get $packed) (local.get $rows))
  (i32.store offset=4 (global.get $packed) (local.get $columns))
  (call $new (i32.const 2) (global.get $packed)))

(func $data (param $x i32) (result i32) (i32.load offset=8 (local.get $x)))
(func $axes (param $x i32) (result i32) (i32.load offset=12 (local.get $x)))
(func $length (param $x i32) (param $axis i32) (result i32)
  (i32.load
    (i32.add (i32.load offset=16 (local.get $x)) (i32.shl (local.get $axis) (i32.const 2)))))
(func $stride (param $x i32) (param $axis i32) (result i32)
  (i32.load
    (i32.add (i32.load offset=20 (local.get $x)) (i32.shl (local.get $axis) (i32.const 2)))))
(func $rows (param $x i32) (result i32) (call $length (local.get $x) (i32.const 0)))
(func $columns (param $x i32) (result i32) (call $length (local.get $x) (i32.const 1)))

;; How many numbers an array has.
(func $size (param $x i32) (result i32)
  (local $size i32) (local $axis i32)
  (local.set $size (i32.const 1))
  (loop $next
    (if (i32.lt_u (local.get $axis) (call $axes (local.get $x)))
      (then
        (local.set $size
          (i32.mul (local.get $size) (call $length (local.get $x) (local.get $axis))))
        (local.set $axis (i32.add (local.get $axis) (i32.const 1)))
        (br $next))))
  (local.get $size))

(func $same_shape (param $x i32) (param $y i32) (result i32)
  (local $axis i32)
  (if (i32.ne (call $axes (local.get $x)) (call $axes (local.get $y)))
    (then (return (i32.const 0))))
  (loop $next
    (if (i32.lt_u (local.get $axis) (call $axes (local.get $x)))
      (then
        (if
          (i32.ne
            (call $length (local.get $x) (local.get $axis))
            (call $length (local.get $y) (local.get $axis)))
          (then (return (i32.const 0))))
        (local.set $axis (i32.add (local.get $axis) (i32.const 1)))
        (br $next))))
  (i32.const 1))

(func $is_float (param $x i32) (result i32)
  (i32.eq (i32.load offset=4 (local.get $x)) (global.get $float)))
(func $number (param $x i32) (result f32)
  (f32.demote_f64 (f64.load offset=8 (local.get $x))))

;; 1 − x
(func $rest (param $x i32) (result f32)
  (f32.demote_f64 (f64.sub (f64.const 1) (f64.load offset=8 (local.get $x)))))

(func $is_array (param $x i32) (result i32)
  (i32.eq (i32.load offset=4 (local.get $x)) (global.get $ndarray)))

;; The number of an array's type, as NumPy counts them (2 uint8, 5 int, 7 long, 9 long long,
;; 11 float32); 0 if its bytes are in foreign order.
(func $type (param $x i32) (result i32)
  (local $dtype i32) (local $order i32)
  (local.set $dtype (i32.load offset=28 (local.get $x)))
  (local.set $order (i32.load8_u offset=14 (local.get $dtype)))
  (select
    (i32.load offset=16 (local.get $dtype))
    (i32.const 0)
    (i32.or ;; "=", or "|" for single bytes
      (i32.eq (local.get $order) (i32.const 61))
      (i32.eq (local.get $order) (i32.const 124)))))

(func $has_flag (param $x i32) (param $flag i32) (result i32)
  (i32.ne (i32.and (i32.load offset=32 (local.get $x)) (local.get $flag)) (i32.const 0)))

;; Float32 numbers, all together in memory in the order of their axes.
(func $is_floats (param $x i32) (result i32)
  (if (i32.eqz (call $is_array (local.get $x))) (then (return (i32.const 0))))
  (i32.and
    (i32.eq (call $type (local.get $x)) (i32.const 11))
    (call $has_flag (local.get $x) (i32.const 1))))

(func $is_writeable (param $x i32) (result i32)
  (call $has_flag (local.get $x) (i32.const 0x400)))

;; A matrix of numbers of a type that has `bytes` bytes; the numbers of a row lie together.
(func $is_matrix (param $x i32) (param $type i32) (param $bytes i32) (result i32)
  (if (i32.eqz (call $is_array (local.get $x))) (then (return (i32.const 0))))
  (if (i32.ne (call $axes (local.get $x)) (i32.const 2)) (then (return (i32.const 0))))
  (i32.and
    (i32.eq (call $type (local.get $x)) (local.get $type))
    (i32.or
      (i32.eq (call $stride (local.get $x) (i32.const 1)) (local.get $bytes))
      (i32.lt_u (call $columns (local.get $x)) (i32.const 2)))))

(func $are_matrices (param $x i32) (param $y i32) (result i32)
  (i32.and
    (call $is_matrix (local.get $x) (i32.const 11) (i32.const 4))
    (call $is_matrix (local.get $y) (i32.const 11) (i32.const 4))))

;; Where x changes while y is read, number by number: are they the same numbers, or wholly apart?
(func $are_apart (param $x i32) (param $y i32) (result i32)
  (local $from i32) (local $other i32) (local $bytes i32)
  (local.set $from (call $data (local.get $x)))
  (local.set $other (call $data (local.get $y)))
  (local.set $bytes (i32.shl (call $size (local.get $x)) (i32.const 2)))
  (i32.or
    (i32.eq (local.get $from) (local.get $other))
    (i32.or
      (i32.le_u (i32.add (local.get $from) (local.get $bytes)) (local.get $other))
      (i32.le_u (i32.add (local.get $other) (local.get $bytes)) (local.get $from)))))

;; Can x be changed in place, number by number, by y?
(func $fit (param $x i32) (param $y i32) (result i32)
  (if (i32.eqz (call $is_floats (local.get $x))) (then (return (i32.const 0))))
  (if (i32.eqz (call $is_floats (local.get $y))) (then (return (i32.const 0))))
  (i32.and
    (i32.and (call $is_writeable (local.get $x)) (call $same_shape (local.get $x) (local.get $y)))
    (call $are_apart (local.get $x) (local.get $y))))

;; --- The products.

;; c = a bᵀ. Where a has few rows, tiles take five rows of b instead, and c is written transposed.
(func (export "matmul_nt") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $c i32) (local $a i32) (local $b i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 2)))
    (local.set $a (i32.load (local.get $args)))
    (local.set $b (i32.load offset=4 (local.get $args)))
    (br_if $numpy (i32.eqz (call $are_matrices (local.get $a) (local.get $b))))
    (br_if $numpy (i32.ne (call $columns (local.get $a)) (call $columns (local.get $b))))
    (local.set $c
      (call $new_matrix (call $rows (local.get $a)) (call $rows (local.get $b))))
    (if (i32.eqz (local.get $c)) (then (return (i32.const 0))))
    (if
      (i32.and
        (i32.ne (call $rows (local.get $a)) (i32.const 0))
        (i32.and
          (i32.ge_u (call $columns (local.get $a)) (i32.const 64))
          (i32.ge_u (call $rows (local.get $b)) (i32.const 10))))
      (then
        (if
          (call $nt_skipping
            (call $data (local.get $c)) (call $stride (local.get $c) (i32.const 0))
            (call $data (local.get $a)) (call $stride (local.get $a) (i32.const 0))
            (call $data (local.get $b)) (call $stride (local.get $b) (i32.const 0))
            (call $rows (local.get $a)) (call $rows (local.get $b)) (call $columns (local.get $a)))
          (then (return (local.get $c))))))
    (if (i32.lt_u (call $rows (local.get $a)) (i32.const 4))
      (then
        (call $nt
          (call $data (local.get $c)) (i32.const 4) (call $stride (local.get $c) (i32.const 0))
          (call $data (local.get $b)) (call $stride (local.get $b) (i32.const 0))
          (call $data (local.get $a)) (call $stride (local.get $a) (i32.const 0))
          (call $rows (local.get $b)) (call $rows (local.get $a)) (call $columns (local.get $a))))
      (else
        (call $nt
          (call $data (local.get $c)) (call $stride (local.get $c) (i32.const 0)) (i32.const 4)
          (call $data (local.get $a)) (call $stride (local.get $a) (i32.const 0))
          (call $data (local.get $b)) (call $stride (local.get $b) (i32.const 0))
          (call $rows (local.get $a)) (call $rows (local.get $b)) (call $columns (local.get $a)))))
    (return (local.get $c)))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; c = a b
(func (export "matmul_nn") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $c i32) (local $a i32) (local $b i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 2)))
    (local.set $a (i32.load (local.get $args)))
    (local.set $b (i32.load offset=4 (local.get $args)))
    (br_if $numpy (i32.eqz (call $are_matrices (local.get $a) (local.get $b))))
    (br_if $numpy (i32.ne (call $columns (local.get $a)) (call $rows (local.get $b))))
    (local.set $c
      (call $new_matrix (call $rows (local.get $a)) (call $columns (local.get $b))))
    (if (i32.eqz (local.get $c)) (then (return (i32.const 0))))
    (call $nn
      (call $data (local.get $c)) (call $stride (local.get $c) (i32.const 0))
      (call $data (local.get $a)) (call $stride (local.get $a) (i32.const 0)) (i32.const 4)
      (call $data (local.get $b)) (call $stride (local.get $b) (i32.const 0))
      (call $rows (local.get $a)) (call $columns (local.get $b)) (call $columns (local.get $a)))
    (return (local.get $c)))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; c = aᵀ b
(func (export "matmul_tn") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $c i32) (local $a i32) (local $b i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 2)))
    (local.set $a (i32.load (local.get $args)))
    (local.set $b (i32.load offset=4 (local.get $args)))
    (br_if $numpy (i32.eqz (call $are_matrices (local.get $a) (local.get $b))))
    (br_if $numpy (i32.ne (call $rows (local.get $a)) (call $rows (local.get $b))))
    (local.set $c
      (call $new_matrix (call $columns (local.get $a)) (call $columns (local.get $b))))
    (if (i32.eqz (local.get $c)) (then (return (i32.const 0))))
    (if
      (i32.and
        (i32.ge_u (call $columns (local.get $b)) (i32.const 64))
        (i32.ge_u (call $columns (local.get $a)) (i32.const 10)))
      (then
        (if
          (call $tn_skipping
            (call $data (local.get $c)) (call $stride (local.get $c) (i32.const 0))
            (call $data (local.get $a)) (call $stride (local.get $a) (i32.const 0))
            (call $data (local.get $b)) (call $stride (local.get $b) (i32.const 0))
            (call $columns (local.get $a)) (call $columns (local.get $b))
            (call $rows (local.get $a)))
          (then (return (local.get $c))))))
    (call $nn
      (call $data (local.get $c)) (call $stride (local.get $c) (i32.const 0))
      (call $data (local.get $a)) (i32.const 4) (call $stride (local.get $a) (i32.const 0))
      (call $data (local.get $b)) (call $stride (local.get $b) (i32.const 0))
      (call $columns (local.get $a)) (call $columns (local.get $b)) (call $rows (local.get $a)))
    (return (local.get $c)))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; --- Functions, number by number, of arrays of floats.

;; 1 / (1 + e^{-z})
(func (export "sigmoid") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (call $function_of
    (i32.const 0) (local.get $self) (local.get $args) (local.get $count)))

;; tanh z
(func (export "tanh") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (call $function_of
    (i32.const 1) (local.get $self) (local.get $args) (local.get $count)))

;; max(z, 0)
(func (export "relu") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (call $function_of
    (i32.const 2) (local.get $self) (local.get $args) (local.get $count)))

;; e^z
(func (export "exp") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (call $function_of
    (i32.const 3) (local.get $self) (local.get $args) (local.get $count)))

(func $function_of
  (param $function i32) (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $to i32) (local $from i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 1)))
    (local.set $from (i32.load (local.get $args)))
    (br_if $numpy (i32.eqz (call $is_floats (local.get $from))))
    (local.set $to (call $new_like (local.get $from)))
    (if (i32.eqz (local.get $to)) (then (return (i32.const 0))))
    (call $map
      (local.get $function) (call $data (local.get $to)) (call $data (local.get $from))
      (call $size (local.get $to)))
    (return (local.get $to)))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; --- How far answers are from what was wanted: a number, made anew.

;; Σ (x_i − y_i)²
(func (export "squared_distance") (param $self i32) (param $args i32) (param $count i32)
  (result i32)
  (local $x i32) (local $y i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 2)))
    (local.set $x (i32.load (local.get $args)))
    (local.set $y (i32.load offset=4 (local.get $args)))
    (br_if $numpy (i32.eqz (call $is_floats (local.get $x))))
    (br_if $numpy (i32.eqz (call $is_floats (local.get $y))))
    (br_if $numpy (i32.eqz (call $same_shape (local.get $x) (local.get $y))))
    (return
      (call $new_float
        (f64.promote_f32
          (call $squared_distance
            (call $data (local.get $x)) (call $data (local.get $y)) (call $size (local.get $x)))))))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; How many rows of a have their largest number where the label says
(func (export "hits") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $a i32) (local $labels i32) (local $i i32) (local $hits i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 2)))
    (local.set $a (i32.load (local.get $args)))
    (local.set $labels (i32.load offset=4 (local.get $args)))
    (br_if $numpy (i32.eqz (call $is_matrix (local.get $a) (i32.const 11) (i32.const 4))))
    (br_if $numpy (i32.eqz (call $are_integers (local.get $labels))))
    (br_if $numpy (i32.ne (call $rows (local.get $labels)) (call $rows (local.get $a))))
    (br_if $numpy (i32.eqz (call $columns (local.get $a))))
    (block $none
      (loop $next
        (br_if $none (i32.eq (local.get $i) (call $rows (local.get $a))))
        (local.set $hits
          (i32.add
            (local.get $hits)
            (i64.eq
              (call $integer (local.get $labels) (local.get $i))
              (i64.extend_i32_u
                (call $largest
                  (i32.add
                    (call $data (local.get $a))
                    (i32.mul (local.get $i) (call $stride (local.get $a) (i32.const 0))))
                  (call $columns (local.get $a)))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (return (call $new_integer (local.get $hits))))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; --- Sums over the rows of a matrix x, which lie together as do the numbers of b.

;; Are x a matrix and b a row of its columns, one of which the other may change?
(func $are_matrix_and_row (param $x i32) (param $b i32) (result i32)
  (if (i32.eqz (call $is_floats (local.get $x))) (then (return (i32.const 0))))
  (if (i32.eqz (call $is_floats (local.get $b))) (then (return (i32.const 0))))
  (if (i32.ne (call $axes (local.get $x)) (i32.const 2)) (then (return (i32.const 0))))
  (if (i32.ne (call $axes (local.get $b)) (i32.const 1)) (then (return (i32.const 0))))
  (i32.eq (call $columns (local.get $x)) (call $rows (local.get $b))))

;; x_ij ← x_ij + b_j
(func (export "add_row") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $x i32) (local $b i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 2)))
    (local.set $x (i32.load (local.get $args)))
    (local.set $b (i32.load offset=4 (local.get $args)))
    (br_if $numpy (i32.eqz (call $are_matrix_and_row (local.get $x) (local.get $b))))
    (br_if $numpy (i32.eqz (call $is_writeable (local.get $x))))
    (br_if $numpy (i32.eqz (call $are_apart (local.get $x) (local.get $b))))
    (br_if $numpy (i32.eq (call $data (local.get $x)) (call $data (local.get $b)))) ;; its own row
    (call $each_row (local.get $x) (local.get $b) (i32.const 1))
    (return (global.get $none)))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; b_j = Σ_i x_ij
(func (export "sum_rows") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $b i32) (local $x i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 1)))
    (local.set $x (i32.load (local.get $args)))
    (br_if $numpy (i32.eqz (call $is_floats (local.get $x))))
    (br_if $numpy (i32.ne (call $axes (local.get $x)) (i32.const 2)))
    (i32.store (global.get $packed) (call $columns (local.get $x)))
    (local.set $b (call $new (i32.const 1) (global.get $packed)))
    (if (i32.eqz (local.get $b)) (then (return (i32.const 0))))
    (memory.fill
      (call $data (local.get $b))
      (i32.const 0)
      (i32.shl (call $rows (local.get $b)) (i32.const 2)))
    (call $each_row (local.get $x) (local.get $b) (i32.const 0))
    (return (local.get $b)))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; Adds the row b to each row of x, or each row of x to b.
(func $each_row (param $x i32) (param $b i32) (param $to_x i32)
  (local $row i32) (local $left i32)
  (local.set $row (call $data (local.get $x)))
  (local.set $left (call $rows (local.get $x)))
  (block $none
    (loop $next
      (br_if $none (i32.eqz (local.get $left)))
      (if (local.get $to_x)
        (then
          (call $combine
            (local.get $row) (f32.const 1) (call $data (local.get $b)) (f32.const 1)
            (call $columns (local.get $x))))
        (else
          (call $combine
            (call $data (local.get $b)) (f32.const 1) (local.get $row) (f32.const 1)
            (call $columns (local.get $x)))))
      (local.set $row
        (i32.add (local.get $row) (i32.shl (call $columns (local.get $x)) (i32.const 2))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next))))

;; --- Updates in place.

;; x ← α x + β y
(func (export "combine") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $x i32) (local $alpha i32) (local $y i32) (local $beta i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 4)))
    (local.set $x (i32.load (local.get $args)))
    (local.set $alpha (i32.load offset=4 (local.get $args)))
    (local.set $y (i32.load offset=8 (local.get $args)))
    (local.set $beta (i32.load offset=12 (local.get $args)))
    (br_if $numpy (i32.eqz (call $fit (local.get $x) (local.get $y))))
    (br_if $numpy (i32.eqz (call $is_float (local.get $alpha))))
    (br_if $numpy (i32.eqz (call $is_float (local.get $beta))))
    (call $combine
      (call $data (local.get $x)) (call $number (local.get $alpha))
      (call $data (local.get $y)) (call $number (local.get $beta))
      (call $size (local.get $x)))
    (return (global.get $none)))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; Adam's step of the parameters p.
(func (export "adam") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $p i32) (local $g i32) (local $m i32) (local $v i32)
  (local $beta1 i32) (local $beta2 i32) (local $rate i32) (local $epsilon i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 8)))
    (local.set $p (i32.load (local.get $args)))
    (local.set $g (i32.load offset=4 (local.get $args)))
    (local.set $m (i32.load offset=8 (local.get $args)))
    (local.set $v (i32.load offset=12 (local.get $args)))
    (local.set $beta1 (i32.load offset=16 (local.get $args)))
    (local.set $beta2 (i32.load offset=20 (local.get $args)))
    (local.set $rate (i32.load offset=24 (local.get $args)))
    (local.set $epsilon (i32.load offset=28 (local.get $args)))
    (br_if $numpy (i32.eqz (call $fit (local.get $p) (local.get $g))))
    (br_if $numpy (i32.eqz (call $fit (local.get $p) (local.get $m))))
    (br_if $numpy (i32.eqz (call $fit (local.get $p) (local.get $v))))
    (br_if $numpy (i32.eqz (call $fit (local.get $m) (local.get $g))))
    (br_if $numpy (i32.eqz (call $fit (local.get $m) (local.get $v))))
    (br_if $numpy (i32.eqz (call $fit (local.get $v) (local.get $g))))
    (br_if $numpy (i32.eqz (call $is_float (local.get $beta1))))
    (br_if $numpy (i32.eqz (call $is_float (local.get $beta2))))
    (br_if $numpy (i32.eqz (call $is_float (local.get $rate))))
    (br_if $numpy (i32.eqz (call $is_float (local.get $epsilon))))
    (call $adam
      (call $data (local.get $p)) (call $data (local.get $g))
      (call $data (local.get $m)) (call $data (local.get $v)) (call $size (local.get $p))
      (call $number (local.get $beta1)) (call $rest (local.get $beta1))
      (call $number (local.get $beta2)) (call $rest (local.get $beta2))
      (call $number (local.get $rate)) (call $number (local.get $epsilon)))
    (return (global.get $none)))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; --- Integers.

;; A vector of integers of a type that `integer` can read?
(func $are_integers (param $x i32) (result i32)
  (local $type i32)
  (if (i32.eqz (call $is_array (local.get $x))) (then (return (i32.const 0))))
  (local.set $type (call $type (local.get $x)))
  (i32.and
    (i32.eq (call $axes (local.get $x)) (i32.const 1))
    (i32.or
      (i32.or
        (i32.eq (local.get $type) (i32.const 2))
        (i32.eq (local.get $type) (i32.const 5)))
      (i32.or
        (i32.eq (local.get $type) (i32.const 7))
        (i32.eq (local.get $type) (i32.const 9))))))

;; The i-th of a vector of integers.
(func $integer (param $x i32) (param $i i32) (result i64)
  (local $at i32) (local $type i32)
  (local.set $at
    (i32.add
      (call $data (local.get $x))
      (i32.mul (local.get $i) (call $stride (local.get $x) (i32.const 0)))))
  (local.set $type (call $type (local.get $x)))
  (if (i32.eq (local.get $type) (i32.const 2))
    (then (return (i64.load8_u (local.get $at)))))
  (if (i32.eq (local.get $type) (i32.const 9))
    (then (return (i64.load align=1 (local.get $at)))))
  (i64.load32_s align=1 (local.get $at)))

;; --- Rows, and pixels.

;; The i-th of the row numbers, counted from the end if negative; −1 for one that is none of n.
(func $index (param $rows i32) (param $i i32) (param $n i32) (result i32)
  (local $row i64)
  (local.set $row (call $integer (local.get $rows) (local.get $i)))
  (if (i64.lt_s (local.get $row) (i64.const 0))
    (then
      (local.set $row (i64.add (local.get $row) (i64.extend_i32_u (local.get $n))))))
  (select
    (i32.wrap_i64 (local.get $row))
    (i32.const -1)
    (i64.lt_u (local.get $row) (i64.extend_i32_u (local.get $n)))))

;; The rows of x that have these numbers, as float32, if that is the dtype: bytes become 0…1, floats
;; stay what they are.
(func (export "gather") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $to i32) (local $x i32) (local $rows i32) (local $row i32)
  (local $n i32) (local $i i32) (local $at i32) (local $floats i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 3)))
    (local.set $x (i32.load (local.get $args)))
    (local.set $rows (i32.load offset=4 (local.get $args)))
    (br_if $numpy (i32.ne (i32.load offset=8 (local.get $args)) (global.get $float32)))
    (local.set $floats (call $is_matrix (local.get $x) (i32.const 11) (i32.const 4)))
    (br_if $numpy
      (i32.eqz
        (i32.or
          (local.get $floats)
          (call $is_matrix (local.get $x) (i32.const 2) (i32.const 1)))))
    (br_if $numpy (i32.eqz (call $are_integers (local.get $rows))))
    (local.set $n (call $rows (local.get $rows)))
    (block $all ;; the row numbers are looked at before anything is made
      (loop $check
        (br_if $all (i32.eq (local.get $i) (local.get $n)))
        (br_if $numpy
          (i32.eq
            (call $index (local.get $rows) (local.get $i) (call $rows (local.get $x)))
            (i32.const -1)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $check)))
    (local.set $to (call $new_matrix (local.get $n) (call $columns (local.get $x))))
    (if (i32.eqz (local.get $to)) (then (return (i32.const 0))))
    (local.set $at (call $data (local.get $to)))
    (local.set $i (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $i) (local.get $n)))
        (local.set $row
          (i32.add
            (call $data (local.get $x))
            (i32.mul
              (call $index (local.get $rows) (local.get $i) (call $rows (local.get $x)))
              (call $stride (local.get $x) (i32.const 0)))))
        (if (local.get $floats)
          (then
            (memory.copy
              (local.get $at) (local.get $row) (i32.shl (call $columns (local.get $x)) (i32.const 2))))
          (else
            (call $scale (local.get $at) (local.get $row) (call $columns (local.get $x)))))
        (local.set $at
          (i32.add (local.get $at) (i32.shl (call $columns (local.get $x)) (i32.const 2))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (return (local.get $to)))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))

;; The same for all of x, whose numbers lie together.
(func (export "as_floats") (param $self i32) (param $args i32) (param $count i32) (result i32)
  (local $to i32) (local $x i32)
  (block $numpy
    (br_if $numpy (i32.ne (local.get $count) (i32.const 2)))
    (local.set $x (i32.load (local.get $args)))
    (br_if $numpy (i32.ne (i32.load offset=4 (local.get $args)) (global.get $float32)))
    (br_if $numpy (i32.eqz (call $is_array (local.get $x))))
    (br_if $numpy (i32.ne (call $type (local.get $x)) (i32.const 2)))
    (br_if $numpy (i32.eqz (call $has_flag (local.get $x) (i32.const 1))))
    (local.set $to (call $new_like (local.get $x)))
    (if (i32.eqz (local.get $to)) (then (return (i32.const 0))))
    (call $scale
      (call $data (local.get $to)) (call $data (local.get $x)) (call $size (local.get $to)))
    (return (local.get $to)))
  (call $numpy (local.get $self) (local.get $args) (local.get $count)))
