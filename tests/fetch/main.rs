//! The guarded fetcher against servers, resolvers and addresses that mean harm. All of them live on this machine.

mod bodies;
mod forbidden;
mod manners;
mod redirects;
mod secure;
mod support;
mod together;
