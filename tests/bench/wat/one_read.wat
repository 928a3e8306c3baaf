;; One read, waited for, and an empty report: what a step costs at least.
(module
  (import "interlock:read/database@0.1.0" "sessions" (func $sessions (param i32 i32) (result i32)))
  (import "interlock:read/database@0.1.0" "[method]pending-sessions.get" (func $get (param i32 i32)))
  (memory (export "memory") 4)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get 3)))
    (local.get $at))
  (data (i32.const 16) "orders-db")
  ;; Zeroed memory at 1024 is `ok` of a report with nothing in it.
  (func (export "interlock:step/diagnose@0.1.0#run") (param i32) (result i32)
    (call $get (call $sessions (i32.const 16) (i32.const 9)) (i32.const 2048))
    (i32.const 1024)))
