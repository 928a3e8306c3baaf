;; world: diagnose-step
;; Logs one text of a hundred thousand bytes.
(module
  (import "interlock:step/log@0.1.0" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 4)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get 3)))
    (local.get $at))
  (func (export "interlock:step/diagnose@0.1.0#run") (param i32) (result i32)
    (memory.fill (i32.const 65536) (i32.const 97) (i32.const 100000))
    (call $log (i32.const 1) (i32.const 65536) (i32.const 100000))
    (i32.const 1024)))
