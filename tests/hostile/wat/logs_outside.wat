;; world: diagnose-step
;; Logs text that lies outside its memory.
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
    (call $log (i32.const 1) (i32.const -16) (i32.const 32))
    (i32.const 1024)))
