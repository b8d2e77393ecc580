//! Generated from `sdk/wit`: the shared types and imports once, and one small world per export, so
//! that a component claims exactly what its plugin implements.

pub(super) mod base {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package ordercase:sdk;
            world base {
                import ordercase:source/types@0.1.0;
                import ordercase:source/errors@0.1.0;
                import ordercase:source/records@0.1.0;
                import ordercase:source/http@0.1.0;
                import ordercase:source/log@0.1.0;
                import ordercase:source/time@0.1.0;
            }
        ",
        generate_all,
        generate_unused_types: true,
    });
}

pub mod prober {
    wit_bindgen::generate!({
        path: "../wit",
        world: "ordercase:source/prober",
        with: {
            "ordercase:source/types@0.1.0": crate::guest::bindings::base::ordercase::source::types,
            "ordercase:source/errors@0.1.0": crate::guest::bindings::base::ordercase::source::errors,

            "ordercase:source/http@0.1.0": crate::guest::bindings::base::ordercase::source::http,
            "ordercase:source/log@0.1.0": crate::guest::bindings::base::ordercase::source::log,
            "ordercase:source/time@0.1.0": crate::guest::bindings::base::ordercase::source::time,
        },
        pub_export_macro: true,
        export_macro_name: "export_prober",
        default_bindings_module: "ordercase_sdk::guest::prober",
    });
}

pub mod puller {
    wit_bindgen::generate!({
        path: "../wit",
        world: "ordercase:source/puller",
        with: {
            "ordercase:source/types@0.1.0": crate::guest::bindings::base::ordercase::source::types,
            "ordercase:source/errors@0.1.0": crate::guest::bindings::base::ordercase::source::errors,
            "ordercase:source/records@0.1.0": crate::guest::bindings::base::ordercase::source::records,
            "ordercase:source/http@0.1.0": crate::guest::bindings::base::ordercase::source::http,
            "ordercase:source/log@0.1.0": crate::guest::bindings::base::ordercase::source::log,
            "ordercase:source/time@0.1.0": crate::guest::bindings::base::ordercase::source::time,
        },
        pub_export_macro: true,
        export_macro_name: "export_puller",
        default_bindings_module: "ordercase_sdk::guest::puller",
    });
}

pub mod fetcher {
    wit_bindgen::generate!({
        path: "../wit",
        world: "ordercase:source/fetcher",
        with: {
            "ordercase:source/types@0.1.0": crate::guest::bindings::base::ordercase::source::types,
            "ordercase:source/errors@0.1.0": crate::guest::bindings::base::ordercase::source::errors,
            "ordercase:source/records@0.1.0": crate::guest::bindings::base::ordercase::source::records,
            "ordercase:source/http@0.1.0": crate::guest::bindings::base::ordercase::source::http,
            "ordercase:source/log@0.1.0": crate::guest::bindings::base::ordercase::source::log,
            "ordercase:source/time@0.1.0": crate::guest::bindings::base::ordercase::source::time,
        },
        pub_export_macro: true,
        export_macro_name: "export_fetcher",
        default_bindings_module: "ordercase_sdk::guest::fetcher",
    });
}

pub mod searcher {
    wit_bindgen::generate!({
        path: "../wit",
        world: "ordercase:source/searcher",
        with: {
            "ordercase:source/types@0.1.0": crate::guest::bindings::base::ordercase::source::types,
            "ordercase:source/errors@0.1.0": crate::guest::bindings::base::ordercase::source::errors,
            "ordercase:source/records@0.1.0": crate::guest::bindings::base::ordercase::source::records,
            "ordercase:source/http@0.1.0": crate::guest::bindings::base::ordercase::source::http,
            "ordercase:source/log@0.1.0": crate::guest::bindings::base::ordercase::source::log,
            "ordercase:source/time@0.1.0": crate::guest::bindings::base::ordercase::source::time,
        },
        pub_export_macro: true,
        export_macro_name: "export_searcher",
        default_bindings_module: "ordercase_sdk::guest::searcher",
    });
}

pub mod mapper {
    wit_bindgen::generate!({
        path: "../wit",
        world: "ordercase:source/mapper",
        with: {
            "ordercase:source/types@0.1.0": crate::guest::bindings::base::ordercase::source::types,
            "ordercase:source/errors@0.1.0": crate::guest::bindings::base::ordercase::source::errors,
            "ordercase:source/records@0.1.0": crate::guest::bindings::base::ordercase::source::records,

            "ordercase:source/log@0.1.0": crate::guest::bindings::base::ordercase::source::log,
            "ordercase:source/time@0.1.0": crate::guest::bindings::base::ordercase::source::time,
        },
        pub_export_macro: true,
        export_macro_name: "export_mapper",
        default_bindings_module: "ordercase_sdk::guest::mapper",
    });
}

pub mod receiver {
    wit_bindgen::generate!({
        path: "../wit",
        world: "ordercase:source/receiver",
        with: {
            "ordercase:source/types@0.1.0": crate::guest::bindings::base::ordercase::source::types,
            "ordercase:source/errors@0.1.0": crate::guest::bindings::base::ordercase::source::errors,
            "ordercase:source/records@0.1.0": crate::guest::bindings::base::ordercase::source::records,

            "ordercase:source/log@0.1.0": crate::guest::bindings::base::ordercase::source::log,
            "ordercase:source/time@0.1.0": crate::guest::bindings::base::ordercase::source::time,
        },
        pub_export_macro: true,
        export_macro_name: "export_receiver",
        default_bindings_module: "ordercase_sdk::guest::receiver",
    });
}

pub mod subscriber {
    wit_bindgen::generate!({
        path: "../wit",
        world: "ordercase:source/subscriber",
        with: {
            "ordercase:source/types@0.1.0": crate::guest::bindings::base::ordercase::source::types,
            "ordercase:source/errors@0.1.0": crate::guest::bindings::base::ordercase::source::errors,

            "ordercase:source/http@0.1.0": crate::guest::bindings::base::ordercase::source::http,
            "ordercase:source/log@0.1.0": crate::guest::bindings::base::ordercase::source::log,
            "ordercase:source/time@0.1.0": crate::guest::bindings::base::ordercase::source::time,
        },
        pub_export_macro: true,
        export_macro_name: "export_subscriber",
        default_bindings_module: "ordercase_sdk::guest::subscriber",
    });
}
