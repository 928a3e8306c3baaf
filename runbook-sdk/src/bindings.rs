//! What `wit-bindgen` makes of the contract in `wit/`.
//!
//! One world of imports, and one small world for each kind of step. A function
//! that a step does not call is dropped when its component is encoded, so that
//! the component's imports are what the step can ask for.

/// Every import, and the records that steps exchange with the host.
pub mod imports {
    #![allow(missing_docs, reason = "generated; the WIT carries the words")]
    wit_bindgen::generate!({
        path: ["wit/read", "wit/write", "wit/step"],
        inline: "package interlock:sdk; world imports {
            include interlock:step/reads@0.1.0;
            include interlock:step/writes@0.1.0;
            import interlock:step/types@0.1.0;
        }",
        world: "interlock:sdk/imports",
        generate_all,
        additional_derives: [PartialEq],
        generate_unused_types: true,
        pub_export_macro: true,
    });
}

/// The export of a step that observes and concludes.
pub mod diagnose {
    #![allow(missing_docs, reason = "generated; the WIT carries the words")]
    wit_bindgen::generate!({
        path: ["wit/read", "wit/write", "wit/step"],
        inline: "package interlock:sdk; world diagnose { export interlock:step/diagnose@0.1.0; }",
        world: "interlock:sdk/diagnose",
        with: { "interlock:step/types@0.1.0": crate::bindings::imports::interlock::step::types },
        pub_export_macro: true,
        export_macro_name: "export_diagnose",
        default_bindings_module: "interlock_sdk::bindings::diagnose",
    });
}

/// The export of a step that proposes a change.
pub mod remediate {
    #![allow(missing_docs, reason = "generated; the WIT carries the words")]
    wit_bindgen::generate!({
        path: ["wit/read", "wit/write", "wit/step"],
        inline: "package interlock:sdk; world remediate { export interlock:step/remediate@0.1.0; }",
        world: "interlock:sdk/remediate",
        with: { "interlock:step/types@0.1.0": crate::bindings::imports::interlock::step::types },
        pub_export_macro: true,
        export_macro_name: "export_remediate",
        default_bindings_module: "interlock_sdk::bindings::remediate",
    });
}

/// The export of a step that observes whether a change has helped.
pub mod verify {
    #![allow(missing_docs, reason = "generated; the WIT carries the words")]
    wit_bindgen::generate!({
        path: ["wit/read", "wit/write", "wit/step"],
        inline: "package interlock:sdk; world verify { export interlock:step/verify@0.1.0; }",
        world: "interlock:sdk/verify",
        with: { "interlock:step/types@0.1.0": crate::bindings::imports::interlock::step::types },
        pub_export_macro: true,
        export_macro_name: "export_verify",
        default_bindings_module: "interlock_sdk::bindings::verify",
    });
}
