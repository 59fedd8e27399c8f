//! The names that a checkpoint may ask for.

use crate::import::tensor::Dtype;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::import) enum Global {
    /// `collections.OrderedDict`, `dict`.
    Dict,
    /// `set`, `frozenset`, `list`: a list here.
    List,
    /// `torch.Size`, `tuple`.
    Tuple,
    /// `torch._utils._rebuild_tensor_v2` and its predecessor.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`: the tensor itself.
    RebuildParameter,
    /// A storage class with its element type; `None` for untyped storages.
    Storage(Option<Dtype>),
    /// A class whose instances become inert records.
    Record(&'static str),
}

/// Module classes that appear in whole saved models. Their instances become records that hold
/// what `__dict__` held; none of their code exists here.
const RECORDS: &[&str] = &[
    "torch.nn.modules.container.Sequential",
    "torch.nn.modules.container.ModuleList",
    "torch.nn.modules.container.ModuleDict",
    "torch.nn.modules.container.ParameterList",
    "torch.nn.modules.flatten.Flatten",
    "torch.nn.modules.linear.Identity",
    "torch.nn.modules.dropout.Dropout",
    "difflogic.difflogic.LogicLayer",
    "difflogic.difflogic.GroupSum",
    "torch_dwn.lut_layer.LUTLayer",
    "torch_dwn.mapping.LearnableMapping",
    "torch_dwn.utils.GroupSum",
    "torchlogix.layers.dense.LogicDense",
    "torchlogix.layers.conv.LogicConv2d",
    "torchlogix.layers.conv.LogicConv3d",
    "torchlogix.layers.pool.OrPooling2d",
    "torchlogix.layers.pool.OrPooling3d",
    "torchlogix.layers.groupsum.GroupSum",
    "torchlogix.layers.binarization.FixedBinarization",
    "torchlogix.layers.binarization.SoftBinarization",
    "torchlogix.layers.binarization.LearnableBinarization",
    "torchlogix.layers.binarization.DummyBinarization",
    "torchlogix.connections.FixedDenseConnections",
    "torchlogix.connections.LearnableDenseConnections",
    "torchlogix.connections.FixedConvConnections",
    "torchlogix.parametrization.RawLUTParametrization",
    "torchlogix.parametrization.WarpLUTParametrization",
    "torchlogix.parametrization.LightLUTParametrization",
    "torchlogix.modules.resblock.ResidualLogicBlock",
];

/// Looks a name up; `None` refuses it.
pub(super) fn lookup(module: &str, name: &str) -> Option<Global> {
    let storage = |dtype| Some(Global::Storage(Some(dtype)));
    match (module, name) {
        ("collections", "OrderedDict") | ("builtins" | "__builtin__", "dict") => Some(Global::Dict),
        ("builtins" | "__builtin__", "set" | "frozenset" | "list") => Some(Global::List),
        ("builtins" | "__builtin__", "tuple") | ("torch", "Size") => Some(Global::Tuple),
        ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Some(Global::RebuildTensor),
        ("torch._utils", "_rebuild_parameter") => Some(Global::RebuildParameter),
        ("torch", "BoolStorage") => storage(Dtype::Bool),
        ("torch", "ByteStorage") => storage(Dtype::U8),
        ("torch", "CharStorage") => storage(Dtype::I8),
        ("torch", "ShortStorage") => storage(Dtype::I16),
        ("torch", "IntStorage") => storage(Dtype::I32),
        ("torch", "LongStorage") => storage(Dtype::I64),
        ("torch", "HalfStorage") => storage(Dtype::F16),
        ("torch", "BFloat16Storage") => storage(Dtype::Bf16),
        ("torch", "FloatStorage") => storage(Dtype::F32),
        ("torch", "DoubleStorage") => storage(Dtype::F64),
        ("torch" | "torch.storage", "UntypedStorage") => Some(Global::Storage(None)),
        _ => {
            let full = format!("{module}.{name}");
            RECORDS.iter().find(|&&record| record == full).map(|record| Global::Record(record))
        }
    }
}
