;; world: odd
;; wit: world odd {
;; wit:   include interlock:step/diagnose-step@0.1.0;
;; wit:   import interlock:read/database@0.9.0;
;; wit: }
;; wit: package interlock:read@0.9.0 { interface database { sessions: func(); } }
;; Imports a read of a version that this host does not list.
(module
  (import "interlock:read/database@0.9.0" "sessions" (func $launch))
  (memory (export "memory") 4)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get 3)))
    (local.get $at))
  (func (export "interlock:step/diagnose@0.1.0#run") (param i32) (result i32)
    (call $launch)
    (i32.const 1024)))
