;; world: odd
;; wit: world odd {
;; wit:   include interlock:step/diagnose-step@0.1.0;
;; wit:   import wasi:clocks/monotonic-clock@0.2.3;
;; wit: }
;; wit: package wasi:clocks@0.2.3 { interface monotonic-clock { now: func() -> u64; } }
;; Looks at WASI's clock for ever.
(module
  (import "wasi:clocks/monotonic-clock@0.2.3" "now" (func $tick (result i64)))
  (memory (export "memory") 4)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get 3)))
    (local.get $at))
  (func (export "interlock:step/diagnose@0.1.0#run") (param i32) (result i32)
    (loop $l
      (drop (call $tick))
      (br $l))
    (i32.const 1024)))
