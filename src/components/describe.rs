//! What the registry says about a parameter.

/// A parameter of a component, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterInfo {
    /// Where it stands: `runtime`, `node_params` or `init_kwargs`.
    pub section: &'static str,
    /// Its key there.
    pub key: &'static str,
    /// The allowed values.
    pub allowed: &'static str,
    /// What holds when it is not set.
    pub default: &'static str,
    /// One sentence.
    pub about: &'static str,
}

/// A parameter in the section `runtime`.
pub(super) const fn runtime(
    key: &'static str,
    allowed: &'static str,
    default: &'static str,
    about: &'static str,
) -> ParameterInfo {
    ParameterInfo { section: "runtime", key, allowed, default, about }
}

/// A parameter in the section `node_params`.
pub(super) const fn node(
    key: &'static str,
    allowed: &'static str,
    default: &'static str,
    about: &'static str,
) -> ParameterInfo {
    ParameterInfo { section: "node_params", key, allowed, default, about }
}

/// A parameter in the section `runtime.init_kwargs`.
pub(super) const fn kwarg(
    key: &'static str,
    allowed: &'static str,
    default: &'static str,
    about: &'static str,
) -> ParameterInfo {
    ParameterInfo { section: "init_kwargs", key, allowed, default, about }
}
