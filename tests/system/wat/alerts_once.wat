;; One read of the incident's alerts, waited for, and a report that names no cause.
(module
  (import "interlock:read/alerts@0.1.0" "list" (func $list (result i32)))
  (import "interlock:read/alerts@0.1.0" "[method]pending-list.get" (func $get (param i32 i32)))
  (memory (export "memory") 4)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get 3)))
    (local.get $at))
  (data (i32.const 512) "nothing is looked for")
  ;; `ok` at 1024 of a report at 1032, as the other case holds a u64: `unresolved` at 1072 is the text at 512, all else is empty.
  (data (i32.const 1072) "\01\00\00\00\00\02\00\00\15\00\00\00")
  (func (export "interlock:step/diagnose@0.1.0#run") (param i32) (result i32)
    (call $get (call $list) (i32.const 2048))
    (i32.const 1024)))
