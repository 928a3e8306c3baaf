;; world: odd
;; wit: world odd {
;; wit:   include interlock:step/diagnose-step@0.1.0;
;; wit:   import wasi:random/random@0.2.0;
;; wit:   import wasi:clocks/monotonic-clock@0.2.3;
;; wit:   import wasi:cli/environment@0.2.0;
;; wit: }
;; wit: package wasi:random@0.2.0 { interface random { get-random-u64: func() -> u64; } }
;; wit: package wasi:clocks@0.2.3 { interface monotonic-clock { now: func() -> u64; } }
;; wit: package wasi:cli@0.2.0 { interface environment { get-environment: func() -> list<tuple<string, string>>; get-arguments: func() -> list<string>; } }
;; Logs WASI's random and clock as letters, and traps where there is an environment or an argument.
(module
  (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.3" "now" (func $tick (result i64)))
  (import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
  (import "wasi:cli/environment@0.2.0" "get-arguments" (func $arguments (param i32)))
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
    (i64.store (i32.const 16) (i64.or (i64.and (call $random) (i64.const 0x0f0f0f0f0f0f0f0f)) (i64.const 0x4040404040404040)))
    (i64.store (i32.const 24) (i64.or (i64.and (call $tick) (i64.const 0x0f0f0f0f0f0f0f0f)) (i64.const 0x4040404040404040)))
    (call $log (i32.const 1) (i32.const 16) (i32.const 16))
    (call $environment (i32.const 512))
    (if (i32.load (i32.const 516)) (then unreachable))
    (call $arguments (i32.const 512))
    (if (i32.load (i32.const 516)) (then unreachable))
    (i32.const 1024)))
