;; Asks twenty times, then waits twenty times.
(module
  (import "interlock:read/database@0.1.0" "sessions" (func $sessions (param i32 i32) (result i32)))
  (import "interlock:read/database@0.1.0" "[method]pending-sessions.get" (func $get (param i32 i32)))
  (memory (export "memory") 16)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get 3)))
    (local.get $at))
  (data (i32.const 16) "orders-db")
  ;; The handles stand from 4096 on, four bytes each.
  (func (export "interlock:step/diagnose@0.1.0#run") (param i32) (result i32)
    (local $at i32)
    (loop $ask
      (i32.store offset=4096 (local.get $at) (call $sessions (i32.const 16) (i32.const 9)))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $ask (i32.lt_u (local.get $at) (i32.const 80))))
    (local.set $at (i32.const 0))
    (loop $wait
      (call $get (i32.load offset=4096 (local.get $at)) (i32.const 2048))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $wait (i32.lt_u (local.get $at) (i32.const 80))))
    (i32.const 1024)))
