//! The line that wires a plugin to the host.

/// Exports what a plugin implements: `export!(Shopify: probe, pull, fetch, search, map, receive, subscribe);`.
///
/// The name is an expression of a type that implements the named traits of [`crate::source`], such
/// as a unit struct. Outside wasm32 it expands to nothing, so that a plugin's crate compiles and
/// tests natively.
#[macro_export]
macro_rules! export {
    ($plugin:ident: $($export:ident),+ $(,)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = { $( $crate::__export_one!($export, $plugin); )+ };
    };
}

/// One export; see [`export!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __export_one {
    (probe, $plugin:ident) => {
        struct Probing;
        impl $crate::guest::Probing for Probing {
            fn probe(ctx: $crate::guest::WitContext) -> $crate::guest::Probed {
                $crate::guest::probe(&$plugin, &ctx)
            }
        }
        $crate::guest::prober::export_prober!(Probing with_types_in $crate::guest::prober);
    };
    (pull, $plugin:ident) => {
        struct Pulling;
        impl $crate::guest::Pulling for Pulling {
            fn pull(
                ctx: $crate::guest::WitContext,
                stream: String,
                window: $crate::guest::WitWindow,
                cursor: Option<String>,
                limit: u32,
            ) -> $crate::guest::PulledPage {
                $crate::guest::pull(&$plugin, &ctx, stream, &window, cursor, limit)
            }
        }
        $crate::guest::puller::export_puller!(Pulling with_types_in $crate::guest::puller);
    };
    (fetch, $plugin:ident) => {
        struct Fetching;
        impl $crate::guest::Fetching for Fetching {
            fn fetch(
                ctx: $crate::guest::WitContext,
                target: $crate::guest::WitRef,
            ) -> $crate::guest::PulledList {
                $crate::guest::fetch(&$plugin, &ctx, target)
            }
        }
        $crate::guest::fetcher::export_fetcher!(Fetching with_types_in $crate::guest::fetcher);
    };
    (search, $plugin:ident) => {
        struct Searching;
        impl $crate::guest::Searching for Searching {
            fn search(
                ctx: $crate::guest::WitContext,
                query: $crate::guest::WitQuery,
                limit: u32,
            ) -> $crate::guest::PulledList {
                $crate::guest::search(&$plugin, &ctx, query, limit)
            }
        }
        $crate::guest::searcher::export_searcher!(Searching with_types_in $crate::guest::searcher);
    };
    (map, $plugin:ident) => {
        struct Mapping;
        impl $crate::guest::Mapping for Mapping {
            fn map(
                ctx: $crate::guest::WitContext,
                stream: String,
                inputs: Vec<$crate::guest::WitInput>,
            ) -> $crate::guest::Mapped {
                $crate::guest::map(&$plugin, &ctx, &stream, inputs)
            }
        }
        $crate::guest::mapper::export_mapper!(Mapping with_types_in $crate::guest::mapper);
    };
    (receive, $plugin:ident) => {
        struct Receiving;
        impl $crate::guest::Receiving for Receiving {
            fn receive(
                ctx: $crate::guest::WitContext,
                webhook: $crate::guest::WitWebhook,
            ) -> $crate::guest::Read {
                $crate::guest::receive(&$plugin, &ctx, webhook)
            }
        }
        $crate::guest::receiver::export_receiver!(Receiving with_types_in $crate::guest::receiver);
    };
    (subscribe, $plugin:ident) => {
        struct Subscribing;
        impl $crate::guest::Subscribing for Subscribing {
            fn register(
                ctx: $crate::guest::WitContext,
                topic: String,
                address: String,
            ) -> $crate::guest::Registered {
                $crate::guest::register(&$plugin, &ctx, &topic, &address)
            }
            fn subscriptions(ctx: $crate::guest::WitContext) -> $crate::guest::Listed {
                $crate::guest::subscriptions(&$plugin, &ctx)
            }
            fn remove(ctx: $crate::guest::WitContext, id: String) -> $crate::guest::Removed {
                $crate::guest::remove(&$plugin, &ctx, &id)
            }
        }
        $crate::guest::subscriber::export_subscriber!(Subscribing with_types_in $crate::guest::subscriber);
    };
    ($other:ident, $plugin:ident) => {
        compile_error!(concat!(
            "`", stringify!($other), "` is no export: probe, pull, fetch, search, map, receive or subscribe"
        ));
    };
}
